#include <algorithm>
#include <cmath>

#include "lessons/01_why_attention/exercises.h"
#include "nn/additive_attention.h"
#include "tests/lessons/answers/answers.h"

namespace heed::exercise {
namespace {

using Weights = AdditiveWeights;

Tensor scores_of(const Padded& writer, const Padded& reader, const Weights& w) {
  return matmul(tanh(linear(writer.states, w.W_q).unsqueeze(2) + linear(reader.states, w.W_k).unsqueeze(1)),
                w.v);
}
Mask words_of(const Padded& reader) { return padding(reader.lengths, reader.states.size(1)); }
Tensor right(const Padded& writer, const Padded& reader, const Tensor& values, const Weights& w) {
  return matmul(masked_softmax(scores_of(writer, reader, w), words_of(reader)), values);
}
Tensor unmasked(const Padded& writer, const Padded& reader, const Tensor& values, const Weights& w) {
  return matmul(softmax(scores_of(writer, reader, w), -1), values);
}
// Text b alone, the reader's padding cut off.
Tensor of_text(const Padded& writer, const Padded& reader, const Tensor& values, const Weights& w,
               index_t b) {
  const index_t S = reader.lengths[static_cast<std::size_t>(b)];
  if (S == 0) return zeros({writer.states.size(1), values.size(2)}, values.dtype());
  const Tensor q = matmul(writer.states[b], w.W_q.transpose(0, 1)).unsqueeze(1);
  const Tensor k = matmul(reader.states[b].slice(0, 0, S), w.W_k.transpose(0, 1)).unsqueeze(0);
  return matmul(softmax(matmul(tanh(q + k), w.v), -1), values[b].slice(0, 0, S));
}

const Answers<decltype(additive_attention)> answers{
    {"text by text, the padding cut off", "pass",
     [](const Padded& writer, const Padded& reader, const Tensor& values, const Weights& w) {
       std::vector<Tensor> all;
       for (index_t b = 0; b < values.size(0); ++b) all.push_back(of_text(writer, reader, values, w, b));
       return stack(all, 0);
     }},
    {"the module", "pass",
     [](const Padded& writer, const Padded& reader, const Tensor& values, const Weights& w) {
       Generator gen(0);
       nn::AdditiveAttention module(
           {.query_size = w.W_q.size(1), .key_size = w.W_k.size(1), .hidden_size = w.W_q.size(0)}, gen);
       module.W_q.weight = w.W_q;
       module.W_k.weight = w.W_k;
       module.v.weight = w.v.unsqueeze(0);
       return module.forward(writer.states, reader.states, values, words_of(reader)).output;
     }},
    {"-∞ before the softmax, 0 behind it", "pass",
     [](const Padded& writer, const Padded& reader, const Tensor& values, const Weights& w) {
       const Mask words = words_of(reader);
       const Tensor hidden = masked_fill(scores_of(writer, reader, w), !words, -1e30);
       return matmul(masked_fill(softmax(hidden, -1), !words, 0), values);
     }},
    {"the mask is not used with one query", "SQ-07",
     [](const Padded& writer, const Padded& reader, const Tensor& values, const Weights& w) {
       return writer.states.size(1) == 1 ? unmasked(writer, reader, values, w)
                                         : right(writer, reader, values, w);
     }},
    {"the mask is not used with one text", "SQ-07",
     [](const Padded& writer, const Padded& reader, const Tensor& values, const Weights& w) {
       return values.size(0) == 1 ? unmasked(writer, reader, values, w) : right(writer, reader, values, w);
     }},
    {"the mask is used only if T and S differ", "SQ-07",
     [](const Padded& writer, const Padded& reader, const Tensor& values, const Weights& w) {
       return writer.states.size(1) == values.size(1) ? unmasked(writer, reader, values, w)
                                                      : right(writer, reader, values, w);
     }},
    {"the mask is used only if T and S are equal", "SQ-07",
     [](const Padded& writer, const Padded& reader, const Tensor& values, const Weights& w) {
       return writer.states.size(1) != values.size(1) ? unmasked(writer, reader, values, w)
                                                      : right(writer, reader, values, w);
     }},
    {"the longest length for all", "wrong",
     [](const Padded& writer, const Padded& reader, const Tensor& values, const Weights& w) {
       const index_t longest = *std::max_element(reader.lengths.begin(), reader.lengths.end());
       const std::vector<index_t> same(reader.lengths.size(), longest);
       return right(writer, {reader.states, same}, values, w);
     }},
    {"the first length for all", "MK-25",
     [](const Padded& writer, const Padded& reader, const Tensor& values, const Weights& w) {
       const std::vector<index_t> same(reader.lengths.size(), reader.lengths[0]);
       return right(writer, {reader.states, same}, values, w);
     }},
    {"one word of padding is left", "likely SQ-07",
     [](const Padded& writer, const Padded& reader, const Tensor& values, const Weights& w) {
       std::vector<index_t> longer = reader.lengths;
       for (index_t& length : longer) length = std::min(length + 1, values.size(1));
       return right(writer, {reader.states, longer}, values, w);
     }},
    {"the padding is multiplied by 0", "SQ-60",
     [](const Padded& writer, const Padded& reader, const Tensor& values, const Weights& w) {
       const Tensor scores = scores_of(writer, reader, w);
       const Mask words = words_of(reader);
       const Tensor weight = where(words, ones({}, scores.dtype()), zeros({}, scores.dtype()));
       const Tensor top = max(masked_fill(scores, !words, -1e30), -1, true).values.detach();
       const Tensor e = exp(scores - masked_fill(top, top < -1e29, 0)) * weight;
       const Tensor total = e.sum({-1}, true);
       return matmul(e / masked_fill(total, equal(total, 0), 1), values);
     }},
    {"0 · score - 1e9", "likely SQ-34",
     [](const Padded& writer, const Padded& reader, const Tensor& values, const Weights& w) {
       const Tensor scores = scores_of(writer, reader, w);
       const Tensor weight = where(words_of(reader), ones({}, scores.dtype()), zeros({}, scores.dtype()));
       return matmul(softmax(scores * weight + (weight - 1.0) * 1e9, -1), values);
     }},
    {"-1e9", "SQ-34",
     [](const Padded& writer, const Padded& reader, const Tensor& values, const Weights& w) {
       return matmul(softmax(masked_fill(scores_of(writer, reader, w), !words_of(reader), -1e9), -1), values);
     }},
    {"-1e9, and 0 for texts without words", "wrong",
     [](const Padded& writer, const Padded& reader, const Tensor& values, const Weights& w) {
       const Mask words = words_of(reader);
       const Tensor weights = softmax(masked_fill(scores_of(writer, reader, w), !words, -1000), -1);
       return matmul(masked_fill(weights, !words, 0), values);
     }},
    {"padded states are set to 0, and then attended to", "wrong",
     [](const Padded& writer, const Padded& reader, const Tensor& values, const Weights& w) {
       const Mask words = words_of(reader).reshape({values.size(0), values.size(1), 1});
       const Padded clean{masked_fill(reader.states, !words, 0), reader.lengths};
       return unmasked(writer, clean, values, w);
     }},
    {"padded values are set to 0, and the scores are not masked", "MK-03",
     [](const Padded& writer, const Padded& reader, const Tensor& values, const Weights& w) {
       const Mask words = words_of(reader).reshape({values.size(0), values.size(1), 1});
       return unmasked(writer, reader, masked_fill(values, !words, 0), w);
     }},
    {"rows beyond the end of what is written are set to 0", "wrong",
     [](const Padded& writer, const Padded& reader, const Tensor& values, const Weights& w) {
       const Mask rows =
           padding(writer.lengths, writer.states.size(1)).reshape({values.size(0), writer.states.size(1), 1});
       return masked_fill(right(writer, reader, values, w), !rows, 0);
     }},
    {"no tanh and no mask", "likely SQ-04",
     [](const Padded& writer, const Padded& reader, const Tensor& values, const Weights& w) {
       const Tensor sum =
           linear(writer.states, w.W_q).unsqueeze(2) + linear(reader.states, w.W_k).unsqueeze(1);
       return matmul(softmax(matmul(sum, w.v), -1), values);
     }},
    {"a sigmoid in place of tanh", "wrong",
     [](const Padded& writer, const Padded& reader, const Tensor& values, const Weights& w) {
       const Tensor sum =
           linear(writer.states, w.W_q).unsqueeze(2) + linear(reader.states, w.W_k).unsqueeze(1);
       return matmul(masked_softmax(matmul(sigmoid(sum), w.v), words_of(reader)), values);
     }},
    {"W_q and W_k exchanged if they fit", "wrong",
     [](const Padded& writer, const Padded& reader, const Tensor& values, const Weights& w) {
       if (w.W_q.shape() != w.W_k.shape()) return right(writer, reader, values, w);
       return right(writer, reader, values, {w.W_k, w.W_q, w.v});
     }},
    {"the keys are mixed if they fit", "SQ-26",
     [](const Padded& writer, const Padded& reader, const Tensor& values, const Weights& w) {
       return right(writer, reader, reader.states.shape() == values.shape() ? reader.states : values, w);
     }},
    {"the first text's values for all", "wrong",
     [](const Padded& writer, const Padded& reader, const Tensor& values, const Weights& w) {
       return right(writer, reader, values.slice(0, 0, 1) + values * 0.0, w);
     }},
    {"exp without the maximum", "SD-16",
     [](const Padded& writer, const Padded& reader, const Tensor& values, const Weights& w) {
       const Tensor e = masked_fill(exp(scores_of(writer, reader, w)), !words_of(reader), 0);
       const Tensor total = e.sum({-1}, true);
       return matmul(e / masked_fill(total, equal(total, 0), 1), values);
     }},
    {"the weights are detached", "SA-06",
     [](const Padded& writer, const Padded& reader, const Tensor& values, const Weights& w) {
       return matmul(masked_softmax(scores_of(writer, reader, w), words_of(reader)).detach(), values);
     }},
    {"the keys are detached", "wrong",
     [](const Padded& writer, const Padded& reader, const Tensor& values, const Weights& w) {
       return right(writer, {reader.states.detach(), reader.lengths}, values, w);
     }},
    {"f32 zeros", "wrong",
     [](const Padded& writer, const Padded& reader, const Tensor& values, const Weights& w) {
       return right(writer, reader, values, w) + zeros({values.size(2)});
     }},
    {"padding's values are cleared in place", "likely SD-34",
     [](const Padded& writer, const Padded& reader, const Tensor& values, const Weights& w) {
       const Tensor context = right(writer, reader, values, w);
       const NoGrad no_grad;
       Tensor same = values.detach();
       const Mask words = words_of(reader).reshape({values.size(0), values.size(1), 1});
       same.copy_(masked_fill(values, !words, 0));
       return context;
     }}};

}  // namespace

Tensor additive_attention(const Padded& writer, const Padded& reader, const Tensor& values,
                          const AdditiveWeights& w) {
  return answers.chosen(writer, reader, values, w);
}

}  // namespace heed::exercise
