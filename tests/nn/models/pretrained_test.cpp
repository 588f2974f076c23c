#include "nn/models/pretrained.h"

#include "nn/linear.h"
#include "nn/models/bert.h"
#include "nn/models/gpt.h"
#include "tests/testing.h"

namespace heed::nn {

// Two layers, a flattened convolution and a computed table.
struct Small : ModuleOf<Small> {
  std::vector<Linear> layers;
  Linear rows;
  Tensor computed = ones({2});
  explicit Small(Generator& gen) : rows({.in = 12, .out = 2, .bias = false}, gen) {
    for (int i = 0; i < 2; ++i) layers.emplace_back(LinearOptions{.in = 3, .out = 6}, gen);
  }
  void visit(Visitor& v) override {
    v.buffer("computed", computed);
    v.child("layers", layers);
    v.child("rows", rows);
  }
  std::string type() const override { return "Small"; }
};

static constexpr NameMapping table[] = {
    {"block.*.q", "layers.*.weight", Transform::query_rows},
    {"block.*.k", "layers.*.weight", Transform::key_rows},
    {"block.*.v", "layers.*.weight", Transform::value_rows},
    {"block.*.bias", "layers.*.bias"},
    {"conv.weight", "rows.weight", Transform::flatten},
    {"", "computed"},
};
static constexpr const char* prefixes[] = {"model."};
static constexpr const char* ignored[] = {"block.*.mask"};
static constexpr std::pair<const char*, const char*> endings[] = {{".beta", ".bias"}};
static const PublishedNames names{
    .table = table, .prefixes = prefixes, .ignored = ignored, .endings = endings};

static NamedTensors published() {
  NamedTensors list{{"model.conv.weight", noise({2, 3, 2, 2}, 9)}, {"model.block.1.mask", ones({1})}};
  for (const std::string i : {"0", "1"}) {
    list.emplace_back("model.block." + i + ".beta", noise({6}, 1));
    for (const std::string part : {"q", "k", "v"})
      list.emplace_back("model.block." + i + "." + part,
                        noise({2, 3}, 2 + static_cast<std::uint64_t>(part[0])));
  }
  return list;
}

static const Tensor& find(const NamedTensors& list, const std::string& name) {
  for (const auto& [key, tensor] : list)
    if (key == name) return tensor;
  throw Error("no " + name);
}

TEST(Pretrained, NumbersStacksPrefixesAndOlderEndingsAreMapped) {
  Generator gen(0);
  Small small(gen);
  const NamedTensors input = published();
  int copied = 0;
  load_published(small, input, names, [&](const Tensor&) { ++copied; });
  EXPECT_EQ(copied, 6);  // the thirds
  expect_same_bits(small.layers[1].weight.detach().slice(0, 2, 4), find(input, "model.block.1.k"));
  expect_same_bits(small.layers[0].weight.detach().slice(0, 4, 6), find(input, "model.block.0.v"));
  expect_same_bits(small.layers[0].bias.detach(), find(input, "model.block.0.beta"));
  expect_same_bits(small.rows.weight.detach(), find(input, "model.conv.weight").reshape({2, 12}));
  expect_same_bits(small.computed, ones({2}));
}

TEST(Pretrained, TensorsThatNeedNoConversionAreSharedAndTrain) {
  Generator gen(0);
  Small small(gen);
  const Tensor bias = small.layers[0].bias;  // who holds the parameter sees the change
  const NamedTensors input = published();
  load_published(small, input, names);
  EXPECT_EQ(bias.state()->storage, find(input, "model.block.0.beta").state()->storage);
  EXPECT_EQ(small.rows.weight.state()->storage, find(input, "model.conv.weight").state()->storage);
  sum(small.layers[0](ones({1, 3}))).backward();
  expect_same_bits(bias.grad(), ones({6}));
}

TEST(Pretrained, AnotherPrecisionIsCopied) {
  Generator gen(0);
  Small small(gen);
  small.to(f64);
  const NamedTensors input = published();
  load_published(small, input, names);
  EXPECT_EQ(small.layers[0].bias.dtype(), f64);
  expect_same_bits(small.layers[0].bias.detach(), find(input, "model.block.0.beta"));
}

TEST(Pretrained, EveryMismatchIsNamedAndNothingIsLoaded) {
  Generator gen(0);
  Small small(gen);
  const std::vector<double> before = small.layers[0].bias.to_vector();
  NamedTensors input = published();
  input[0].second = zeros({2, 3, 2});              // conv.weight
  input.erase(input.begin() + 3);                  // block.0.q
  input.emplace_back("block.1.bias", noise({6}));  // once more, under today's name
  input.emplace_back("model.head.weight", noise({6}));
  input.back().first = "model.block.x.bias";
  EXPECT_EQ(error_of([&] { load_published(small, input, names); }),
            "[load_published] expected the published weights of this Small, got:\n  missing: 'block.0.q'\n  "
            "unexpected: 'model.block.x.bias'\n  repeated: 'block.1.bias'\n  wrong shape: "
            "'model.conv.weight' expected (2, 12), got (2, 3, 2);\nNothing was loaded. Hint: check that "
            "config.json and the weights belong to one model.");
  EXPECT_EQ(small.layers[0].bias.to_vector(), before);

  input = published();
  input[0].second = Tensor();
  EXPECT_EQ(error_of([&] { load_published(small, input, names); }),
            "[load_published] expected the published weights of this Small, got:\n  wrong shape: "
            "'model.conv.weight' expected (2, 12), got an undefined tensor;\nNothing was loaded. Hint: check "
            "that config.json and the weights belong to one model.");
  EXPECT_EQ(small.layers[0].bias.to_vector(), before);
}

// Each architecture that from_config accepts can be loaded: weights of other heads are ignored.
TEST(Pretrained, HeadsThatAModelDoesNotHaveAreIgnored) {
  Generator gen(0);
  GPT gpt({.vocab_size = 5, .context = 4, .d_model = 4, .num_layers = 0}, gen);
  NamedTensors input;
  for (const auto& [name, t] : gpt.state_dict()) input.emplace_back("transformer." + name, t.clone());
  input.emplace_back("multiple_choice_head.summary.weight", ones({1, 4}));
  input.emplace_back("multiple_choice_head.summary.bias", ones({1}));
  load_published(gpt, input, GPT::published_names());

  Bert bert({.vocab_size = 5,
             .max_positions = 4,
             .d_model = 4,
             .num_layers = 0,
             .dim_feedforward = 4,
             .pooler = false},
            gen);
  input = {{"bert.embeddings.LayerNorm.weight", ones({4})}, {"bert.embeddings.LayerNorm.bias", ones({4})}};
  for (const auto& [name, t] : bert.state_dict())
    if (name.find(".norm.") == std::string::npos) input.emplace_back("bert." + name, t.clone());
  input.emplace_back("qa_outputs.weight", ones({2, 4}));
  input.emplace_back("qa_outputs.bias", ones({2}));
  load_published(bert, input, Bert::published_names());
  expect_same_bits(bert.embeddings.norm.bias.detach(), ones({4}));
}

TEST(Pretrained, TheWeightsOfGPT2AreTransposed) {
  Generator gen(0);
  GPT gpt({.vocab_size = 5, .context = 4, .d_model = 4, .num_layers = 1}, gen), other = gpt.clone();
  NamedTensors input;
  for (const auto& [name, t] : gpt.state_dict()) {
    const bool is_conv = name.find(".c_") != std::string::npos && t.rank() == 2;
    input.emplace_back("transformer." + name, is_conv ? t.transpose(0, 1).clone() : t.clone());
  }
  input.emplace_back("lm_head.weight", gpt.wte.weight);
  input.emplace_back("transformer.h.0.attn.bias", ones({1, 1, 4, 4}));
  input.emplace_back("transformer.h.0.attn.masked_bias", scalar(-1e4));
  for (Tensor p : other.parameters()) {
    const NoGrad no_grad;
    p.zero_();
  }
  load_published(other, input, GPT::published_names());
  gpt.eval();
  other.eval();
  expect_same_bits(other(IntTensor{{1, 2, 3}}), gpt(IntTensor{{1, 2, 3}}));
}

TEST(Pretrained, NoInitNeitherWritesNorDraws) {
  Generator gen(3), same(3);
  {
    const NoInit no_init;
    EXPECT_TRUE(NoInit::on());
    { const NoInit inner; }
    EXPECT_TRUE(NoInit::on());
    const Tensor weight = Linear({.in = 2, .out = 2}, gen).weight;
    EXPECT_TRUE(weight.requires_grad());
  }
  EXPECT_FALSE(NoInit::on());
  expect_same_bits(parameter({4}).detach(), zeros({4}));
}

}  // namespace heed::nn
