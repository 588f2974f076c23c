// clip.h — gradients that are too long, shortened.
#pragma once

#include <vector>

#include "autograd/tensor.h"

namespace heed::optim {

// The length of all gradients taken as one vector (the root of the sum of squares, added up in
// double, scaled if the squares overflow or underflow). If it is above max_norm, every gradient is
// multiplied by max_norm / (length + 1e-6), as in PyTorch. Parameters without a gradient are passed
// over. Returns the length before. Throws "[clip_grad_norm] …" if a gradient holds a NaN or an
// infinite number, or if the length itself is above the largest double. Pascanu, Mikolov, Bengio,
// "On the difficulty of training recurrent neural networks", 2013.
double clip_grad_norm(const std::vector<Tensor>& parameters, double max_norm);

// Every number of every gradient brought into [-limit, limit].
void clip_grad_value(const std::vector<Tensor>& parameters, double limit);

}  // namespace heed::optim
