// clip.h — gradient clipping, by norm and by value.
#pragma once

#include <vector>

#include "autograd/tensor.h"

namespace heed::optim {

// Computes the norm of all gradients as one vector, in double, scaled if the squares overflow or
// underflow. If it is above max_norm, multiplies every gradient by max_norm / (norm + 1e-6), as in
// PyTorch. Skips parameters without a gradient. Returns the norm before clipping. Throws
// "[clip_grad_norm] …" if a gradient contains a NaN or an infinity, or if the norm overflows
// double. Pascanu, Mikolov, Bengio, "On the difficulty of training recurrent neural networks",
// 2013.
double clip_grad_norm(const std::vector<Tensor>& parameters, double max_norm);

// Clamps every element of every gradient to [-limit, limit].
void clip_grad_value(const std::vector<Tensor>& parameters, double limit);

}  // namespace heed::optim
