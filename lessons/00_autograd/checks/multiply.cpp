#include <cmath>

#include "lessons/00_autograd/exercises.h"
#include "lessons/check/check.h"

namespace heed::exercise {
namespace {

using Multiply = decltype(multiply);

// Returns a pass_back for the product y of a and b.
using MakePassBack = std::function<std::function<void()>(const Value& a, const Value& b, const Value& y)>;
Value product(const Value& a, const Value& b, const MakePassBack& make_pass_back) {
  if (!grad_enabled()) return number(a->value * b->value);
  const Value y = number(a->value * b->value, {a, b});
  y->pass_back = make_pass_back(a, b, y);
  return y;
}

// A pass_back that adds the gradient of y, times the slopes(a, b) computed when the product was created.
template <class Slopes>
MakePassBack accumulate(Slopes slopes) {
  return [slopes](const Value& a, const Value& b, const Value& y) {
    return [a, b, y = y.get(), s = slopes(*a, *b)] {
      a->grad += y->grad * s.first;
      b->grad += y->grad * s.second;
    };
  };
}
std::pair<double, double> reference_slopes(const Number& a, const Number& b) { return {b.value, a.value}; }

Value reference(const Value& a, const Value& b) { return product(a, b, accumulate(reference_slopes)); }

// Variables shared by all products: the newest product and its slopes.
const Number* newest = nullptr;
std::pair<double, double> newest_slopes;

const checks::Exercise<Multiply> exercise{
    "00_multiply",
    multiply,
    reference,
    {{"AG-01", "only the last contribution to a number that is used twice is left: accumulate with +=",
      [](auto& a, auto& b) {
        return product(a, b, [](auto& p, auto& q, auto& y) {
          return [p, q, y = y.get(), s = reference_slopes(*p, *q)] {
            p->grad = y->grad * s.first;
            q->grad = y->grad * s.second;
          };
        });
      }},
     {"AG-20", "pass_back read the inputs after they had changed: capture the values that were multiplied",
      [](auto& a, auto& b) {
        return product(a, b, [](auto& p, auto& q, auto& y) {
          return [p, q, y = y.get()] {
            const auto s = reference_slopes(*p, *q);
            p->grad += y->grad * s.first;
            q->grad += y->grad * s.second;
          };
        });
      }},
     {"AG-21", "the graph is recorded although gradients are disabled: check grad_enabled()",
      [](auto& a, auto& b) {
        const Value y = number(a->value * b->value, {a, b});
        y->pass_back = accumulate(reference_slopes)(a, b, y);
        return y;
      }},
     {"AG-23", "the product owns a function that owns the product: capture y.get(), not y",
      [](auto& a, auto& b) {
        return product(a, b, [](auto& p, auto& q, auto& y) {
          return [p, q, y, s = reference_slopes(*p, *q)] {
            p->grad += y->grad * s.first;
            q->grad += y->grad * s.second;
          };
        });
      }},
     {"AG-27", "each input's derivative is the value of the other input, not its own",
      [](auto& a, auto& b) {
        return product(a, b, accumulate([](auto& p, auto& q) { return std::pair(p.value, q.value); }));
      }},
     {"AG-28", "the incoming gradient is missing: multiply the derivatives by y->grad",
      [](auto& a, auto& b) {
        return product(a, b, [](auto& p, auto& q, auto&) {
          return [p, q, s = reference_slopes(*p, *q)] {
            p->grad += s.first;
            q->grad += s.second;
          };
        });
      }},
     {"AG-29", "y->grad was read when the product was created, and was 0: read it in pass_back",
      [](auto& a, auto& b) {
        return product(a, b, [](auto& p, auto& q, auto& y) {
          return [p, q, g = y->grad, s = reference_slopes(*p, *q)] {
            p->grad += g * s.first;
            q->grad += g * s.second;
          };
        });
      }},
     {"AG-72", "the closure captured references; it runs later, so capture a, b and y by value",
      [](auto& a, auto& b) {
        return product(a, b, [](auto& p, auto& q, auto& y) {
          newest = y.get();
          return [&p, &q, s = reference_slopes(*p, *q)] {
            p->grad += newest->grad * s.first;
            q->grad += newest->grad * s.second;
          };
        });
      }},
     {"AG-73", "the slopes are in one variable that all products share: store them in the capture list",
      [](auto& a, auto& b) {
        return product(a, b, [](auto& p, auto& q, auto& y) {
          newest_slopes = reference_slopes(*p, *q);
          return [p, q, y = y.get()] {
            p->grad += y->grad * newest_slopes.first;
            q->grad += y->grad * newest_slopes.second;
          };
        });
      }},
     {"AG-30", "the product has no inputs: create it with number(value, {a, b})", [](auto& a, auto& b) {
        const Value y = number(a->value * b->value);
        if (grad_enabled()) y->pass_back = accumulate(reference_slopes)(a, b, y);
        return y;
      }}}};

Value checked_product(Multiply* f, const Value& a, const Value& b) {
  Value y = f(a, b);
  if (!y) throw std::runtime_error("multiply returned an empty handle");
  return y;
}

// A product whose pass_back is cleared at the end, because it may own the product itself.
class Product {
 public:
  explicit Product(Value y) : y_(std::move(y)) {}
  Product(Multiply* f, const Value& a, const Value& b) : y_(checked_product(f, a, b)) {}
  Product(const Product&) = delete;
  Product& operator=(const Product&) = delete;
  ~Product() { y_->pass_back = nullptr; }
  Number* operator->() const { return y_.get(); }
  const Value& value() const { return y_; }
  void back(double gradient) const {
    y_->grad = gradient;
    if (y_->pass_back) y_->pass_back();
  }

