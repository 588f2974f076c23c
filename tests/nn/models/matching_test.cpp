#include "nn/models/matching.h"

#include <algorithm>
#include <cmath>
#include <limits>
#include <numeric>

#include "tests/testing.h"

namespace heed::nn {
namespace {

constexpr double inf = std::numeric_limits<double>::infinity();

// The minimal sum over all assignments of n rows to different columns, by the definition; n <= m.
double least(const Tensor& costs) {
  std::vector<index_t> columns(static_cast<std::size_t>(costs.size(1)));
  std::iota(columns.begin(), columns.end(), 0);
  double best = inf;
  do {
    double total = 0;
    for (index_t i = 0; i < costs.size(0); ++i) total += costs.at({i, columns[static_cast<std::size_t>(i)]});
    best = std::min(best, total);
  } while (std::next_permutation(columns.begin(), columns.end()));
  return best;
}

void expect_pairs(const Assignment& a, const Tensor& costs) {
  const auto n = static_cast<std::size_t>(std::min(costs.size(0), costs.size(1)));
  ASSERT_EQ(a.rows.size(), n);
  ASSERT_EQ(a.columns.size(), n);
  std::vector<index_t> rows = a.rows, columns = a.columns;
  EXPECT_TRUE(std::is_sorted(rows.begin(), rows.end()));
  std::sort(columns.begin(), columns.end());
  EXPECT_EQ(std::adjacent_find(rows.begin(), rows.end()), rows.end());
  EXPECT_EQ(std::adjacent_find(columns.begin(), columns.end()), columns.end());
  double total = 0;
  for (std::size_t i = 0; i < n; ++i) total += costs.at({a.rows[i], a.columns[i]});
  EXPECT_NEAR(a.cost, total, 1e-9);
}

TEST(Assign, GreedyChoiceIsNotMinimal) {
  const Assignment a = assign(tensor({{.1, .2}, {.15, .9}, {.8, .7}}, f64));  // taking .1 first would cost .8
  EXPECT_EQ(a.rows, (std::vector<index_t>{0, 1}));
  EXPECT_EQ(a.columns, (std::vector<index_t>{1, 0}));
  EXPECT_NEAR(a.cost, 0.35, 1e-12);
}

TEST(Assign, TheCostIsMinimalOverAllAssignments) {
  for (std::uint64_t seed = 0; seed < 30; ++seed)
    for (const Shape& shape : {Shape{1, 1}, Shape{2, 5}, Shape{4, 4}, Shape{3, 6}, Shape{5, 6}}) {
      const Tensor costs = noise(shape, seed, f64);
      const Assignment a = assign(costs);
      expect_pairs(a, costs);
      EXPECT_NEAR(a.cost, least(costs), 1e-9);
      const Assignment turned = assign(costs.transpose(0, 1));  // a view, and more rows than columns
      expect_pairs(turned, costs.transpose(0, 1));
      EXPECT_NEAR(turned.cost, a.cost, 1e-9);
    }
}

TEST(Assign, EqualCostsGiveAValidAssignment) {
  for (const double c : {0.0, -2.5, 1e300}) {
    const Tensor costs = full({4, 7}, c, f64);
    expect_pairs(assign(costs), costs);
  }
  Generator gen(3);
  for (int i = 0; i < 30; ++i) {
    Tensor costs = zeros({4, 6}, f64);
    for (index_t r = 0; r < 4; ++r)
      for (index_t c = 0; c < 6; ++c) costs.set({r, c}, static_cast<double>(gen.below(3)));
    expect_pairs(assign(costs), costs);
    EXPECT_EQ(assign(costs).cost, least(costs));
    EXPECT_EQ(assign(costs).columns, assign(costs).columns);
  }
}

TEST(Assign, InfinityForbidsAPair) {
  const Tensor costs = tensor({{1, inf, 9}, {1, inf, inf}, {2, 3, 4}}, f64);
  const Assignment a = assign(costs);
  EXPECT_EQ(a.columns, (std::vector<index_t>{2, 0, 1}));
  EXPECT_EQ(a.cost, 13);
}

TEST(Assign, NoFiniteAssignmentIsAnError) {
  const std::string none =
      "[assign] expected an assignment of finite cost, got forbidden pairs (infinite costs) that leave a row "
      "or a column without a partner";
  EXPECT_EQ(error_of([] { assign(tensor({{inf, inf}, {1, 2}})); }), none);
  EXPECT_EQ(error_of([] { assign(tensor({{1, inf}, {2, inf}})); }), none) << "two rows want one column";
  EXPECT_EQ(error_of([] { assign(tensor({{inf}, {inf}})); }), none);
  EXPECT_EQ(assign(tensor({{inf}, {5}})).rows, (std::vector<index_t>{1})) << "a row too many may go without";
}

TEST(Assign, InvalidCostsAreRejected) {
  EXPECT_EQ(error_of([] {
              assign(tensor({{1, std::nan("")}}));
            }),
            "[assign] expected costs that are finite or +infinity, got nan");
  EXPECT_EQ(error_of([] {
              assign(tensor({{1, -inf}}));
            }),
            "[assign] expected costs that are finite or +infinity, got -inf");
  EXPECT_EQ(error_of([] { assign(tensor({1, 2})); }), "[assign] expected costs (n, m), got (2)");
  EXPECT_EQ(error_of([] { assign(Tensor()); }), "[assign] expected costs (n, m), got an undefined tensor");
}

TEST(Assign, EmptyCostsGiveNoPairs) {
  for (const Shape& shape : {Shape{0, 0}, Shape{0, 3}, Shape{3, 0}}) {
    const Assignment a = assign(zeros(shape));
    EXPECT_TRUE(a.rows.empty() && a.columns.empty());
    EXPECT_EQ(a.cost, 0);
  }
}

// The cost grows with n³: 300 rows take 27 million steps. Trying every assignment would never end.
TEST(Assign, HundredsOfRowsAreAssigned) {
  const Tensor costs = noise({300, 310}, 4, f64);
  expect_pairs(assign(costs), costs);
}

TEST(Assign, LargeCostsDoNotOverflow) {
  const double most = std::numeric_limits<double>::max();
  for (const double c : {1e308, most}) {
    const Assignment a = assign(tensor({{c, -c}, {c, c}}, f64));
    EXPECT_EQ(a.columns, (std::vector<index_t>{1, 0}));
    EXPECT_EQ(a.cost, 0);
    const Assignment b = assign(tensor({{-c, c, c}, {c, c, -c}, {c, c, c}, {c, c, c}}, f64));
    EXPECT_EQ(b.rows[0], 0);
    EXPECT_EQ(b.rows[1], 1);
    EXPECT_EQ(b.columns[0], 0);
    EXPECT_EQ(b.columns[1], 2);
    EXPECT_EQ(b.cost, -c);
    EXPECT_EQ(assign(tensor({{c, inf}, {inf, -c}}, f64)).cost, 0);
    EXPECT_EQ(assign(tensor({{c, c}, {c, c}}, f64)).cost, inf) << "the sum leaves the range";
  }
  for (std::uint64_t seed = 0; seed < 20; ++seed) {
    const Tensor costs = noise({5, 7}, seed, f64);
    const double scale = 1e307;
    EXPECT_EQ(assign(costs * scale).columns, assign(costs).columns);
    EXPECT_NEAR(assign(costs * scale).cost / scale, assign(costs).cost, 1e-9);
    EXPECT_EQ(assign(costs * 1e-308).rows.size(), 5U);
  }
}

}  // namespace
}  // namespace heed::nn
