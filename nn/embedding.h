// embedding.h — a vector for each token id.
#pragma once

#include "autograd/ops.h"
#include "nn/module.h"

namespace heed::nn {

struct EmbeddingOptions {
  index_t num_embeddings = 0;  // V, how many ids there are
  index_t embedding_dim = 0;   // C
  index_t padding_idx = -1;    // this id's row starts at zero and gets no gradient; -1: none
};

// ids (...) in [0, V) -> (..., C). Starts from N(0, 1).
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
