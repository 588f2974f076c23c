#include <cmath>

#include "lessons/00_autograd/exercises.h"
#include "tests/lessons/answers/answers.h"

namespace heed::exercise {
namespace {

std::function<void()> pass_back_of(const Value& a, const Value& b, Number* y) {
  return [a, b, slope_a = b->value, slope_b = a->value, y] {
    a->grad += y->grad * slope_a;
    b->grad += y->grad * slope_b;
  };
}

const Answers<decltype(multiply)> answers{
    {"a weak pointer to the product", "pass",
     [](const Value& a, const Value& b) {
       const Value y = grad_enabled() ? number(a->value * b->value, {a, b}) : number(a->value * b->value);
       if (!grad_enabled()) return y;
       const std::weak_ptr<Number> weak = y;
       y->pass_back = [weak, left = a->value, right = b->value] {
         const Value self = weak.lock();
         const std::vector<Value>& inputs = self->inputs();
         inputs[0]->grad += self->grad * right;
         inputs[1]->grad += self->grad * left;
       };
       return y;
     }},
    {"raw pointers to the inputs, which the product keeps alive", "pass",
     [](const Value& a, const Value& b) {
       const double x = a->value, z = b->value;
       if (!grad_enabled()) return number(x * z);
       const Value y = number(x * z, {a, b});
       y->pass_back = [p = a.get(), q = b.get(), x, z, self = y.get()] {
         p->grad = p->grad + self->grad * z;
         q->grad = q->grad + self->grad * x;
       };
       return y;
     }},
    {"everything except the values captured by reference", "AG-72",
     [](const Value& a, const Value& b) {
       const double x = a->value, z = b->value;
       Value y = grad_enabled() ? number(x * z, {a, b}) : number(x * z);
       if (grad_enabled())
         y->pass_back = [&, x, z] {
           a->grad += y->grad * z;
           b->grad += y->grad * x;
         };
       return y;
     }},
    {"the product captured by reference", "wrong",
     [](const Value& a, const Value& b) {
       Value y = grad_enabled() ? number(a->value * b->value, {a, b}) : number(a->value * b->value);
       if (grad_enabled())
         y->pass_back = [a, b, x = a->value, z = b->value, &y] {
           a->grad += y->grad * z;
           b->grad += y->grad * x;
         };
       return y;
     }},
    {"static slopes", "AG-73",
     [](const Value& a, const Value& b) {
       static double slope_a, slope_b;
       if (!grad_enabled()) return number(a->value * b->value);
       const Value y = number(a->value * b->value, {a, b});
       slope_a = b->value;
       slope_b = a->value;
       y->pass_back = [a, b, self = y.get()] {
         a->grad += self->grad * slope_a;
         b->grad += self->grad * slope_b;
       };
       return y;
     }},
    {"a static product", "wrong",
     [](const Value& a, const Value& b) {
       static Number* y;
       if (!grad_enabled()) return number(a->value * b->value);
       const Value product = number(a->value * b->value, {a, b});
       y = product.get();
       product->pass_back = [a, b, slope_a = b->value, slope_b = a->value] {
         a->grad += y->grad * slope_a;
         b->grad += y->grad * slope_b;
       };
       return product;
     }},
    {"slopes rounded to integers", "wrong",
     [](const Value& a, const Value& b) {
       if (!grad_enabled()) return number(a->value * b->value);
       const Value y = number(a->value * b->value, {a, b});
       y->pass_back = [a, b, x = std::trunc(a->value), z = std::trunc(b->value), self = y.get()] {
         a->grad += self->grad * z;
         b->grad += self->grad * x;
       };
       return y;
     }},
    {"slopes of float", "wrong",
     [](const Value& a, const Value& b) {
       if (!grad_enabled()) return number(a->value * b->value);
       const Value y = number(a->value * b->value, {a, b});
       y->pass_back = [a, b, x = static_cast<float>(a->value), z = static_cast<float>(b->value),
                       self = y.get()] {
         a->grad += self->grad * static_cast<double>(z);
         b->grad += self->grad * static_cast<double>(x);
       };
       return y;
     }},
    {"slopes by division", "wrong",
     [](const Value& a, const Value& b) {
       if (!grad_enabled()) return number(a->value * b->value);
       const Value y = number(a->value * b->value, {a, b});
       y->pass_back = [a, b, value = y->value, left = a->value, right = b->value, self = y.get()] {
         a->grad += self->grad * value / left;
         b->grad += self->grad * value / right;
       };
       return y;
     }},
    {"the gradient is cleared after it was passed back", "wrong",
     [](const Value& a, const Value& b) {
       if (!grad_enabled()) return number(a->value * b->value);
       const Value y = number(a->value * b->value, {a, b});
       y->pass_back = [back = pass_back_of(a, b, y.get()), self = y.get()] {
         back();
         self->grad = 0;
       };
       return y;
     }},
    {"assigns, and one of two equal inputs adds", "wrong",
     [](const Value& a, const Value& b) {
       if (!grad_enabled()) return number(a->value * b->value);
       const Value y = number(a->value * b->value, {a, b});
       y->pass_back = [a, b, slope_a = b->value, slope_b = a->value, self = y.get()] {
         a->grad = self->grad * slope_a;
         b->grad += self->grad * slope_b;
       };
       return y;
     }},
    {"= and each input's own value as slope", "likely AG-27",
     [](const Value& a, const Value& b) {
       if (!grad_enabled()) return number(a->value * b->value);
       const Value y = number(a->value * b->value, {a, b});
       y->pass_back = [a, b, slope_a = a->value, slope_b = b->value, self = y.get()] {
         a->grad = self->grad * slope_a;
         b->grad = self->grad * slope_b;
       };
       return y;
     }},
    {"the slopes are read late", "AG-20",
     [](const Value& a, const Value& b) {
       if (!grad_enabled()) return number(a->value * b->value);
       const Value y = number(a->value * b->value, {a, b});
       y->pass_back = [a, b, self = y.get()] {
         a->grad += self->grad * b->value;
         b->grad += self->grad * a->value;
       };
       return y;
     }},
    {"inputs are recorded under NoGrad", "wrong",
     [](const Value& a, const Value& b) {
       const Value y = number(a->value * b->value, {a, b});
       if (grad_enabled()) y->pass_back = pass_back_of(a, b, y.get());
       return y;
     }},
    {"grad_enabled() is not checked", "AG-21",
     [](const Value& a, const Value& b) {
       const Value y = number(a->value * b->value, {a, b});
       y->pass_back = pass_back_of(a, b, y.get());
       return y;
     }},
    {"the product owns itself", "AG-23",
     [](const Value& a, const Value& b) {
       if (!grad_enabled()) return number(a->value * b->value);
       const Value y = number(a->value * b->value, {a, b});
       y->pass_back = [y, back = pass_back_of(a, b, y.get())] { back(); };
       return y;
     }},
    {"an empty handle", "wrong", [](const Value&, const Value&) { return Value(); }},
    {"writes the product into a", "wrong", [](const Value& a, const Value& b) {
       a->value *= b->value;
       return a;
     }}};

}  // namespace

Value multiply(const Value& a, const Value& b) { return answers.chosen(a, b); }

}  // namespace heed::exercise
