#include <algorithm>
#include <cmath>

#include "lessons/01_why_attention/exercises.h"
#include "nn/additive_attention.h"
#include "tests/lessons/answers/answers.h"

namespace heed::exercise {
namespace {

using Weights = AdditiveWeights;

Tensor scores_of(const PaddedStates& decoder, const PaddedStates& encoder, const Weights& w) {
  return matmul(tanh(linear(decoder.states, w.W_q).unsqueeze(2) + linear(encoder.states, w.W_k).unsqueeze(1)),
                w.v);
}
Mask words_of(const PaddedStates& encoder) { return padding(encoder.lengths, encoder.states.size(1)); }
Tensor reference(const PaddedStates& decoder, const PaddedStates& encoder, const Tensor& values,
                 const Weights& w) {
  return matmul(masked_softmax(scores_of(decoder, encoder, w), words_of(encoder)), values);
}
Tensor unmasked(const PaddedStates& decoder, const PaddedStates& encoder, const Tensor& values,
                const Weights& w) {
  return matmul(softmax(scores_of(decoder, encoder, w), -1), values);
}
// Attention for sequence b alone, without the padding of its source.
Tensor of_sequence(const PaddedStates& decoder, const PaddedStates& encoder, const Tensor& values,
                   const Weights& w, index_t b) {
  const index_t S = encoder.lengths[static_cast<std::size_t>(b)];
  if (S == 0) return zeros({decoder.states.size(1), values.size(2)}, values.dtype());
  const Tensor q = matmul(decoder.states[b], w.W_q.transpose(0, 1)).unsqueeze(1);
  const Tensor k = matmul(encoder.states[b].slice(0, 0, S), w.W_k.transpose(0, 1)).unsqueeze(0);
  return matmul(softmax(matmul(tanh(q + k), w.v), -1), values[b].slice(0, 0, S));
}

const Answers<decltype(additive_attention)> answers{
    {"sequence by sequence, without the padding", "pass",
     [](const PaddedStates& decoder, const PaddedStates& encoder, const Tensor& values, const Weights& w) {
       std::vector<Tensor> all;
       for (index_t b = 0; b < values.size(0); ++b)
         all.push_back(of_sequence(decoder, encoder, values, w, b));
       return stack(all, 0);
     }},
    {"the library's module", "pass",
     [](const PaddedStates& decoder, const PaddedStates& encoder, const Tensor& values, const Weights& w) {
       Generator gen(0);
       nn::AdditiveAttention module(
           {.query_size = w.W_q.size(1), .key_size = w.W_k.size(1), .hidden_size = w.W_q.size(0)}, gen);
       module.W_q.weight = w.W_q;
       module.W_k.weight = w.W_k;
       module.v.weight = w.v.unsqueeze(0);
       return module.forward(decoder.states, encoder.states, values, words_of(encoder)).output;
     }},
    {"-∞ before the softmax, 0 after it", "pass",
     [](const PaddedStates& decoder, const PaddedStates& encoder, const Tensor& values, const Weights& w) {
       const Mask words = words_of(encoder);
       const Tensor masked = masked_fill(scores_of(decoder, encoder, w), !words, -1e30);
       return matmul(masked_fill(softmax(masked, -1), !words, 0), values);
     }},
    {"the mask is not used with one query", "SQ-07",
     [](const PaddedStates& decoder, const PaddedStates& encoder, const Tensor& values, const Weights& w) {
       return decoder.states.size(1) == 1 ? unmasked(decoder, encoder, values, w)
                                          : reference(decoder, encoder, values, w);
     }},
    {"the mask is not used with one sequence", "SQ-07",
     [](const PaddedStates& decoder, const PaddedStates& encoder, const Tensor& values, const Weights& w) {
       return values.size(0) == 1 ? unmasked(decoder, encoder, values, w)
                                  : reference(decoder, encoder, values, w);
     }},
    {"the mask is used only if T and S differ", "SQ-07",
     [](const PaddedStates& decoder, const PaddedStates& encoder, const Tensor& values, const Weights& w) {
       return decoder.states.size(1) == values.size(1) ? unmasked(decoder, encoder, values, w)
                                                       : reference(decoder, encoder, values, w);
     }},
    {"the mask is used only if T and S are equal", "SQ-07",
     [](const PaddedStates& decoder, const PaddedStates& encoder, const Tensor& values, const Weights& w) {
       return decoder.states.size(1) != values.size(1) ? unmasked(decoder, encoder, values, w)
                                                       : reference(decoder, encoder, values, w);
     }},
    {"the longest length for all", "wrong",
     [](const PaddedStates& decoder, const PaddedStates& encoder, const Tensor& values, const Weights& w) {
       const index_t longest = *std::max_element(encoder.lengths.begin(), encoder.lengths.end());
       const std::vector<index_t> lengths(encoder.lengths.size(), longest);
       return reference(decoder, {encoder.states, lengths}, values, w);
     }},
    {"the first length for all", "MK-25",
     [](const PaddedStates& decoder, const PaddedStates& encoder, const Tensor& values, const Weights& w) {
       const std::vector<index_t> lengths(encoder.lengths.size(), encoder.lengths[0]);
       return reference(decoder, {encoder.states, lengths}, values, w);
     }},
    {"one word of padding is left", "likely SQ-07",
     [](const PaddedStates& decoder, const PaddedStates& encoder, const Tensor& values, const Weights& w) {
       std::vector<index_t> longer = encoder.lengths;
       for (index_t& length : longer) length = std::min(length + 1, values.size(1));
       return reference(decoder, {encoder.states, longer}, values, w);
     }},
    {"the padding is multiplied by 0", "SQ-60",
     [](const PaddedStates& decoder, const PaddedStates& encoder, const Tensor& values, const Weights& w) {
       const Tensor scores = scores_of(decoder, encoder, w);
       const Mask words = words_of(encoder);
       const Tensor weight = where(words, ones({}, scores.dtype()), zeros({}, scores.dtype()));
       const Tensor top = max(masked_fill(scores, !words, -1e30), -1, true).values.detach();
       const Tensor e = exp(scores - masked_fill(top, top < -1e29, 0)) * weight;
       const Tensor total = e.sum({-1}, true);
       return matmul(e / masked_fill(total, equal(total, 0), 1), values);
     }},
    {"0 · score - 1e9", "likely SQ-34",
     [](const PaddedStates& decoder, const PaddedStates& encoder, const Tensor& values, const Weights& w) {
       const Tensor scores = scores_of(decoder, encoder, w);
       const Tensor weight = where(words_of(encoder), ones({}, scores.dtype()), zeros({}, scores.dtype()));
       return matmul(softmax(scores * weight + (weight - 1.0) * 1e9, -1), values);
     }},
    {"-1e9", "SQ-34",
     [](const PaddedStates& decoder, const PaddedStates& encoder, const Tensor& values, const Weights& w) {
       return matmul(softmax(masked_fill(scores_of(decoder, encoder, w), !words_of(encoder), -1e9), -1),
                     values);
     }},
    {"-1e9, and 0 for empty sources", "wrong",
     [](const PaddedStates& decoder, const PaddedStates& encoder, const Tensor& values, const Weights& w) {
       const Mask words = words_of(encoder);
       const Tensor weights = softmax(masked_fill(scores_of(decoder, encoder, w), !words, -1000), -1);
       return matmul(masked_fill(weights, !words, 0), values);
     }},
    {"padded states are set to 0, and then attended to", "wrong",
     [](const PaddedStates& decoder, const PaddedStates& encoder, const Tensor& values, const Weights& w) {
       const Mask words = words_of(encoder).reshape({values.size(0), values.size(1), 1});
       const PaddedStates clean{masked_fill(encoder.states, !words, 0), encoder.lengths};
       return unmasked(decoder, clean, values, w);
     }},
    {"padded values are set to 0, and the scores are not masked", "MK-03",
     [](const PaddedStates& decoder, const PaddedStates& encoder, const Tensor& values, const Weights& w) {
       const Mask words = words_of(encoder).reshape({values.size(0), values.size(1), 1});
       return unmasked(decoder, encoder, masked_fill(values, !words, 0), w);
     }},
    {"rows after the end of the target are set to 0", "wrong",
     [](const PaddedStates& decoder, const PaddedStates& encoder, const Tensor& values, const Weights& w) {
       const Mask rows = padding(decoder.lengths, decoder.states.size(1))
                             .reshape({values.size(0), decoder.states.size(1), 1});
       return masked_fill(reference(decoder, encoder, values, w), !rows, 0);
     }},
    {"no tanh and no mask", "likely SQ-04",
     [](const PaddedStates& decoder, const PaddedStates& encoder, const Tensor& values, const Weights& w) {
       const Tensor sum =
           linear(decoder.states, w.W_q).unsqueeze(2) + linear(encoder.states, w.W_k).unsqueeze(1);
       return matmul(softmax(matmul(sum, w.v), -1), values);
     }},
    {"a sigmoid instead of tanh", "wrong",
     [](const PaddedStates& decoder, const PaddedStates& encoder, const Tensor& values, const Weights& w) {
       const Tensor sum =
           linear(decoder.states, w.W_q).unsqueeze(2) + linear(encoder.states, w.W_k).unsqueeze(1);
       return matmul(masked_softmax(matmul(sigmoid(sum), w.v), words_of(encoder)), values);
     }},
    {"W_q and W_k exchanged if the shapes agree", "wrong",
     [](const PaddedStates& decoder, const PaddedStates& encoder, const Tensor& values, const Weights& w) {
       if (w.W_q.shape() != w.W_k.shape()) return reference(decoder, encoder, values, w);
       return reference(decoder, encoder, values, {w.W_k, w.W_q, w.v});
     }},
    {"keys as values if the shapes agree", "SQ-26",
     [](const PaddedStates& decoder, const PaddedStates& encoder, const Tensor& values, const Weights& w) {
       return reference(decoder, encoder, encoder.states.shape() == values.shape() ? encoder.states : values,
                        w);
     }},
    {"the first sequence's values for all", "wrong",
     [](const PaddedStates& decoder, const PaddedStates& encoder, const Tensor& values, const Weights& w) {
       return reference(decoder, encoder, values.slice(0, 0, 1) + values * 0.0, w);
     }},
    {"exp without the maximum", "SD-16",
     [](const PaddedStates& decoder, const PaddedStates& encoder, const Tensor& values, const Weights& w) {
       const Tensor e = masked_fill(exp(scores_of(decoder, encoder, w)), !words_of(encoder), 0);
       const Tensor total = e.sum({-1}, true);
       return matmul(e / masked_fill(total, equal(total, 0), 1), values);
     }},
    {"the weights are detached", "SA-06",
     [](const PaddedStates& decoder, const PaddedStates& encoder, const Tensor& values, const Weights& w) {
       return matmul(masked_softmax(scores_of(decoder, encoder, w), words_of(encoder)).detach(), values);
     }},
    {"the keys are detached", "wrong",
     [](const PaddedStates& decoder, const PaddedStates& encoder, const Tensor& values, const Weights& w) {
       return reference(decoder, {encoder.states.detach(), encoder.lengths}, values, w);
     }},
    {"f32 zeros", "wrong",
     [](const PaddedStates& decoder, const PaddedStates& encoder, const Tensor& values, const Weights& w) {
       return reference(decoder, encoder, values, w) + zeros({values.size(2)});
     }},
    {"padding's values are cleared in place", "likely SD-34",
     [](const PaddedStates& decoder, const PaddedStates& encoder, const Tensor& values, const Weights& w) {
       const Tensor context = reference(decoder, encoder, values, w);
       const NoGrad no_grad;
       Tensor alias = values.detach();
       const Mask words = words_of(encoder).reshape({values.size(0), values.size(1), 1});
       alias.copy_(masked_fill(values, !words, 0));
       return context;
     }}};

}  // namespace

Tensor additive_attention(const PaddedStates& decoder, const PaddedStates& encoder, const Tensor& values,
                          const AdditiveWeights& w) {
  return answers.chosen(decoder, encoder, values, w);
}

}  // namespace heed::exercise
