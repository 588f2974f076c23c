#include "nn/module.h"

#include <type_traits>

#include "nn/activations.h"
#include "nn/dropout.h"
#include "nn/linear.h"
#include "nn/sequential.h"
#include "nn/transformer_encoder.h"
#include "tests/testing.h"

namespace heed::nn {

// A typical model: children, a parameter, a buffer, a list and a generator.
struct Model : ModuleOf<Model> {
  Tensor scale = parameter({2});
  Tensor steps = zeros({1});
  std::vector<Linear> layers;
  Linear head;
  Dropout dropout;
  std::optional<LayerNorm> norm;

  explicit Model(Generator& gen) : head({.in = 2, .out = 3, .bias = false}, gen), dropout({.p = 0.5}, gen) {
    for (int i = 0; i < 2; ++i) layers.emplace_back(LinearOptions{.in = 2, .out = 2}, gen);
    init::ones(scale);
  }
  Tensor forward(const Tensor& x) {
    Tensor y = x * scale;
    for (auto& layer : layers) y = dropout(layer(y));
    return head(y);
  }
  void visit(Visitor& v) override {
    v.parameter("scale", scale);
    v.buffer("steps", steps);
    v.child("layers", layers);
    v.child("head", head);
    v.child("dropout", dropout);
    v.child("norm", norm);
  }
  std::string type() const override { return "Model"; }
};

static Model make_model(std::uint64_t seed = 0) {
  Generator gen(seed);
  return Model(gen);
}

static std::vector<std::string> names(const NamedTensors& list) {
  std::vector<std::string> found;
  for (const auto& [name, tensor] : list) found.push_back(name);
  return found;
}

TEST(Module, NamesAreDottedAndInTheOrderOfVisit) {
  Model model = make_model();
  const std::vector<std::string> parameters{"scale",           "layers.0.weight", "layers.0.bias",
                                            "layers.1.weight", "layers.1.bias",   "head.weight"};
  EXPECT_EQ(names(model.named_parameters()), parameters);
  EXPECT_EQ(names(model.named_buffers()), std::vector<std::string>{"steps"});
  auto all = parameters;
  all.insert(all.begin() + 1, "steps");
  EXPECT_EQ(names(model.state_dict()), all);
  ASSERT_EQ(model.named_generators().size(), 1u);
  EXPECT_EQ(model.named_generators()[0].first, "dropout.generator");
  EXPECT_EQ(model.parameters().size(), 6u);
  EXPECT_EQ(model.parameter_count(), 2 + 6 + 6 + 6);
  ASSERT_EQ(model.children().size(), 4u);
  EXPECT_EQ(model.children()[1].first, "layers.1");
}

TEST(Module, CannotBeCopiedButMoved) {
  static_assert(!std::is_copy_constructible_v<Model> && !std::is_copy_assignable_v<Model>);
  static_assert(!std::is_copy_constructible_v<Linear> && std::is_move_constructible_v<Linear>);
  Model model = make_model();
  model.eval();
  const Tensor y = model(noise({4, 2}));
  Model moved = std::move(model);
  expect_same_bits(moved(noise({4, 2})), y);
}

TEST(Module, OneSeedGivesOneModel) {
  Model a = make_model(3), b = make_model(3), c = make_model(4);
  expect_same_bits(a(noise({4, 2})), b(noise({4, 2})));
  EXPECT_GT(max_abs_difference(a.head.weight, c.head.weight), 0);
}

TEST(Module, StateDictIsDetachedAndSharesStorage) {
  Model model = make_model();
  const auto state = model.state_dict();
  for (const auto& [name, tensor] : state) EXPECT_FALSE(tensor.requires_grad()) << name;
  {
    const NoGrad no_grad;
    model.scale.fill_(7);
  }
  EXPECT_EQ(state[0].second.at({0}), 7);
}

TEST(Module, LoadsTheStateOfAnother) {
  Model a = make_model(1), b = make_model(2);
  const Tensor before = b.head.weight;
  b.load_state_dict(a.state_dict());
  a.eval();
  b.eval();
  expect_same_bits(a(noise({4, 2})), b(noise({4, 2})));
  EXPECT_EQ(before.state(), b.head.weight.state());  // the same tensors, so that optimizers keep theirs
  EXPECT_TRUE(b.head.weight.requires_grad());
}

TEST(Module, LoadsAcrossPrecisions) {
  Model a = make_model(1), b = make_model(2);
  b.to(f64);
  b.load_state_dict(a.state_dict());
  EXPECT_EQ(b.head.weight.dtype(), f64);
  expect_same_bits(b.head.weight, a.head.weight);
}

TEST(Module, AnInvalidStateIsRejectedWithEveryMismatch) {
  Model model = make_model(1);
  const Tensor before = model.head.weight.detach().clone();
  auto state = make_model(2).state_dict();  // scale, steps, layers.0.weight, …
  state[0].second = zeros({3});
  state[1].second = Tensor();
  state.erase(state.begin() + 2, state.begin() + 4);
  state.emplace_back("extra", zeros({1}));
  state.emplace_back("more.extra", zeros({1}));
  state.emplace_back("head.weight", zeros({3, 2}));
  EXPECT_EQ(error_of([&] { model.load_state_dict(state); }),
            "[load_state_dict] expected the names and shapes of state_dict() of this Model, got:\n  missing: "
            "'layers.0.weight' 'layers.0.bias'\n  unexpected: 'extra' 'more.extra'\n  repeated: "
            "'head.weight'\n  wrong shape: 'scale' expected (2), got (3); 'steps' expected (1), got an "
            "undefined tensor;\nNothing was loaded. Hint: compare the options.");
  expect_same_bits(model.head.weight, before);
  auto old_name = make_model(2).state_dict();
  old_name[2].first = "layer.0.weight";
  expect_contains(error_of([&] { model.load_state_dict(old_name); }),
                  "unexpected: 'layer.0.weight' (near 'layers.0.weight')");
  expect_contains(error_of([&] { model.load_state_dict({}); }), "missing: 'scale' 'steps' 'layers.0.weight'");
}

TEST(Module, TrainAndEvalReachTheWholeTree) {
  Model model = make_model();
  EXPECT_TRUE(model.training() && model.dropout.training());
  model.eval();
  EXPECT_FALSE(model.training() || model.layers[1].training() || model.dropout.training());
  model.train();
  EXPECT_TRUE(model.layers[1].training() && model.dropout.training());
}

TEST(Module, ToConvertsTensorsInPlace) {
  Model model = make_model();
  const auto held = model.parameters();  // as an optimizer would hold them
  sum(model(noise({4, 2}))).backward();
  model.to(f64);
  EXPECT_EQ(model.steps.dtype(), f64);
  for (const Tensor& p : held) {
    EXPECT_EQ(p.dtype(), f64);
    EXPECT_TRUE(p.requires_grad());
    EXPECT_EQ(p.grad().dtype(), f64);
  }
  EXPECT_EQ(model(noise({4, 2}, 1, f64)).dtype(), f64);
}

TEST(Module, ZeroGradClearsEveryGradient) {
  Model model = make_model();
  sum(model(noise({4, 2}))).backward();
  EXPECT_TRUE(model.scale.grad().defined());
  model.zero_grad();
  for (const Tensor& p : model.parameters()) EXPECT_FALSE(p.grad().defined());
}

TEST(Module, ACloneIsEqualAndIndependent) {
  Model model = make_model();
  model.dropout.eval();
  model.layers[0].weight.set_requires_grad(false);
  model(noise({4, 2}));
  Model twin = model.clone();
  EXPECT_TRUE(twin.training());
  EXPECT_FALSE(twin.dropout.training());
  EXPECT_FALSE(twin.layers[0].weight.requires_grad());
  EXPECT_TRUE(twin.head.weight.requires_grad());
  EXPECT_EQ(names(twin.state_dict()), names(model.state_dict()));
  expect_same_bits(twin(noise({4, 2})), model(noise({4, 2})));
  sum(twin(noise({4, 2}))).backward();
  EXPECT_FALSE(model.head.weight.grad().defined());
  const Tensor before = model.head.weight.detach().clone();
  sgd_step(twin.parameters(), 1);
  expect_same_bits(model.head.weight, before);
  EXPECT_GT(max_abs_difference(twin.head.weight, before), 0);
}

TEST(Module, ACloneHasIndependentCopiesOfTheGenerators) {
  Model model = make_model();
  model(noise({8, 2}));
  Model twin = model.clone();
  const Tensor first = twin(noise({8, 2})), second = twin(noise({8, 2}));
  EXPECT_GT(max_abs_difference(first, second), 0);
  expect_same_bits(model(noise({8, 2})), first);  // the twin's draws have not moved the model's
}

TEST(Module, ACloneKeepsThePrecision) {
  Model model = make_model();
  model.to(f64);
  EXPECT_EQ(model.clone().head.weight.dtype(), f64);
}

TEST(Module, CloneRejectsMembersThatTheOptionsDoNotDescribe) {
  Model model = make_model();
  model.layers.pop_back();
  expect_contains(error_of([&] { model.clone(); }),
                  "[clone] expected the members that the options of this Model describe, got others. Hint: "
                  "change the options, not the members.");
}

// A weight with two names is one parameter.
struct Tied : ModuleOf<Tied> {
  Linear in, out;
  explicit Tied(Generator& gen) : in({.in = 2, .out = 2}, gen), out({.in = 2, .out = 2}, gen) {}
  void visit(Visitor& v) override {
    v.child("in", in);
    v.child("out", out);
  }
  std::string type() const override { return "Tied"; }
};

TEST(Module, TiedWeightsAreOneParameter) {
  Generator gen(0);
  Tied model(gen);
  model.out.weight = model.in.weight;
  EXPECT_EQ(model.parameters().size(), 3u);
  EXPECT_EQ(model.parameter_count(), 4 + 2 + 2);
  EXPECT_EQ(model.state_dict().size(), 4u);  // both names, as in PyTorch

  Tied twin = model.clone();
  EXPECT_EQ(twin.out.weight.state(), twin.in.weight.state());
  EXPECT_NE(twin.out.weight.state(), model.in.weight.state());
  model.to(f64);
  EXPECT_EQ(model.out.weight.state(), model.in.weight.state());
  EXPECT_EQ(model.out.weight.dtype(), f64);

  auto state = twin.state_dict();
  model.load_state_dict(state);
  state[2].second = state[2].second + 1;
  const Tensor before = model.in.weight.detach().clone();
  EXPECT_EQ(error_of([&] { model.load_state_dict(state); }),
            "[load_state_dict] expected equal values for 'in.weight' and 'out.weight', which are one tensor "
            "of this Tied, got different ones");
  expect_same_bits(model.in.weight, before);

  // The state of a diverged model can be loaded: NaN under both names counts as equal.
  const double nan = std::nan("");
  twin.in.weight.detach().fill_(nan);
  model.load_state_dict(twin.state_dict());
  EXPECT_EQ(isnan(model.out.weight.detach()).count(), 4);
  state = twin.state_dict();
  state[2].second = ones({2, 2});
  expect_contains(error_of([&] { model.load_state_dict(state); }),
                  "[load_state_dict] expected equal values for 'in.weight' and 'out.weight', which are one "
                  "tensor of this Tied, got different ones");
}

// Names that visit() must not use.
struct Misnamed : ModuleOf<Misnamed> {
  std::string first, second;
  Tensor a = parameter({1}), b = parameter({1});
  Misnamed(std::string first, std::string second) : first(std::move(first)), second(std::move(second)) {}
  void visit(Visitor& v) override {
    v.parameter(first, a);
    v.parameter(second, b);
  }
  std::string type() const override { return "Misnamed"; }
};

TEST(Module, InvalidNamesAreRejected) {
  EXPECT_EQ(error_of([] { Misnamed("a", "a").parameters(); }),
            "[visit] expected unique names, got 'a' for two members of Misnamed");
  EXPECT_EQ(error_of([] { Misnamed("a", "").parameters(); }),
            "[visit] expected a name that is not empty and contains no dot, got '' for a member of Misnamed");
  EXPECT_EQ(
      error_of([] { Misnamed("a.b", "c").parameters(); }),
      "[visit] expected a name that is not empty and contains no dot, got 'a.b' for a member of Misnamed");
}

// The most common mistake in a new module: a parameter that visit() omits.
struct Forgetful : ModuleOf<Forgetful> {
  Tensor known = parameter({2}), forgotten = parameter({3, 2});
  Tensor forward(const Tensor& x) const { return linear(x * known, forgotten); }
  void visit(Visitor& v) override { v.parameter("known", known); }
  std::string type() const override { return "Forgetful"; }
};

TEST(Module, AnUnnamedParameterIsFound) {
  const Forgetful module;
  expect_contains(
      error_of([&] {
        module.check_all_named(module(noise({4, 2})));
      }),
      "[check_all_named] expected visit() to name every tensor that requires grad, got an unnamed input (3, "
      "2) of 'linear' in Forgetful; it would be neither trained nor saved. Hint: name it in visit()");
  Model model = make_model();
  EXPECT_EQ(error_of([&] { model.check_all_named(model(noise({4, 2}))); }), "");
}

TEST(Module, PrintsItsTree) {
  Model model = make_model();
  EXPECT_EQ(concat(model),
            "Model(  # 20 parameters\n"
            "  (layers.0-1): 2 x Linear(in=2, out=2)  # 6 parameters\n"
            "  (head): Linear(in=2, out=3, bias=false)  # 6 parameters\n"
            "  (dropout): Dropout(p=0.5)\n"
            ")");
  Generator gen(0);
  const TransformerEncoder encoder(
      {.layer = {.d_model = 16, .nhead = 2, .dim_feedforward = 32}, .num_layers = 3, .norm = true}, gen);
  EXPECT_EQ(concat(encoder),
            "TransformerEncoder(  # 6,704 parameters\n"
            "  (layers.0-2): 3 x TransformerEncoderLayer(activation=relu  # 2,224 parameters\n"
            "    (self_attn): MultiheadAttention(d_model=16, nhead=2, dropout=0.1  # 1,088 parameters\n"
            "      (out_proj): Linear(in=16, out=16)  # 272 parameters\n"
            "    )\n"
            "    (linear1): Linear(in=16, out=32)  # 544 parameters\n"
            "    (dropout): Dropout(p=0.1)\n"
            "    (linear2): Linear(in=32, out=16)  # 528 parameters\n"
            "    (norm1): LayerNorm(size=16, eps=1e-05)  # 32 parameters\n"
            "    (norm2): LayerNorm(size=16, eps=1e-05)  # 32 parameters\n"
            "    (dropout1): Dropout(p=0.1)\n"
            "    (dropout2): Dropout(p=0.1)\n"
            "  )\n"
            "  (norm): LayerNorm(size=16, eps=1e-05)  # 32 parameters\n"
            ")");
}

// ---- evaluation mode --------------------------------------------------------------------------------------

static std::vector<bool> modes(const Module& module) {
  std::vector<bool> all{module.training()};
  for (const auto& [name, child] : module.children())
    for (const bool mode : modes(*child)) all.push_back(mode);
  return all;
}

TEST(EvaluationMode, HoldsInItsScopeAndRestoresEachSubmodule) {
  Generator gen(1);
  Sequential net(Linear({.in = 2, .out = 2}, gen), Dropout({.p = 0.5}, gen), Sequential(ReLU()));
  net[1].eval();  // a mixed mode
  const std::vector<bool> before = modes(net);
  const Tensor x = ones({1, 2});
  {
    const EvaluationMode evaluation(net);
    EXPECT_EQ(modes(net), std::vector<bool>(before.size(), false));
    EXPECT_FALSE(net(x).requires_grad());
    const EvaluationMode nested(net);
  }
  EXPECT_EQ(modes(net), before);
  EXPECT_TRUE(net(x).requires_grad());
  EXPECT_THROW(
      {
        const EvaluationMode evaluation(net);
        net(ones({1, 3}));
      },
      Error);
  EXPECT_EQ(modes(net), before);
  EXPECT_TRUE(grad_enabled());
}

}  // namespace heed::nn
