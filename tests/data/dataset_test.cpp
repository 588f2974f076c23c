#include "data/dataset.h"

#include <algorithm>
#include <cmath>
#include <set>

#include "tests/testing.h"

namespace heed::data {
namespace {

// n images of 3 x 3 pixels; image i is filled with i + 1 and has label i.
Dataset numbered(index_t n) {
  return {arange(1, static_cast<double>(n + 1)).reshape({n, 1, 1, 1}).expand({n, 1, 3, 3}).contiguous(),
          IntTensor::arange(0, n)};
}

TEST(Dataset, SplitIsRandomAndKeepsEverySample) {
  const auto [a, b] = split(numbered(10), 0.75, 4);
  EXPECT_EQ(a.size(), 7);
  EXPECT_EQ(b.size(), 3);
  std::set<index_t> seen(a.labels.values().begin(), a.labels.values().end());
  seen.insert(b.labels.values().begin(), b.labels.values().end());
  EXPECT_EQ(seen.size(), 10U);
  for (index_t i = 0; i < 3; ++i)
    EXPECT_EQ(b.images.at({i, 0, 1, 1}), b.labels[i] + 1) << "an image keeps its label";
  EXPECT_EQ(split(numbered(10), 0.75, 4).first.labels, a.labels);
  EXPECT_NE(split(numbered(10), 0.75, 5).first.labels, a.labels);
  EXPECT_EQ(error_of([] { split(numbered(10), 0.05, 0); }),
            "[split] expected two parts with at least one sample each, got a fraction of 0.05 of 10 samples");
  EXPECT_EQ(error_of([] { split(numbered(10), 1, 0); }),
            "[split] expected two parts with at least one sample each, got a fraction of 1 of 10 samples");
}

TEST(Dataset, SplitsADecimalFractionExactly) {
  for (const index_t percent : {1, 7, 28, 29, 55, 56, 57, 58, 99})
    EXPECT_EQ(split(numbered(100), static_cast<double>(percent) / 100, 0).first.size(), percent);
  EXPECT_EQ(split(numbered(100), 0.29, 0).first.size(), 29);
  EXPECT_EQ(split(numbered(100), 0.57, 0).first.size(), 57);
  EXPECT_EQ(split(numbered(100), 0.58, 0).first.size(), 58);
  EXPECT_EQ(split(numbered(100), 1 - 0.71, 0).first.size(), 29) << "the remainder of another fraction";
  EXPECT_EQ(split(numbered(10), 0.99, 0).first.size(), 9) << "other products are rounded down";
  EXPECT_EQ(split(numbered(3), 1.0 / 3, 0).first.size(), 1);
  EXPECT_EQ(error_of([] { split(numbered(10), -0.5, 0); }),
            "[split] expected two parts with at least one sample each, got a fraction of -0.5 of 10 samples");
  EXPECT_EQ(error_of([] { split(numbered(10), NAN, 0); }),
            "[split] expected two parts with at least one sample each, got a fraction of nan of 10 samples");
}

TEST(DataLoader, AnEpochVisitsEverySampleOnce) {
  for (const bool shuffle : {false, true}) {
    DataLoader loader(numbered(10), {.batch_size = 4, .shuffle = shuffle}, Generator(1));
    EXPECT_EQ(loader.batches(), 3);
    std::vector<index_t> seen, sizes;
    for (const auto& [images, labels] : loader) {
      sizes.push_back(labels.numel());
      for (index_t i = 0; i < labels.numel(); ++i) {
        seen.push_back(labels[i]);
        EXPECT_EQ(images.at({i, 0, 0, 0}), labels[i] + 1);
      }
    }
    EXPECT_EQ(sizes, (std::vector<index_t>{4, 4, 2})) << "the last batch is shorter";
    EXPECT_EQ(std::is_sorted(seen.begin(), seen.end()), !shuffle);
    std::sort(seen.begin(), seen.end());
    EXPECT_EQ(seen, IntTensor::arange(0, 10).values());
  }
  EXPECT_EQ(DataLoader(numbered(10), {.batch_size = 4, .drop_last = true}).batches(), 2);
}

std::vector<index_t> epoch_of(DataLoader& loader) {
  std::vector<index_t> order;
  for (const auto& batch : loader)
    order.insert(order.end(), batch.labels.values().begin(), batch.labels.values().end());
  return order;
}

TEST(DataLoader, OrderDependsOnlyOnSeedAndEpoch) {
  DataLoader a(numbered(20), {.batch_size = 6, .shuffle = true}, Generator(1)),
      b(numbered(20), {.batch_size = 3, .shuffle = true}, Generator(1));
  const auto first = epoch_of(a), second = epoch_of(a);
  EXPECT_NE(first, second);
  EXPECT_EQ(epoch_of(b), first) << "for any batch size";
  b.set_epoch(1);
  EXPECT_EQ(epoch_of(b), second) << "an epoch can be resumed";
  DataLoader other(numbered(20), {.batch_size = 6, .shuffle = true}, Generator(2));
  EXPECT_NE(epoch_of(other), first);
}

TEST(DataLoader, NestedLoopsHaveTheirOwnOrders) {
  DataLoader loader(numbered(20), {.batch_size = 6, .shuffle = true, .shift = 1}, Generator(1)),
      again(numbered(20), {.batch_size = 6, .shuffle = true, .shift = 1}, Generator(1));
  std::vector<std::vector<index_t>> inner;
  std::vector<index_t> outer;
  std::vector<std::vector<double>> outer_images;
  for (const auto& batch : loader) {
    outer.insert(outer.end(), batch.labels.values().begin(), batch.labels.values().end());
    outer_images.push_back(batch.images.to_vector());
    inner.push_back(epoch_of(loader));
  }
  std::vector<std::vector<double>> images;
  for (const auto& batch : again) images.push_back(batch.images.to_vector());
  EXPECT_EQ(outer_images, images) << "inner loops do not affect the outer loop";
  again.set_epoch(0);
  EXPECT_EQ(outer, epoch_of(again));
  for (const auto& order : inner) EXPECT_EQ(order, epoch_of(again)) << "each begin() starts the next epoch";
  EXPECT_EQ(loader.epoch(), 4);
}

TEST(DataLoader, IteratorsAreIndependent) {
  DataLoader loader(numbered(20), {.batch_size = 6, .shuffle = true}, Generator(1)),
      again(numbered(20), {.batch_size = 6, .shuffle = true}, Generator(1));
  auto a = loader.begin();
  auto b = loader.begin();
  const std::vector<index_t> first = epoch_of(again), second = epoch_of(again);
  const auto labels = [](const DataLoader::Iterator& i) { return (*i).labels.values(); };
  ++b;
  loader.set_epoch(7);
  EXPECT_EQ(labels(a), std::vector<index_t>(first.begin(), first.begin() + 6));
  EXPECT_EQ(labels(b), std::vector<index_t>(second.begin() + 6, second.begin() + 12));
  EXPECT_EQ(loader.batch(1).labels.values(), labels(b)) << "batch(i) belongs to the epoch that started last";
  auto copy = a;
  ++copy;
  EXPECT_EQ(labels(a), std::vector<index_t>(first.begin(), first.begin() + 6))
      << "advancing a copy does not advance the original";
}

TEST(RandomShift, ShiftsImagesAndFillsWithZeros) {
  Generator gen(3);
  const Tensor image = arange(1, 10).reshape({1, 1, 3, 3});
  std::set<std::vector<double>> seen;
  for (int i = 0; i < 300; ++i) seen.insert(random_shift(image, 1, gen).to_vector());
  EXPECT_EQ(seen.size(), 9U) << "three vertical times three horizontal shifts";
  EXPECT_TRUE(seen.contains(image.to_vector()));
  EXPECT_TRUE(seen.contains({0, 0, 0, 0, 1, 2, 0, 4, 5})) << "down and right by one";
  EXPECT_TRUE(seen.contains({5, 6, 0, 8, 9, 0, 0, 0, 0})) << "up and left by one";
  expect_same_bits(random_shift(image, 0, gen), image);
  EXPECT_EQ(random_shift(image, 9, gen).shape(), image.shape())
      << "a shift may exceed the width of the image";
  EXPECT_EQ(error_of([&] { random_shift(image, -1, gen); }), "[random_shift] expected pixels >= 0, got -1");
  EXPECT_EQ(error_of([&] {
              random_shift(ones({3, 3}), 1, gen);
            }),
            "[random_shift] expected images (B, channels, height, width), got (3, 3)");
}

TEST(DataLoader, ShiftsABatchWithTheGivenProbability) {
  DataLoader never(numbered(8), {.batch_size = 8, .shift = 1, .shift_probability = 0}, Generator(1)),
      always(numbered(8), {.batch_size = 8, .shift = 1}, Generator(1)),
      again(numbered(8), {.batch_size = 8, .shift = 1}, Generator(1));
  EXPECT_EQ((*never.begin()).images.to_vector(), numbered(8).images.to_vector());
  const Tensor moved = (*always.begin()).images;
  EXPECT_NE(moved.to_vector(), numbered(8).images.to_vector());
  expect_same_bits((*again.begin()).images, moved);
}

TEST(DataLoader, RejectsInvalidArguments) {
  EXPECT_EQ(error_of([] { DataLoader({}, {}); }),
            "[DataLoader] expected images (N, channels, height, width), got an undefined tensor");
  EXPECT_EQ(error_of([] {
              DataLoader({zeros({0, 1, 2, 2}), IntTensor()}, {});
            }),
            "[DataLoader] expected at least one image, got an empty dataset");
  EXPECT_EQ(error_of([] {
              DataLoader({zeros({3, 1, 2, 2}), IntTensor{1, 2}}, {});
            }),
            "[DataLoader] expected one label per image, got 3 images and labels (2)");
  EXPECT_EQ(error_of([] { DataLoader(numbered(3), {.batch_size = 0}); }),
            "[DataLoader] expected batch_size >= 1, got 0");
  EXPECT_EQ(error_of([] { DataLoader(numbered(3), {.batch_size = 4, .drop_last = true}); }),
            "[DataLoader] expected at least one full batch, got 3 samples for batches of 4; drop_last drops "
            "them all");
  EXPECT_EQ(error_of([] { DataLoader(numbered(3), {.shift = -1}); }),
            "[DataLoader] expected shift >= 0, got -1");
  EXPECT_EQ(error_of([] { DataLoader(numbered(3), {.shift_probability = 2}); }),
            "[DataLoader] expected shift_probability in [0, 1], got 2");
  EXPECT_EQ(error_of([] { DataLoader(numbered(3), {}).batch(0); }),
            "[DataLoader] no epoch has started. Hint: begin() starts one");
  EXPECT_EQ(error_of([] { DataLoader(numbered(3), {}).set_epoch(-1); }),
            "[DataLoader] expected an epoch >= 0, got -1");
  DataLoader loader(numbered(3), {});
  (void)loader.begin();
  EXPECT_EQ(error_of([&] { loader.batch(1); }), "[DataLoader] expected a batch in [0, 1), got 1");
}

}  // namespace
}  // namespace heed::data
