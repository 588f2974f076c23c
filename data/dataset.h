// dataset.h — pictures with labels, and the loader that hands them out in batches.
#pragma once

#include <cstdint>
#include <memory>
#include <utility>
#include <vector>

#include "autograd/autograd.h"

namespace heed::data {

struct Dataset {
  Tensor images;     // (N, channels, height, width), f32
  IntTensor labels;  // (N)

  index_t size() const { return labels.numel(); }
  // The samples that `rows` names, in that order.
  Dataset rows(const IntTensor& rows) const;
};

// Two parts by a random order that depends on the seed alone: the first holds `fraction` of the
// samples, rounded down; 0.29 of 100 are 29, although the product of the doubles is below 29.
// Throws "[split] …" if a part is empty.
std::pair<Dataset, Dataset> split(const Dataset& set, double fraction, std::uint64_t seed);

struct Batch {
  Tensor images;
  IntTensor labels;
};

// Each picture moved by a random whole number of pixels, from -pixels to pixels in each direction, with 0
// moving in. images (B, channels, height, width). Picture i's move depends on the generator and i alone.
Tensor random_shift(const Tensor& images, index_t pixels, Generator& gen);

struct DataLoaderOptions {
  index_t batch_size = 32;
  bool shuffle = false;
  bool drop_last = false;          // else the last batch may be shorter
  index_t shift = 0;               // augmentation: random_shift by up to so many pixels …
  double shift_probability = 1.0;  // … of a batch, with this probability; else it comes as it is
};

// for (const auto& [images, labels] : loader) { … } is one epoch; the next loop is the next, in another
// order. The order is a function of the generator's seed and the epoch. Every loop keeps its own
// order, so loops over one loader may be nested; each begin() starts an epoch.
class DataLoader {
 public:
  // Throws "[DataLoader] …" for an empty set, counts that differ, a batch size below 1.
  DataLoader(Dataset set, DataLoaderOptions options, Generator gen = Generator(0));

  index_t batches() const;  // in one epoch
  const Dataset& dataset() const { return set_; }

  // The order of one epoch, shared by the loader and the iterators of that epoch.
  struct Epoch {
    std::int64_t number;
    IntTensor order;
  };
  class Iterator {
   public:
    Batch operator*() const { return loader_->batch(*epoch_, batch_); }
    Iterator& operator++() {
      ++batch_;
      return *this;
    }
    bool operator!=(const Iterator& other) const { return batch_ != other.batch_; }

   private:
    friend class DataLoader;
    Iterator(const DataLoader* loader, std::shared_ptr<const Epoch> epoch, index_t batch)
        : loader_(loader), epoch_(std::move(epoch)), batch_(batch) {}
    const DataLoader* loader_;
    std::shared_ptr<const Epoch> epoch_;
    index_t batch_;
  };
  Iterator begin();  // starts the next epoch
  Iterator end() { return {this, nullptr, batches()}; }

  // Where the loader stands, for checkpoints: the epoch that is running (-1: none yet).
  std::int64_t epoch() const { return epoch_number_; }
  void set_epoch(std::int64_t epoch);  // the epoch that the next begin() starts
  Batch batch(index_t i) const;        // batch i of the epoch that began last

 private:
  Batch batch(const Epoch& epoch, index_t i) const;
  Dataset set_;
  DataLoaderOptions options_;
  Generator base_;  // never drawn from: epochs fork from a copy
  std::int64_t epoch_number_ = -1;
  std::shared_ptr<const Epoch> epoch_;  // that began last
};

}  // namespace heed::data
