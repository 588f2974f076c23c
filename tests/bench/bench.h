// bench.h — options, machine measurements and the report, shared by the benchmarks of heed-bench.
#pragma once

#include <functional>
#include <optional>
#include <string>
#include <vector>

#include "tests/bench/timing.h"

namespace heed::bench {

struct Options {
  int threads = 1;
  double min_time = 0.2;  // seconds per case
  std::string filter;     // runs only cases whose name contains this text
  std::string json;       // output file, none if empty
  std::string blas;       // shared library whose gemm is compared with heed's
  std::string figures;    // output folder for figures, none if empty
  Clock clock = Clock::wall;
};

// The peak performance of this machine, measured at the start of a run.
struct Machine {
  std::string cpu, isa;
  double peak_1, peak;  // f32 FMA in GFLOP/s, with one thread and with all threads
  double peak_f64;      // f64 FMA in GFLOP/s, with all threads
  double bandwidth;     // memory reads with all threads, in GB/s
};
Machine measure_machine(int threads);

// The work of one run of a case, 0 if unknown. The report compares the rate with the peak of the
// machine.
struct Work {
  double flops = 0;
  double bytes = 0;  // read and written
  bool f64 = false;
  double steps = 1;  // the report divides the time by this, e.g. for the time per token
};

// The median time per call in seconds, and the peak memory of all tensors.
struct Measurement {
  double seconds, peak_bytes;
};

class Report {
 public:
  Report(Options options, Machine machine);
  const Options& options() const { return options_; }
  // Prints and stores the name of the CPU for which the BLAS of --blas chose its kernels.
  void set_blas_kernels(const std::string& name);
  // Times `run` and prints one line. Returns nullopt if --filter excludes the case. `baseline`, if
  // given, does the same work with another library; its samples alternate with those of `run`, so
  // interference from other programs affects both.
  std::optional<Measurement> measure(const std::string& name, const Work& work,
                                     const std::function<void()>& run,
                                     const std::function<void()>& baseline = nullptr);
  bool is_selected(const std::string& name) const { return name.find(options_.filter) != std::string::npos; }
  void write_json() const;

 private:
  struct Case {
    std::string name;
    Timing time;
    double gflops, gbytes, fraction_of_peak, baseline_seconds;
    long long allocated, peak_memory, reserved;
  };
  void print(const Case& c) const;

  Options options_;
  Machine machine_;
  std::string blas_kernels_;
  std::vector<Case> cases_;
};

void gemm(Report& report);
void attention(Report& report);
void encoder(Report& report);
void vit(Report& report);
void gpt(Report& report);
void small(Report& report);
void elementwise(Report& report);
void ladder(Report& report);
void growth(Report& report);

}  // namespace heed::bench
