// training_test.cpp — all parts together: the same bits for any number of threads, and no leak from
// step to step.
#include "autograd/kernels/thread_pool.h"
#include "autograd/memory.h"
#include "data/data.h"
#include "nn/models/models.h"
#include "optim/optim.h"
#include "tests/testing.h"

namespace heed {
namespace {

// Trains a Vision Transformer with all options for a few steps. Returns its parameters and the
// losses.
std::vector<std::vector<double>> train(int threads, int steps) {
  const kernels::AlwaysParallel always;
  const int before = num_threads();
  set_num_threads(threads);
  Generator gen(3);
  nn::VisionTransformer model({.img_size = 8,
                               .patch_size = 2,
                               .channels = 1,
                               .num_classes = 10,
                               .d_model = 64,
                               .nhead = 4,
                               .num_layers = 2,
                               .dim_feedforward = 128,
                               .dropout = 0.1},
                              gen);
  optim::AdamW optimizer(model.parameters(), {.lr = 1e-3});
  data::DataLoader loader(data::digits(), {.batch_size = 32, .shuffle = true, .shift = 1}, Generator(5));
  std::vector<std::vector<double>> result;
  auto batch = loader.begin();
  for (int i = 0; i < steps; ++i, ++batch) {
    const auto [images, labels] = *batch;
    const Tensor loss = cross_entropy(model(images), labels);
    optimizer.zero_grad();
    loss.backward();
    optim::clip_grad_norm(model.parameters(), 1);
    optimizer.step();
    result.push_back({loss.item()});
  }
  for (const Tensor& p : model.parameters()) result.push_back(p.to_vector());
  set_num_threads(before);
  return result;
}

TEST(ParallelTraining, GivesTheSameBitsOnAnyNumberOfThreads) {
  const auto one = train(1, 3);
  for (const int threads : {2, 3, 7}) EXPECT_EQ(train(threads, 3), one) << threads << " threads";
}

TEST(ParallelTraining, LaterStepsTakeNoMemoryFromTheSystem) {
  train(2, 2);
  const auto before = memory_stats();
  train(2, 6);
  EXPECT_EQ(memory_stats().reserved_bytes, before.reserved_bytes);
  EXPECT_EQ(memory_stats().live_bytes, before.live_bytes);
}

// The model is converted to f64 during training, and its optimizer continues with its state.
TEST(Training, ContinuesAfterTheModelsTo) {
  Generator gen(1);
  nn::Linear model({.in = 4, .out = 3}, gen);
  optim::AdamW adamw(model.parameters(), {.lr = 0.01});
  const auto step = [&](DType dtype) {
    adamw.zero_grad();
    const Tensor y = model(noise({5, 4}, 2, dtype));
    sum(y * y).backward();
    adamw.step();
  };
  step(f32);
  const NamedTensors before = adamw.state_dict();
  model.to(f64);
  step(f64);
  EXPECT_EQ(adamw.first_moments()[0].dtype(), f64);
  EXPECT_EQ(model.weight.dtype(), f64);
  EXPECT_EQ(adamw.steps(), 2);
  EXPECT_EQ(error_of([&] { adamw.load_state_dict(before); }),
            "[AdamW] expected '0.exp_avg' to be f64 as parameter 0, got f32. Hint: load the state before the "
            "model's to(), or convert it with to()");
}

// A narrower version of the encoder of the course.
nn::TransformerEncoder encoder_of(index_t layers, Generator& gen) {
  return nn::TransformerEncoder(
      {.layer = {.d_model = 64, .nhead = 4, .dim_feedforward = 256, .dropout = 0.1}, .num_layers = layers},
      gen);
}

TEST(Training, LaterStepsTakeNoMemoryFromTheSystem) {
  Generator gen(1);
  nn::TransformerEncoder model = encoder_of(3, gen);
  optim::Adam adam(model.parameters(), {.lr = 1e-3});
  const Tensor x = randn({10, 32, 64}, gen);
  std::int64_t after_first = 0;
  for (int step = 0; step < 6; ++step) {
    adam.zero_grad();
    const Tensor y = model(x);
    mean(y * y).backward();
    adam.step();
    if (step == 0) after_first = memory_stats().reserved_bytes;
  }
  EXPECT_EQ(memory_stats().reserved_bytes, after_first);
}

TEST(Training, InferenceStoresOnlyTheActivationsOfTheRunningLayer) {
  Generator gen(1);
  const Tensor x = randn({10, 32, 64}, gen);
  const auto peak_of = [&](index_t layers, bool recorded) {
    nn::TransformerEncoder model = encoder_of(layers, gen);
    model.eval();
    const std::int64_t before = memory_stats().live_bytes;
    reset_peak_memory();
    if (recorded) {
      model(x);
    } else {
      const NoGrad no_grad;
      model(x);
    }
    return memory_stats().peak_bytes - before;
  };
  const int before = num_threads();
  set_num_threads(1);  // two threads that pack at the same time would need twice the memory
  EXPECT_EQ(peak_of(2, false), peak_of(6, false));
  EXPECT_GT(peak_of(6, true), 2 * peak_of(2, true))
      << "recorded activations are stored, so this measurement can fail";
  set_num_threads(before);
}

}  // namespace
}  // namespace heed
