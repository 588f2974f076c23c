#include "data/text/batches.h"

#include <algorithm>
#include <set>

#include "tests/data/text/testing.h"

namespace heed::data {
namespace {

TEST(PadBatch, PadsToTheLongest) {
  const PaddedBatch b = pad_batch({{5, 6, 7}, {}, {8}}, {.pad = 9});
  EXPECT_EQ(b.ids, (IntTensor{{5, 6, 7}, {9, 9, 9}, {8, 9, 9}}));
  EXPECT_EQ(b.lengths, (Ids{3, 0, 1}));
}

TEST(PadBatch, TruncatesTheEndOrTheStart) {
  EXPECT_EQ(pad_batch({{1, 2, 3}, {4}}, {.max_length = 2}).ids, (IntTensor{{1, 2}, {4, 0}}));
  EXPECT_EQ(pad_batch({{1, 2, 3}, {4}}, {.max_length = 2, .keep_end = true}).ids,
            (IntTensor{{2, 3}, {4, 0}}));
  EXPECT_EQ(pad_batch({{1, 2, 3}, {4}}, {.max_length = 2}).lengths, (Ids{2, 1}));
  EXPECT_EQ(pad_batch({}).ids.shape(), (Shape{0, 0}));
  EXPECT_EQ(error_of([] { pad_batch({}, {.max_length = -1}); }),
            "[pad_batch] expected max_length >= 0, got -1");
}

TEST(BucketBatches, EveryIndexOnceAndLittlePadding) {
  Generator gen(4), lengths_gen(1);
  Ids lengths;
  for (int i = 0; i < 1003; ++i) lengths.push_back(static_cast<index_t>(lengths_gen.below(100)));
  const auto batches = bucket_batches(lengths, 8, gen, 20);
  std::multiset<index_t> seen;
  index_t padded = 0, tokens = 0;
  for (const auto& batch : batches) {
    ASSERT_TRUE(!batch.empty() && batch.size() <= 8);
    index_t longest = 0;
    for (const index_t i : batch) {
      seen.insert(i);
      tokens += lengths[static_cast<std::size_t>(i)];
      longest = std::max(longest, lengths[static_cast<std::size_t>(i)]);
    }
    padded += longest * static_cast<index_t>(batch.size());
  }
  EXPECT_EQ(seen.size(), 1003u);
  EXPECT_EQ(std::set<index_t>(seen.begin(), seen.end()).size(), 1003u);
  EXPECT_LT(static_cast<double>(padded), 1.1 * static_cast<double>(tokens))
      << "without sorting, the factor is 1.8";
}

TEST(BucketBatches, TheSameSeedGivesTheSameBatches) {
  const Ids lengths{3, 1, 4, 1, 5, 9, 2, 6};
  Generator a(7), b(7), c(8);
  EXPECT_EQ(bucket_batches(lengths, 3, a), bucket_batches(lengths, 3, b));
  EXPECT_NE(bucket_batches(lengths, 3, b), bucket_batches(lengths, 3, c));
  EXPECT_TRUE(bucket_batches({}, 3, a).empty());
  EXPECT_EQ(bucket_batches(lengths, 1'000'000'000'000'000'000, a).size(), 1u);
  EXPECT_EQ(error_of([&] { bucket_batches(lengths, 0, a); }),
            "[bucket_batches] expected batch_size >= 1 and batches_per_bucket >= 1, got 0 and 50");
}

}  // namespace
}  // namespace heed::data
