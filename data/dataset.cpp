#include "data/dataset.h"

#include <algorithm>
#include <cmath>
#include <numeric>

namespace heed::data {

static void check_dataset(const char* op, const Dataset& dataset) {
  check(dataset.images.defined() && dataset.images.rank() == 4, op,
        "expected images (N, channels, height, width), got ", dataset.images);
  check(dataset.labels.rank() == 1 && dataset.labels.numel() == dataset.images.size(0), op,
        "expected one label per image, got ", dataset.images.size(0), " images and labels ", dataset.labels);
  check(dataset.size() > 0, op, "expected at least one image, got an empty dataset");
}

Dataset Dataset::select(const IntTensor& indices) const {
  const NoGrad no_grad;
  return {index_select(images, 0, indices), labels.index_select(indices)};
}

// Returns fraction * count, rounded down. A product within rounding error of an integer counts as
// that integer: 0.29 * 100 is slightly below 29 in binary floating point.
static index_t part_of(index_t count, double fraction) {
  const double part = fraction * static_cast<double>(count), nearest = std::round(part);
  const bool is_integer = std::abs(part - nearest) <= 1e-12 * std::abs(part);
  return static_cast<index_t>(is_integer ? nearest : part);
}

std::pair<Dataset, Dataset> split(const Dataset& dataset, double fraction, std::uint64_t seed) {
  check_dataset("split", dataset);
  const index_t size = dataset.size();
  const index_t first = fraction > 0 && fraction < 1 ? part_of(size, fraction) : 0;
  check(first > 0 && first < size, "split",
        "expected two parts with at least one sample each, got a fraction of ", fraction, " of ", size,
        " samples");
  IntTensor order = IntTensor::arange(0, size);
  Generator gen(seed);
  gen.shuffle(order.values());
  return {dataset.select(order.slice(0, 0, first)), dataset.select(order.slice(0, first, size))};
}

Tensor random_shift(const Tensor& images, index_t pixels, Generator& gen) {
  check(images.defined() && images.rank() == 4, "random_shift",
        "expected images (B, channels, height, width), got ", images);
  check(pixels >= 0, "random_shift", "expected pixels >= 0, got ", pixels);
  const index_t batch = images.size(0), channels = images.size(1), height = images.size(2),
                width = images.size(3);
  const RandomBlock random = gen.take(static_cast<std::uint64_t>(2 * batch));
  const Tensor source = images.detach().contiguous();
  Tensor shifted = zeros(images.shape(), images.dtype());
  // Random offset i, uniform in [-pixels, pixels].
  const auto offset = [&](index_t i) {
    const double u = random.uniform(static_cast<std::uint64_t>(i));
    return static_cast<index_t>(u * static_cast<double>(2 * pixels + 1)) - pixels;
  };
  for (index_t b = 0; b < batch; ++b) {
    const index_t down = offset(2 * b), across = offset(2 * b + 1);
    // The rows or columns [begin, end) of the result that come from inside the image; the rest
    // stays 0.
    const auto inside = [](index_t by, index_t size) {
      return std::pair{std::clamp<index_t>(by, 0, size), std::clamp<index_t>(size + by, 0, size)};
    };
    const auto [top, bottom] = inside(down, height);
    const auto [left, end] = inside(across, width);
    if (top >= bottom || left >= end) continue;
    for (index_t c = 0; c < channels; ++c)
      shifted[b][c]
          .slice(0, top, bottom)
          .slice(1, left, end)
          .copy_(source[b][c].slice(0, top - down, bottom - down).slice(1, left - across, end - across));
  }
  return shifted;
}

DataLoader::DataLoader(Dataset dataset, DataLoaderOptions options, Generator gen)
    : dataset_(std::move(dataset)), options_(options), base_(gen) {
  check_dataset("DataLoader", dataset_);
  check(options_.batch_size >= 1, "DataLoader", "expected batch_size >= 1, got ", options_.batch_size);
  check(options_.shift >= 0, "DataLoader", "expected shift >= 0, got ", options_.shift);
  check(options_.shift_probability >= 0 && options_.shift_probability <= 1, "DataLoader",
        "expected shift_probability in [0, 1], got ", options_.shift_probability);
  check(!options_.drop_last || dataset_.size() >= options_.batch_size, "DataLoader",
        "expected at least one full batch, got ", dataset_.size(), " samples for batches of ",
        options_.batch_size, "; drop_last drops them all");
  set_epoch(0);
}

index_t DataLoader::batches() const {
  const index_t full = dataset_.size() / options_.batch_size;
  return options_.drop_last || dataset_.size() % options_.batch_size == 0 ? full : full + 1;
}

// Returns the n-th fork of a generator: an independent stream that depends only on the generator's
// state and n.
static Generator nth_fork(const Generator& from, std::int64_t n) {
  Generator base = from;
  auto state = base.state();
  state.forks += static_cast<std::uint64_t>(n);
  base.set_state(state);
  return base.fork();
}

DataLoader::Iterator DataLoader::begin() {
  ++epoch_number_;
  IntTensor order = IntTensor::arange(0, dataset_.size());
  if (options_.shuffle) {
    Generator gen = nth_fork(base_, epoch_number_);
    gen.shuffle(order.values());
  }
  epoch_ = std::make_shared<const Epoch>(Epoch{epoch_number_, std::move(order)});
  return {this, epoch_, 0};
}

void DataLoader::set_epoch(std::int64_t epoch) {
  check(epoch >= 0, "DataLoader", "expected an epoch >= 0, got ", epoch);
  epoch_number_ = epoch - 1;
}

Batch DataLoader::batch(index_t i) const {
  check(epoch_ != nullptr, "DataLoader", "no epoch has started. Hint: begin() starts one");
  return batch(*epoch_, i);
}

Batch DataLoader::batch(const Epoch& epoch, index_t i) const {
  check(i >= 0 && i < batches(), "DataLoader", "expected a batch in [0, ", batches(), "), got ", i);
  const Dataset part =
      dataset_.select(epoch.order.slice(0, i * options_.batch_size, (i + 1) * options_.batch_size));
  // Each batch uses its own generator, so a resumed epoch shifts its batches exactly as an
  // uninterrupted one.
  Generator gen = nth_fork(nth_fork(base_, epoch.number), i);
  const bool shifts = options_.shift > 0 && gen.uniform() < options_.shift_probability;
  return {shifts ? random_shift(part.images, options_.shift, gen) : part.images, part.labels};
}

}  // namespace heed::data
