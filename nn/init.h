// init.h — how parameters start. All write in place, without recording, and draw from the generator given.
//
// fan_in is how many numbers flow into one output: for a weight (out, in) it is `in`, and fan_out is `out`;
// further axes (a convolution's window) multiply both.
#pragma once

#include "autograd/random.h"
#include "autograd/tensor.h"

namespace heed::nn {

// While one is alive, the parameters of modules that this thread builds are left unwritten, and nothing below writes or
// draws: for a model that is about to be filled from a file. Unwritten memory costs neither time nor pages.
class NoInit {
 public:
  NoInit();
  ~NoInit();
  NoInit(const NoInit&) = delete;
  NoInit& operator=(const NoInit&) = delete;
  static bool on();  // whether one is alive

 private:
  bool before_;
};

}  // namespace heed::nn

namespace heed::nn::init {

void zeros(Tensor& t);
void ones(Tensor& t);
void uniform(Tensor& t, Generator& gen, double low = 0, double high = 1);  // [low, high)
void normal(Tensor& t, Generator& gen, double mean = 0, double std = 1);
// Normal, but nothing outside [low, high]: drawn again instead of clamped.
void trunc_normal(Tensor& t, Generator& gen, double mean = 0, double std = 1, double low = -2,
                  double high = 2);

// Keeps the variance of signals and gradients alike: var = 2 / (fan_in + fan_out) · gain².
// Glorot, Bengio, "Understanding the difficulty of training deep feedforward neural networks", 2010.
void xavier_uniform(Tensor& t, Generator& gen, double gain = 1);
void xavier_normal(Tensor& t, Generator& gen, double gain = 1);
// Keeps the variance of signals through a leaky ReLU of slope `a`: U(-b, b), b = sqrt(6 / ((1 + a²) fan_in)).
// With a = √5, as in PyTorch's Linear, b = 1 / √fan_in. He et al., "Delving deep into rectifiers", 2015.
void kaiming_uniform(Tensor& t, Generator& gen, double a = 0);

}  // namespace heed::nn::init
