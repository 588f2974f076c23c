#include "data/text/batches.h"

#include <algorithm>
#include <numeric>

#include "autograd/error.h"

namespace heed::data {

PaddedBatch pad_batch(const std::vector<std::vector<index_t>>& sequences, const PadOptions& options) {
  check(options.max_length >= 0, "pad_batch", "expected max_length >= 0, got ", options.max_length);
  PaddedBatch batch;
  index_t longest = 0;
  for (const auto& sequence : sequences) {
    const auto length = static_cast<index_t>(sequence.size());
    batch.lengths.push_back(options.max_length > 0 ? std::min(length, options.max_length) : length);
    longest = std::max(longest, batch.lengths.back());
  }
  const auto width = static_cast<std::size_t>(longest);
  std::vector<index_t> ids(sequences.size() * width, options.pad);
  for (std::size_t i = 0; i < sequences.size(); ++i) {
    const auto length = static_cast<std::ptrdiff_t>(batch.lengths[i]);
    const auto begin = options.keep_end ? sequences[i].end() - length : sequences[i].begin();
    std::copy(begin, begin + length, ids.begin() + static_cast<std::ptrdiff_t>(i * width));
  }
  batch.ids = IntTensor(std::move(ids), {static_cast<index_t>(sequences.size()), longest});
  return batch;
}

std::vector<std::vector<index_t>> bucket_batches(const std::vector<index_t>& lengths, index_t batch_size,
                                                 Generator& gen, index_t batches_per_bucket) {
  check(batch_size >= 1 && batches_per_bucket >= 1, "bucket_batches",
        "expected batch_size >= 1 and batches_per_bucket >= 1, got ", batch_size, " and ",
        batches_per_bucket);
  std::vector<index_t> order(lengths.size());
  std::iota(order.begin(), order.end(), index_t{0});
  gen.shuffle(order);
  // Equals std::min(batch_size * batches_per_bucket, size), but the product cannot overflow.
  const auto size = static_cast<index_t>(order.size());
  const index_t bucket =
      batch_size > size / batches_per_bucket ? std::max<index_t>(size, 1) : batch_size * batches_per_bucket;
  std::vector<std::vector<index_t>> batches;
  for (index_t begin = 0; begin < size; begin += bucket) {
    const index_t end = std::min(begin + bucket, size);
    std::stable_sort(order.begin() + begin, order.begin() + end, [&](index_t a, index_t b) {
      return lengths[static_cast<std::size_t>(a)] < lengths[static_cast<std::size_t>(b)];
    });
    for (index_t i = begin; i < end; i += std::min(batch_size, end - i))
      batches.emplace_back(order.begin() + i, order.begin() + std::min(i + batch_size, end));
  }
  gen.shuffle(batches);
  return batches;
}

}  // namespace heed::data
