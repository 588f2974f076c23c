// dataset.h — labelled images, and a loader that splits them into batches.
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
  // Returns the samples with these indices, in this order.
  Dataset select(const IntTensor& indices) const;
};

// Splits a dataset at random into two parts. The split uses only the seed. The first part contains
// `fraction` of the samples, rounded down; 0.29 of 100 samples are 29, although the product of the
// doubles is below 29. Throws "[split] …" if a part is empty.
std::pair<Dataset, Dataset> split(const Dataset& dataset, double fraction, std::uint64_t seed);

struct Batch {
  Tensor images;
  IntTensor labels;
};

// Shifts each image by a random integer from -pixels to pixels in each direction and fills with
// zeros. Shape: images (B, channels, height, width) -> same. The shift of image i depends only on
// the generator and i.
Tensor random_shift(const Tensor& images, index_t pixels, Generator& gen);

struct DataLoaderOptions {
  index_t batch_size = 32;
  bool shuffle = false;
  bool drop_last = false;          // drop the last batch if it is shorter than batch_size
  index_t shift = 0;               // augmentation: the maximum number of pixels of random_shift
  double shift_probability = 1.0;  // the probability with which a batch is shifted
};

// Iterates over a dataset in batches:
//
//   for (const auto& [images, labels] : loader) { … }  // one epoch
//
// Each begin() starts the next epoch, in a new order with `shuffle`. The order depends only on the
// generator's seed and the number of the epoch. Every iterator keeps the order of its epoch, so
// loops over the same loader may be nested.
class DataLoader {
 public:
  // Throws "[DataLoader] …" for an empty dataset, different numbers of images and labels, or an
  // option out of range.
  DataLoader(Dataset dataset, DataLoaderOptions options, Generator gen = Generator(0));

  index_t batches() const;  // in one epoch
  const Dataset& dataset() const { return dataset_; }

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

  // The number of the current epoch, for checkpoints; -1 before the first begin().
  std::int64_t epoch() const { return epoch_number_; }
  void set_epoch(std::int64_t epoch);  // sets the epoch that the next begin() starts
  Batch batch(index_t i) const;        // returns batch i of the epoch that started last

 private:
  Batch batch(const Epoch& epoch, index_t i) const;
  Dataset dataset_;
  DataLoaderOptions options_;
  Generator base_;  // never advanced: each epoch forks a copy of it
  std::int64_t epoch_number_ = -1;
  std::shared_ptr<const Epoch> epoch_;  // the epoch that started last
};

}  // namespace heed::data
