// embedding.h — a table with one vector per token id.
#pragma once

#include "autograd/ops.h"
#include "nn/module.h"

namespace heed::nn {

struct EmbeddingOptions {
  index_t num_embeddings = 0;  // V, the vocabulary size
  index_t embedding_dim = 0;   // C
  // The row of this id is initialised to zero and gets no gradient; -1: none.
  index_t padding_idx = -1;
};

// ids (...) in [0, V) -> (..., C). Initialised from N(0, 1).
struct Embedding : ModuleOf<Embedding> {
  EmbeddingOptions options;
  Tensor weight;  // (V, C)

  Embedding(EmbeddingOptions options, Generator& gen);
  Tensor forward(const IntTensor& ids) const { return embedding(weight, ids, options.padding_idx); }
  void visit(Visitor& v) override { v.parameter("weight", weight); }
  std::string type() const override { return "Embedding"; }
  std::string details() const override;
};

}  // namespace heed::nn
