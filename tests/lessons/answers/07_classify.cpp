#include <cmath>

#include "lessons/07_transformer_encoder_and_classifier/exercises.h"
#include "tests/lessons/answers/answers.h"

namespace heed::exercise {
namespace {

using Classifier = nn::TransformerClassifier;

Mask keys_of(const IntTensor& ids, Classifier& c) { return not_padding(ids, c.options.padding_idx); }
Tensor encode(const IntTensor& ids, Classifier& c, const Mask& keys) {
  const double root = std::sqrt(static_cast<double>(c.options.d_model));
  return c.transformer.forward(c.pos_encoder(c.embedding(ids) * root), {.mask = keys});
}
Tensor reference(const IntTensor& ids, Classifier& c, const Mask& keys, const Mask& counted) {
  return c.fc(nn::masked_mean(encode(ids, c, keys), counted.reshape(ids.shape())));
}

const Answers<decltype(classify)> answers{
    {"the forward of the model", "pass", [](const IntTensor& ids, Classifier& c) { return c.forward(ids); }},
    {"a mask by hand; the mean by hand and after fc", "pass",
     [](const IntTensor& ids, Classifier& c) {
       std::vector<std::uint8_t> real;
       for (index_t i = 0; i < ids.numel(); ++i) real.push_back(ids[i] != c.options.padding_idx);
       const Mask mask(real, ids.shape());
       const Tensor y = masked_fill(encode(ids, c, mask.unsqueeze(1)), !mask.unsqueeze(2), 0);
       const DType type = y.dtype();
       const Tensor count = clamp(sum(where(mask, ones({}, type), zeros({}, type)), {1}, true), 1, INFINITY);
       return c.fc(sum(y, {1}) / count);
     }},
    {"the layers one by one", "pass",
     [](const IntTensor& ids, Classifier& c) {
       const Mask keys = keys_of(ids, c);
       Tensor x = c.pos_encoder(c.embedding(ids) * std::sqrt(static_cast<double>(c.options.d_model)));
       for (nn::TransformerEncoderLayer& layer : c.transformer.layers) x = layer.forward(x, {.mask = keys});
       return c.fc(nn::masked_mean(x, keys.reshape(ids.shape())));
     }},
    {"sequence by sequence", "pass",
     [](const IntTensor& ids, Classifier& c) {
       std::vector<Tensor> scores;
       for (index_t b = 0; b < ids.size(0); ++b) scores.push_back(c.forward(ids.slice(0, b, b + 1)));
       return cat(scores);
     }},
    {"no mask for one sequence", "CL-12",
     [](const IntTensor& ids, Classifier& c) {
       return ids.size(0) == 1 ? c.fc(mean(encode(ids, c, {}), {1})) : c.forward(ids);
     }},
    {"no mask for one token", "wrong",
     [](const IntTensor& ids, Classifier& c) {
       return ids.size(1) == 1 ? c.fc(mean(encode(ids, c, {}), {1})) : c.forward(ids);
     }},
    {"the mask of the encoder is missing for one sequence", "CL-03",
     [](const IntTensor& ids, Classifier& c) {
       const Mask keys = keys_of(ids, c);
       return reference(ids, c, ids.size(0) == 1 ? Mask() : keys, keys);
     }},
    {"padding is 0", "MK-22",
     [](const IntTensor& ids, Classifier& c) {
       const Mask keys = not_padding(ids, 0);
       return reference(ids, c, keys, keys);
     }},
    {"padding ends a sequence", "MK-24",
     [](const IntTensor& ids, Classifier& c) {
       std::vector<std::uint8_t> real;
       for (index_t i = 0; i < ids.numel(); ++i)
         real.push_back((i % ids.size(1) == 0 || real.back()) && ids[i] != c.options.padding_idx);
       const Mask mask(real, ids.shape());
       return reference(ids, c, mask.unsqueeze(1), mask);
     }},
    {"the first keys, as many as there are tokens", "wrong",
     [](const IntTensor& ids, Classifier& c) {
       std::vector<index_t> lengths;
       for (index_t b = 0; b < ids.size(0); ++b)
         lengths.push_back(keys_of(ids.slice(0, b, b + 1), c).count());
       const Mask keys = padding(lengths, ids.size(1));
       return reference(ids, c, keys, keys);
     }},
    {"the mask of the first sequence", "MK-25",
     [](const IntTensor& ids, Classifier& c) {
       const Mask first = keys_of(ids.slice(0, 0, 1), c);
       return reference(ids, c, first, first.expand({ids.size(0), 1, ids.size(1)}));
     }},
    {"the mean over the batch", "wrong",
     [](const IntTensor& ids, Classifier& c) { return c.fc(mean(encode(ids, c, keys_of(ids, c)), {0})); }},
    {"the last real token", "CL-71",
     [](const IntTensor& ids, Classifier& c) {
       const Mask keys = keys_of(ids, c);
       const Tensor y = encode(ids, c, keys);
       std::vector<Tensor> rows;
       for (index_t b = 0; b < ids.size(0); ++b) {
         index_t last = 0;
         for (index_t t = 0; t < ids.size(1); ++t)
           if (keys.at({b, 0, t})) last = t;
         rows.push_back(y[b][last]);
       }
       return c.fc(stack(rows));
     }},
    {"the sum of the tokens", "wrong",
     [](const IntTensor& ids, Classifier& c) {
       const Mask keys = keys_of(ids, c);
       return c.fc(
           sum(masked_fill(encode(ids, c, keys), !keys.reshape({ids.size(0), ids.size(1), 1}), 0), {1}));
     }},
    {"fc before the mean, of padding as well", "CL-01",
     [](const IntTensor& ids, Classifier& c) { return mean(c.fc(encode(ids, c, keys_of(ids, c))), {1}); }},
    {"the encoder's layers without the first", "wrong",
     [](const IntTensor& ids, Classifier& c) {
       const Mask keys = keys_of(ids, c);
       Tensor x = c.pos_encoder(c.embedding(ids) * std::sqrt(static_cast<double>(c.options.d_model)));
       x = c.transformer.layers.back().forward(x, {.mask = keys});
       return c.fc(nn::masked_mean(x, keys.reshape(ids.shape())));
     }},
    {"causal", "wrong",
     [](const IntTensor& ids, Classifier& c) {
       const Mask keys = keys_of(ids, c);
       return reference(ids, c, keys & causal(ids.size(1)), keys);
     }},
    {"no positions, no factor", "wrong",
     [](const IntTensor& ids, Classifier& c) {
       const Mask keys = keys_of(ids, c);
       return c.fc(nn::masked_mean(c.transformer.forward(c.embedding(ids), {.mask = keys}),
                                   keys.reshape(ids.shape())));
     }},
    {"no mask in the encoder, and probabilities", "likely CL-15",
     [](const IntTensor& ids, Classifier& c) { return softmax(reference(ids, c, {}, keys_of(ids, c)), -1); }},
    {"a sequence without tokens has logits of 0", "wrong",
     [](const IntTensor& ids, Classifier& c) {
       const Tensor scores = c.forward(ids);
       const Mask keys = keys_of(ids, c).reshape(ids.shape());
       std::vector<std::uint8_t> empty;
       for (index_t b = 0; b < ids.size(0); ++b) {
         bool any = false;
         for (index_t t = 0; t < ids.size(1); ++t) any = any || keys.at({b, t});
         empty.push_back(!any);
       }
       return masked_fill(scores, Mask(empty, {ids.size(0), 1}), 0);
     }},
    {"eval mode", "CL-24",
     [](const IntTensor& ids, Classifier& c) {
       c.eval();
       return c.forward(ids);
     }},
    {"the encoder is left in eval mode", "wrong",
     [](const IntTensor& ids, Classifier& c) {
       const Tensor scores = c.forward(ids);
       c.transformer.eval();
       return scores;
     }},
    {"the embedding is detached", "wrong",
     [](const IntTensor& ids, Classifier& c) {
       const Mask keys = keys_of(ids, c);
       const double root = std::sqrt(static_cast<double>(c.options.d_model));
       const Tensor x = c.pos_encoder(c.embedding(ids).detach() * root);
       return c.fc(nn::masked_mean(c.transformer.forward(x, {.mask = keys}), keys.reshape(ids.shape())));
     }},
    {"scales the embedding's weight itself", "wrong", [](const IntTensor& ids, Classifier& c) {
       const Tensor scores = c.forward(ids);
       const NoGrad no_grad;
       c.embedding.weight.mul_(2);
       return scores;
     }}};

}  // namespace

Tensor classify(const IntTensor& ids, nn::TransformerClassifier& parts) { return answers.chosen(ids, parts); }

}  // namespace heed::exercise
