// init.h — initialisation of parameters. All functions write in place, record no graph, and draw
// from the given generator.
//
// fan_in is the number of inputs of one output: `in` for a weight (out, in); fan_out is `out`.
// Further axes (the window of a convolution) multiply both.
#pragma once

#include "autograd/random.h"
#include "autograd/tensor.h"

namespace heed::nn {

// While one is alive, this thread builds modules with uninitialised parameters, and the functions
// below neither write nor draw. Use it for a model that is loaded from a file next: uninitialised
// memory costs neither time nor pages.
class NoInit {
 public:
  NoInit();
  ~NoInit();
  NoInit(const NoInit&) = delete;
  NoInit& operator=(const NoInit&) = delete;
  static bool on();  // whether one is alive on this thread

 private:
  bool before_;
};

}  // namespace heed::nn

namespace heed::nn::init {

void zeros(Tensor& t);
void ones(Tensor& t);
void uniform(Tensor& t, Generator& gen, double low = 0, double high = 1);  // [low, high)
void normal(Tensor& t, Generator& gen, double mean = 0, double std = 1);
// A normal distribution truncated to [low, high]: values outside are drawn again, not clamped.
void trunc_normal(Tensor& t, Generator& gen, double mean = 0, double std = 1, double low = -2,
                  double high = 2);

// Preserves the variance of activations and of gradients: var = 2 / (fan_in + fan_out) · gain².
// Glorot, Bengio, "Understanding the difficulty of training deep feedforward neural networks",
// 2010.
void xavier_uniform(Tensor& t, Generator& gen, double gain = 1);
void xavier_normal(Tensor& t, Generator& gen, double gain = 1);
// Preserves the variance of activations through a leaky ReLU of slope `a`: U(-b, b), b = sqrt(6 /
// ((1 + a²) fan_in)). With a = √5, as in PyTorch's Linear, b = 1 / √fan_in. He et al., "Delving
// deep into rectifiers", 2015.
void kaiming_uniform(Tensor& t, Generator& gen, double a = 0);

}  // namespace heed::nn::init
