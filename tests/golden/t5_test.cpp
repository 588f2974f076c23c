// t5_test.cpp — T5, loaded under its published names, against a plain PyTorch implementation
// (plain_t5.py): logits and the gradients of all parameters.
#include "nn/models/t5.h"

#include "nn/models/pretrained.h"
#include "tests/golden/golden.h"
#include "tests/testing.h"

namespace heed::nn {
namespace {

// The same as config() in plain_t5.py, with the changes of a case.
Config config(const Config::Values& changes = {}) {
  Config::Values values{{"vocab_size", 13.0},
                        {"d_model", 6.0},
                        {"d_kv", 4.0},
                        {"d_ff", 10.0},
                        {"num_heads", 2.0},
                        {"num_layers", 2.0},
                        {"num_decoder_layers", 2.0},
                        {"relative_attention_num_buckets", 8.0},
                        {"relative_attention_max_distance", 12.0},
                        {"layer_norm_epsilon", 1e-6},
                        {"dropout_rate", 0.0},
                        {"feed_forward_proj", std::string("relu")}};
  for (const auto& [name, value] : changes) values[name] = value;
  return values;
}

IntTensor ids(const Tensor& numbers) {
  const auto values = numbers.to_vector();
  return {std::vector<index_t>(values.begin(), values.end()), numbers.shape()};
}

// Returns the "param:" or "grad:" tensors of a case by their published names.
NamedTensors published(const GoldenCase& g, const std::string& kind, DType dtype) {
  NamedTensors tensors;
  for (const auto& [key, t] : g.tensors)
    if (key.starts_with(kind)) tensors.emplace_back(key.substr(kind.size()), t.to(dtype).clone());
  return tensors;
}

T5 loaded(const GoldenCase& g, const Config& c, const std::string& kind, DType dtype) {
  Generator gen(0);
  T5 model(T5::from_config(c), gen);
  model.to(dtype);
  load_published(model, published(g, kind, dtype), T5::published_names());
  return model;
}

void expect_golden(const std::string& name, const Config& c) {
  const GoldenCase& g = golden("t5", name);
  for (const DType dtype : {f64, f32})
    for (const bool training : {false, true}) {
      T5 model = loaded(g, c, "param:", dtype);
      model.train(training);
      for (Tensor p : model.parameters()) p.set_requires_grad();
      const Tensor y = model.forward(ids(g["in:source"]), ids(g["in:decoder_input"]), g.mask());
      expect_agrees(g, "logits", y.detach(), g["out:output"]);
      sum(y * g["r"].to(dtype)).backward();
      const T5 gradients = loaded(g, c, "grad:", dtype);  // the gradients have the same names
      const auto expected = gradients.named_parameters(), got = model.named_parameters();
      ASSERT_EQ(got.size(), expected.size());
      for (std::size_t i = 0; i < got.size(); ++i)
        expect_agrees(g, "gradient of " + got[i].first, got[i].second.grad(), expected[i].second.to(f64),
                      Quantity::gradient);
    }
}

TEST(GoldenT5, LogitsAndGradients) { expect_golden("t5", config()); }

TEST(GoldenT5, LongSequencesAndOtherDepths) {
  expect_golden("t5_long", config({{"num_layers", 1.0}, {"num_decoder_layers", 3.0}, {"num_heads", 3.0}}));
}

TEST(GoldenT5, TheCacheGivesTheSameLogits) {
  const GoldenCase& g = golden("t5", "t5_long");
  T5 model = loaded(g, config({{"num_layers", 1.0}, {"num_decoder_layers", 3.0}, {"num_heads", 3.0}}),
                    "param:", f64);
  model.eval();
  const NoGrad no_grad;
  const IntTensor decoder_input = ids(g["in:decoder_input"]);
  const Tensor memory = model.encode(ids(g["in:source"]), g.mask());
  KVCache cache;
  for (index_t t = 0; t < decoder_input.size(1); ++t) {
    const Tensor logits = model.forward(decoder_input.slice(1, t, t + 1), memory, cache, g.mask());
    expect_agrees(g, "logits with a cache", logits.select(1, 0), g["out:output"].select(1, t).contiguous());
  }
}

TEST(GoldenT5, RelativePositionBuckets) {
  const GoldenCase& g = golden("t5", "buckets");
  const std::vector<double> distances = g["in:distance"].to_vector();
  const auto expect_buckets = [&](const std::string& key, auto... options) {
    std::vector<double> got;
    for (const double d : distances)
      got.push_back(static_cast<double>(relative_position_bucket(static_cast<index_t>(d), options...)));
    const Tensor& expected = g[key];
    expect_agrees(g, key, from_vector(got, expected.shape(), f64), expected.to(f64));
    EXPECT_EQ(got, expected.to_vector()) << key;
  };
  for (const bool both : {true, false}) {
    const std::string sides = both ? "out:both_sides" : "out:one_side";
    expect_buckets(sides, both);
    expect_buckets(sides + "_8_20", both, index_t{8}, index_t{20});
  }
}

}  // namespace
}  // namespace heed::nn
