// trials.h — decides by measurement whether short jobs use several threads.
#pragma once

#include <algorithm>
#include <chrono>

namespace heed::kernels {

// Whether sharing a short job among threads saves time depends on the program and on the machine:
// sharing also moves the job's data between the caches of the cores, which slows down what follows,
// and another program may use the other cores. So both are tried. A trial lasts until the estimated
// times of its jobs add up to 2 ms. Its score is the time that has passed, with everything between
// the jobs, divided by this estimate. Sharing counts as better if it saves at least 2 %. The worse of
// the two is tried again after 1, 2, 4, … trials of the better one, and at the latest after 256.
class Trials {
 public:
  using Clock = std::chrono::steady_clock;

  // Begins a job that takes about `ns` on one thread. Returns whether to share it.
  bool begin(double ns, Clock::time_point now) {
    const std::chrono::duration<double, std::nano> passed = now - last_;
    // A pause of the program says nothing about its jobs, nor does the time before the first one.
    if (last_ns_ > 0) passed_ns_ += std::min(passed.count(), last_ns_ + max_gap_ns);
    last_ = now;
    last_ns_ = ns;
    estimated_ns_ += ns;
    if (estimated_ns_ >= trial_ns) end_trial();
    return sharing_;
  }

  // Leaves out the time of another job, which is not part of the trials.
  void skip(Clock::duration time) { last_ += time; }

 private:
  static constexpr double trial_ns = 2e6, max_gap_ns = 1e5, min_gain = 0.02;
  static constexpr int max_repeats = 256;

  void end_trial() {
    (sharing_ ? shared_ : alone_) = passed_ns_ / estimated_ns_;
    passed_ns_ = estimated_ns_ = 0;
    if (trying_worse_) {
      const bool now_better = shared_ < (1 - min_gain) * alone_;
      repeats_ = now_better == sharing_ ? 1 : std::min(2 * repeats_, max_repeats);
      repeats_left_ = repeats_;
      trying_worse_ = false;
      sharing_ = now_better;
    } else if (--repeats_left_ == 0) {
      trying_worse_ = true;
      sharing_ = !sharing_;
    }
  }

  Clock::time_point last_;                   // the start of the last job, plus skipped time
  double last_ns_ = 0;                       // its estimate
  double passed_ns_ = 0, estimated_ns_ = 0;  // of the current trial
  double alone_ = 0, shared_ = 0;            // the last scores
  bool sharing_ = false, trying_worse_ = false;
  int repeats_ = 1, repeats_left_ = 1;
};

}  // namespace heed::kernels
