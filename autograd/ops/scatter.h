// scatter.h — sums of rows by index: the backward of ops that copy rows by index.
#pragma once

#include <algorithm>
#include <numeric>
#include <span>
#include <vector>

#include "autograd/ops/common.h"

namespace heed::ops {

// The positions in a list of indices, grouped by index with a counting sort. Each group is in the
// order of the list.
class IndexGroups {
 public:
  // Requires that every index is in [0, size).
  IndexGroups(const IntTensor& indices, index_t size)
      : end_(static_cast<std::size_t>(size)), order_(indices.values().size()) {
    for (const index_t index : indices.values()) ++end_[static_cast<std::size_t>(index)];
    std::exclusive_scan(end_.begin(), end_.end(), end_.begin(), std::size_t{0});
    // end_ is the begin of each group here, and its end after all positions have been stored.
    for (std::size_t i = 0; i < order_.size(); ++i) {
      std::size_t& next = end_[static_cast<std::size_t>(indices.values()[i])];
      order_[next] = static_cast<index_t>(i);
      ++next;
    }
  }
  index_t size() const { return static_cast<index_t>(end_.size()); }
  index_t count() const { return static_cast<index_t>(order_.size()); }
  // The positions i with indices[i] == index.
  std::span<const index_t> positions(index_t index) const {
    const auto i = static_cast<std::size_t>(index);
    const std::size_t begin = i == 0 ? 0 : end_[i - 1];
    return std::span(order_).subspan(begin, end_[i] - begin);
  }

 private:
  std::vector<std::size_t> end_;
  std::vector<index_t> order_;
};

template <class T>
inline void add_row(const T* row, T* y, index_t width) {
  if (width >= 64) return kernels::kernels<T>().axpby(T{1}, row, T{1}, y, width);
  for (index_t k = 0; k < width; ++k) y[k] += row[k];
}

// y (width) += the rows of x (n, width) at these positions. Up to 64 rows are added one after
// another. More are split in two halves whose sums are added, so that the error bound grows with
// the logarithm of their number.
template <class T>
void add_many_rows(const T* x, std::span<const index_t> positions, index_t width, T* y);
template <class T>
inline void add_rows(const T* x, std::span<const index_t> positions, index_t width, T* y) {
  if (positions.size() > 64) return add_many_rows(x, positions, width, y);
  for (const index_t i : positions) add_row(x + i * width, y, width);
}
template <class T>
void add_many_rows(const T* x, std::span<const index_t> positions, index_t width, T* y) {
  std::size_t part = 64;
  while (part * 2 < positions.size()) part *= 2;
  std::vector<T> rest(static_cast<std::size_t>(width));
  add_rows(x, positions.first(part), width, y);
  add_rows(x, positions.subspan(part), width, rest.data());
  add_row(rest.data(), y, width);
}

// y[i] (size, width) = the sum of the rows of x (n, width) with index i. Requires that y is 0.
// Leaves row `skip` at 0.
template <class T>
void scatter_add(const IndexGroups& groups, const T* x, index_t width, T* y, index_t skip = -1) {
  const index_t elements = groups.count() * width / std::max<index_t>(groups.size(), 1);  // per row of y
  kernels::parallel_for(groups.size(), cheap_ns * static_cast<double>(elements + 1),
                        [&](index_t begin, index_t stop) {
                          for (index_t index = begin; index < stop; ++index)
                            if (index != skip) add_rows(x, groups.positions(index), width, y + index * width);
                        });
}

}  // namespace heed::ops
