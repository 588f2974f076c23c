// Padding, single sequences and errors; tests/golden compares the numbers with PyTorch.
#include "nn/rnn.h"

#include <cmath>

#include "tests/testing.h"

namespace heed::nn {
namespace {

template <class Net>
Net make(RecurrentOptions options = {
             .input_size = 3, .hidden_size = 4, .num_layers = 2, .bidirectional = true}) {
  Generator gen(1);
  return Net(options, gen);
}

template <class Net>
void expect_padding_never_reaches_the_state() {
  Net net = make<Net>();
  const Tensor x = noise({5, 2, 3});
  Tensor changed = x.clone();
  changed.index({Slice{2}, 1}).fill_(1e6);  // beyond sample 1's two words
  const RecurrentForwardOptions options{.lengths = {5, 2}};
  const RecurrentResult a = net.forward(x, options), b = net.forward(changed, options);
  expect_same_bits(a.output, b.output);
  expect_same_bits(a.state.h, b.state.h);
  EXPECT_EQ(max(abs(a.output.index({Slice{2}, 1}))).item(), 0) << "0 beyond the end";
  // Equal to the result for the short sample alone.
  const RecurrentResult alone = net(x.index({Slice{0, 2}, 1}));
  expect_close(alone.output, a.output.index({Slice{0, 2}, 1}));
  expect_close(alone.state.h, a.state.h.select(1, 1));
}

TEST(Recurrent, PaddingInfluencesNoState) {
  expect_padding_never_reaches_the_state<RNN>();
  expect_padding_never_reaches_the_state<LSTM>();
  expect_padding_never_reaches_the_state<GRU>();
}

// The bytes that forward and backward allocate for T steps: a measure of the cost without a clock.
template <class Net>
double bytes_of(index_t time) {
  Net net = make<Net>({.input_size = 8, .hidden_size = 8});
  const Tensor x = noise({time, 4, 8}).set_requires_grad();
  const auto before = memory_stats().allocated_bytes;
  net(x).output.sum().backward();
  return static_cast<double>(memory_stats().allocated_bytes - before);
}

TEST(Recurrent, TheCostGrowsLinearlyWithTheLength) {
  EXPECT_LT(bytes_of<RNN>(256) / bytes_of<RNN>(64), 4.2);
  EXPECT_LT(bytes_of<LSTM>(256) / bytes_of<LSTM>(64), 4.2);
  EXPECT_LT(bytes_of<GRU>(256) / bytes_of<GRU>(64), 4.2);
}

TEST(Recurrent, AnEmptySequenceKeepsTheInitialState) {
  GRU net = make<GRU>({.input_size = 3, .hidden_size = 4});
  const Tensor start = noise({1, 2, 4});
  const RecurrentResult result = net.forward(noise({3, 2, 3}), {.initial = {start, {}}, .lengths = {3, 0}});
  expect_same_bits(result.state.h[0][1], start[0][1]);
}

TEST(Recurrent, ACellStepByStepIsTheLayer) {
  LSTM net = make<LSTM>({.input_size = 3, .hidden_size = 4});
  Generator gen(2);
  LSTMCell cell({.input_size = 3, .hidden_size = 4}, gen);
  cell.load_state_dict({{"weight_ih", net.weights[0].weight_ih},
                        {"weight_hh", net.weights[0].weight_hh},
                        {"bias_ih", net.weights[0].bias_ih},
                        {"bias_hh", net.weights[0].bias_hh}});
  const Tensor x = noise({5, 2, 3});
  RecurrentState state;
  for (index_t t = 0; t < 5; ++t) state = cell(x[t], state);
  expect_close(state.h, net(x).state.h[0]);
  expect_close(state.c, net(x).state.c[0]);
}

TEST(Recurrent, BatchFirstTransposesTheResult) {
  RecurrentOptions options{.input_size = 3, .hidden_size = 4, .num_layers = 2};
  RNN net = make<RNN>(options);
  options.batch_first = true;
  RNN turned = make<RNN>(options);
  const Tensor x = noise({5, 2, 3});
  expect_close(turned(x.transpose(0, 1)).output.transpose(0, 1), net(x).output);
}

TEST(Recurrent, DropsBetweenLayersInTrainingOnly) {
  LSTM net = make<LSTM>({.input_size = 3, .hidden_size = 4, .num_layers = 2, .dropout = 0.5});
  const Tensor x = noise({5, 2, 3});
  EXPECT_GT(max_abs_difference(net(x).output, net(x).output), 0);
  net.eval();
  expect_same_bits(net(x).output, net(x).output);
}

TEST(Recurrent, GradientsNamesAndClones) {
  GRU net = make<GRU>();
  net.to(f64);
  const Tensor x = noise({3, 2, 3}, 1, f64).set_requires_grad();
  gradcheck(
      [&](const std::vector<Tensor>& in) {
        return net.forward(in[0], {.lengths = {3, 2}}).output;
      },
      {x});
  net.check_all_named(net(x.detach()).output);
  EXPECT_EQ(net.named_parameters()[4].first, "weight_ih_l0_reverse");
  expect_same_bits(net.clone()(x).output, net(x).output);
}

TEST(Recurrent, IsInitialisedWithinOneOverTheRootOfTheState) {
  Generator gen(1);
  LSTM net({.input_size = 50, .hidden_size = 100}, gen);
  for (const Tensor& p : net.parameters()) {
    EXPECT_LE(max(abs(p)).item(), 0.1);
    EXPECT_NEAR(var(p).item(), 0.01 / 3, 0.0007);
  }
}

TEST(Recurrent, ErrorsNameTheCause) {
  Generator gen(1);
  EXPECT_EQ(error_of([&] { RNN({}, gen); }),
            "[RNN] expected input_size and hidden_size of at least 1, got 0 and 0");
  EXPECT_EQ(error_of([&] { LSTM({.input_size = 1, .hidden_size = 1, .num_layers = 0}, gen); }),
            "[LSTM] expected num_layers of at least 1, got 0");
  EXPECT_EQ(error_of([&] { GRU({.input_size = 1, .hidden_size = 1, .dropout = 2}, gen); }),
            "[GRU] expected a dropout probability in [0, 1], got 2");
  EXPECT_EQ(error_of([&] { GRUCell({.input_size = 1}, gen); }),
            "[GRUCell] expected input_size and hidden_size of at least 1, got 1 and 0");
  GRU net = make<GRU>({.input_size = 3, .hidden_size = 4});
  EXPECT_EQ(error_of([&] {
              net(ones({5, 2, 4}));
            }),
            "[GRU] expected x (T, B, 3) with batch_first = false, or (T, 3) for one sequence, got (5, 2, 4)");
  EXPECT_EQ(error_of([&] {
              net(ones({0, 2, 3}));
            }),
            "[GRU] expected a sequence of at least one step, got x (0, 2, 3)");
  EXPECT_EQ(error_of([&] {
              net.forward(ones({5, 2, 3}), {.lengths = {5}});
            }),
            "[GRU] expected one length per sample: 2 for this batch, got 1");
  EXPECT_EQ(error_of([&] {
              net.forward(ones({5, 2, 3}), {.lengths = {5, 6}});
            }),
            "[GRU] expected lengths in [0, 5], got 6");
  EXPECT_EQ(error_of([&] {
              net.forward(ones({5, 2, 3}), {.initial = {ones({1, 3, 4}), {}}});
            }),
            "[GRU] expected the initial state (layers · directions, B, H) = (1, 2, 4), got (1, 3, 4)");
  GRUCell cell({.input_size = 3, .hidden_size = 4}, gen);
  EXPECT_EQ(error_of([&] { cell(ones({2, 4})); }), "[GRUCell] expected x (B, 3), got (2, 4)");
  EXPECT_EQ(error_of([&] {
              cell(ones({2, 3}), ones({2, 3}));
            }),
            "[GRUCell] expected the state (B, H) = (2, 4), got (2, 3)");
}

// A sample contains `bad` beyond its length; every gradient must equal the one with zeros there.
template <class Net>
void expect_padding_never_reaches_a_gradient(RecurrentOptions options, double bad) {
  Net net = make<Net>(options);
  const std::vector<index_t> lengths{5, 2, 0};
  Tensor zeroed = noise({5, 3, 3});
  for (index_t b = 0; b < 3; ++b) zeroed.index({Slice{lengths[static_cast<std::size_t>(b)]}, b}).fill_(0);
  Tensor poisoned = zeroed.clone();
  for (index_t b = 0; b < 3; ++b) poisoned.index({Slice{lengths[static_cast<std::size_t>(b)]}, b}).fill_(bad);
  const auto gradients = [&](const Tensor& sequences) {
    net.zero_grad();
    const Tensor x = (options.batch_first ? sequences.transpose(0, 1).contiguous() : sequences.clone())
                         .set_requires_grad();
    const RecurrentResult result = net.forward(x, {.lengths = lengths});
    (sum(result.output * result.output) + sum(result.state.h)).backward();
    std::vector<Tensor> all{options.batch_first ? x.grad().transpose(0, 1) : x.grad()};
    for (const Tensor& p : net.parameters()) all.push_back(p.grad());
    return all;
  };
  const auto want = gradients(zeroed), got = gradients(poisoned);
  for (std::size_t i = 0; i < want.size(); ++i) expect_same_bits(got[i], want[i]);
  for (index_t b = 0; b < 3; ++b)
    for (const double g : got[0].index({Slice{lengths[static_cast<std::size_t>(b)]}, b}).to_vector())
      EXPECT_EQ(g, 0);
  EXPECT_GT(max(abs(got[0])).item(), 0);
}

TEST(Recurrent, PaddingInfluencesNoGradient) {
  for (const index_t layers : {1, 2})
    for (const bool both : {false, true})
      for (const bool batch_first : {false, true}) {
        const RecurrentOptions options{.input_size = 3,
                                       .hidden_size = 4,
                                       .num_layers = layers,
                                       .batch_first = batch_first,
                                       .bidirectional = both};
        for (const double bad : {std::nan(""), double{INFINITY}, 3e38}) {
          expect_padding_never_reaches_a_gradient<RNN>(options, bad);
          expect_padding_never_reaches_a_gradient<LSTM>(options, bad);
          expect_padding_never_reaches_a_gradient<GRU>(options, bad);
        }
      }
}

TEST(Recurrent, TheStateOfAnEmptySampleGivesWeightsNoGradient) {
  GRU net = make<GRU>({.input_size = 3, .hidden_size = 4});
  Tensor initial = zeros({1, 2, 4});
  initial.index({0, 1}).fill_(INFINITY);
  const RecurrentResult result = net.forward(noise({3, 2, 3}), {.initial = {initial, {}}, .lengths = {3, 0}});
  sum(result.output).backward();
  for (const Tensor& p : net.parameters())
    for (const double g : p.grad().to_vector()) EXPECT_TRUE(std::isfinite(g));
}

TEST(Recurrent, ErrorsShowTheShapes) {
  LSTM net = make<LSTM>({.input_size = 2, .hidden_size = 3});
  EXPECT_EQ(
      error_of([&] {
        net.forward(ones({5, 2}), {.initial = {ones({1, 1, 3}), {}}});
      }),
      "[LSTM] expected the initial state of one sequence (layers · directions, H) = (1, 3), got (1, 1, 3)");
  EXPECT_EQ(error_of([&] {
              net.forward(ones({5, 2}), {.initial = {{}, ones({3})}});
            }),
            "[LSTM] expected the initial state of one sequence (layers · directions, H) = (1, 3), got (3)");
  EXPECT_EQ(net.forward(ones({5, 2}), {.initial = {ones({1, 3}), ones({1, 3})}}).state.h.shape(),
            (Shape{1, 3}));
  EXPECT_EQ(error_of([&] {
              net(ones({0, 2}));
            }),
            "[LSTM] expected a sequence of at least one step, got x (0, 2)");
  EXPECT_EQ(error_of([&] {
              net.forward(ones({5, 2}), {.lengths = {5, 5}});
            }),
            "[LSTM] expected one length per sample: 1 for one sequence, got 2");
  EXPECT_EQ(error_of([&] {
              net.forward(ones({5, 1, 2}), {.initial = {ones({1, 1, 3}, f64), {}}});
            }),
            "[LSTM] expected the initial state of dtype f32, as x, got f64");
  GRU gru = make<GRU>({.input_size = 2, .hidden_size = 3});
  EXPECT_EQ(error_of([&] {
              gru.forward(ones({5, 1, 2}), {.initial = {{}, ones({1, 1, 3})}});
            }),
            "[GRU] expected no cell state c, got one of (1, 1, 3); only an LSTM has a cell state");
  Generator gen(1);
  const LSTMCell cell({.input_size = 2, .hidden_size = 3}, gen);
  EXPECT_EQ(error_of([&] {
              cell.forward(ones({2, 2}), {ones({2, 3}), ones({2, 4})});
            }),
            "[LSTMCell] expected the state (B, H) = (2, 3), got (2, 4)");
  EXPECT_EQ(error_of([&] {
              cell.forward(ones({2, 2}), {ones({2, 3}, f64), {}});
            }),
            "[LSTMCell] expected the state of dtype f32, as x, got f64");
}

TEST(Recurrent, AnEmptyBatchIsAccepted) {
  LSTM net = make<LSTM>();
  const RecurrentResult result = net(ones({5, 0, 3}));
  EXPECT_EQ(result.output.shape(), (Shape{5, 0, 8}));
  EXPECT_EQ(result.state.c.shape(), (Shape{4, 0, 4}));
}

}  // namespace
}  // namespace heed::nn
