// cache_owner.h — which model filled a cache of keys and values.
#pragma once

#include <memory>

#include "autograd/tensor.h"

namespace heed::nn {

// Remembers a model by one of its parameters, which stays the same tensor if the model is moved,
// converted or loaded. Keys and values of another model may have the right shapes, too.
class CacheOwner {
 public:
  void set(const Tensor& parameter) { state_ = parameter.state(); }
  // True if `parameter` is the owner's, or if no owner is set.
  bool admits(const Tensor& parameter) const {
    const std::weak_ptr<TensorState> none;
    return is(none) || is(parameter.state());
  }

 private:
  bool is(const std::weak_ptr<TensorState>& other) const {
    return !state_.owner_before(other) && !other.owner_before(state_);
  }
  std::weak_ptr<TensorState> state_;
};

}  // namespace heed::nn
