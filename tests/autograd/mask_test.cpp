#include "autograd/mask.h"

#include <cmath>
#include <sstream>

#include "tests/testing.h"

namespace heed {
namespace {

TEST(Mask, CausalSeesThePastAndItself) {  // MK-07, MK-09, MK-10
  EXPECT_EQ(causal(3), Mask::of({{1, 0, 0}, {1, 1, 0}, {1, 1, 1}}));
  EXPECT_EQ(causal(2, 4), Mask::of({{1, 1, 1, 0}, {1, 1, 1, 1}})) << "the last query sees all keys";
  EXPECT_EQ(causal(0).numel(), 0);
}

TEST(Mask, PaddingHidesKeysAndNotQueries) {  // MK-12, MK-14
  EXPECT_EQ(padding({2, 0, 3}, 3), Mask::of({{{1, 1, 0}}, {{0, 0, 0}}, {{1, 1, 1}}}));
  EXPECT_EQ(not_padding(IntTensor{{5, 7, 0}, {0, 0, 0}}, 0), Mask::of({{{1, 1, 0}}, {{0, 0, 0}}}));
  EXPECT_EQ(error_of([] { padding({4}, 3); }), "[padding] length 4 of sample 0 must be in [0, 3]");
  EXPECT_EQ(error_of([] { padding({1, -1}, 3); }), "[padding] length -1 of sample 1 must be in [0, 3]");
  EXPECT_EQ(error_of([] { not_padding(IntTensor{1, 2}, 0); }), "[not_padding] ids must be (B, S), got (2)");
}

TEST(Mask, LogicBroadcasts) {
  const Mask both = causal(3) & padding({2, 3}, 3);
  EXPECT_EQ(both.shape(), (Shape{2, 3, 3}));
  EXPECT_FALSE(both.at({0, 2, 2}));
  EXPECT_TRUE(both.at({1, 2, 2}));
  EXPECT_EQ(!Mask::of({1, 0}), Mask::of({0, 1}));
  EXPECT_EQ(Mask::of({1, 0, 0}) | Mask::of({{0}, {1}}), Mask::of({{1, 0, 0}, {1, 1, 1}}));
  expect_contains(error_of([] {
                    Mask::of({1, 0}) & Mask::of({1, 0, 1});
                  }),
                  "[and] shapes (2) and (3) do not broadcast");
  EXPECT_EQ(error_of([] { !Mask(); }),
            "[not] this mask is undefined. Hint: a default-constructed Mask means that nothing is hidden");
}

TEST(Mask, IsReadAndReshaped) {
  const Mask m = Mask::of({{1, 0}, {1, 1}});
  EXPECT_EQ(m.count(), 3);
  EXPECT_EQ(m.reshape({-1}), Mask::of({1, 0, 1, 1}));
  EXPECT_EQ(m.unsqueeze(0).shape(), (Shape{1, 2, 2}));
  EXPECT_EQ(m.unsqueeze(-1).shape(), (Shape{2, 2, 1}));
  EXPECT_EQ(Mask::of({1, 0}).expand({2, 2}), Mask::of({{1, 0}, {1, 0}}));
  EXPECT_EQ(Mask::full({2}, true), Mask::of({1, 1}));
  EXPECT_EQ(error_of([] { Mask::of({2}); }), "[Mask] a mask is made of 0 and 1, got 2 at place 0");
  EXPECT_EQ(error_of([] { Mask(std::vector<std::uint8_t>{1}, {2}); }), "[Mask] 1 values do not fill (2)");
  EXPECT_EQ(error_of([&] { (void)m.unsqueeze(4); }), "[unsqueeze] axis 4 is out of range for (2, 2)");
  EXPECT_NE(error_of([&] { (void)m.expand({3, 3}); }), "");
  EXPECT_NE(error_of([&] { (void)m.at({0, 5}); }), "");
}

TEST(Mask, ComparisonsBroadcastAndKnowNaN) {
  const Tensor a = tensor({{1, 2, 3}}), b = tensor({{2}, {3}});
  EXPECT_EQ(a < b, Mask::of({{1, 0, 0}, {1, 1, 0}}));
  EXPECT_EQ(a <= b, Mask::of({{1, 1, 0}, {1, 1, 1}}));
  EXPECT_EQ(a > b, Mask::of({{0, 0, 1}, {0, 0, 0}}));
  EXPECT_EQ(a >= b, Mask::of({{0, 1, 1}, {0, 0, 1}}));
  EXPECT_EQ(equal(a, b), Mask::of({{0, 1, 0}, {0, 0, 1}}));
  EXPECT_EQ(equal(tensor({NAN, 1}), 1), Mask::of({0, 1}));
  EXPECT_EQ(isnan(tensor({NAN, 1})), Mask::of({1, 0}));
  EXPECT_EQ((a.transpose(0, 1) > 1.5), Mask::of({{0}, {1}, {1}}));
  EXPECT_NE(error_of([&] { (void)(a < ones({2})); }), "");
}

TEST(Mask, PrintsItsTruth) {
  std::ostringstream out;
  out << Mask::of({1, 0}) << Mask();
  EXPECT_EQ(out.str(), "tensor([ True, False])mask(undefined)");
}

}  // namespace
}  // namespace heed
