// batches.h — texts of different lengths in one tensor.
#pragma once

#include <vector>

#include "autograd/int_tensor.h"
#include "autograd/random.h"

namespace heed::data {

struct PadOptions {
  index_t pad = 0;
  index_t max_length = 0;  // longer texts lose their end (or begin); 0: as long as the longest
  bool keep_end = false;   // of a text that is too long, keep the last words
};

struct PaddedBatch {
  IntTensor ids;                 // (B, S), S the longest of this batch
  std::vector<index_t> lengths;  // (B), for padding(lengths, S) and for networks that read step by step
};

PaddedBatch pad_batch(const std::vector<std::vector<index_t>>& texts, const PadOptions& options = {});

// Batches of texts of similar lengths, so that little is padded: every index once, a short batch at the end of a
// bucket. Shuffled twice: which texts meet, and in which order the batches come. The same generator, the same batches.
std::vector<std::vector<index_t>> bucket_batches(const std::vector<index_t>& lengths, index_t batch_size,
                                                 Generator& gen, index_t batches_a_bucket = 50);

}  // namespace heed::data
