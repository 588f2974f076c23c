#include "nn/models/matching.h"

#include <algorithm>
#include <cmath>
#include <limits>
#include <numeric>

namespace heed::nn {

namespace {

constexpr double infinity = std::numeric_limits<double>::infinity();

// Requires n <= m. Every row and column has a dual variable: u[i] + v[j] <= cost(i, j), with
// equality for assigned pairs. A row is added by the shortest path of reduced costs, cost - u - v
// >= 0, from it to a free column; the pairs along the path change partners. All rows added before
// keep a column, and the total cost stays minimal. Rows and columns are numbered from 1; 0 means
// none.
class ShortestPaths {
 public:
  ShortestPaths(std::vector<double> costs, std::size_t n, std::size_t m)
      : costs_(std::move(costs)), n_(n), m_(m), u_(n + 1), v_(m + 1), row_of_(m + 1), previous_(m + 1) {}

  // Returns the column of each row, numbered from 0.
  std::vector<std::size_t> solve() {
    for (std::size_t row = 1; row <= n_; ++row) add(row);
    std::vector<std::size_t> column_of(n_);
    for (std::size_t j = 1; j <= m_; ++j)
      if (row_of_[j] > 0) column_of[row_of_[j] - 1] = j - 1;
    return column_of;
  }

 private:
  double cost(std::size_t row, std::size_t column) const { return costs_[(row - 1) * m_ + column - 1]; }

  void add(std::size_t row) {
    row_of_[0] = row;
    std::vector<double> distance(m_ + 1, infinity);  // of the shortest path to each column so far
    std::vector<char> done(m_ + 1, false);
    std::size_t column = 0;
    do {
      column = nearest(column, distance, done);
    } while (row_of_[column] > 0);
    while (column > 0) {  // back along the path, each row takes the next column
      row_of_[column] = row_of_[previous_[column]];
      column = previous_[column];
    }
  }

  // One step of Dijkstra's algorithm: the path to `column` is final. Returns the nearest of the
  // remaining columns.
  std::size_t nearest(std::size_t column, std::vector<double>& distance, std::vector<char>& done) {
    done[column] = true;
    const std::size_t row = row_of_[column];
    double step = infinity;
    std::size_t next = 0;
    for (std::size_t j = 1; j <= m_; ++j) {
      if (done[j]) continue;
      const double slack = cost(row, j) - u_[row] - v_[j];
      if (slack < distance[j]) {
        distance[j] = slack;
        previous_[j] = column;
      }
      if (distance[j] < step) {
        step = distance[j];
        next = j;
      }
    }
    check(next > 0, "assign",
          "expected an assignment of finite cost, got forbidden pairs (infinite costs) that leave a row or a "
          "column without a partner");
    for (std::size_t j = 0; j <= m_; ++j) {
      if (done[j]) {
        u_[row_of_[j]] += step;
        v_[j] -= step;
      } else {
        distance[j] -= step;
      }
    }
    return next;
  }

  std::vector<double> costs_;  // (n, m)
  std::size_t n_, m_;
  std::vector<double> u_, v_;
  std::vector<std::size_t> row_of_;    // of each column; 0: free
  std::vector<std::size_t> previous_;  // the column before each column on its shortest path
};

}  // namespace

// Dual variables and path lengths are sums of up to about 4n costs. Returns the exponent of the
// power of two by which the costs must be multiplied so that no such sum overflows; it is 0 except
// for extremely large costs.
static int exponent_of_scale(const std::vector<double>& costs, std::size_t n) {
  double largest = 0;
  for (const double c : costs)
    if (c < infinity) largest = std::max(largest, std::abs(c));
  const int available =
      std::numeric_limits<double>::max_exponent - std::ilogb(8.0 * static_cast<double>(n + 1)) - 2;
  return largest > 0 ? std::min(0, available - std::ilogb(largest)) : 0;
}

Assignment assign(const Tensor& costs) {
  check(costs.defined() && costs.rank() == 2, "assign", "expected costs (n, m), got ", costs);
  const bool tall = costs.size(0) > costs.size(1);
  std::vector<double> values = (tall ? costs.detach().transpose(0, 1) : costs.detach()).to_vector();
  for (const double c : values)
    check(c > -infinity, "assign", "expected costs that are finite or +infinity, got ",
          std::isnan(c) ? "nan" : "-inf");
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
    const auto shorter = static_cast<index_t>(i), longer = static_cast<index_t>(partner[i]);
    result.rows.push_back(tall ? longer : shorter);
    result.columns.push_back(tall ? shorter : longer);
    result.cost += values[i * m + partner[i]];
  }
  result.cost = std::ldexp(result.cost, -exponent);
  return result;
}

}  // namespace heed::nn
