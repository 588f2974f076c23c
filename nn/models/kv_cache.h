// kv_cache.h — lesson 10: the keys and values of the tokens that a decoder has processed.
//
// Later tokens need nothing else of earlier ones. With a cache, generating a token costs one row of
// every product instead of the whole sequence. GPT and T5 use the same cache.
#pragma once

#include <memory>
#include <vector>

#include "autograd/tensor.h"

namespace heed::nn {

struct KeysAndValues {
  Tensor keys, values;  // (B, H, S, D)
};

// Identifies a model by one of its parameters, which stays the same tensor if the model is moved,
// converted or loaded. Keys and values of another model may have the correct shapes, too.
class CacheOwner {
 public:
  void set(const Tensor& parameter) { state_ = parameter.state(); }
  // True if `parameter` belongs to the owner, or if no owner is set.
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

// GPT allocates (B, H, context, D) in the first call and writes into it; the first `length`
// positions are filled, and a copy shares these tensors: continue either the cache or its copy. T5
// has no maximal length: it appends, and copies are independent.
struct KVCache {
  struct Layer {
    // Of the tokens processed so far.
    KeysAndValues self_attn = {};
    // Of the encoder's output, computed in the first call; undefined in GPT.
    KeysAndValues cross_attn = {};
  };
  std::vector<Layer> layers;  // empty before the first call
  index_t length = 0;         // number of tokens processed so far
  CacheOwner owner = {};      // the model, set by the first call; a clone is a different model

  // Row i becomes the former row parents[i]: a beam search drops some sequences and continues
  // others several times. Throws "[KVCache] …", and changes nothing, if a parent is not a row, or
  // if only one of a pair of keys and values is defined.
  void reorder(const std::vector<index_t>& parents);
};

// Throws "[op] …" unless keys and values have this shape (B, H, S, D) and dtype. `name` is the
// attention that uses them.
void check_keys_and_values(const char* op, const char* name, const KeysAndValues& cached,
                           const Shape& expected, DType dtype);
// Throws "[op] …" unless the cache is unused or has this number of layers.
void check_layer_count(const char* op, const KVCache& cache, std::size_t layers);
// Throws "[op] …" unless the cache is unused or was filled by the model that owns `parameter`.
// Check shapes first: the message assumes that they match.
void check_owner(const char* op, const KVCache& cache, const Tensor& parameter);

}  // namespace heed::nn