 private:
  Value y_;
};

using List = std::vector<double>;

TEST(Multiply, CreatesANewNumberWithTheProduct) {
  exercise.compare(
      "multiply(a, b)->value of a = 3, b = -2; then a->value, a->grad, b->value, b->grad", [](auto f) {
        const Value a = number(3), b = number(-2);
        const Product y(f, a, b);
        return List{y->value, a->value, a->grad, b->value, b->grad, 1.0 * (y.value() != a && y.value() != b)};
      });
}

TEST(Multiply, PassesItsGradientBack) {
  exercise.compare("multiply(a, b) of a = 3, b = -2; y->grad = 5, pass_back(): a->grad, b->grad", [](auto f) {
    const Value a = number(3), b = number(-2);
    Product(f, a, b).back(5);
    return List{a->grad, b->grad};
  });
}

TEST(Multiply, PassesBackToAFactorOfZero) {
  exercise.compare("multiply(a, b) of a = 0, b = 4; y->grad = 3, pass_back(): a->grad, b->grad", [](auto f) {
    const Value a = number(0), b = number(4);
    Product(f, a, b).back(3);
    return List{a->grad, b->grad};
  });
}

TEST(Multiply, OfFractions) {
  exercise.compare(
      "multiply(a, b) of a = 0.125, b = -2.75; y->grad = 0.5, pass_back(): y->value, a->grad, b->grad",
      [](auto f) {
        const Value a = number(0.125), b = number(-2.75);
        const Product y(f, a, b);
        y.back(0.5);
        return List{y->value, a->grad, b->grad};
      });
  exercise.compare(
      "multiply(a, b) of a = 1e200, b = 1e-100; y->grad = 1e-150, pass_back(): a->grad · 1e250, b->grad / "
      "1e50",
      [](auto f) {
        const Value a = number(1e200), b = number(1e-100);
        Product(f, a, b).back(1e-150);
        return List{a->grad * 1e250, b->grad / 1e50};
      });
}

TEST(Multiply, PassesItsGradientBackEachTimeItIsCalled) {
  exercise.compare(
      "multiply(a, b) of a = 3, b = -2 with gradients 1 and 0.5 already; y->grad = 5, pass_back() twice: "
      "a->grad, b->grad",
      [](auto f) {
        const Value a = number(3), b = number(-2);
        a->grad = 1;
        b->grad = 0.5;
        const Product y(f, a, b);
        y.back(5);
        if (y->pass_back) y->pass_back();
        return List{a->grad, b->grad};
      });
}

// When the first pass_back runs, the handles that were passed to multiply refer to other numbers.
TEST(Multiply, KeepsTwoProductsSeparate) {
  exercise.compare(
      "y = multiply(a, b) of a = 3, b = -2; then a = 5, b = 7, z = multiply(a, b); y->grad = 2, z->grad = "
      "10, y's pass_back(): gradients of 3, -2, 5, 7",
      [](auto f) {
        const Value three = number(3), minus_two = number(-2), five = number(5), seven = number(7);
        Value a = three, b = minus_two, newest_handle = checked_product(f, a, b);
        const Product y(newest_handle);
        a = five;
        b = seven;
        newest_handle = checked_product(f, a, b);
        const Product z(newest_handle);
        z->grad = 10;
        y.back(2);
        return List{three->grad, minus_two->grad, five->grad, seven->grad};
      });
}

TEST(Multiply, AccumulatesTheGradientOfANumberUsedTwice) {
  exercise.compare("multiply(x, x) of x = 3; y->grad = 1, pass_back(): x->grad", [](auto f) {
    const Value x = number(3);
    Product(f, x, x).back(1);
    return x->grad;
  });
  exercise.compare(
      "multiply(a, b) of a = 4, b = 7 with gradients 1 and 0.5 already; pass_back(): a->grad, b->grad",
      [](auto f) {
        const Value a = number(4), b = number(7);
        a->grad = 1;
        b->grad = 0.5;
        Product(f, a, b).back(-2);
        return List{a->grad, b->grad};
      });
}

TEST(Multiply, UsesTheValuesThatWereMultiplied) {
  exercise.compare(
      "multiply(a, b) of a = 3, b = -2; then a->value = 10, b->value = 20, y->grad = 1, pass_back(): "
      "a->grad, "
      "b->grad",
      [](auto f) {
        const Value a = number(3), b = number(-2);
        const Product y(f, a, b);
        a->value = 10;
        b->value = 20;
        try {
          y.back(1);
        } catch (const std::exception&) {
          // Throwing an error is correct, too.
          return List{-2, 3};
        }
        return List{a->grad, b->grad};
      });
}

TEST(Multiply, HasBothFactorsAsInputs) {
  exercise.compare("the number of inputs of multiply(a, b), and whether a and b are among them", [](auto f) {
    const Value a = number(3), b = number(-2);
    const Product y(f, a, b);
    const auto holds = [&](const Value& v) { return std::count(y->inputs().begin(), y->inputs().end(), v); };
    return List{1.0 * static_cast<double>(y->inputs().size()), 1.0 * (holds(a) == 1), 1.0 * (holds(b) == 1)};
  });
}

TEST(Multiply, RecordsNothingUnderNoGrad) {
  exercise.compare(
      "multiply(a, b) under NoGrad: its value, the number of inputs, whether it has a pass_back", [](auto f) {
        const NoGrad no_grad;
        const Value a = number(3), b = number(-2);
        const Product y(f, a, b);
        return List{y->value, static_cast<double>(y->inputs().size()), 1.0 * static_cast<bool>(y->pass_back)};
      });
}

TEST(Multiply, IsFreedWithItsLastHandle) {
  exercise.compare("numbers still alive after the last handle of multiply(multiply(a, a), b) is destroyed",
                   [](auto f) {
                     const Value a = number(3), b = number(-2);
                     const int before = Number::alive;
                     Value inner = checked_product(f, a, a), outer = checked_product(f, inner, b);
                     const std::weak_ptr<Number> watched[] = {inner, outer};
                     inner.reset();
                     outer.reset();
                     const int left = Number::alive - before;
                     // Break the cycle of a number that owns itself.
                     for (const auto& w : watched)
                       if (const Value leaked = w.lock()) leaked->pass_back = nullptr;
                     return left;
                   });
}

}  // namespace
}  // namespace heed::exercise

// wrong edit AG-27: `slope_a = b->value, slope_b = a->value` => `slope_a = a->value, slope_b = b->value`
