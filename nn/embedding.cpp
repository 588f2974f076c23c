#include "nn/embedding.h"

#include "nn/init.h"

namespace heed::nn {

Embedding::Embedding(EmbeddingOptions o, Generator& gen) : options(o) {
  check(o.num_embeddings >= 1 && o.embedding_dim >= 1, "Embedding",
        "expected num_embeddings and embedding_dim of at least 1, got ", o.num_embeddings, " and ",
        o.embedding_dim);
  check(o.padding_idx >= -1 && o.padding_idx < o.num_embeddings, "Embedding", "expected padding_idx in [0, ",
        o.num_embeddings, "), or -1 for none, got ", o.padding_idx);
  weight = parameter({o.num_embeddings, o.embedding_dim});
  init::normal(weight, gen);
  if (o.padding_idx < 0) return;
  const NoGrad no_grad;
  weight.select(0, o.padding_idx).zero_();
}

std::string Embedding::details() const {
  return concat("num_embeddings=", options.num_embeddings, ", embedding_dim=", options.embedding_dim,
                options.padding_idx < 0 ? "" : concat(", padding_idx=", options.padding_idx));
}

}  // namespace heed::nn
