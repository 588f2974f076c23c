// bert_gpt_test.cpp — BERT and GPT-2, loaded under their published names, against PyTorch: logits
// and all gradients.
#include "nn/models/bert.h"
#include "nn/models/gpt.h"
#include "nn/models/pretrained.h"
#include "tests/golden/golden.h"
#include "tests/testing.h"

namespace heed::nn {

static IntTensor whole(const Tensor& t) {
  const std::vector<double> values = t.to_vector();
  return {std::vector<index_t>(values.begin(), values.end()), t.shape()};
}

template <class Model, class Run>
static void expect_golden(const GoldenCase& g, const Model& untrained, Run run) {
  for (const DType dtype : {f64, f32}) {
    Model model = untrained.clone();
    model.to(dtype);
    model.train();  // with dropout = 0
    load_published(model, g.parameters, Model::published_names());
    const Tensor y = run(model);
    expect_agrees(g, "output", y.detach(), g["out:output"]);
    sum(y * g["r"].to(dtype)).backward();
    for (const auto& [name, p] : model.named_parameters())
      expect_agrees(g, "gradient of " + name, p.grad(), g["grad:" + name], Quantity::gradient);
  }
}

TEST(GoldenBert, EncoderPoolerAndBothHeads) {
  Generator gen(0);
  const BertOptions options{.vocab_size = 13,
                            .max_positions = 9,
                            .d_model = 8,
                            .nhead = 2,
                            .num_layers = 2,
                            .dim_feedforward = 10,
                            .dropout = 0};
  const auto input = [](const GoldenCase& g) {
    const IntTensor lengths = whole(g["in:lengths"]);
    return BertInput{.segments = whole(g["in:segments"]),
                     .mask = padding(lengths.values(), g["in:ids"].size(1))};
  };
  const GoldenCase& pooled = golden("bert", "pooled");
  expect_golden(pooled, Bert(options, gen),
                [&](Bert& m) { return m.pooled(m.forward(whole(pooled["in:ids"]), input(pooled))); });
  const GoldenCase& masked = golden("bert", "masked");
  expect_golden(masked, BertForMaskedLM(options, gen),
                [&](BertForMaskedLM& m) { return m.forward(whole(masked["in:ids"]), input(masked)); });
  const GoldenCase& classified = golden("bert", "classified");
  expect_golden(
      classified, BertForClassification({.bert = options, .num_classes = 3}, gen),
      [&](BertForClassification& m) { return m.forward(whole(classified["in:ids"]), input(classified)); });
}

TEST(GoldenGPT, GPT2) {
  Generator gen(0);
  const GoldenCase& g = golden("gpt", "gpt2");
  expect_golden(
      g, GPT({.vocab_size = 11, .context = 8, .d_model = 12, .nhead = 3, .num_layers = 2, .dropout = 0}, gen),
      [&](GPT& gpt) { return gpt(whole(g["in:ids"])); });
}

}  // namespace heed::nn
