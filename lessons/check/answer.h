// answer.h — what a function under check gave: numbers with their shapes, or the error that came instead.
#pragma once

#include <concepts>
#include <string>
#include <type_traits>
#include <vector>

#include "autograd/int_tensor.h"
#include "autograd/mask.h"
#include "autograd/tensor.h"

namespace heed::checks {

// Made from whatever exercises return; numbers are copied out as f64, so nothing later can change them.
struct Answer {
  std::vector<Tensor> parts;
  std::string error;          // what was thrown; "" for an answer of numbers
  std::vector<DType> dtypes;  // of the parts, if a question compares them; else empty

  Answer(const Tensor& t)
      : Answer(std::vector<Tensor>{t}) {}      // NOLINT: probes return their numbers as they are
  Answer(const std::vector<Tensor>& tensors);  // NOLINT
  Answer(const IntTensor& ids);                // NOLINT
  Answer(const Mask& mask);                    // NOLINT
  template <class N>
  requires std::is_arithmetic_v<N> Answer(N x) : Answer(scalar(static_cast<double>(x), f64)) {}  // NOLINT
  template <class N>
  requires std::is_arithmetic_v<N> Answer(const std::vector<N>& list)  // NOLINT
      : Answer(from_vector(std::vector<double>(list.begin(), list.end()), {static_cast<index_t>(list.size())},
                           f64)) {}
  static Answer thrown(const std::string& error);

 private:
  Answer() = default;
};

// Where two answers lie furthest apart.
struct Difference {
  double distance = 0;    // |got - want|; infinite if shapes or dtypes differ, one threw, or one is NaN
  std::string place;      // "[1][0]", "part 2, [1][0]", or "" where the answers have no such place in common
  std::string got, want;  // the two numbers there; or the shapes; or the errors
};
Difference difference(const Answer& got, const Answer& want);

}  // namespace heed::checks
