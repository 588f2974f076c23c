// cache_diagram.h — the diagram of lesson 10_gpt: one step of generation with the KV cache.
#pragma once

#include <cmath>

#include "lessons/support/diagram.h"
#include "lessons/support/lesson.h"
#include "nn/models/gpt.h"

namespace heed::lessons {

// The tensors of the first block for one new token.
struct CachedStep {
  Tensor x, q, k, v;    // of the new token
  Tensor keys, values;  // of all tokens, from the cache
  Tensor weights, heads, output;
  Tensor all;  // x of all tokens, which would be computed without the cache
};

// ids (1, T): all but the last token are in the cache when the last one is processed.
inline CachedStep cached_step(nn::GPT& gpt, const IntTensor& ids) {
  const index_t tokens = ids.size(1), heads = gpt.options.nhead, d = gpt.options.d_model / heads;
  nn::KVCache cache;
  gpt.forward(ids.slice(1, 0, tokens - 1), cache);
  gpt.forward(ids.slice(1, tokens - 1, tokens), cache);
  nn::GPTBlock& block = gpt.h[0];
  CachedStep step;
  step.all = gpt.wte(ids) + gpt.wpe.weight.slice(0, 0, tokens);
  step.x = step.all.slice(1, tokens - 1);
  const std::vector<Tensor> parts = chunk(block.attn.c_attn(block.ln_1(step.x)), 3, -1);
  const auto split = [&](const Tensor& t) { return t.reshape({1, 1, heads, d}).transpose(1, 2); };
  step.q = split(parts[0]);
  step.k = split(parts[1]);
  step.v = split(parts[2]);
  step.keys = cache.layers[0].self_attn.keys.slice(2, 0, cache.length);
  step.values = cache.layers[0].self_attn.values.slice(2, 0, cache.length);
  check(max_abs_difference(step.keys.slice(2, tokens - 1), step.k) < 1e-5, "cache_diagram",
        "expected the new key at the end of the cache");
  const AttentionResult attended = attention(step.q, step.keys, step.values, {});
  step.weights = attended.weights;
  step.heads = attended.output;
  step.output = block.attn.c_proj(step.heads.transpose(1, 2).reshape(step.x.shape()));
  return step;
}

// `names` are the tokens of `ids` (1, T).
inline std::string cache_diagram(nn::GPT& gpt, const IntTensor& ids, const std::vector<std::string>& names) {
  const nn::EvaluationMode evaluation(gpt);
  const CachedStep step = cached_step(gpt, ids);
  const index_t tokens = ids.size(1);
  Diagram diagram("One token with the KV cache",
                  "Only the new token is computed. Its key and its value are appended to the cached ones, "
                  "and its query attends to all of them.",
                  440);
  constexpr double left = 78, centre = 220, right = 362, width = 124;
  const auto is_new = [&](index_t, index_t c) { return c == tokens - 1; };
  const double side = std::min(28.0, 280 / static_cast<double>(tokens));
  const DiagramBox sequence =
      diagram.cells(centre, 62,
                    {.columns = tokens,
                     .side = side,
                     .name = [&](index_t, index_t c) { return names[static_cast<std::size_t>(c)]; },
                     .accent = is_new});
  diagram.note(centre, sequence.bottom() + 18,
               concat(tokens - 1, " tokens with cached keys and values, and a new one"), true);

  DiagramColumn column(diagram, centre, sequence.bottom() + 38, 200);
  column.tensor("x of the new token", step.x.shape());
  const DiagramBox project = column.op("LayerNorm\nlinear, split into heads");
  const double y = column.y() + 6;
  const DiagramBox q = diagram.tensor(left, y, width, "q", step.q.shape());
  diagram.arrow(project, q);
  DiagramBox cached[2];
  const std::pair<const Tensor*, const Tensor*> parts[] = {{&step.k, &step.keys}, {&step.v, &step.values}};
  for (const int i : {0, 1}) {
    DiagramColumn below(diagram, i == 0 ? centre : right, y, width);
    diagram.arrow(project, below.tensor(i == 0 ? "k" : "v", parts[i].first->shape()));
    below.cells({.columns = tokens, .side = width / static_cast<double>(tokens), .accent = is_new});
    cached[i] = below.tensor(i == 0 ? "keys" : "values", parts[i].second->shape());
  }

  const double row = cached[0].bottom() + 22, middle = (left + centre) / 2;
  const DiagramBox score =
      diagram.op(middle, row, 264, concat("softmax(q · keysᵀ / √", step.q.size(-1), ")"));
  diagram.arrow(q, score);
  diagram.arrow(cached[0], score);
  const DiagramBox weights =
      diagram.tensor(middle, score.bottom() + 20, 150, "weights", step.weights.shape());
  diagram.arrow(score, weights);
  const DiagramBox mix =
      diagram.op((middle + right) / 2, weights.bottom() + 20, right - middle + 60, "weights · values");
  diagram.arrow(weights, mix);
  diagram.arrow(cached[1], mix);
  DiagramColumn last(diagram, mix.x, mix.bottom() + 20, 200);
  diagram.arrow(mix, last.tensor("heads", step.heads.shape()));
  last.op("merge heads, linear");
  const DiagramBox output = last.tensor("output", step.output.shape());
  diagram.note(20, output.bottom() + 30, "(B, T, C), or (B, H, T, D) with C = H · D");
  diagram.note(20, output.bottom() + 48, concat("Without the cache, x has all tokens: ", step.all.shape()));
  return diagram.svg();
}

}  // namespace heed::lessons
