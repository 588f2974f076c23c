// models.cpp — heed-bench encoder, vit, small: forward passes and training steps of the course's
// models.
#include "nn/models/models.h"

#include "optim/optim.h"
#include "tests/bench/bench.h"

namespace heed::bench {

namespace {

// FLOPs of the matrix products of one encoder layer in forward: projections, feed-forward and
// attention.
double layer_flops(double batch, double t, double c, double hidden) {
  return 2 * batch * t * (4 * c * c + 2 * c * hidden) + 4 * batch * t * t * c;
}

// Measures one training step. Backward computes two matrix products for each product in forward.
template <class Loss>
void training(Report& report, const std::string& name, double forward_flops, optim::Optimizer& optimizer,
              Loss loss) {
  report.measure(name, {.flops = 3 * forward_flops}, [&] {
    optimizer.zero_grad();
    loss().backward();
    optimizer.step();
  });
}

void encoder_cases(Report& report, const std::string& prefix, nn::TransformerEncoderOptions o, index_t t,
                   index_t batch, double lr) {
  Generator gen(0);
  nn::TransformerEncoder model(o, gen);
  const Tensor x = randn({t, batch, o.layer.d_model}, gen);
  const double flops =
      static_cast<double>(o.num_layers) * layer_flops(static_cast<double>(batch), static_cast<double>(t),
                                                      static_cast<double>(o.layer.d_model),
                                                      static_cast<double>(o.layer.dim_feedforward));
  model.eval();
  report.measure(prefix + " forward", {.flops = flops}, [&] {
    const NoGrad no_grad;
    model(x);
  });
  model.train();
  optim::Adam adam(model.parameters(), {.lr = lr});
  training(report, prefix + " training", flops, adam, [&] {
    const Tensor y = model(x);
    return mean(y * y);
  });
}

}  // namespace

void encoder(Report& report) {
  encoder_cases(
      report, "encoder",
      {.layer = {.d_model = 512, .nhead = 8, .dim_feedforward = 2048, .dropout = 0.1}, .num_layers = 6}, 10,
      32, 1e-4);
}

void vit(Report& report) {
  Generator gen(0);
  nn::VisionTransformer model(nn::vit_b_16(), gen);
  model.eval();
  const Tensor x = randn({1, 3, 224, 224}, gen);
  report.measure("vit forward", {.flops = 12 * layer_flops(1, 197, 768, 3072) + 2.0 * 196 * 768 * 768}, [&] {
    const NoGrad no_grad;
    model(x);
  });
}

void small(Report& report) {
  Generator gen(0);
  nn::Linear layer({.in = 64, .out = 64}, gen);
  const Tensor x = randn({32, 64}, gen);
  report.measure("small linear", {.flops = 2 * 2.0 * 32 * 64 * 64}, [&] {
    layer.zero_grad();
    sum(relu(layer(x))).backward();
  });

  nn::Linear a({.in = 64, .out = 128}, gen), b({.in = 128, .out = 128}, gen), c({.in = 128, .out = 10}, gen);
  IntTensor targets = IntTensor::zeros({32});
  for (std::size_t i = 0; i < 32; ++i) targets.values()[i] = static_cast<index_t>(i % 10);
  optim::Adam adam({a.weight, a.bias, b.weight, b.bias, c.weight, c.bias}, {.lr = 1e-3});
  training(report, "small mlp", 2.0 * 32 * (64 * 128 + 128 * 128 + 128 * 10), adam,
           [&] { return cross_entropy(c(relu(b(relu(a(x))))), targets); });

  encoder_cases(
      report, "small encoder",
      {.layer = {.d_model = 64, .nhead = 4, .dim_feedforward = 256, .dropout = 0.1}, .num_layers = 2}, 16, 8,
      1e-4);
}

}  // namespace heed::bench
