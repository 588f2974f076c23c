// gradcheck_cases_layers.cpp — products, softmax, losses, norms, attention, embedding, dropout,
// convolution.
#include <cmath>

#include "tests/autograd/gradcheck_table.h"

namespace heed {

namespace {

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
  t.add("linear_relu", [](const Inputs& in) { return linear_relu(in[0], in[1], in[2]); },
        {normal({2, 4, 3}, 1), normal({5, 3}, 2), normal({5}, 3)});
  t.add("linear_relu", "without bias", [](const Inputs& in) { return linear_relu(in[0], in[1]); },
        {normal({4, 3}, 1), normal({5, 3}, 2)});
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
  for (const Setting& setting : settings) {
    const AttentionOptions options = setting.options;
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
    t.add("attention", setting.detail, composed, in);
    t.add("scaled_dot_product_attention", setting.detail, fused, in);
  }
  for (const double padding_value : {1.0, 1e20, double{INFINITY}})  // harmless, and cleared
    t.add("clear_padding", concat("that holds ", padding_value),
          [padding_value](const Inputs& in) {
            const Mask real = Mask::of({{{1}, {0}, {1}}});
            const Tensor padded = where(real, in[0], full(in[0].shape(), padding_value, f64));
            return clear_padding(padded, real) * clear_padding(in[0], real);
          },
          {normal({2, 3, 4})});
  for (const bool fused : {false, true})
    for (const CausalAlignment alignment : {CausalAlignment::bottom_right, CausalAlignment::top_left})
      for (const auto& [queries, keys] : {std::pair<index_t, index_t>{2, 5}, {5, 2}})
        t.add(fused ? "scaled_dot_product_attention" : "attention",
              alignment == CausalAlignment::top_left ? "causal from the top left"
                                                     : "causal to the bottom right",
              [=](const Inputs& in) {
                const AttentionOptions options{.causal = true, .causal_alignment = alignment};
                return fused ? scaled_dot_product_attention(in[0], in[1], in[2], options)
                             : attention(in[0], in[1], in[2], options).output;
              },
              {normal({2, queries, 3}, 1), normal({2, keys, 3}, 2), normal({2, keys, 4}, 3)});
  for (const bool fused : {false, true}) {
    const auto biased = [fused](AttentionOptions options) {
      return [=](const Inputs& in) mutable {
        options.bias = in[3];
        return fused ? scaled_dot_product_attention(in[0], in[1], in[2], options)
                     : attention(in[0], in[1], in[2], options).output;
      };
    };
    const char* op = fused ? "scaled_dot_product_attention" : "attention";
    t.add(op, "a bias for each pair", biased({.causal = true}),
          {normal({2, 4, 3}, 1), normal({2, 4, 3}, 2), normal({2, 4, 5}, 3), normal({2, 4, 4}, 4)});
    t.add(op, "a bias for each key", biased({}),
          {normal({2, 4, 3}, 1), normal({2, 4, 3}, 2), normal({2, 4, 5}, 3), normal({4}, 4)});
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
  for (const Window& w :
       {Window{2, 2, 2}, Window{3, 2}, Window{2, 3, 2, 1}, Window{1, 1}, Window{2, 2, 1, 1, 3}}) {
    t.add("unfold", [w](const Inputs& in) { return unfold(in[0], w); }, {normal({2, 2, 5, 4})});
    const index_t rows = (4 + 2 * w.padding - w.dilation * (w.kernel_h - 1)) / w.stride + 1,
                  columns = (3 + 2 * w.padding - w.dilation * (w.kernel_w - 1)) / w.stride + 1;
    t.add("fold", [w](const Inputs& in) { return fold(in[0], 5, 4, w); },
          {normal({2, 2 * w.kernel_h * w.kernel_w, rows * columns})});
    t.add("conv2d",
          [w](const Inputs& in) { return conv2d(in[0], in[1], in[2], w.stride, w.padding, w.dilation); },
          {normal({2, 2, 5, 4}, 1), normal({3, 2, w.kernel_h, w.kernel_w}, 2), normal({3}, 3)});
  }
  t.add("conv2d", "in groups", [](const Inputs& in) { return conv2d(in[0], in[1], in[2], 1, 1, 1, 2); },
        {normal({2, 4, 3, 3}, 1), normal({6, 2, 2, 2}, 2), normal({6}, 3)});
  t.add("conv2d", "without bias", [](const Inputs& in) { return conv2d(in[0], in[1]); },
        {normal({1, 1, 3, 3}, 1), normal({1, 1, 2, 2}, 2)});
}

}  // namespace

void add_layer_cases(Table& t) {
  for (const auto family : {products, softmaxes, losses, norms, attentions, others}) family(t);
}

}  // namespace heed
