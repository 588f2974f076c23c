// gradcheck_cases.cpp — add a case here when you add an op; until you do, gradcheck_gate_test names it and fails.
//
// Inputs keep away from places without a derivative (|x| at 0, equal candidates of a maximum), for there central
// differences and any choice of gradient must differ. Sizes of 1, broadcasts from both sides, numbers without
// axes, empty tensors and lengths that are no multiple of a vector are in every family.
#include "tests/autograd/gradcheck_cases.h"

#include <cmath>
#include <utility>

namespace heed {

namespace {

using Inputs = std::vector<Tensor>;

class Table {
 public:
  void add(std::string function, std::string detail, GradcheckFunction f, Inputs inputs,
           GradcheckOptions options = {}) {
    cases.push_back({std::move(function), std::move(detail), std::move(f), std::move(inputs), options});
  }
  // The detail is the inputs' shapes.
  void add(const std::string& function, GradcheckFunction f, const Inputs& inputs,
           GradcheckOptions options = {}) {
    std::string shapes;
    for (const Tensor& t : inputs) shapes += (shapes.empty() ? "" : " ") + to_string(t.shape());
    add(function, shapes, std::move(f), inputs, options);
  }
  std::vector<GradcheckCase> cases;
};

// ---- inputs -----------------------------------------------------------------------------------------------

Tensor normal(const Shape& shape, std::uint64_t seed = 1) {
  Generator gen(seed);
  return randn(shape, gen, f64).set_requires_grad();
}

// In [0.5, 2): for log, roots and powers.
Tensor positive(const Shape& shape, std::uint64_t seed = 1) {
  Generator gen(seed);
  Tensor x = rand(shape, gen, f64);
  return x.mul_(1.5).add_(full(shape, 0.5, f64)).set_requires_grad();
}

// Numbers at least 0.1 apart and 0.05 from 0, in a shuffled order.
Tensor distinct(const Shape& shape, std::uint64_t seed = 1) {
  const index_t n = shape.numel();
  std::vector<double> values;
  for (index_t i = 0; i < n; ++i)
    values.push_back(0.1 * (static_cast<double>(i) - static_cast<double>(n / 2)) + 0.05);
  Generator gen(seed);
  gen.shuffle(values);
  return from_vector(values, shape, f64).set_requires_grad();
}

Mask checkered(const Shape& shape) {
  std::vector<std::uint8_t> values(static_cast<std::size_t>(shape.numel()));
  for (std::size_t i = 0; i < values.size(); ++i) values[i] = i % 3 != 1;
  return {std::move(values), shape};
}

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
    // Shifted apart, so that no two numbers of a maximum are equal.
    const auto second = [&op](const Shape& shape) {
      Tensor b = op.make(shape, 2);
      const NoGrad no_grad;
      if (op.make == distinct) b.add_(full(shape, 0.033, f64));
      return b;
    };
    for (const auto& [a, b] : pairs)
      t.add(op.name, [f](const Inputs& in) { return f(in[0], in[1]); }, {op.make(a, 1), second(b)},
            // with nothing to add up, or one number the larger, a side has no gradient
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
  add("split", {5, 2}, [](const Tensor& x) {
    const auto parts = split(x, 2);
    return parts[0] * parts[1] + parts[2];
  });
  add("chunk", {2, 6}, [](const Tensor& x) {
    const auto parts = chunk(x, 3, -1);
    return parts[0] * parts[2];
  });
  // A round trip: gradcheck wants f64 at both ends, so f32 in between costs digits.
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

void products(Table& t) {
  const std::vector<std::pair<Shape, Shape>> sizes = {
      {{2, 3}, {3, 4}},   {{3}, {3}},          {{3}, {3, 2}},
      {{2, 3}, {3}},      {{5, 2, 3}, {3, 4}}, {{5, 2, 3}, {5, 3, 2}},
      {{1, 1}, {1, 1}},   {{2, 3}, {4, 3, 2}}, {{2, 1, 2, 3}, {4, 3, 2}},
      {{17, 9}, {9, 5}},  {{2, 0}, {0, 3}},    {{0, 3}, {3, 2}},
      {{1, 33}, {33, 1}}, {{2, 2, 3}, {3}}};
  for (const auto& [a, b] : sizes)
    t.add("matmul", [](const Inputs& in) { return matmul(in[0], in[1]); }, {normal(a, 1), normal(b, 2)},
          {.allow_zero = a.numel() == 0 || b.numel() == 0});
  t.add("matmul", "of transposed views",
        [](const Inputs& in) { return matmul(in[0].transpose(-2, -1), in[1].transpose(-2, -1)); },
        {normal({2, 3, 5}, 1), normal({2, 4, 3}, 2)});
  t.add("matmul", "of split heads",
        [](const Inputs& in) {
          return matmul(in[0].transpose(1, 2), in[1].permute({0, 2, 3, 1}));
        },
        {normal({2, 3, 2, 4}, 1), normal({2, 5, 2, 4}, 2)});
  t.add("matmul", "of stretched and stepped views",
        [](const Inputs& in) {
          return matmul(in[0].expand({3, 2, 4}), in[1].slice(1, 0, to_end, 2));
        },
        {normal({1, 2, 4}, 1), normal({4, 6}, 2)});
  for (const Shape& x : {Shape{2, 3}, Shape{3}, Shape{2, 4, 3}, Shape{0, 3}, Shape{1, 3}}) {
    const GradcheckOptions options{.allow_zero = x.numel() == 0};
    t.add(
        "linear", [](const Inputs& in) { return linear(in[0], in[1], in[2]); },
        {normal(x, 1), normal({5, 3}, 2), normal({5}, 3)}, options);
    t.add(
        "linear", "without bias", [](const Inputs& in) { return linear(in[0], in[1]); },
        {normal(x, 1), normal({5, 3}, 2)}, options);
  }
  t.add("linear", "of a view", [](const Inputs& in) { return linear(in[0].transpose(0, 1), in[1]); },
        {normal({3, 4}, 1), normal({2, 3}, 2)});
}

void softmaxes(Table& t) {
  for (const Shape& shape : {Shape{5}, Shape{2, 3}, Shape{2, 17}, Shape{3, 2, 4}, Shape{0, 3}})
    for (const index_t axis : {-1, 0}) {
      t.add("softmax", [axis](const Inputs& in) { return softmax(in[0], axis); }, {normal(shape)});
      t.add("log_softmax", [axis](const Inputs& in) { return log_softmax(in[0], axis); }, {normal(shape)});
    }
  t.add("softmax", "a row of one", [](const Inputs& in) { return softmax(in[0], -1); }, {normal({3, 1})},
        {.allow_zero = true});
  t.add("masked_softmax", [](const Inputs& in) { return masked_softmax(in[0], causal(4)); },
        {normal({2, 4, 4})});
  t.add("masked_softmax", "a row without any",
        [](const Inputs& in) {
          return masked_softmax(in[0], Mask::of({{1, 1, 0}, {0, 0, 0}}));
        },
        {normal({2, 3})});
  t.add("masked_softmax", "padding",
        [](const Inputs& in) {
          return masked_softmax(in[0], padding({3, 1}, 3));
        },
        {normal({2, 2, 3})});
}

void losses(Table& t) {
  const IntTensor targets{2, 0, -100, 3};
  for (const Reduction reduction : {Reduction::mean, Reduction::sum, Reduction::none})
    for (const double smoothing : {0.0, 0.1}) {
      const CrossEntropyOptions o{.reduction = reduction, .label_smoothing = smoothing};
      t.add("cross_entropy", [=](const Inputs& in) { return cross_entropy(in[0], targets, o); },
            {normal({4, 5})});
      t.add("nll_loss", [=](const Inputs& in) { return nll_loss(log_softmax(in[0], -1), targets, o); },
            {normal({4, 5})});
    }
  t.add("cross_entropy", "(B, T, V)",
        [](const Inputs& in) {
          return cross_entropy(in[0], IntTensor{{0, 1, 2}, {2, 1, 0}});
        },
        {normal({2, 3, 3})});
  t.add("cross_entropy", "of a view",
        [](const Inputs& in) {
          return cross_entropy(in[0].transpose(0, 1), IntTensor{1, 0, 1});
        },
        {normal({2, 3})});
  t.add("cross_entropy", "all targets ignored",
        [](const Inputs& in) {
          return cross_entropy(in[0], IntTensor{-100, -100});
        },
        {normal({2, 3})}, {.allow_zero = true});
  for (const Reduction reduction : {Reduction::mean, Reduction::sum, Reduction::none}) {
    t.add("mse_loss", [=](const Inputs& in) { return mse_loss(in[0], in[1], reduction); },
          {normal({2, 3}, 1), normal({2, 3}, 2)});
    t.add(
        "binary_cross_entropy_with_logits",
        [=](const Inputs& in) { return binary_cross_entropy_with_logits(in[0], sigmoid(in[1]), reduction); },
        {normal({2, 3}, 1), normal({2, 3}, 2)});
  }
}

void norms(Table& t) {
  for (const Shape& shape : {Shape{5}, Shape{2, 3}, Shape{2, 3, 17}, Shape{0, 4}}) {
    const Shape channels{shape.back(1)};
    const GradcheckOptions options{.allow_zero = shape.numel() == 0};
    t.add(
        "layer_norm", [](const Inputs& in) { return layer_norm(in[0], in[1], in[2]); },
        {normal(shape, 1), normal(channels, 2), normal(channels, 3)}, options);
    t.add(
        "layer_norm", "without gamma and beta", [](const Inputs& in) { return layer_norm(in[0]); },
        {normal(shape)}, options);
    t.add(
        "layer_norm", "without beta", [](const Inputs& in) { return layer_norm(in[0], in[1]); },
        {normal(shape, 1), normal(channels, 2)}, options);
    t.add(
        "rms_norm", [](const Inputs& in) { return rms_norm(in[0], in[1]); },
        {normal(shape, 1), normal(channels, 2)}, options);
    t.add(
        "rms_norm", "without gamma", [](const Inputs& in) { return rms_norm(in[0]); }, {normal(shape)},
        options);
  }
  t.add("layer_norm", "of a view", [](const Inputs& in) { return layer_norm(in[0].transpose(0, 1)); },
        {normal({4, 3})});
}

void attentions(Table& t) {
  struct Setting {
    const char* detail;
    AttentionOptions options;
  };
  Generator gen(7);
  const Setting settings[] = {{"", {}},
                              {"causal", {.causal = true}},
                              {"mask", {.mask = checkered({4, 4})}},
                              {"mask of padding, causal", {.mask = padding({4, 2}, 4), .causal = true}},
                              {"a query that may see nothing",
                               {.mask = Mask::of({{1, 1, 1, 1}, {0, 0, 0, 0}, {1, 0, 0, 0}, {0, 1, 0, 1}})}},
                              {"scale", {.scale = 0.3}},
                              {"dropout", {.dropout = 0.4}}};
  for (const auto& [detail, options] : settings) {
    const auto composed = [options, gen](const Inputs& in) mutable {
      Generator same = gen;
      AttentionOptions o = options;
      o.generator = &same;
      return attention(in[0], in[1], in[2], o).output;
    };
    const auto fused = [options, gen](const Inputs& in) mutable {
      Generator same = gen;
      AttentionOptions o = options;
      o.generator = &same;
      return scaled_dot_product_attention(in[0], in[1], in[2], o);
    };
    const Inputs in = {normal({2, 4, 3}, 1), normal({2, 4, 3}, 2), normal({2, 4, 5}, 3)};
    t.add("attention", detail, composed, in);
    t.add("scaled_dot_product_attention", detail, fused, in);
  }
  t.add("attention", "the weights", [](const Inputs& in) { return attention(in[0], in[1], in[0]).weights; },
        {normal({2, 3}, 1), normal({2, 3}, 2)});
  t.add("scaled_dot_product_attention", "heads in place, more keys than queries",
        [](const Inputs& in) {
          const auto heads = [](const Tensor& x) { return x.view({2, -1, 2, 3}).transpose(1, 2); };
          return scaled_dot_product_attention(heads(in[0]), heads(in[1]), heads(in[2]), {.causal = true});
        },
        {normal({2, 3, 6}, 1), normal({2, 5, 6}, 2), normal({2, 5, 6}, 3)});
  t.add("scaled_dot_product_attention", "one of everything",
        [](const Inputs& in) { return scaled_dot_product_attention(in[0], in[1], in[2]); },
        {normal({1, 1}, 1), normal({1, 1}, 2), normal({1, 1}, 3)}, {.allow_zero = true});
}

void others(Table& t) {
  t.add("embedding", "a token twice",
        [](const Inputs& in) {
          return embedding(in[0], IntTensor{{1, 2}, {1, 0}});
        },
        {normal({4, 3})});
  t.add("embedding", "no ids",
        [](const Inputs& in) {
          return embedding(in[0], IntTensor::zeros({2, 0}));
        },
        {normal({4, 3})}, {.allow_zero = true});
  t.add("dropout",
        [](const Inputs& in) {
          Generator gen(3);
          return dropout(in[0], 0.3, gen);
        },
        {normal({5, 7})});
  t.add("dropout", "of a view",
        [](const Inputs& in) {
          Generator gen(3);
          return dropout(in[0].transpose(0, 1), 0.5, gen);
        },
        {normal({3, 65})});
  for (const Window& w : {Window{2, 2, 2}, Window{3, 2}, Window{2, 3, 2, 1}, Window{1, 1}}) {
    t.add("unfold", [w](const Inputs& in) { return unfold(in[0], w); }, {normal({2, 2, 5, 4})});
    const index_t rows = (5 + 2 * w.padding - w.kernel_h) / w.stride + 1,
                  columns = (4 + 2 * w.padding - w.kernel_w) / w.stride + 1;
    t.add("fold", [w](const Inputs& in) { return fold(in[0], 5, 4, w); },
          {normal({2, 2 * w.kernel_h * w.kernel_w, rows * columns})});
    t.add("conv2d", [w](const Inputs& in) { return conv2d(in[0], in[1], in[2], w.stride, w.padding); },
          {normal({2, 2, 5, 4}, 1), normal({3, 2, w.kernel_h, w.kernel_w}, 2), normal({3}, 3)});
  }
  t.add("conv2d", "without bias", [](const Inputs& in) { return conv2d(in[0], in[1]); },
        {normal({1, 1, 3, 3}, 1), normal({1, 1, 2, 2}, 2)});
}

}  // namespace

std::vector<GradcheckCase> gradcheck_cases() {
  Table t;
  for (const auto family :
       {elementwise, reduce, views, gathering, products, softmaxes, losses, norms, attentions, others})
    family(t);
  return std::move(t.cases);
}

}  // namespace heed
