#include "data/dataset.h"

#include <algorithm>
#include <cmath>
#include <numeric>

namespace heed::data {

static void check_set(const char* op, const Dataset& set) {
  check(set.images.defined() && set.images.rank() == 4, op,
        "images must be (N, channels, height, width), got ",
        set.images.defined() ? to_string(set.images.shape()) : "an undefined tensor");
  check(set.labels.rank() == 1 && set.labels.numel() == set.images.size(0), op, set.images.size(0),
        " images and labels ", set.labels.shape(), "; every image has one label");
  check(set.size() > 0, op, "the set is empty");
}

Dataset Dataset::rows(const IntTensor& rows) const {
  const NoGrad no_grad;
  return {index_select(images, 0, rows), labels.index_select(rows)};
}

// fraction * count rounded down, where the fraction is the decimal number that was written: the
// doubles nearest to it and to the product may lie a little below.
static index_t part_of(index_t count, double fraction) {
  const double part = fraction * static_cast<double>(count), nearest = std::round(part);
  const bool is_whole = std::abs(part - nearest) <= 1e-12 * std::abs(part);
  return static_cast<index_t>(is_whole ? nearest : part);
}

std::pair<Dataset, Dataset> split(const Dataset& set, double fraction, std::uint64_t seed) {
  check_set("split", set);
  const index_t first = fraction > 0 && fraction < 1 ? part_of(set.size(), fraction) : 0;
  check(first > 0 && first < set.size(), "split", "a fraction of ", fraction, " of ", set.size(),
        " samples leaves a part empty");
  IntTensor order = IntTensor::arange(0, set.size());
  Generator gen(seed);
  gen.shuffle(order.values());
  return {set.rows(order.slice(0, 0, first)), set.rows(order.slice(0, first, set.size()))};
}

Tensor random_shift(const Tensor& images, index_t pixels, Generator& gen) {
  check(images.defined() && images.rank() == 4, "random_shift",
        "images must be (B, channels, height, width)");
  check(pixels >= 0, "random_shift", "pixels cannot be negative, got ", pixels);
  const index_t batch = images.size(0), channels = images.size(1), height = images.size(2),
                width = images.size(3);
  const RandomBlock random = gen.take(static_cast<std::uint64_t>(2 * batch));
  const Tensor source = images.detach().contiguous();
  Tensor shifted = zeros(images.shape(), images.dtype());
  // The move in [-pixels, pixels] that number i asks for.
  const auto move = [&](index_t i) {
    const double u = random.uniform(static_cast<std::uint64_t>(i));
    return static_cast<index_t>(u * static_cast<double>(2 * pixels + 1)) - pixels;
  };
  for (index_t b = 0; b < batch; ++b) {
    const index_t down = move(2 * b), right = move(2 * b + 1);
    const auto part = [](index_t by, index_t size) {  // [from, to) of the target that has a source
      return std::pair{std::clamp<index_t>(by, 0, size), std::clamp<index_t>(size + by, 0, size)};
    };
    const auto [top, bottom] = part(down, height);
    const auto [left, end] = part(right, width);
    if (top >= bottom || left >= end) continue;
    for (index_t c = 0; c < channels; ++c)
      shifted[b][c]
          .slice(0, top, bottom)
          .slice(1, left, end)
          .copy_(source[b][c].slice(0, top - down, bottom - down).slice(1, left - right, end - right));
  }
  return shifted;
}

DataLoader::DataLoader(Dataset set, DataLoaderOptions options, Generator gen)
    : set_(std::move(set)), options_(options), base_(gen) {
  check_set("DataLoader", set_);
  check(options_.batch_size >= 1, "DataLoader", "batch_size must be at least 1, got ", options_.batch_size);
  check(options_.shift >= 0, "DataLoader", "shift cannot be negative, got ", options_.shift);
  check(options_.shift_probability >= 0 && options_.shift_probability <= 1, "DataLoader",
        "shift_probability must be in [0, 1], got ", options_.shift_probability);
  check(!options_.drop_last || set_.size() >= options_.batch_size, "DataLoader", "drop_last with a batch of ",
        options_.batch_size, " drops all ", set_.size(), " samples");
  set_epoch(0);
}

index_t DataLoader::batches() const {
  const index_t whole = set_.size() / options_.batch_size;
  return options_.drop_last || set_.size() % options_.batch_size == 0 ? whole : whole + 1;
}

// The n-th fork of a generator: a stream of its own that depends on the generator's state and n alone.
static Generator nth_fork(const Generator& from, std::int64_t n) {
  Generator base = from;
  auto state = base.state();
  state.forks += static_cast<std::uint64_t>(n);
  base.set_state(state);
  return base.fork();
}

DataLoader::Iterator DataLoader::begin() {
  ++epoch_number_;
  IntTensor order = IntTensor::arange(0, set_.size());
  if (options_.shuffle) {
    Generator gen = nth_fork(base_, epoch_number_);
    gen.shuffle(order.values());
  }
  epoch_ = std::make_shared<const Epoch>(Epoch{epoch_number_, std::move(order)});
  return {this, epoch_, 0};
}

void DataLoader::set_epoch(std::int64_t epoch) {
  check(epoch >= 0, "DataLoader", "an epoch cannot be negative, got ", epoch);
  epoch_number_ = epoch - 1;
}

Batch DataLoader::batch(index_t i) const {
  check(epoch_ != nullptr, "DataLoader", "no epoch has begun. Hint: begin() starts one");
  return batch(*epoch_, i);
}

Batch DataLoader::batch(const Epoch& epoch, index_t i) const {
  check(i >= 0 && i < batches(), "DataLoader", "batch ", i, " is out of range; an epoch has ", batches());
  const Dataset part =
      set_.rows(epoch.order.slice(0, i * options_.batch_size, (i + 1) * options_.batch_size));
  // Each batch has a generator of its own, so that a resumed epoch shifts as the whole one did.
  Generator gen = nth_fork(nth_fork(base_, epoch.number), i);
  const bool moves = options_.shift > 0 && gen.uniform() < options_.shift_probability;
  return {moves ? random_shift(part.images, options_.shift, gen) : part.images, part.labels};
}

}  // namespace heed::data
