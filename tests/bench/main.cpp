// main.cpp — heed-bench: how fast the engine is, as shares of what this CPU can do.
//
// Speed is measured here and asserted nowhere: the machine may be busy. Read the shares, not the seconds.
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
    "  gemm          matrix products: all layouts, f32 and f64\n"
    "  attention     8 heads of 64 over n tokens, forward and training\n"
    "  encoder       the course's encoder: 512 wide, 8 heads, 6 layers; input (10, 32, 512)\n"
    "  vit           ViT-B/16, one image\n"
    "  gpt           a character GPT: training, and generation with a cache; GPT-2's size: generation\n"
    "  small         models so small that the cost of an op counts\n"
    "  elementwise   passes over memory, and one op alone\n"
    "  ladder        how matmul became fast, rung by rung\n"
    "  growth        attention, gemm, an encoder, an LSTM: by which power of the size the cost grows\n"
    "options\n"
    "  --threads N           threads to use (default: all)\n"
    "  --filter TEXT         only cases whose name holds TEXT, as in \"f32 NN 512\"\n"
    "  --min-time SECONDS    time spent on each case (default 0.2)\n"
    "  --json FILE           write the results there, too\n"
    "  --blas LIBRARY        gemm: take turns with this library's, as libopenblas.so.0\n"
    "  --figures FOLDER      growth: draw each family there\n"
    "  --clock WHICH         wall (the default), or processor: blind to other programs' turns\n";

struct Benchmark {
  const char* name;
  void (*run)(Report&);
};
constexpr Benchmark benchmarks[] = {
    {"gemm", gemm},   {"attention", attention},     {"encoder", encoder}, {"vit", vit},      {"gpt", gpt},
    {"small", small}, {"elementwise", elementwise}, {"ladder", ladder},   {"growth", growth}};

// The whole of `text` as a number in [low, high].
double number(const std::string& option, const char* text, double low, double high) {
  char* end = nullptr;
  const double value = std::strtod(text, &end);
  heed::check(end != text && *end == '\0' && value >= low && value <= high, "heed-bench", option,
              " wants a number in [", low, ", ", high, "], got ", text);
  return value;
}

Clock clock_named(const std::string& name) {
  heed::check(name == "wall" || name == "processor", "heed-bench", "--clock is wall or processor, got ",
              name);
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
    heed::check(i + 1 < argc, "heed-bench", option, " wants a value");
    if (option == "--threads") options.threads = static_cast<int>(number(option, argv[i + 1], 1, 256));
    if (option == "--filter") options.filter = argv[i + 1];
    if (option == "--min-time") options.min_time = number(option, argv[i + 1], 0.001, 60);
    if (option == "--json") options.json = argv[i + 1];
    if (option == "--blas") options.blas = argv[i + 1];
    if (option == "--figures") options.figures = argv[i + 1];
    if (option == "--clock") options.clock = clock_named(argv[i + 1]);
  }
  return options;
}

int run(int argc, char** argv) {
  const std::string what = argc > 1 ? argv[1] : "--help";
  if (what == "--help" || what == "-h") {
    std::printf("%s", usage);
    return 0;
  }
  for (const Benchmark& benchmark : benchmarks) {
    if (what != benchmark.name) continue;
    const Options options = parse(argc, argv);
    Report report(options, measure_machine(options.threads));
    benchmark.run(report);
    report.write_json();
    return 0;
  }
  std::string names;
  for (const Benchmark& benchmark : benchmarks)
    names += std::string(names.empty() ? "" : ", ") + benchmark.name;
  heed::fail("heed-bench", "unknown benchmark ", what, "; there are: ", names);
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
