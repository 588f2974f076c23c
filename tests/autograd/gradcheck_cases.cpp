// gradcheck_cases.cpp — cases of arithmetic, reductions, views and selections; the others are in
// gradcheck_cases_layers.cpp.
//
// A new op needs a case: without one, gradcheck_gate_test names the op and fails. Every family
// includes sizes of 1, broadcasts from both sides, scalars, empty tensors, and lengths that are not
// a multiple of a vector.
#include "tests/autograd/gradcheck_table.h"

namespace heed {

namespace {

const std::vector<Shape> shapes = {{}, {1}, {3}, {17}, {2, 3}, {1, 1}, {2, 1, 5}, {0}, {2, 0}};
const std::vector<std::pair<Shape, Shape>> pairs = {
    {{3}, {3}}, {{2, 3}, {3}}, {{3}, {2, 3}}, {{2, 1}, {1, 3}},    {{}, {2, 3}},           {{2, 3}, {}},
    {{}, {}},   {{1}, {1, 1}}, {{17}, {1}},   {{2, 1, 3}, {4, 1}}, {{5, 1, 2}, {1, 4, 1}}, {{2, 0}, {1}}};

// ---- families ---------------------------------------------------------------------------------------------

void elementwise(Table& t) {
  struct Binary {
    const char* name;
    Tensor (*f)(const Tensor&, const Tensor&);
    Tensor (*make)(const Shape&, std::uint64_t);
  };
  for (const Binary& op :
       {Binary{"add", add, normal}, Binary{"sub", sub, normal}, Binary{"mul", mul, normal},
        Binary{"div", div, positive}, Binary{"pow", pow, positive}, Binary{"maximum", maximum, distinct},
        Binary{"minimum", minimum, distinct}, Binary{"operator+", operator+, normal},
        Binary{"operator-", operator-, normal}, Binary{"operator*", operator*, normal},
        Binary{"operator/", operator/, positive}}) {
    const auto f = op.f;
    // Shifted, so that no two operands of a maximum are equal.
    const auto second = [&op](const Shape& shape) {
      Tensor b = op.make(shape, 2);
      const NoGrad no_grad;
      if (op.make == distinct) b.add_(full(shape, 0.033, f64));
      return b;
    };
    for (const auto& [a, b] : pairs)
      t.add(op.name, [f](const Inputs& in) { return f(in[0], in[1]); }, {op.make(a, 1), second(b)},
            // An operand without elements, or a single number that is never chosen, has a gradient of 0.
            {.allow_zero = a.numel() <= 1 || a.numel() * b.numel() == 0});
    t.add(op.name, "of transposed views",
          [f](const Inputs& in) { return f(in[0].transpose(0, 1), in[1].transpose(0, 1)); },
          {op.make({2, 3}, 1), second({2, 3})});
    t.add(op.name, "of a tensor with itself", [f](const Inputs& in) { return f(in[0], in[0] * in[0] + 1.0); },
          {positive({3})});
  }

  struct Unary {
    const char* name;
    Tensor (*f)(const Tensor&);
    Tensor (*make)(const Shape&, std::uint64_t);
  };
  for (const Unary& op :
       {Unary{"neg", neg, normal}, Unary{"operator-", operator-, normal}, Unary{"exp", exp, normal},
        Unary{"log", log, positive}, Unary{"sqrt", sqrt, positive}, Unary{"rsqrt", rsqrt, positive},
        Unary{"abs", abs, distinct}, Unary{"tanh", tanh, normal}, Unary{"sigmoid", sigmoid, normal},
        Unary{"relu", relu, distinct}, Unary{"silu", silu, normal}}) {
    const auto f = op.f;
    for (const Shape& shape : shapes)
      t.add(op.name, [f](const Inputs& in) { return f(in[0]); }, {op.make(shape, 1)});
    t.add(op.name, "of a transposed view", [f](const Inputs& in) { return f(in[0].transpose(0, 1)); },
          {op.make({3, 5}, 1)});
  }
  for (const Shape& shape : shapes) {
    t.add("gelu", [](const Inputs& in) { return gelu(in[0]); }, {normal(shape)});
    t.add("gelu", [](const Inputs& in) { return gelu(in[0], Gelu::tanh); }, {normal(shape)});
    t.add("clamp", [](const Inputs& in) { return clamp(in[0], -0.3, 0.7) + in[0] * 0.1; }, {distinct(shape)});
    t.add("add", [](const Inputs& in) { return add(in[0], 1.5); }, {normal(shape)});
    t.add("mul", [](const Inputs& in) { return mul(in[0], -1.5); }, {normal(shape)});
    t.add("operator+", [](const Inputs& in) { return (in[0] + 2.0) + (2.0 + in[0]); }, {normal(shape)});
    t.add("operator-", [](const Inputs& in) { return (in[0] - 2.0) * (2.0 - in[0]); }, {normal(shape)});
    t.add("operator*", [](const Inputs& in) { return (in[0] * 2.0) * (3.0 * in[0]); }, {normal(shape)});
    t.add("operator/", [](const Inputs& in) { return in[0] / 3.0 + 3.0 / in[0]; }, {positive(shape)});
    for (const double exponent : {2.0, 3.0, 0.5, -1.0, 1.0})
      t.add("pow", [exponent](const Inputs& in) { return pow(in[0], exponent); }, {positive(shape)});
  }
  t.add("pow", "to the power of 0", [](const Inputs& in) { return pow(in[0], 0.0); }, {normal({3})},
        {.allow_zero = true});
  t.add("pow", "of negative numbers, squared", [](const Inputs& in) { return pow(in[0], 2.0); },
        {normal({9})});
  for (const auto& [a, b] : pairs) {
    const Shape common = broadcast_shapes("test", a, b);
    const GradcheckOptions may_be_unused{.allow_zero = true};
    t.add(
        "where", [c = checkered(common)](const Inputs& in) { return where(c, in[0], in[1]); },
        {normal(a, 1), normal(b, 2)}, may_be_unused);
  }
  t.add("where", "a mask that broadcasts",
        [](const Inputs& in) {
          return where(Mask::of({1, 0, 1}), in[0], in[1]);
        },
        {normal({2, 3}, 1), normal({2, 3}, 2)});
  t.add("masked_fill",
        [](const Inputs& in) {
          return masked_fill(in[0], Mask::of({0, 1, 0}), -7);
        },
        {normal({2, 3})});
  t.add("masked_fill", "of a view",
        [](const Inputs& in) {
          return masked_fill(in[0].transpose(0, 1), checkered({3, 2}), 1);
        },
        {normal({2, 3})});
}

void reduce(Table& t) {
  struct Case {
    Shape shape;
    Axes axes;
  };
  const std::vector<Case> cases = {
      {{}, {}},          {{5}, {}},          {{5}, {0}},          {{2, 3}, {}},        {{2, 3}, {0}},
      {{2, 3}, {-1}},    {{2, 3, 4}, {1}},   {{2, 3, 4}, {0, 2}}, {{2, 3, 4}, {0, 1}}, {{1, 3, 1}, {0, 2}},
      {{2, 0}, Axes{0}}, {{70, 3}, Axes{0}}, {{3, 70}, Axes{1}}};
  for (const auto& [shape, axes] : cases)
    for (const bool keepdim : {false, true}) {
      const auto options = axes;
      t.add("sum", [=](const Inputs& in) { return sum(in[0], options, keepdim); }, {normal(shape)});
      t.add("mean", [=](const Inputs& in) { return mean(in[0], options, keepdim) * 1.0; }, {normal(shape)},
            {.allow_zero = shape.numel() == 0});
      if (shape.numel() > 1 && shape != Shape{1, 3, 1}) {
        t.add("var", [=](const Inputs& in) { return var(in[0], options, 1, keepdim); }, {normal(shape)});
        t.add("var", [=](const Inputs& in) { return var(in[0], options, 0, keepdim); }, {normal(shape)});
      }
    }
  for (const Shape& shape : {Shape{5}, Shape{1}, Shape{2, 3}, Shape{3, 2, 17}})
    for (index_t axis = -1; axis < shape.rank(); ++axis)
      for (const bool keepdim : {false, true}) {
        t.add("max", [=](const Inputs& in) { return max(in[0], axis, keepdim).values; }, {distinct(shape)});
        t.add("min", [=](const Inputs& in) { return min(in[0], axis, keepdim).values; }, {distinct(shape)});
        t.add("logsumexp", [=](const Inputs& in) { return logsumexp(in[0], axis, keepdim); },
              {normal(shape)});
      }
  t.add("max", "of all", [](const Inputs& in) { return max(in[0]); }, {distinct({2, 5})});
  t.add("min", "of all", [](const Inputs& in) { return min(in[0]); }, {distinct({2, 5})});
  t.add("max", "of a transposed view", [](const Inputs& in) { return max(in[0].transpose(0, 1), 0).values; },
        {distinct({3, 4})});
  for (const index_t k : {1, 3, 5})
    t.add("topk", [k](const Inputs& in) { return topk(in[0], k).values; }, {distinct({2, 5})});
  t.add("logsumexp", "of large numbers",
        [](const Inputs& in) { return logsumexp(in[0] * 100.0 + 800.0, -1); }, {normal({2, 4})});
  t.add("sum_to", [](const Inputs& in) { return sum_to(in[0], {3, 1}); }, {normal({2, 3, 4})});
  t.add("sum_to", [](const Inputs& in) { return sum_to(in[0], {}); }, {normal({2, 3})});
}

void views(Table& t) {
  const auto add = [&t](const char* name, const Shape& shape, Tensor (*f)(const Tensor&)) {
    t.add(name, [f](const Inputs& in) { return f(in[0]); }, {normal(shape)});
  };
  add("clone", {2, 3}, [](const Tensor& x) { return clone(x); });
  add("contiguous", {2, 3}, [](const Tensor& x) { return contiguous(x.transpose(0, 1)); });
  add("view", {2, 6}, [](const Tensor& x) { return view(x, {3, 4}); });
  add("view", {}, [](const Tensor& x) { return view(x, {1, 1}); });
  add("reshape", {2, 3, 4}, [](const Tensor& x) { return reshape(x.transpose(0, 2), {6, -1}); });
  add("reshape", {1, 3}, [](const Tensor& x) { return reshape(x, {3}); });
  add("transpose", {2, 3}, [](const Tensor& x) { return transpose(x, 0, 1); });
  add("transpose", {2, 3, 4}, [](const Tensor& x) { return transpose(x, -1, 0); });
  add("permute", {2, 3, 4}, [](const Tensor& x) { return permute(x, {2, 0, 1}); });
  add("expand", {1, 3}, [](const Tensor& x) { return expand(x, {4, 2, 3}); });
  add("expand", {}, [](const Tensor& x) { return expand(x, {2, 2}); });
  add("squeeze", {2, 1, 3}, [](const Tensor& x) { return squeeze(x, 1); });
  add("unsqueeze", {2, 3}, [](const Tensor& x) { return unsqueeze(x, -1); });
  add("select", {2, 3, 4}, [](const Tensor& x) { return select(x, 1, -1); });
  add("slice", {5, 3}, [](const Tensor& x) { return slice(x, 0, 1, 5, 2); });
  add("slice", {2, 9}, [](const Tensor& x) { return slice(x, -1, -4); });
  add("index", {4, 3, 5}, [](const Tensor& x) { return x.index({Slice{1, 3}, Ellipsis{}, -1}); });
  add("unbind", {4, 3}, [](const Tensor& x) {  // part 2 twice, part 1 not at all
    const auto parts = unbind(x);
    return parts[0] * parts[2] + exp(parts[2]);
  });
  add("unbind", {2, 3, 5}, [](const Tensor& x) { return stack(unbind(tanh(x), -2), -1); });
  add("unbind", {3, 4}, [](const Tensor& x) {  // unbind of a part, with x used as well
    const auto numbers = unbind(unbind(x.transpose(0, 1), 1)[1]);
    return numbers[0] * numbers[3] * x + unbind(x)[1];
  });
  add("unbind", {1, 0}, [](const Tensor& x) { return unbind(x)[0]; });
  add("split", {5, 2}, [](const Tensor& x) {
    const auto parts = split(x, 2);
    return parts[0] * parts[1] + parts[2];
  });
  add("chunk", {2, 6}, [](const Tensor& x) {
    const auto parts = chunk(x, 3, -1);
    return parts[0] * parts[2];
  });
  // A round trip, because gradcheck requires f64 inputs and outputs. The f32 in between costs digits.
  t.add("to", "f64 to f32 and back", [](const Inputs& in) { return to(to(in[0], f32), f64); },
        {normal({2, 3})}, {.step = 1e-2, .atol = 1e-4, .rtol = 1e-4});
}

void gathering(Table& t) {
  t.add("cat",
        [](const Inputs& in) {
          return cat({in[0], in[1]}, 0);
        },
        {normal({2, 3}, 1), normal({1, 3}, 2)});
  t.add("cat",
        [](const Inputs& in) {
          return cat({in[0], in[1], in[0]}, -1);
        },
        {normal({2, 3}, 1), normal({2, 0}, 2)});
  t.add("cat", "of views",
        [](const Inputs& in) {
          return cat({in[0].transpose(0, 1), in[1]}, 1);
        },
        {normal({2, 3}, 1), normal({3, 4}, 2)});
  t.add("stack",
        [](const Inputs& in) {
          return stack({in[0], in[1]}, -1);
        },
        {normal({2, 3}, 1), normal({2, 3}, 2)});
  t.add("stack", [](const Inputs& in) { return stack({in[0], in[1]}); }, {normal({}, 1), normal({}, 2)});
  t.add("index_select", "a row twice",
        [](const Inputs& in) {
          return index_select(in[0], 0, IntTensor{2, 0, 2});
        },
        {normal({3, 4})});
  t.add("index_select", [](const Inputs& in) { return index_select(in[0], 1, IntTensor{1}); },
        {normal({2, 3, 2})});
  t.add("gather",
        [](const Inputs& in) {
          return gather(in[0], 1, IntTensor{{0, 0}, {2, 1}});
        },
        {normal({2, 3})});
  t.add("gather", [](const Inputs& in) { return gather(in[0], 0, IntTensor{{1, 0, 1}}); }, {normal({2, 3})});
  t.add("roll", [](const Inputs& in) { return roll(in[0], 2, 0); }, {normal({5, 2})});
  t.add("roll", [](const Inputs& in) { return roll(in[0], -7, -1); }, {normal({2, 5})});
  t.add("flip", [](const Inputs& in) { return flip(in[0], {0, -1}); }, {normal({2, 3})});
  t.add("pad", [](const Inputs& in) { return pad(in[0], {1, 2}); }, {normal({2, 3})});
  t.add("pad", [](const Inputs& in) { return pad(in[0], {0, 1, 2, 0}, 5); }, {normal({2, 2, 3})});
}

}  // namespace

std::vector<GradcheckCase> gradcheck_cases() {
  Table t;
  for (const auto family : {elementwise, reduce, views, gathering, add_layer_cases}) family(t);
  return std::move(t.cases);
}

}  // namespace heed
