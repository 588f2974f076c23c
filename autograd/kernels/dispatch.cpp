// dispatch.cpp — chooses the instruction set: the widest that this CPU supports, or HEED_ISA.
#include <cstdlib>
#include <fstream>
#include <string>
#include <string_view>
#include <type_traits>
#include <vector>

#include "autograd/kernels/error.h"
#include "autograd/kernels/isa.h"
#include "autograd/kernels/kernels.h"

namespace heed::kernels {

// Each is defined in the isa_….cpp of that name.
const Kernels<float>& portable_f32();
const Kernels<double>& portable_f64();
const Kernels<float>& avx2_f32();
const Kernels<double>& avx2_f64();
const Kernels<float>& avx512_f32();
const Kernels<double>& avx512_f64();
const Kernels<float>& neon_f32();
const Kernels<double>& neon_f64();

namespace {

struct Isa {
  const char* name;
  const Kernels<float>& (*f32)();
  const Kernels<double>& (*f64)();
};

// The instruction sets that this build contains and this CPU and its system support, narrowest
// first.
const std::vector<Isa>& available() {
  static const std::vector<Isa> list = [] {
    std::vector<Isa> found = {{"portable", portable_f32, portable_f64}};
#ifdef HEED_HAS_X86_KERNELS
    __builtin_cpu_init();
    if (__builtin_cpu_supports("avx2") && __builtin_cpu_supports("fma"))
      found.push_back({"avx2", avx2_f32, avx2_f64});
    if (__builtin_cpu_supports("avx512f") && __builtin_cpu_supports("avx512dq") &&
        __builtin_cpu_supports("avx512bw") && __builtin_cpu_supports("avx512vl"))
      found.push_back({"avx512", avx512_f32, avx512_f64});
#endif
#ifdef HEED_HAS_NEON_KERNELS
    found.push_back({"neon", neon_f32, neon_f64});
#endif
    return found;
  }();
  return list;
}

const Isa& chosen() {
  static const Isa& isa = []() -> const Isa& {
    const char* requested = std::getenv("HEED_ISA");
    if (!requested || !*requested) return available().back();
    std::string names;
    for (const Isa& candidate : available()) {
      if (std::string_view(requested) == candidate.name) return candidate;
      names += (names.empty() ? "" : ", ") + std::string(candidate.name);
    }
    throw Error("[HEED_ISA] expected an instruction set of this build and CPU (" + names + "), got \"" +
                requested + "\"");
  }();
  return isa;
}

template <class T>
const Kernels<T>& table(const Isa& isa) {
  if constexpr (std::is_same_v<T, float>)
    return isa.f32();
  else
    return isa.f64();
}

}  // namespace

template <class T>
const Kernels<T>& kernels() {
  static const Kernels<T>& table_in_use = table<T>(chosen());
  return table_in_use;
}

template <class T>
const Kernels<T>* kernels_for(const char* isa) {
  for (const Isa& candidate : available())
    if (std::string_view(isa) == candidate.name) return &table<T>(candidate);
  return nullptr;
}

std::vector<std::string> available_isas() {
  std::vector<std::string> names;
  for (const Isa& isa : available()) names.emplace_back(isa.name);
  return names;
}

template const Kernels<float>& kernels<float>();
template const Kernels<double>& kernels<double>();
template const Kernels<float>* kernels_for<float>(const char*);
template const Kernels<double>* kernels_for<double>(const char*);

std::string cpu_name() {
  std::ifstream info("/proc/cpuinfo");
  for (std::string line; std::getline(info, line);)
    if (line.rfind("model name", 0) == 0) return line.substr(line.find(':') + 2);
  return "unknown CPU";
}

}  // namespace heed::kernels
