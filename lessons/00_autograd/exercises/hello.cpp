// 00 · hello — this one is solved. It only shows how to go on.
//
//   x -> the slope of x² at x, which is 2x
//
// This is the file that you edit: lessons/00_autograd/exercises/hello.cpp. Save it, and the runner judges it. It
// passes as it stands. Write a 3 where the 2 is, save, and see what a mistake looks like; then put the 2 back.
//
//   n  the next exercise               r  run this one again
//   h  a hint; again: a deeper one     x  the file as it was at first (a copy of yours is kept)
//   l  the list of all                 d  the lesson's demo
//   q  quit
#include "lessons/00_autograd/exercises.h"

namespace heed::exercise {

double hello(double x) { return 2 * x; }

}  // namespace heed::exercise
