#include "lessons/09_attention_vs_rnn/exercises.h"
#include "tests/lessons/answers/answers.h"

namespace heed::exercise {
namespace {

using Lengths = std::vector<index_t>;

Tensor begin(const RecurrentWeights& w, const Tensor& x, const Tensor& h0) {
  return h0.defined() ? h0 : zeros({x.size(1), w.weight_hh.size(0)}, x.dtype());
}
Tensor step(const RecurrentWeights& w, const Tensor& x, const Tensor& h) {
  return tanh(linear(x, w.weight_ih, w.bias_ih) + linear(h, w.weight_hh, w.bias_hh));
}
Mask real_at(const Lengths& lengths, index_t t) {
  std::vector<std::uint8_t> real;
  for (const index_t length : lengths) real.push_back(t < length);
  return Mask(real, {static_cast<index_t>(lengths.size()), 1});
}

const Answers<decltype(rnn_forward_padded)> answers{
    {"sequence by sequence", "pass",
     [](const RecurrentWeights& w, const Tensor& x, const Lengths& lengths, const Tensor& h0) {
       const Tensor first = begin(w, x, h0);
       std::vector<Tensor> states, last;
       for (index_t b = 0; b < x.size(1); ++b) {
         Tensor h = first[b];
         std::vector<Tensor> own;
         for (index_t t = 0; t < x.size(0); ++t) {
           const bool real = t < lengths[static_cast<std::size_t>(b)];
           if (real) h = step(w, x[t][b].unsqueeze(0), h.unsqueeze(0)).squeeze(0);
           own.push_back(real ? h : zeros({w.weight_hh.size(0)}, x.dtype()));
         }
         states.push_back(stack(own));
         last.push_back(h);
       }
       return RecurrentOutput{stack(states, 1), stack(last)};
     }},
    {"all of x cleared first", "pass",
     [](const RecurrentWeights& w, const Tensor& x, const Lengths& lengths, const Tensor& h0) {
       std::vector<Tensor> cleared, states;
       for (index_t t = 0; t < x.size(0); ++t) cleared.push_back(masked_fill(x[t], !real_at(lengths, t), 0));
       const Tensor inputs = linear(stack(cleared), w.weight_ih, w.bias_ih);
       Tensor h = begin(w, x, h0);
       for (index_t t = 0; t < x.size(0); ++t) {
         const Mask real = real_at(lengths, t);
         h = where(real, tanh(inputs[t] + linear(h, w.weight_hh, w.bias_hh)), h);
         states.push_back(where(real, h, h * 0.0));
       }
       return RecurrentOutput{stack(states), h};
     }},
    {"x is cleared, and products by 0 and 1 after it", "pass",
     [](const RecurrentWeights& w, const Tensor& x, const Lengths& lengths, const Tensor& h0) {
       Tensor h = begin(w, x, h0);
       std::vector<Tensor> states;
       for (index_t t = 0; t < x.size(0); ++t) {
         const Mask real = real_at(lengths, t);
         const Tensor m = where(real, ones({}, x.dtype()), zeros({}, x.dtype()));
         const Tensor next = step(w, masked_fill(x[t], !real, 0), h);
         h = next * m + h * (1.0 - m);
         states.push_back(next * m);
       }
       return RecurrentOutput{stack(states), h};
     }},
    {"outputs masked, x not", "RN-66",
     [](const RecurrentWeights& w, const Tensor& x, const Lengths& lengths, const Tensor& h0) {
       Tensor h = begin(w, x, h0);
       std::vector<Tensor> states;
       for (index_t t = 0; t < x.size(0); ++t) {
         const Mask real = real_at(lengths, t);
         h = where(real, step(w, x[t], h), h);
         states.push_back(masked_fill(h, !real, 0));
       }
       return RecurrentOutput{stack(states), h};
     }},
    {"the last row of the states", "RN-69",
     [](const RecurrentWeights& w, const Tensor& x, const Lengths& lengths, const Tensor& h0) {
       Tensor h = begin(w, x, h0);
       std::vector<Tensor> states;
       for (index_t t = 0; t < x.size(0); ++t) {
         const Mask real = real_at(lengths, t);
         h = where(real, step(w, masked_fill(x[t], !real, 0), h), h);
         states.push_back(masked_fill(h, !real, 0));
       }
       return RecurrentOutput{stack(states), states.back()};
     }},
    {"lengths are ignored in a batch of one", "RN-64",
     [](const RecurrentWeights& w, const Tensor& x, const Lengths& lengths, const Tensor& h0) {
       Tensor h = begin(w, x, h0);
       std::vector<Tensor> states;
       const Lengths used = x.size(1) == 1 ? Lengths{x.size(0)} : lengths;
       for (index_t t = 0; t < x.size(0); ++t) {
         const Mask real = real_at(used, t);
         h = where(real, step(w, masked_fill(x[t], !real, 0), h), h);
         states.push_back(masked_fill(h, !real, 0));
       }
       return RecurrentOutput{stack(states), h};
     }},
    {"no lengths", "RN-64",
     [](const RecurrentWeights& w, const Tensor& x, const Lengths&, const Tensor& h0) {
       Tensor h = begin(w, x, h0);
       std::vector<Tensor> states;
       for (index_t t = 0; t < x.size(0); ++t) {
         h = step(w, x[t], h);
         states.push_back(h);
       }
       return RecurrentOutput{stack(states), h};
     }},
    {"an empty sequence without h0 is an error", "wrong",
     [](const RecurrentWeights& w, const Tensor& x, const std::vector<index_t>& lengths, const Tensor& h0) {
       for (const index_t n : lengths) check(n > 0 || h0.defined(), "rnn_forward_padded", "h0 is undefined");
       Tensor h = h0.defined() ? h0 : zeros({x.size(1), w.weight_hh.size(0)}, x.dtype());
       const Tensor length =
           from_vector(std::vector<double>(lengths.begin(), lengths.end()), {x.size(1), 1}, x.dtype());
       std::vector<Tensor> states;
       for (index_t t = 0; t < x.size(0); ++t) {
         const Mask real = length > static_cast<double>(t);
         const Tensor next = tanh(linear(masked_fill(x[t], !real, 0), w.weight_ih, w.bias_ih) +
                                  linear(h, w.weight_hh, w.bias_hh));
         h = where(real, next, h);
         states.push_back(masked_fill(next, !real, 0));
       }
       return RecurrentOutput{stack(states), h};
     }},
    {"stops after the longest sequence", "wrong",
     [](const RecurrentWeights& w, const Tensor& x, const std::vector<index_t>& lengths, const Tensor& h0) {
       Tensor h = h0.defined() ? h0 : zeros({x.size(1), w.weight_hh.size(0)}, x.dtype());
       const Tensor length =
           from_vector(std::vector<double>(lengths.begin(), lengths.end()), {x.size(1), 1}, x.dtype());
       std::vector<Tensor> states;
       for (index_t t = 0; t < x.size(0); ++t) {
         const Mask real = length > static_cast<double>(t);
         if (t > 0 && real.count() == 0) break;
         const Tensor next = tanh(linear(masked_fill(x[t], !real, 0), w.weight_ih, w.bias_ih) +
                                  linear(h, w.weight_hh, w.bias_hh));
         h = where(real, next, h);
         states.push_back(masked_fill(next, !real, 0));
       }
       return RecurrentOutput{stack(states), h};
     }},
    {"at least one token each", "wrong",
     [](const RecurrentWeights& w, const Tensor& x, const std::vector<index_t>& lengths, const Tensor& h0) {
       Tensor h = h0.defined() ? h0 : zeros({x.size(1), w.weight_hh.size(0)}, x.dtype());
       const Tensor length =
           clamp(from_vector(std::vector<double>(lengths.begin(), lengths.end()), {x.size(1), 1}, x.dtype()),
                 1, INFINITY);
       std::vector<Tensor> states;
       for (index_t t = 0; t < x.size(0); ++t) {
         const Mask real = length > static_cast<double>(t);
         const Tensor next = tanh(linear(masked_fill(x[t], !real, 0), w.weight_ih, w.bias_ih) +
                                  linear(h, w.weight_hh, w.bias_hh));
         h = where(real, next, h);
         states.push_back(masked_fill(next, !real, 0));
       }
       return RecurrentOutput{stack(states), h};
     }},
    {"last from the states, without h0 for an empty sequence", "RN-73",
     [](const RecurrentWeights& w, const Tensor& x, const std::vector<index_t>& lengths, const Tensor& h0) {
       Tensor h = h0.defined() ? h0 : zeros({x.size(1), w.weight_hh.size(0)}, x.dtype());
       const Tensor length =
           from_vector(std::vector<double>(lengths.begin(), lengths.end()), {x.size(1), 1}, x.dtype());
       std::vector<Tensor> states, last;
       for (index_t t = 0; t < x.size(0); ++t) {
         const Mask real = length > static_cast<double>(t);
         const Tensor next = tanh(linear(masked_fill(x[t], !real, 0), w.weight_ih, w.bias_ih) +
                                  linear(h, w.weight_hh, w.bias_hh));
         h = where(real, next, h);
         states.push_back(masked_fill(next, !real, 0));
       }
       for (std::size_t b = 0; b < lengths.size(); ++b)
         last.push_back(
             states[static_cast<std::size_t>(std::max<index_t>(lengths[b] - 1, 0))][static_cast<index_t>(b)]);
       return RecurrentOutput{stack(states), stack(last)};
     }},
    {"every NaN becomes 0, for any length", "wrong",
     [](const RecurrentWeights& w, const Tensor& x, const std::vector<index_t>& lengths, const Tensor& h0) {
       Tensor h = h0.defined() ? h0 : zeros({x.size(1), w.weight_hh.size(0)}, x.dtype());
       const index_t t_max = x.size(0);
       std::vector<Tensor> states;
       Tensor last = h;
       for (index_t t = 0; t < t_max; ++t) {
         const Tensor length =
             from_vector(std::vector<double>(lengths.begin(), lengths.end()), {x.size(1), 1}, x.dtype());
         const Mask real = length > static_cast<double>(t);
         const Tensor next = tanh(
             linear(where(abs(x[t]) < 1e30, x[t], zeros(x[t].shape(), x.dtype())), w.weight_ih, w.bias_ih) +
             linear(h, w.weight_hh, w.bias_hh));
         h = next;
         last = where(real, next, last);
         states.push_back(next);
       }
       return RecurrentOutput{stack(states), last};
     }}};

}  // namespace

RecurrentOutput rnn_forward_padded(const RecurrentWeights& w, const Tensor& x, const Lengths& lengths,
                                   const Tensor& h0) {
  return answers.chosen(w, x, lengths, h0);
}

}  // namespace heed::exercise
