// report.cpp — prints one line per case: the time, the rates and the percentage of the machine's
// peak.
#include <sys/wait.h>
#include <unistd.h>

#include <array>
#include <cstdio>
#include <cstdlib>
#include <fstream>

#include "autograd/error.h"
#include "autograd/kernels/isa.h"
#include "autograd/kernels/kernels.h"
#include "autograd/memory.h"
#include "autograd/threads.h"
#include "tests/bench/bench.h"

namespace heed::bench {

// Fills in the peaks, in GFLOP/s, and the bandwidth.
static void measure_peaks(int threads, Machine& m) {
  set_num_threads(1);
  m.peak_1 = fma_peak<float>(1);
  set_num_threads(threads);
  m.peak = threads == 1 ? m.peak_1 : fma_peak<float>(threads);
  m.peak_f64 = fma_peak<double>(threads);
  m.bandwidth = read_bandwidth();
}

// Measures in a child process, so that this process has no threads except those that its cases
// start, as in a program of a user. (A process with one thread counts references without atomic
// instructions.)
Machine measure_machine(int threads) {
  Machine m{.cpu = kernels::cpu_name(),
            .isa = kernels::kernels<float>().isa,
            .peak_1 = 0,
            .peak = 0,
            .peak_f64 = 0,
            .bandwidth = 0};
  int ends[2];
  check(pipe(ends) == 0, "heed-bench", "cannot create a pipe");
  const pid_t child = fork();
  check(child >= 0, "heed-bench", "cannot start a process");
  const std::array fields{&m.peak_1, &m.peak, &m.peak_f64, &m.bandwidth};
  if (child == 0) {
    measure_peaks(threads, m);
    for (const double* field : fields)
      check(write(ends[1], field, sizeof *field) == sizeof *field, "heed-bench", "cannot write to a pipe");
    _exit(0);
  }
  close(ends[1]);
  for (double* field : fields)
    check(read(ends[0], field, sizeof *field) == sizeof *field, "heed-bench",
          "the measurement of the peaks failed");
  close(ends[0]);
  waitpid(child, nullptr, 0);
  set_num_threads(threads);
  return m;
}

Report::Report(Options options, Machine machine)
    : options_(std::move(options)), machine_(std::move(machine)) {
  std::printf("%s, %s, %d thread%s%s\n", machine_.cpu.c_str(), machine_.isa.c_str(), options_.threads,
              options_.threads == 1 ? "" : "s", options_.clock == Clock::wall ? "" : ", processor time");
  std::printf("f32 FMA peak %.1f GFLOP/s (%.1f on one thread), memory reads %.1f GB/s\n\n", machine_.peak,
              machine_.peak_1, machine_.bandwidth);
  std::printf("%-30s %11s %7s %9s %9s %8s %10s %10s%s\n", "case", "time", "spread", "GFLOP/s", "GB/s",
              "of peak", "allocated", "peak MB", options_.blas.empty() ? "" : "  BLAS / heed");
}

void Report::set_blas_kernels(const std::string& name) {
  blas_kernels_ = name;
  const char* held = std::getenv("OPENBLAS_CORETYPE");
  std::printf("BLAS with the kernels of %s%s\n", name.c_str(),
              held && *held ? ", held by OPENBLAS_CORETYPE" : "");
}

std::optional<Measurement> Report::measure(const std::string& name, const Work& work,
                                           const std::function<void()>& run,
                                           const std::function<void()>& baseline) {
  if (!is_selected(name)) return std::nullopt;
  const Timings t = time(options_.min_time, options_.clock, run, baseline);
  reset_peak_memory();
  const MemoryStats before = memory_stats();
  run();
  const MemoryStats after = memory_stats();
  const double seconds_per_call = t.heed.median;
  Case c{.name = name,
         .time = {seconds_per_call / work.steps, t.heed.spread},
         .gflops = work.flops / seconds_per_call * 1e-9,
         .gbytes = work.bytes / seconds_per_call * 1e-9,
         .fraction_of_peak = 0,
         .baseline_seconds = t.baseline.median / work.steps,
         .allocated = after.allocated_bytes - before.allocated_bytes,
         .peak_memory = after.peak_bytes,
         .reserved = after.reserved_bytes - before.reserved_bytes};
  // Relative to the tighter of the two limits: arithmetic or memory bandwidth.
  c.fraction_of_peak =
      std::max(c.gflops / (work.f64 ? machine_.peak_f64 : machine_.peak), c.gbytes / machine_.bandwidth);
  print(c);
  cases_.push_back(c);
  return Measurement{seconds_per_call, static_cast<double>(after.peak_bytes)};
}

static std::string format_time(double s) {
  char text[32];
  if (s < 1e-6)
    std::snprintf(text, sizeof text, "%.0f ns", s * 1e9);
  else if (s < 1e-3)
    std::snprintf(text, sizeof text, "%.2f us", s * 1e6);
  else
    std::snprintf(text, sizeof text, "%.2f ms", s * 1e3);
  return text;
}

void Report::print(const Case& c) const {
  const auto number = [](double x) {
    char text[32];
    std::snprintf(text, sizeof text, x > 0 ? "%.1f" : "-", x);
    return std::string(text);
  };
  std::printf("%-30s %11s %5.0f %% %9s %9s %6.0f %% %10lld %10.1f", c.name.c_str(),
              format_time(c.time.median).c_str(), 100 * c.time.spread, number(c.gflops).c_str(),
              number(c.gbytes).c_str(), 100 * c.fraction_of_peak, c.allocated,
              static_cast<double>(c.peak_memory) * 1e-6);
  if (c.baseline_seconds > 0) std::printf("  %6.2f", c.baseline_seconds / c.time.median);
  std::printf("\n");
  std::fflush(stdout);
}

void Report::write_json() const {
  if (options_.json.empty()) return;
  std::ofstream out(options_.json);
  out << "{\"cpu\": \"" << machine_.cpu << "\", \"isa\": \"" << machine_.isa << "\", \"clock\": \""
      << (options_.clock == Clock::wall ? "wall" : "processor") << "\", \"threads\": " << options_.threads
      << ", \"fma_peak_1\": " << machine_.peak_1 << ", \"fma_peak\": " << machine_.peak
      << ", \"bandwidth\": " << machine_.bandwidth;
  if (!blas_kernels_.empty()) out << ", \"blas_kernels\": \"" << blas_kernels_ << "\"";
  out << ", \"cases\": [";
  const char* separator = "\n";
  for (const Case& c : cases_) {
    out << separator << "  {\"name\": \"" << c.name << "\", \"seconds\": " << c.time.median
        << ", \"spread\": " << c.time.spread << ", \"gflops\": " << c.gflops << ", \"gbytes\": " << c.gbytes
        << ", \"share\": " << c.fraction_of_peak << ", \"allocated\": " << c.allocated
        << ", \"peak_memory\": " << c.peak_memory << ", \"reserved\": " << c.reserved;
    if (c.baseline_seconds > 0) out << ", \"blas_seconds\": " << c.baseline_seconds;
    out << "}";
    separator = ",\n";
  }
  out << "\n]}\n";
  check(static_cast<bool>(out.flush()), "heed-bench", "cannot write ", options_.json);
}

}  // namespace heed::bench
