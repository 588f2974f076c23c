#include "nn/models/transformer_classifier.h"

#include <algorithm>
#include <cmath>

namespace heed::nn {

Tensor masked_mean(const Tensor& x, const Mask& real) {
  check(x.defined() && x.rank() == 3 && real.defined() && real.shape() == Shape{x.size(0), x.size(1)},
        "masked_mean", "expected x (B, T, C) and real (B, T), got ", x, " and ", real);
  const index_t batch = x.size(0), time = x.size(1);
  std::vector<double> counts;
  for (index_t b = 0; b < batch; ++b) {
    const auto row = real.data() + b * time;
    const auto count = static_cast<double>(std::count(row, row + time, 1));
    counts.push_back(std::max<double>(1, count));  // avoids 0 / 0
  }
  return sum(masked_fill(x, !real.unsqueeze(2), 0), 1) / from_vector(counts, {batch, 1}, x.dtype());
}

TransformerClassifier::TransformerClassifier(TransformerClassifierOptions o, Generator& gen)
    : options(o),
      embedding({.num_embeddings = o.vocab_size, .embedding_dim = o.d_model, .padding_idx = o.padding_idx},
                gen),
      pos_encoder({.d_model = o.d_model, .dropout = o.dropout, .max_len = o.max_len, .batch_first = true},
                  gen),
      transformer({.layer = {.d_model = o.d_model,
                             .nhead = o.nhead,
                             .dim_feedforward = o.dim_feedforward,
                             .dropout = o.dropout,
                             .activation = o.activation,
                             .batch_first = true,
                             .norm_first = o.norm_first},
                   .num_layers = o.num_layers,
                   .norm = o.norm_first},
                  gen),
      fc({.in = o.d_model, .out = o.num_classes}, gen) {}

Tensor TransformerClassifier::forward(const IntTensor& ids) { return classify(ids, nullptr); }

OutputWithAttention TransformerClassifier::forward_with_attention(const IntTensor& ids) {
  OutputWithAttention result;
  result.output = classify(ids, &result.weights);
  return result;
}

Tensor TransformerClassifier::classify(const IntTensor& ids, AttentionMaps* maps) {
  check(ids.rank() == 2, "TransformerClassifier", "expected ids (B, T), got ", ids);
  const bool padded = options.padding_idx >= 0;
  const Mask keys = padded ? not_padding(ids, options.padding_idx) : Mask();  // (B, 1, T)
  const Mask real = padded ? keys.reshape(ids.shape()) : Mask::full(ids.shape(), true);

  Tensor x = embedding(ids);
  // The row of padding_idx is zero unless the caller has changed it.
  if (padded && sum(abs(embedding.weight.detach().select(0, options.padding_idx))).item() != 0)
    x = masked_fill(x, !real.unsqueeze(2), 0);
  x = x * std::sqrt(static_cast<double>(options.d_model));
  x = pos_encoder(x);
  x = transformer.forward(x, {.mask = keys, .maps = maps});
  return fc(masked_mean(x, real));
}

void TransformerClassifier::visit(Visitor& v) {
  v.child("embedding", embedding);
  v.child("pos_encoder", pos_encoder);
  v.child("transformer", transformer);
  v.child("fc", fc);
}

}  // namespace heed::nn
