#include "autograd/ops/packed_weights.h"

#include <algorithm>
#include <mutex>
#include <new>
#include <vector>

namespace heed {

// The matrices of a storage that inference has used, such as the query, key and value weights of an
// attention. Each has a packed copy from its second use on.
struct PackedWeights {
  struct Entry {
    const void* data;
    DType dtype;
    bool transposed;
    index_t ld, k, n;
    std::shared_ptr<const void> copy;
    bool same_matrix(const Entry& e) const {
      return data == e.data && dtype == e.dtype && transposed == e.transposed && ld == e.ld && k == e.k &&
             n == e.n;
    }
  };
  std::vector<Entry> entries;
};

namespace ops {

namespace {

constexpr index_t min_elements = 16384;
constexpr index_t min_packing_rows = 5, max_packing_rows = 512;
constexpr std::size_t max_entries = 8;

// Several threads may run inference with the same weights.
std::mutex& packing() {
  static std::mutex mutex;
  return mutex;
}

}  // namespace

template <class T>
std::shared_ptr<const kernels::PackedMatrix<T>> packed_weight(const kernels::MatrixView<T>& weight,
                                                              Storage& storage, index_t k, index_t n,
                                                              index_t rows) {
  if (grad_enabled() || rows < min_packing_rows || rows > max_packing_rows || k * n < min_elements)
    return nullptr;
  const PackedWeights::Entry wanted{weight.data, dtype_of<T>, weight.transposed, weight.ld, k, n, nullptr};
  const std::lock_guard lock(packing());
  if (!storage.packed) storage.packed = std::make_shared<PackedWeights>();
  auto& entries = storage.packed->entries;
  const auto found = std::find_if(entries.begin(), entries.end(),
                                  [&](const PackedWeights::Entry& e) { return e.same_matrix(wanted); });
  if (found == entries.end()) {
    if (entries.size() < max_entries) entries.push_back(wanted);
    return nullptr;
  }
  try {
    if (!found->copy) found->copy = std::make_shared<const kernels::PackedMatrix<T>>(weight, k, n);
  } catch (const std::bad_alloc&) {
    return nullptr;  // the product does not need the copy
  }
  return std::static_pointer_cast<const kernels::PackedMatrix<T>>(found->copy);
}

template std::shared_ptr<const kernels::PackedMatrix<float>> packed_weight(const kernels::MatrixView<float>&,
                                                                           Storage&, index_t, index_t,
                                                                           index_t);
template std::shared_ptr<const kernels::PackedMatrix<double>> packed_weight(
    const kernels::MatrixView<double>&, Storage&, index_t, index_t, index_t);

}  // namespace ops

}  // namespace heed
