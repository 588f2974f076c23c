// main.cpp — heed-bench: measures the speed of the engine as a percentage of the CPU's peak.
//
// No test asserts these numbers, because the machine may be busy. Percentages of the peak are more
// comparable between runs than seconds.
#include <cstdio>
#include <cstdlib>
#include <exception>
#include <string>

#include "autograd/error.h"
#include "autograd/threads.h"
#include "tests/bench/bench.h"

namespace {

using namespace heed::bench;

constexpr const char* usage =
    "heed-bench BENCHMARK [options]\n"
    "  gemm          matrix multiplication: all layouts, f32 and f64\n"
    "  attention     8 heads of size 64, n tokens; forward and training\n"
    "  encoder       the course's encoder: d_model 512, 8 heads, 6 layers; input (10, 32, 512)\n"
    "  vit           ViT-B/16, one image\n"
    "  gpt           a character GPT: training and generation with a KV cache; GPT-2 small: generation\n"
    "  small         small models, dominated by the overhead per op\n"
    "  elementwise   memory-bound ops, and the overhead of a single op\n"
    "  ladder        matmul from the naive loop to the final kernel, one optimisation at a time\n"
    "  growth        fits a power law to the cost of attention, gemm, an encoder and an LSTM\n"
    "options\n"
    "  --threads N           number of threads (default: all)\n"
    "  --filter TEXT         run only cases whose name contains TEXT, e.g. \"f32 NN 512\"\n"
    "  --min-time SECONDS    time spent on each case (default 0.2)\n"
    "  --json FILE           also write the results to FILE\n"
    "  --blas LIBRARY        gemm: compare with this library, e.g. libopenblas.so.0\n"
    "  --figures FOLDER      growth: write one figure per case to FOLDER\n"
    "  --clock WHICH         wall (default) or processor; processor time excludes other programs\n";

struct Benchmark {
  const char* name;
  void (*run)(Report&);
};
constexpr Benchmark benchmarks[] = {
    {"gemm", gemm},   {"attention", attention},     {"encoder", encoder}, {"vit", vit},      {"gpt", gpt},
    {"small", small}, {"elementwise", elementwise}, {"ladder", ladder},   {"growth", growth}};

// Parses all of `text` as a number in [low, high].
double parse_number(const std::string& option, const char* text, double low, double high) {
  char* end = nullptr;
  const double value = std::strtod(text, &end);
  heed::check(end != text && *end == '\0' && value >= low && value <= high, "heed-bench", option,
              ": expected a number in [", low, ", ", high, "], got ", text);
  return value;
}

Clock parse_clock(const std::string& name) {
  heed::check(name == "wall" || name == "processor", "heed-bench",
              "--clock: expected wall or processor, got ", name);
  return name == "wall" ? Clock::wall : Clock::processor;
}

Options parse(int argc, char** argv) {
  Options options;
  options.threads = heed::num_threads();
  for (int i = 2; i < argc; i += 2) {
    const std::string option = argv[i];
    const bool known = option == "--threads" || option == "--filter" || option == "--min-time" ||
                       option == "--json" || option == "--blas" || option == "--figures" ||
                       option == "--clock";
    heed::check(known, "heed-bench", "unknown option ", option, ". Hint: heed-bench --help");
    heed::check(i + 1 < argc, "heed-bench", option, ": expected a value");
    if (option == "--threads") options.threads = static_cast<int>(parse_number(option, argv[i + 1], 1, 256));
    if (option == "--filter") options.filter = argv[i + 1];
    if (option == "--min-time") options.min_time = parse_number(option, argv[i + 1], 0.001, 60);
    if (option == "--json") options.json = argv[i + 1];
    if (option == "--blas") options.blas = argv[i + 1];
    if (option == "--figures") options.figures = argv[i + 1];
    if (option == "--clock") options.clock = parse_clock(argv[i + 1]);
  }
  return options;
}

int run(int argc, char** argv) {
  const std::string command = argc > 1 ? argv[1] : "--help";
  if (command == "--help" || command == "-h") {
    std::printf("%s", usage);
    return 0;
  }
  for (const Benchmark& benchmark : benchmarks) {
    if (command != benchmark.name) continue;
    const Options options = parse(argc, argv);
    Report report(options, measure_machine(options.threads));
    benchmark.run(report);
    report.write_json();
    return 0;
  }
  std::string names;
  for (const Benchmark& benchmark : benchmarks)
    names += std::string(names.empty() ? "" : ", ") + benchmark.name;
  heed::fail("heed-bench", "unknown benchmark ", command, "; available: ", names);
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
