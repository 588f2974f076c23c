#include "lessons/00_autograd/exercises.h"
#include "lessons/check/check.h"

namespace heed::exercise {
namespace {

const checks::Exercise<decltype(hello)> exercise{
    "00_hello",
    hello,
    [](double x) { return 2 * x; },
    {{"AG-00", "this is the mistake that you were asked to make: now restore the 2",
      [](double x) { return 3 * x; }},
     {"AG-08", "this is the value x², not its slope", [](double x) { return x * x; }}}};

TEST(Hello, IsTheSlopeOfASquare) {
  exercise.compare("hello(5)", [](auto f) { return f(5); });
  exercise.compare("hello(-0.5)", [](auto f) { return f(-0.5); });
  exercise.compare("hello(0)", [](auto f) { return f(0); });
}

}  // namespace
}  // namespace heed::exercise

// wrong edit AG-00: `2 * x` => `3 * x`
