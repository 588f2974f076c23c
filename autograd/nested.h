// nested.h — nested lists of numbers, {{1, 2}, {3, 4}}, as constructors of tensors take them.
#pragma once

#include <concepts>
#include <initializer_list>
#include <vector>

#include "autograd/error.h"
#include "autograd/shape.h"

namespace heed {

// A number or a list of such items.
template <class T>
struct Nested {
  template <std::convertible_to<T> N>
  Nested(N number) : value(static_cast<T>(number)) {}                        // NOLINT
  Nested(std::initializer_list<Nested> list) : is_list(true), list(list) {}  // NOLINT
  bool is_list = false;
  T value{};
  std::vector<Nested> list;
};
using NestedNumbers = Nested<double>;
using NestedInts = Nested<index_t>;

// The shape of a nested list and its numbers in row-major order.
template <class T>
class Flattened {
 public:
  // Throws "[op] …" if the rows of an axis differ in length or if numbers and lists are mixed.
  Flattened(const char* op, std::initializer_list<Nested<T>> list) : op_(op) {
    read(list.begin(), static_cast<index_t>(list.size()), 0);
  }
  Shape shape;
  std::vector<T> values;

 private:
  // The first list at each depth determines the size of that axis, and the first number determines
  // the number of axes.
  void read(const Nested<T>* items, index_t count, int depth) {
    if (depth == shape.rank()) {
      check(!rank_is_known_, op_, mixed);
      shape.push_back(count);
    }
    check(shape[depth] == count, op_, "expected rows of equal length, got ", shape[depth], " and ", count,
          " at depth ", depth);
    for (index_t i = 0; i < count; ++i) {
      const Nested<T>& item = items[i];
      if (item.is_list) {
        read(item.list.data(), static_cast<index_t>(item.list.size()), depth + 1);
      } else {
        rank_is_known_ = true;
        check(depth + 1 == shape.rank(), op_, mixed);
        values.push_back(item.value);
      }
    }
  }

  static constexpr const char* mixed =
      "expected lists of equal depth, got a number and a list at the same depth";
  const char* op_;
  bool rank_is_known_ = false;
};

}  // namespace heed
