// 00_hello — Already solved: how the course works, in one line of code.
// Exercise 1 · 3 minutes · ●○○
//
//   x -> the slope of x² at x, which is 2x
//
// This is the file that you edit: lessons/00_autograd/exercises/hello.cpp. When you save it, the
// runner checks it. It passes without changes. Replace the 2 by a 3 and save, to see how a mistake
// is reported; then restore the 2.
//
//   n  the next exercise                r  run this one again
//   h  a hint; again: a deeper one      x  reset the file (a copy of yours is kept)
//   l  the list of all exercises        d  the lesson's demo
//   q  quit
#include "lessons/00_autograd/exercises.h"

namespace heed::exercise {

double hello(double x) { return 2 * x; }

}  // namespace heed::exercise

// Hints
//
// 1. It passes without changes. What does a mistake look like? Replace the 2 by a 3 and save.
// 2. The slope of x² at x is 2x: when x increases by a small h, x² increases by 2x · h.
// 3. `double hello(double x) { return 2 * x; }`, and then `n` for the next exercise.
