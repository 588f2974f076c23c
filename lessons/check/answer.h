// answer.h — the answer of a function: tensors, or the message of the exception that it threw.
#pragma once

#include <concepts>
#include <string>
#include <type_traits>
#include <vector>

#include "autograd/int_tensor.h"
#include "autograd/mask.h"
#include "autograd/tensor.h"

namespace heed::checks {

// Converts from all types that exercises return. The numbers are copied as f64, so later changes do
// not affect them.
struct Answer {
  std::vector<Tensor> parts;
  std::string error;          // the message of the exception; "" if there was none
  std::vector<DType> dtypes;  // of the parts if they are compared; else empty

  Answer(const Tensor& t)
      : Answer(std::vector<Tensor>{t}) {}      // NOLINT: probes return their results without conversion
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

// The largest difference between two answers.
struct Difference {
  double distance = 0;    // |got - want|; infinite if shapes or dtypes differ, one threw, or one is NaN
  std::string index;      // the index: "[1][0]", "part 2, [1][0]"; "" if the shapes differ
  std::string got, want;  // the two numbers; or the shapes; or the errors
};
Difference difference(const Answer& got, const Answer& want);

}  // namespace heed::checks
