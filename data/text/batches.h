// batches.h — pads sequences of different lengths into one tensor, and groups similar lengths into batches.
#pragma once

#include <vector>

#include "autograd/int_tensor.h"
#include "autograd/random.h"

namespace heed::data {

struct PadOptions {
  index_t pad = 0;         // the id of the padding token
  index_t max_length = 0;  // longer sequences are truncated; 0: no limit
  bool keep_end = false;   // truncate the start of a sequence instead of its end
};

struct PaddedBatch {
  IntTensor ids;                 // (B, S); S is the longest length in the batch
  std::vector<index_t> lengths;  // (B), after truncation; for padding(lengths, S) and recurrent networks
};

PaddedBatch pad_batch(const std::vector<std::vector<index_t>>& sequences, const PadOptions& options = {});

// Groups sequences of similar lengths into batches, which keeps padding small. Returns the indices
// of each batch; every index occurs once, and the last batch of a bucket may be shorter. Both the
// composition of the batches and their order are random; they depend only on the generator.
std::vector<std::vector<index_t>> bucket_batches(const std::vector<index_t>& lengths, index_t batch_size,
                                                 Generator& gen, index_t batches_per_bucket = 50);

}  // namespace heed::data
