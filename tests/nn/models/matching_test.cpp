#include "nn/models/matching.h"

#include <algorithm>
#include <cmath>
#include <limits>
#include <numeric>

#include "tests/testing.h"

namespace heed::nn {
namespace {

constexpr double inf = std::numeric_limits<double>::infinity();

// The least sum over all ways to give n rows different columns: what the definition says, n <= m.
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

TEST(Assign, TheCheapestFirstIsNotTheCheapest) {
  const Assignment a = assign(tensor({{.1, .2}, {.15, .9}, {.8, .7}}, f64));  // taking .1 first would cost .8
  EXPECT_EQ(a.rows, (std::vector<index_t>{0, 1}));
  EXPECT_EQ(a.columns, (std::vector<index_t>{1, 0}));
  EXPECT_NEAR(a.cost, 0.35, 1e-12);
}

TEST(Assign, NoOtherWayIsCheaper) {
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

TEST(Assign, EqualCostsAreNoTrouble) {
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

TEST(Assign, WhereNoWayIsLeftIsAnError) {
  const std::string none =
      "[assign] no assignment is allowed: forbidden pairs (infinite costs) leave a row or a column without a "
      "partner";
  EXPECT_EQ(error_of([] { assign(tensor({{inf, inf}, {1, 2}})); }), none);
  EXPECT_EQ(error_of([] { assign(tensor({{1, inf}, {2, inf}})); }), none) << "two rows want one column";
  EXPECT_EQ(error_of([] { assign(tensor({{inf}, {inf}})); }), none);
  EXPECT_EQ(assign(tensor({{inf}, {5}})).rows, (std::vector<index_t>{1})) << "a row too many may go without";
}

TEST(Assign, RefusesWhatIsNoCost) {
  EXPECT_EQ(error_of([] {
              assign(tensor({{1, std::nan("")}}));
            }),
            "[assign] a cost is nan; costs are numbers or +infinity");
  EXPECT_EQ(error_of([] {
              assign(tensor({{1, -inf}}));
            }),
            "[assign] a cost is -inf; costs are numbers or +infinity");
  EXPECT_EQ(error_of([] { assign(tensor({1, 2})); }), "[assign] costs must be (n, m), got (2)");
  EXPECT_EQ(error_of([] { assign(Tensor()); }), "[assign] costs must be (n, m), got an undefined tensor");
}

TEST(Assign, NothingToAssignIsNoPairs) {
  for (const Shape& shape : {Shape{0, 0}, Shape{0, 3}, Shape{3, 0}}) {
    const Assignment a = assign(zeros(shape));
    EXPECT_TRUE(a.rows.empty() && a.columns.empty());
    EXPECT_EQ(a.cost, 0);
  }
}

// Steps grow with n³: 300 rows take 27 million of them, 2^300 would never end.
TEST(Assign, HundredsOfRowsAreDone) {
  const Tensor costs = noise({300, 310}, 4, f64);
  expect_pairs(assign(costs), costs);
}

// ---- boxes ------------------------------------------------------------------------------------------------

TEST(Boxes, MiddlesAndCornersAndBack) {
  const Tensor middles = tensor({{0.5, 0.4, 0.2, 0.6}, {0.1, 0.9, 0.4, 0.1}}, f64);
  expect_close(corners_of(middles), tensor({{0.4, 0.1, 0.6, 0.7}, {-0.1, 0.85, 0.3, 0.95}}, f64), 1e-12);
  expect_close(middles_of(corners_of(middles)), middles, 1e-12);
}

TEST(Boxes, OverlapOfTheTwoThatTheListOfMistakesHas) {
  const Tensor a = corners_of(tensor({.5, .5, .4, .4}, f64)), b = corners_of(tensor({.6, .6, .4, .4}, f64));
  EXPECT_NEAR(iou(a, b).item(), 0.09 / 0.23, 1e-12);
  EXPECT_NEAR(giou(a, b).item(), 0.09 / 0.23 - 0.02 / 0.25, 1e-12);
  EXPECT_NEAR(giou(a, a).item(), 1, 1e-12);
}

TEST(Boxes, ThoseApartAreAsFarAsTheEmptyPartOfTheBoxAroundBoth) {
  const Tensor a = tensor({0, 0, 1, 1}, f64).set_requires_grad(), b = tensor({3, 0, 4, 1}, f64);
  EXPECT_EQ(iou(a.detach(), b).item(), 0);
  const Tensor far = giou(a, b);
  EXPECT_NEAR(far.item(), -0.5, 1e-12);
  far.backward();
  EXPECT_GT(a.grad().at({2}), 0) << "to the right is nearer";
  EXPECT_GT(giou(tensor({1, 0, 2, 1}, f64), b).item(), far.item());
}

TEST(Boxes, WithoutAreaThereIsNoNaN) {
  const Tensor point = tensor({.5, .5, .5, .5}, f64).set_requires_grad();
  const Tensor box = tensor({0, 0, 1, 1}, f64);
  EXPECT_EQ(iou(point, point).item(), 0);
  EXPECT_EQ(giou(point, box).item(), 0) << "the box around both is one of them";
  EXPECT_EQ(giou(point, point).item(), 0);
  giou(point, point).backward();
  for (const double g : point.grad().to_vector()) EXPECT_TRUE(std::isfinite(g));
}

TEST(Boxes, LeadingAxesBroadcast) {
  const Tensor a = corners_of(tensor({{.2, .2, .2, .2}, {.7, .6, .3, .5}, {.5, .5, .9, .9}})),
               b = corners_of(tensor({{.25, .2, .2, .3}, {.6, .6, .1, .1}}));
  const Tensor all = giou(a.unsqueeze(1), b.unsqueeze(0));
  ASSERT_EQ(all.shape(), (Shape{3, 2}));
  for (index_t i = 0; i < 3; ++i)
    for (index_t j = 0; j < 2; ++j) EXPECT_NEAR(all.at({i, j}), giou(a[i], b[j]).item(), 1e-6);
}

TEST(Boxes, RefuseOtherSizes) {
  EXPECT_EQ(error_of([] { iou(zeros({2, 3}), zeros({2, 4})); }), "[iou] boxes must be (..., 4), got (2, 3)");
  EXPECT_EQ(error_of([] { corners_of(zeros({5})); }), "[corners_of] boxes must be (..., 4), got (5)");
  EXPECT_EQ(error_of([] { giou(zeros({4}), Tensor()); }),
            "[giou] boxes must be (..., 4), got an undefined tensor");
}

TEST(Assign, CostsOfAnySizeAreAdded) {
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

TEST(Boxes, NaNStaysNaN) {
  const double nan = std::nan("");
  const Tensor box = tensor({0, 0, 1, 1}, f64);
  for (const DType dtype : {f32, f64})
    for (index_t i = 0; i < 4; ++i)
      for (const Tensor& other : {tensor({0, 0, 1, 1}, dtype), tensor({3, 3, 4, 4}, dtype),
                                  tensor({.5, .5, .5, .5}, dtype), tensor({1, 1, 0, 0}, dtype)}) {
        Tensor bad = other.clone();
        bad.set({i}, nan);
        for (const Tensor& y : {iou(bad, other), iou(other, bad), giou(bad, other), giou(other, bad),
                                iou(bad, bad), giou(bad, bad)})
          EXPECT_TRUE(std::isnan(y.item())) << bad << other;
        EXPECT_GE(isnan(corners_of(bad)).count(), 1);
        EXPECT_GE(isnan(middles_of(bad)).count(), 1);
      }
  // Of several boxes, only the pairs with a NaN.
  const Tensor a = tensor({{0, 0, 1, 1}, {0, nan, 1, 1}}, f64);
  const Mask found = isnan(iou(a.unsqueeze(1), box.expand({1, 3, 4})));
  EXPECT_EQ(found, Mask::of({{0, 0, 0}, {1, 1, 1}}));
  EXPECT_EQ(isnan(giou(a, box)), Mask::of({0, 1}));
}

TEST(Boxes, ErrorsNameTheFunctionAndTheBoxes) {
  const Tensor three = zeros({3, 4}), two = zeros({2, 4}), precise = zeros({3, 4}, f64);
  expect_contains(error_of([&] { iou(three, two); }), "[iou] shapes (3, 4) and (2, 4) do not broadcast");
  expect_contains(error_of([&] { giou(three, two); }), "[giou] shapes (3, 4) and (2, 4) do not broadcast");
  EXPECT_EQ(error_of([&] { iou(three, precise); }),
            "[iou] boxes are f32 and f64; dtypes must agree. Hint: convert one with to()");
  EXPECT_EQ(error_of([&] { giou(precise, three); }),
            "[giou] boxes are f64 and f32; dtypes must agree. Hint: convert one with to()");
}

TEST(Boxes, AnInfiniteSideIsNaNOnlyIfNoNumberIsRight) {
  const double inf = std::numeric_limits<double>::infinity();
  const Tensor quarter = tensor({0, 0, inf, inf}, f64), unit = tensor({0, 0, 1, 1}, f64);
  EXPECT_EQ(iou(quarter, unit).item(), 0);
  for (const Tensor& y : {giou(quarter, unit), iou(quarter, quarter), giou(quarter, quarter)})
    EXPECT_TRUE(std::isnan(y.item()));
}

TEST(Boxes, NoBoxesHaveNoOverlap) {
  EXPECT_EQ(giou(zeros({0, 1, 4}), zeros({1, 3, 4})).shape(), (Shape{0, 3}));
  EXPECT_EQ(iou(zeros({2, 1, 4}), zeros({1, 0, 4})).shape(), (Shape{2, 0}));
}

}  // namespace
}  // namespace heed::nn
