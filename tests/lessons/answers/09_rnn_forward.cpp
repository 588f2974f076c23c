#include "lessons/09_attention_vs_rnn/exercises.h"
#include "tests/lessons/answers/answers.h"

namespace heed::exercise {
namespace {

Tensor begin(const RecurrentNet& net, const Tensor& x, const Tensor& h0) {
  return h0.defined() ? h0 : zeros({x.size(1), net.w.weight_hh.size(0)}, x.dtype());
}
Tensor step(const RecurrentWeights& w, const Tensor& x, const Tensor& h) {
  return tanh(linear(x, w.weight_ih, w.bias_ih) + linear(h, w.weight_hh, w.bias_hh));
}

const Answers<decltype(rnn_forward)> answers{
    {"products and sums, biases added one by one", "pass",
     [](RecurrentNet& net, const Tensor& x, const Tensor& h0) {
       Tensor h = begin(net, x, h0);
       std::vector<Tensor> states;
       for (const Tensor& token : unbind(x)) {
         h = tanh(matmul(token, net.w.weight_ih.transpose(0, 1)) + net.w.bias_ih +
                  matmul(h, net.w.weight_hh.transpose(0, 1)) + net.w.bias_hh);
         states.push_back(h);
       }
       net.h = states.back();
       return stack(states);
     }},
    {"the product of x for all steps at once", "pass",
     [](RecurrentNet& net, const Tensor& x, const Tensor& h0) {
       const Tensor inputs = linear(x, net.w.weight_ih, net.w.bias_ih);
       net.h = begin(net, x, h0);
       std::vector<Tensor> states;
       for (index_t t = 0; t < x.size(0); ++t) {
         net.h = tanh(inputs[t] + linear(net.h, net.w.weight_hh, net.w.bias_hh));
         states.push_back(net.h);
       }
       return stack(states);
     }},
    {"steps along axis 1 if T = B", "wrong",
     [](RecurrentNet& net, const Tensor& x, const Tensor& h0) {
       const bool turned = x.size(0) == x.size(1);
       Tensor h = begin(net, x, h0);
       std::vector<Tensor> states;
       for (index_t t = 0; t < x.size(0); ++t) {
         h = step(net.w, turned ? x.select(1, t) : x[t], h);
         states.push_back(h);
       }
       net.h = h;
       return stack(states);
     }},
    {"the previous state if h0 is undefined", "RN-07",
     [](RecurrentNet& net, const Tensor& x, const Tensor& h0) {
       Tensor h = h0.defined() ? h0 : net.h.defined() ? net.h : begin(net, x, h0);
       std::vector<Tensor> states;
       for (index_t t = 0; t < x.size(0); ++t) {
         h = step(net.w, x[t], h);
         states.push_back(h);
       }
       net.h = h;
       return stack(states);
     }},
    {"net.h is detached", "wrong",
     [](RecurrentNet& net, const Tensor& x, const Tensor& h0) {
       Tensor h = begin(net, x, h0);
       std::vector<Tensor> states;
       for (index_t t = 0; t < x.size(0); ++t) {
         h = step(net.w, x[t], h);
         states.push_back(h);
       }
       net.h = h.detach();
       return stack(states);
     }},
    {"no tanh and no recurrent bias", "likely RN-09",
     [](RecurrentNet& net, const Tensor& x, const Tensor& h0) {
       Tensor h = begin(net, x, h0);
       std::vector<Tensor> states;
       for (index_t t = 0; t < x.size(0); ++t) {
         h = linear(x[t], net.w.weight_ih, net.w.bias_ih) + linear(h, net.w.weight_hh);
         states.push_back(h);
       }
       net.h = h;
       return stack(states);
     }},
    {"writes the last state into h0", "likely SD-34",
     [](RecurrentNet& net, const Tensor& x, const Tensor& h0) {
       Tensor h = begin(net, x, h0);
       std::vector<Tensor> states;
       for (index_t t = 0; t < x.size(0); ++t) {
         h = step(net.w, x[t], h);
         states.push_back(h);
       }
       net.h = h;
       if (Tensor same = h0.defined() ? h0.detach() : Tensor(); same.defined()) same.copy_(h.detach());
       return stack(states);
     }},
    {"net.h is the first state", "wrong",
     [](RecurrentNet& net, const Tensor& x, const Tensor& h0) {
       Tensor h = h0.defined() ? h0 : zeros({x.size(1), net.w.weight_hh.size(0)}, x.dtype());
       std::vector<Tensor> states;
       for (index_t t = 0; t < x.size(0); ++t) {
         h = tanh(linear(x[t], net.w.weight_ih, net.w.bias_ih) + linear(h, net.w.weight_hh, net.w.bias_hh));
         states.push_back(h);
       }
       net.h = states[0];
       return stack(states);
     }},
    {"a residual", "wrong",
     [](RecurrentNet& net, const Tensor& x, const Tensor& h0) {
       Tensor h = h0.defined() ? h0 : zeros({x.size(1), net.w.weight_hh.size(0)}, x.dtype());
       std::vector<Tensor> states;
       for (index_t t = 0; t < x.size(0); ++t) {
         h = h +
             tanh(linear(x[t], net.w.weight_ih, net.w.bias_ih) + linear(h, net.w.weight_hh, net.w.bias_hh));
         states.push_back(h);
       }
       net.h = h;
       return stack(states);
     }},
    {"h0 at every step", "wrong",
     [](RecurrentNet& net, const Tensor& x, const Tensor& h0) {
       const Tensor h = h0.defined() ? h0 : zeros({x.size(1), net.w.weight_hh.size(0)}, x.dtype());
       std::vector<Tensor> states;
       for (index_t t = 0; t < x.size(0); ++t)
         states.push_back(
             tanh(linear(x[t], net.w.weight_ih, net.w.bias_ih) + linear(h, net.w.weight_hh, net.w.bias_hh)));
       net.h = states.back();
       return stack(states);
     }},
    {"stacked along the wrong axis", "wrong",
     [](RecurrentNet& net, const Tensor& x, const Tensor& h0) {
       Tensor h = h0.defined() ? h0 : zeros({x.size(1), net.w.weight_hh.size(0)}, x.dtype());
       std::vector<Tensor> states;
       for (index_t t = 0; t < x.size(0); ++t) {
         h = tanh(linear(x[t], net.w.weight_ih, net.w.bias_ih) + linear(h, net.w.weight_hh, net.w.bias_hh));
         states.push_back(h);
       }
       net.h = h;
       return stack(states, 1);
     }},
    {"h0 is detached", "wrong",
     [](RecurrentNet& net, const Tensor& x, const Tensor& h0) {
       Tensor h = h0.defined() ? h0.detach() : zeros({x.size(1), net.w.weight_hh.size(0)}, x.dtype());
       std::vector<Tensor> states;
       for (index_t t = 0; t < x.size(0); ++t) {
         h = tanh(linear(x[t], net.w.weight_ih, net.w.bias_ih) + linear(h, net.w.weight_hh, net.w.bias_hh));
         states.push_back(h);
       }
       net.h = h;
       return stack(states);
     }},
    {"the previous state is added", "wrong", [](RecurrentNet& net, const Tensor& x, const Tensor& h0) {
       Tensor h = h0.defined() ? h0 : zeros({x.size(1), net.w.weight_hh.size(0)}, x.dtype());
       std::vector<Tensor> states;
       for (index_t t = 0; t < x.size(0); ++t) {
         h = tanh(linear(x[t], net.w.weight_ih, net.w.bias_ih) + linear(h, net.w.weight_hh, net.w.bias_hh));
         states.push_back(h);
       }
       net.h = net.h.defined() ? net.h + h : h;
       return stack(states);
     }}};

}  // namespace

Tensor rnn_forward(RecurrentNet& net, const Tensor& x, const Tensor& h0) {
  return answers.chosen(net, x, h0);
}

}  // namespace heed::exercise
