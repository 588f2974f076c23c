// bench.h — what the benchmarks of heed-bench share: the options, the machine, and the report that every case goes to.
#pragma once

#include <functional>
#include <optional>
#include <string>
#include <vector>

#include "tests/bench/timing.h"

namespace heed::bench {

struct Options {
  int threads = 1;
  double min_time = 0.2;  // seconds a case
  std::string filter;     // only cases whose name holds this text
  std::string json;       // a file to write the results to
  std::string blas;       // a library to open beside our gemm
  std::string figures;    // a folder for figures
  Clock clock = Clock::wall;
};

// What this machine can do now, measured at the start of a run.
struct Machine {
  std::string cpu, isa;
  double peak_1, peak;  // f32 FMA, GFLOP/s, on one thread and on all
  double peak_f64;      // on all threads
  double bandwidth;     // reading memory with all threads, GB/s
};
Machine measure_machine(int threads);

// What one run of a case does, as far as it is known: its time is compared with what the machine could do.
struct Work {
  double flops = 0;
  double bytes = 0;  // read and written
  bool f64 = false;
  double steps = 1;  // of which the time is told, as tokens
};

// What a case cost: seconds a call (the median), and the most bytes that tensors held at once.
struct Measured {
  double seconds, peak_bytes;
};

class Report {
 public:
  Report(Options options, Machine machine);
  const Options& options() const { return options_; }
  // Times `run` and prints a line, or does nothing where --filter leaves the case out. `rival`, if any, does the same by other means; the two
  // take turns call by call, so that a busy moment hits both.
  std::optional<Measured> measure(const std::string& name, const Work& work, const std::function<void()>& run,
                                  const std::function<void()>& rival = nullptr);
  bool wants(const std::string& name) const { return name.find(options_.filter) != std::string::npos; }
  void write_json() const;

 private:
  struct Case {
    std::string name;
    Timing time;
    double gflops, gbytes, share, rival_seconds;
    long long allocated, peak_memory, reserved;
  };
  void print(const Case& c) const;

  Options options_;
  Machine machine_;
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
