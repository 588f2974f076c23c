#include "autograd/random.h"

#include <algorithm>
#include <set>

#include "tests/testing.h"

namespace heed {
namespace {

TEST(Random, NumbersOfABlockDoNotDependOnTheOrderOfReading) {
  Generator gen(3);
  const RandomBlock block = gen.take(10);
  std::vector<std::uint64_t> forward, backward;
  for (std::uint64_t i = 0; i < 10; ++i) forward.push_back(block.bits(i));
  for (std::uint64_t i = 10; i-- > 0;) backward.push_back(block.bits(i));
  std::reverse(backward.begin(), backward.end());
  EXPECT_EQ(forward, backward);
  EXPECT_EQ(std::set<std::uint64_t>(forward.begin(), forward.end()).size(), 10U);
}

TEST(Random, BlocksAreConsecutive) {
  Generator a(3), b(3);
  const RandomBlock both = a.take(7);
  b.take(4);
  EXPECT_EQ(b.take(3).bits(1), both.bits(5));
}

TEST(Random, ForksAreIndependentAndReproducible) {
  Generator a(3), b(3);
  Generator first = a.fork(), second = a.fork(), again = b.fork();
  EXPECT_EQ(first.take(1).bits(0), again.take(1).bits(0));
  EXPECT_NE(Generator(first).take(1).bits(0), second.take(1).bits(0));
  EXPECT_EQ(a.take(1).bits(0), Generator(3).take(1).bits(0)) << "fork uses no numbers";
}

TEST(Random, StateIsCompleteAndCanBeRestored) {
  Generator a(3);
  a.take(5);
  (void)a.fork();
  Generator b(0);
  b.set_state(a.state());
  EXPECT_EQ(a.state(), b.state());
  EXPECT_EQ(a.normal(), b.normal());
  EXPECT_EQ(a.fork().uniform(), b.fork().uniform());
}

TEST(Random, BelowIsUniform) {
  Generator gen(9);
  std::vector<int> counts(7);
  for (int i = 0; i < 70'000; ++i) ++counts[gen.below(7)];
  for (const int count : counts) EXPECT_NEAR(count, 10'000, 400);
  EXPECT_EQ(gen.below(1), 0U);
  EXPECT_EQ(error_of([&] { gen.below(0); }), "[Generator] expected n >= 1 for below(n), got 0");
}

TEST(Random, ShuffleKeepsEveryItem) {
  Generator gen(1);
  std::vector<int> items = {1, 2, 3, 4, 5, 6, 7, 8};
  auto shuffled = items;
  gen.shuffle(shuffled);
  EXPECT_NE(shuffled, items);
  std::sort(shuffled.begin(), shuffled.end());
  EXPECT_EQ(shuffled, items);
  std::vector<int> none;
  gen.shuffle(none);
  EXPECT_TRUE(none.empty());
}

}  // namespace
}  // namespace heed
