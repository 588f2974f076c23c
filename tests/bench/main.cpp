// main.cpp — heed-bench: how fast the engine is, as shares of what this CPU can do.
//
//   heed-bench gemm [--threads N] [--filter TEXT] [--min-time SECONDS]
//
// Speed is measured here and asserted nowhere: the machine may be busy. Read the shares, not the seconds.
#include <cstdio>
#include <cstdlib>
#include <exception>
#include <fstream>
#include <string>

#include "autograd/error.h"
#include "autograd/kernels/thread_pool.h"
#include "tests/bench/bench.h"

namespace {

constexpr const char* usage =
    "heed-bench gemm [options]\n"
    "  --threads N           threads to use (default: all)\n"
    "  --filter TEXT         only cases whose name holds TEXT, as in \"f32 NN 512\"\n"
    "  --min-time SECONDS    time spent on each case (default 0.2)\n";

std::string cpu_name() {
  std::ifstream info("/proc/cpuinfo");
  for (std::string line; std::getline(info, line);)
    if (line.rfind("model name", 0) == 0) return line.substr(line.find(':') + 2);
  return "unknown CPU";
}

// The whole of `text` as a number in [low, high].
double number(const std::string& option, const char* text, double low, double high) {
  char* end = nullptr;
  const double value = std::strtod(text, &end);
  heed::check(end != text && *end == '\0' && value >= low && value <= high, "heed-bench", option,
              " wants a number in [", low, ", ", high, "], got ", text);
  return value;
}

int run(int argc, char** argv) {
  const std::string what = argc > 1 ? argv[1] : "--help";
  if (what == "--help" || what == "-h") {
    std::printf("%s", usage);
    return 0;
  }
  heed::check(what == "gemm", "heed-bench", "unknown benchmark ", what, "; there is: gemm");
  heed::bench::Options options{.threads = heed::num_threads(), .min_time = 0.2, .filter = {}};
  for (int i = 2; i < argc; i += 2) {
    const std::string option = argv[i];
    heed::check(option == "--threads" || option == "--filter" || option == "--min-time", "heed-bench",
                "unknown option ", option, ". Hint: heed-bench --help");
    heed::check(i + 1 < argc, "heed-bench", option, " wants a value");
    if (option == "--threads") options.threads = static_cast<int>(number(option, argv[i + 1], 1, 256));
    if (option == "--filter") options.filter = argv[i + 1];
    if (option == "--min-time") options.min_time = number(option, argv[i + 1], 0.001, 60);
  }
  std::printf("%s\n", cpu_name().c_str());
  heed::bench::gemm(options);
  return 0;
}

}  // namespace

int main(int argc, char** argv) {
  try {
    return run(argc, argv);
  } catch (const std::exception& error) {
    std::fprintf(stderr, "%s\n", error.what());
    return 2;
  }
}
