#include <cmath>

#include "lessons/00_autograd/exercises.h"
#include "tests/lessons/answers/answers.h"

namespace heed::exercise {
namespace {

const Answers<decltype(hello)> answers{
    {"x + x", "pass", [](double x) { return x + x; }},
    {"a numerical difference", "pass",
     [](double x) { return ((x + 1e-5) * (x + 1e-5) - (x - 1e-5) * (x - 1e-5)) / 2e-5; }},
    {"autograd", "pass",
     [](double x) {
       Tensor t = scalar(x, f64).set_requires_grad();
       (t * t).backward();
       return t.grad().item();
     }},
    {"3 x", "AG-00", [](double x) { return 3 * x; }},
    {"x²", "AG-08", [](double x) { return x * x; }},
    {"2 |x|", "wrong", [](double x) { return 2 * std::abs(x); }},
    {"integers only", "wrong", [](double x) { return 2.0 * static_cast<int>(x); }},
    {"2", "wrong", [](double) { return 2.0; }},
    {"the value of the first question", "wrong", [](double) { return 10.0; }},
    {"2 x, but NaN at 0", "wrong", [](double x) { return x * x * 2 / x; }}};

}  // namespace

double hello(double x) { return answers.chosen(x); }

}  // namespace heed::exercise
