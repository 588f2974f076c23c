// scatter.h — sums rows by index: the backward of the ops that read rows by index.
#pragma once

#include <algorithm>
#include <numeric>
#include <span>
#include <vector>

#include "autograd/ops/common.h"

namespace heed::ops {

// The positions in a list of indices, grouped by index by a counting sort. The order within a group
// is the list's.
class IndexGroups {
 public:
  // Every index must be in [0, size).
  IndexGroups(const IntTensor& indices, index_t size)
      : end_(static_cast<std::size_t>(size)), order_(indices.values().size()) {
    for (const index_t index : indices.values()) ++end_[static_cast<std::size_t>(index)];
    std::exclusive_scan(end_.begin(), end_.end(), end_.begin(), std::size_t{0});
    // Every group begins at its end_, which moves on with each position that is put there.
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

// y (width) += the rows at these positions of x (n, width). Up to 64 are added one after the other;
// more are cut in two, and the sums added, so that the error bound grows with the logarithm of
// their number.
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

// y (size, width), which is 0, receives in each row the sum of the rows of x (n, width) that have
// its index. Row `skip` stays 0.
template <class T>
void scatter_add(const IndexGroups& groups, const T* x, index_t width, T* y, index_t skip = -1) {
  const index_t numbers = groups.count() * width / std::max<index_t>(groups.size(), 1);  // of x, per row of y
  kernels::parallel_for(groups.size(), cheap_grain / (numbers + 1) + 1, [&](index_t begin, index_t stop) {
    for (index_t index = begin; index < stop; ++index)
      if (index != skip) add_rows(x, groups.positions(index), width, y + index * width);
  });
}

}  // namespace heed::ops
