// matching.cpp — the assignment of least cost, and boxes.
#include "nn/models/matching.h"

#include <algorithm>
#include <cmath>
#include <limits>
#include <numeric>

namespace heed::nn {

namespace {

constexpr double infinity = std::numeric_limits<double>::infinity();

// n <= m. Every row and column has a price; u[i] + v[j] <= cost(i, j), with equality at the pairs that are made. A new
// row enters by the shortest path of cost - u - v >= 0 from it to a free column, over pairs that change partners: all
// rows that had a column keep one, and the sum stays the least one. Columns count from 1; 0 stands for no column.
class ShortestPaths {
 public:
  ShortestPaths(std::vector<double> costs, std::size_t n, std::size_t m)
      : costs_(std::move(costs)), n_(n), m_(m), u_(n + 1), v_(m + 1), row_of_(m + 1), before_(m + 1) {}

  // The column of each row, from 0.
  std::vector<std::size_t> solve() {
    for (std::size_t row = 1; row <= n_; ++row) enter(row);
    std::vector<std::size_t> column_of(n_);
    for (std::size_t j = 1; j <= m_; ++j)
      if (row_of_[j] > 0) column_of[row_of_[j] - 1] = j - 1;
    return column_of;
  }

 private:
  double cost(std::size_t row, std::size_t column) const { return costs_[(row - 1) * m_ + column - 1]; }

  void enter(std::size_t row) {
    row_of_[0] = row;
    std::vector<double> reach(m_ + 1, infinity);  // the shortest way to each column so far
    std::vector<char> done(m_ + 1, false);
    std::size_t at = 0;
    do {
      at = nearest(at, reach, done);
    } while (row_of_[at] > 0);
    while (at > 0) {  // back along the path, each row takes the next column
      row_of_[at] = row_of_[before_[at]];
      at = before_[at];
    }
  }

  // One step of Dijkstra's: column `at` is reached for good; what is the nearest of the others?
  std::size_t nearest(std::size_t at, std::vector<double>& reach, std::vector<char>& done) {
    done[at] = true;
    const std::size_t row = row_of_[at];
    double step = infinity;
    std::size_t next = 0;
    for (std::size_t j = 1; j <= m_; ++j) {
      if (done[j]) continue;
      const double slack = cost(row, j) - u_[row] - v_[j];
      if (slack < reach[j]) reach[j] = slack, before_[j] = at;
      if (reach[j] < step) step = reach[j], next = j;
    }
    check(next > 0, "assign",
          "no assignment is allowed: forbidden pairs (infinite costs) leave a row or a column without a "
          "partner");
    for (std::size_t j = 0; j <= m_; ++j) {
      if (done[j])
        u_[row_of_[j]] += step, v_[j] -= step;
      else
        reach[j] -= step;
    }
    return next;
  }

