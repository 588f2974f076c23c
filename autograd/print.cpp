// print.cpp — prints tensors as PyTorch does: all numbers with one width and 4 decimals, and the
// middle of large tensors omitted.
#include <algorithm>
#include <cmath>
#include <cstdio>
#include <functional>
#include <ostream>
#include <string>
#include <vector>

#include "autograd/graph.h"
#include "autograd/ops/common.h"
#include "autograd/tensor.h"

namespace heed {

namespace {

constexpr index_t max_elements = 1000;  // larger tensors are summarised …
constexpr index_t edge = 3;             // … by this many elements at each end of an axis
constexpr int line_width = 80;

std::string formatted(const char* format, double value) {
  char text[400];
  std::snprintf(text, sizeof text, format, value);
  return text;
}

// The format of all numbers of one tensor, so that columns align.
class NumberFormat {
 public:
  explicit NumberFormat(const std::vector<double>& values) {
    double largest = 0, smallest = INFINITY;
    bool all_integers = true;
    for (const double v : values) {
      if (!std::isfinite(v)) continue;
      all_integers &= v == std::ceil(v);
      if (v == 0) continue;
      largest = std::max(largest, std::abs(v));
      smallest = std::min(smallest, std::abs(v));
    }
    if (largest > 0) {
      const bool wide = largest / smallest > 1000;
      if (all_integers)
        format_ = wide || largest > 1e8 ? "%.4e" : "%.0f.";
      else
        format_ = wide || largest > 1e8 || smallest < 1e-4 ? "%.4e" : "%.4f";
    } else {
      format_ = "%.0f.";
    }
    for (const double v : values)  // nan and inf do not widen the columns, as in PyTorch
      if (std::isfinite(v)) width_ = std::max(width_, text(v).size());
  }
  std::string operator()(double v) const {
    const std::string t = text(v);
    return std::string(width_ - std::min(width_, t.size()), ' ') + t;
  }
  std::size_t width() const { return width_; }

 private:
  std::string text(double v) const {
    if (std::isnan(v)) return "nan";
    if (std::isinf(v)) return v > 0 ? "inf" : "-inf";
    return formatted(format_, v);
  }
  const char* format_;
  std::size_t width_ = 0;
};

// The indices along an axis that are printed; -1 means "...".
std::vector<index_t> printed_indices(index_t n, bool summarise) {
  std::vector<index_t> indices;
  for (index_t i = 0; i < n; ++i) {
    if (summarise && n > 2 * edge && i == edge) {
      indices.push_back(-1);
      i = n - edge - 1;
    } else {
      indices.push_back(i);
    }
  }
  return indices;
}

// Prints a block of a contiguous array with brackets, commas and blank lines between matrices.
// `element(flat)` returns the text of one element.
struct Block {
  const Shape& shape;
  bool summarise;
  std::size_t element_width;
  std::function<std::string(index_t)> element;

  std::string print(int axis, index_t start, int indent) const {
    if (shape.rank() == 0) return element(0);
    index_t step = 1;
    for (int i = axis + 1; i < shape.rank(); ++i) step *= shape[i];
    const auto indices = printed_indices(shape[axis], summarise);
    std::string out = "[";
    if (axis + 1 == shape.rank()) {
      const std::size_t width = element_width + 2;
      const std::size_t per_line =
          std::max<std::size_t>(1, static_cast<std::size_t>(line_width - indent) / width);
      for (std::size_t i = 0; i < indices.size(); ++i) {
        if (i)
          out += i % per_line == 0 ? ",\n" + std::string(static_cast<std::size_t>(indent) + 1, ' ') : ", ";
        out += indices[i] < 0 ? " ..." : element(start + indices[i]);
      }
      return out + "]";
    }
    const std::string gap = "," + std::string(static_cast<std::size_t>(shape.rank() - axis - 1), '\n') +
                            std::string(static_cast<std::size_t>(indent) + 1, ' ');
    for (std::size_t i = 0; i < indices.size(); ++i) {
      if (i) out += gap;
      out += indices[i] < 0 ? "..." : print(axis + 1, start + indices[i] * step, indent + 1);
    }
    return out + "]";
  }
};

// Collects the flat indices of the elements that are printed: only these determine the width.
void collect(const Shape& shape, bool summarise, int axis, index_t start, std::vector<index_t>& flat) {
  if (axis == shape.rank()) return flat.push_back(start);
  index_t step = 1;
  for (int i = axis + 1; i < shape.rank(); ++i) step *= shape[i];
  for (const index_t index : printed_indices(shape[axis], summarise))
    if (index >= 0) collect(shape, summarise, axis + 1, start + index * step, flat);
}

}  // namespace

std::ostream& operator<<(std::ostream& out, const Tensor& t) {
  if (!t.defined()) return out << "tensor(undefined)";
  const auto values = t.to_vector();
  const bool summarise = t.numel() > max_elements;
  std::vector<index_t> flat;
  collect(t.shape(), summarise, 0, 0, flat);
  std::vector<double> visible;
  visible.reserve(flat.size());
  for (const index_t i : flat) visible.push_back(values[static_cast<std::size_t>(i)]);
  const NumberFormat number(visible);
  const Block block{t.shape(), summarise, number.width(),
                    [&](index_t i) { return number(values[static_cast<std::size_t>(i)]); }};
  out << "tensor(" << (t.numel() == 0 ? "[]" : block.print(0, 0, 7));
  if (t.numel() == 0 && t.shape() != Shape{0}) out << ", size=" << t.shape();
  if (t.dtype() == f64) out << ", dtype=f64";
  if (!t.is_leaf())
    out << ", grad_fn=<" << t.state()->node->op << ">";
  else if (t.requires_grad())
    out << ", requires_grad=True";
  return out << ")";
}

// Prints integers and booleans, given the text of one element.
static void print_words(std::ostream& out, const Shape& shape,
                        const std::function<std::string(index_t)>& word) {
  const bool summarise = shape.numel() > max_elements;
  std::vector<index_t> flat;
  collect(shape, summarise, 0, 0, flat);
  std::size_t width = 0;
  for (const index_t i : flat) width = std::max(width, word(i).size());
  const Block block{shape, summarise, width, [&](index_t i) {
                      const std::string w = word(i);
                      return std::string(width - std::min(width, w.size()), ' ') + w;
                    }};
  out << "tensor(" << (shape.numel() == 0 ? "[]" : block.print(0, 0, 7)) << ")";
}

void describe(std::ostream& out, const Tensor& t) {
  if (t.defined())
    out << t.shape();
  else
    out << "an undefined tensor";
}

std::ostream& operator<<(std::ostream& out, const IntTensor& ids) {
  print_words(out, ids.shape(), [&](index_t i) { return std::to_string(ids[i]); });
  return out;
}

void describe(std::ostream& out, const IntTensor& ids) { out << ids.shape(); }

std::ostream& operator<<(std::ostream& out, const Mask& mask) {
  if (!mask.defined()) return out << "mask(undefined)";
  print_words(out, mask.shape(), [&](index_t i) { return std::string(mask.data()[i] ? "True" : "False"); });
  return out;
}

void describe(std::ostream& out, const Mask& mask) {
  if (mask.defined())
    out << mask.shape();
  else
    out << "an undefined mask";
}

}  // namespace heed
