#include "lessons/check/answer.h"

#include <cmath>
#include <limits>

namespace heed::checks {

namespace {

constexpr double infinity = std::numeric_limits<double>::infinity();

std::string number(double x) {
  if (std::isnan(x)) return "NaN";  // printf may print a sign
  char text[32];
  std::snprintf(text, sizeof text, "%.6g", x);
  return text;
}

// The index of element i of a row-major array: "[1][0]".
std::string index_text(index_t i, const Shape& shape) {
  std::string text;
  for (int axis = shape.rank() - 1; axis >= 0; --axis) {
    text = concat("[", i % shape[axis], "]", text);
    i /= shape[axis];
  }
  return text;
}

double distance(double a, double b) {
  if (a == b || (std::isnan(a) && std::isnan(b))) return 0;
  const double d = std::abs(a - b);
  return std::isnan(d) ? infinity : d;
}

// Describes an answer by its shapes or its error.
std::string shapes(const Answer& a) {
  if (!a.error.empty()) return "the error \"" + a.error + "\"";
  std::string text;
  for (const Tensor& t : a.parts) text += (text.empty() ? "" : ", ") + concat(t);
  return "shape " + text;
}

bool same_shapes(const Answer& a, const Answer& b) {
  if (a.parts.size() != b.parts.size()) return false;
  for (std::size_t i = 0; i < a.parts.size(); ++i) {
    if (a.parts[i].defined() != b.parts[i].defined()) return false;
    if (a.parts[i].defined() && a.parts[i].shape() != b.parts[i].shape()) return false;
  }
  return true;
}

std::string names(const std::vector<DType>& dtypes) {
  std::string text;
  for (const DType dtype : dtypes) text += (text.empty() ? "dtype " : ", ") + std::string(name(dtype));
  return text;
}

Tensor as_numbers(const Mask& mask) {
  if (!mask.defined()) return {};
  return from_vector(std::vector<double>(mask.data(), mask.data() + mask.numel()), mask.shape(), f64);
}

}  // namespace

Answer::Answer(const std::vector<Tensor>& tensors) {
  for (const Tensor& t : tensors) parts.push_back(t.defined() ? t.detach().to(f64).clone() : t);
}

Answer::Answer(const IntTensor& ids)
    : Answer(from_vector(std::vector<double>(ids.values().begin(), ids.values().end()), ids.shape(), f64)) {}

Answer::Answer(const Mask& mask) : Answer(as_numbers(mask)) {}

Answer Answer::thrown(const std::string& error) {
  Answer answer;
  answer.error = error;
  return answer;
}

Difference difference(const Answer& got, const Answer& want) {
  if (!got.error.empty() && !want.error.empty()) return {};  // both throw; the messages may differ
  if (!got.error.empty() || !want.error.empty() || !same_shapes(got, want))
    return {infinity, "", shapes(got), shapes(want)};
  if (got.dtypes != want.dtypes) return {infinity, "", names(got.dtypes), names(want.dtypes)};
  double largest = 0;
  std::size_t worst_part = 0, worst_index = 0;
  for (std::size_t part = 0; part < got.parts.size(); ++part) {
    if (!got.parts[part].defined()) continue;
    const std::vector<double> a = got.parts[part].to_vector(), b = want.parts[part].to_vector();
    for (std::size_t i = 0; i < a.size(); ++i) {
      const double d = distance(a[i], b[i]);
      if (d <= largest) continue;
      largest = d;
      worst_part = part;
      worst_index = i;
    }
  }
  if (largest == 0) return {};
  const Tensor &a = got.parts[worst_part], &b = want.parts[worst_part];
  const std::string index = index_text(static_cast<index_t>(worst_index), a.shape());
  const std::string which =
      got.parts.size() > 1 ? concat("part ", worst_part + 1, index.empty() ? "" : ", ") : "";
  return {largest, which + index, number(a.to_vector()[worst_index]), number(b.to_vector()[worst_index])};
}

}  // namespace heed::checks