  std::vector<double> costs_;  // (n, m)
  std::size_t n_, m_;
  std::vector<double> u_, v_;
  std::vector<std::size_t> row_of_;  // of each column; 0: free
  std::vector<std::size_t> before_;  // the column before on the way to each
};

}  // namespace

// Prices and lengths of paths are sums of up to about 4n costs. The power of two by which costs are
// multiplied so that no such sum overflows: 0, nothing, for all but the largest costs.
static int exponent_of_scale(const std::vector<double>& costs, std::size_t n) {
  double largest = 0;
  for (const double c : costs)
    if (c < infinity) largest = std::max(largest, std::abs(c));
  const int room =
      std::numeric_limits<double>::max_exponent - std::ilogb(8.0 * static_cast<double>(n + 1)) - 2;
  return largest > 0 ? std::min(0, room - std::ilogb(largest)) : 0;
}

Assignment assign(const Tensor& costs) {
  check(costs.defined() && costs.rank() == 2, "assign", "costs must be (n, m), got ",
        costs.defined() ? to_string(costs.shape()) : "an undefined tensor");
  const bool tall = costs.size(0) > costs.size(1);
  std::vector<double> values = (tall ? costs.detach().transpose(0, 1) : costs.detach()).to_vector();
  for (const double c : values)
    check(c > -infinity, "assign", "a cost is ", std::isnan(c) ? "nan" : "-inf",
          "; costs are numbers or +infinity");
  const auto n = static_cast<std::size_t>(std::min(costs.size(0), costs.size(1)));
  const auto m = static_cast<std::size_t>(std::max(costs.size(0), costs.size(1)));
  const int exponent = exponent_of_scale(values, n);
  for (double& c : values) c = std::ldexp(c, exponent);
  const std::vector<std::size_t> partner = ShortestPaths(values, n, m).solve();

  std::vector<std::size_t> order(n);
  std::iota(order.begin(), order.end(), std::size_t{0});
  if (tall) std::sort(order.begin(), order.end(), [&](auto a, auto b) { return partner[a] < partner[b]; });
  Assignment result;
  for (const std::size_t i : order) {
    const auto few = static_cast<index_t>(i), many = static_cast<index_t>(partner[i]);
    result.rows.push_back(tall ? many : few);
    result.columns.push_back(tall ? few : many);
    result.cost += values[i * m + partner[i]];
  }
  result.cost = std::ldexp(result.cost, -exponent);
  return result;
}

// ---- boxes ------------------------------------------------------------------------------------------------

static void check_boxes(const char* op, const Tensor& x) {
  check(x.defined() && x.rank() >= 1 && x.size(-1) == 4, op, "boxes must be (..., 4), got ",
        x.defined() ? to_string(x.shape()) : "an undefined tensor");
}

static Tensor first(const Tensor& x) { return x.slice(-1, 0, 2); }
static Tensor last(const Tensor& x) { return x.slice(-1, 2, 4); }

Tensor corners_of(const Tensor& boxes) {
  check_boxes("corners_of", boxes);
  return cat({first(boxes) - last(boxes) * 0.5, first(boxes) + last(boxes) * 0.5}, -1);
}

Tensor middles_of(const Tensor& corners) {
  check_boxes("middles_of", corners);
  return cat({(first(corners) + last(corners)) * 0.5, last(corners) - first(corners)}, -1);
}

// (..., 2) of a width and a height, less than nothing counting as nothing -> (...)
static Tensor area(const Tensor& size) {
  const Tensor s = relu(size);
  return s.select(-1, 0) * s.select(-1, 1);
}

// part / whole, 0 if the whole is 0, and NaN if it is NaN.
static Tensor share(const Tensor& part, const Tensor& whole) {
  const Mask nothing = whole <= 0;
  return where(nothing, zeros({}, part.dtype()), part) / where(nothing, ones({}, whole.dtype()), whole);
}

namespace {
struct Overlap {
  Tensor both, either;
};
}  // namespace

static Overlap overlap(const char* op, const Tensor& a, const Tensor& b) {
  check_boxes(op, a), check_boxes(op, b);
  check(a.dtype() == b.dtype(), op, "boxes are ", name(a.dtype()), " and ", name(b.dtype()),
        "; dtypes must agree. Hint: convert one with to()");
  broadcast_shapes(op, a.shape(), b.shape());
  const Tensor both = area(minimum(last(a), last(b)) - maximum(first(a), first(b)));
  return {both, area(last(a) - first(a)) + area(last(b) - first(b)) - both};
}

Tensor iou(const Tensor& a, const Tensor& b) {
  const auto [both, either] = overlap("iou", a, b);
  return share(both, either);
}

Tensor giou(const Tensor& a, const Tensor& b) {
  const auto [both, either] = overlap("giou", a, b);
  const Tensor around = area(maximum(last(a), last(b)) - minimum(first(a), first(b)));
  return share(both, either) - share(around - either, around);
}

}  // namespace heed::nn
