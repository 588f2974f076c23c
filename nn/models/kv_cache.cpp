#include "nn/models/kv_cache.h"

#include <utility>

#include "autograd/ops.h"

namespace heed::nn {

static const char* const hint =
    "; a cache belongs to the model that filled it. Hint: start with an empty KVCache";

void KVCache::reorder(const std::vector<index_t>& parents) {
  const IntTensor rows(parents, {static_cast<index_t>(parents.size())});
  std::vector<Layer> reordered = layers;
  for (Layer& layer : reordered)
    for (KeysAndValues* pair : {&layer.self_attn, &layer.cross_attn}) {
      if (!pair->keys.defined() && !pair->values.defined()) continue;
      for (Tensor* t : {&pair->keys, &pair->values}) {
        check(t->defined() && t->rank() == 4, "KVCache", "expected keys and values (B, H, S, D), got ", *t);
        for (const index_t row : parents)
          check(row >= 0 && row < t->size(0), "KVCache", "expected parents in [0, ", t->size(0), "), got ",
                row);
        *t = index_select(*t, 0, rows);
      }
    }
  layers = std::move(reordered);
}

void check_keys_and_values(const char* op, const char* name, const KeysAndValues& cached,
                           const Shape& expected, DType dtype) {
  for (const Tensor* t : {&cached.keys, &cached.values}) {
    const char* part = t == &cached.keys ? " keys " : " values ";
    check(t->defined(), op, "expected cached ", name, part, expected, ", got an undefined tensor");
    check(t->shape() == expected && t->dtype() == dtype, op, "expected cached ", name, part,
          "(B, H, S, D) = ", expected, " of ", heed::name(dtype), ", got ", *t, " of ",
          heed::name(t->dtype()), hint);
  }
}

static bool is_unused(const KVCache& cache) { return cache.layers.empty() && cache.length == 0; }

void check_layer_count(const char* op, const KVCache& cache, std::size_t layers) {
  check(is_unused(cache) || cache.layers.size() == layers, op, "expected a cache of ", layers,
        " layers, got one of ", cache.layers.size(), hint);
}

void check_owner(const char* op, const KVCache& cache, const Tensor& parameter) {
  check(is_unused(cache) || cache.owner.admits(parameter), op,
        "expected a cache filled by this model, got one filled by another model of the same sizes; its keys "
        "and values were computed with other weights. Hint: start with an empty KVCache");
}

}  // namespace heed::nn
