#include "lessons/05_transformer_architecture/exercises.h"
#include "tests/lessons/answers/answers.h"

namespace heed::exercise {
namespace {

using Parts = nn::TransformerEncoderLayer;

Tensor attended(const Tensor& x, Parts& p, const Mask& allowed) {
  return p.self_attn.forward(x, x, x, {.mask = allowed}).output;
}
Tensor thought(const Tensor& h, Parts& p) { return p.linear2(p.dropout(relu(p.linear1(h)))); }
Tensor reference(const Tensor& x, Parts& p, const Mask& allowed) {
  const Tensor h = p.norm1(x + p.dropout1(attended(x, p, allowed)));
  return p.norm2(h + p.dropout2(thought(h, p)));
}

const Answers<decltype(encoder_block)> answers{
    {"the forward of the layer", "pass",
     [](const Tensor& x, Parts& p, const Mask& allowed) { return p.forward(x, {.mask = allowed}); }},
    {"ops in place of linear1, linear2 and the norms", "pass",
     [](const Tensor& x, Parts& p, const Mask& allowed) {
       const auto norm = [](const Tensor& t, const nn::LayerNorm& n) {
         return layer_norm(t, n.weight, n.bias, n.options.eps);
       };
       const Tensor h = norm(p.dropout1(attended(x, p, allowed)) + x, p.norm1);
       const Tensor wide = p.dropout(linear_relu(h, p.linear1.weight, p.linear1.bias));
       return norm(p.dropout2(linear(wide, p.linear2.weight, p.linear2.bias)) + h, p.norm2);
     }},
    {"the mask as (B, 1, 1, T)", "pass",
     [](const Tensor& x, Parts& p, const Mask& allowed) {
       const Mask all = Mask::full({x.size(0), 1, x.size(1)}, true);
       return reference(x, p, allowed.defined() ? allowed & all : all);
     }},
    {"the mask is not used for one token", "MK-01",
     [](const Tensor& x, Parts& p, const Mask& allowed) {
       return reference(x, p, x.size(1) == 1 ? Mask() : allowed);
     }},
    {"the mask is not used for one sequence", "MK-01",
     [](const Tensor& x, Parts& p, const Mask& allowed) {
       return reference(x, p, x.size(0) == 1 ? Mask() : allowed);
     }},
    {"the mask is used for one sequence only", "MK-01",
     [](const Tensor& x, Parts& p, const Mask& allowed) {
       return reference(x, p, x.size(0) == 1 ? allowed : Mask());
     }},
    {"the mask is used for an odd number of tokens only", "MK-01",
     [](const Tensor& x, Parts& p, const Mask& allowed) {
       return reference(x, p, x.size(1) % 2 == 0 ? Mask() : allowed);
     }},
    {"only padding at the end is masked", "wrong",
     [](const Tensor& x, Parts& p, const Mask& allowed) {
       if (!allowed.defined()) return reference(x, p, allowed);
       std::vector<index_t> lengths;
       for (index_t b = 0; b < x.size(0); ++b) {
         lengths.push_back(0);
         for (index_t t = 0; t < x.size(1); ++t)
           if (allowed.at({b, 0, t})) lengths.back() = t + 1;
       }
       return reference(x, p, padding(lengths, x.size(1)));
     }},
    {"the mask is inverted for one sequence", "MK-02",
     [](const Tensor& x, Parts& p, const Mask& allowed) {
       return reference(x, p, allowed.defined() && x.size(0) == 1 ? !allowed : allowed);
     }},
    {"queries are masked as well", "wrong",
     [](const Tensor& x, Parts& p, const Mask& allowed) {
       if (!allowed.defined()) return reference(x, p, allowed);
       return reference(x, p, allowed & allowed.reshape({x.size(0), x.size(1), 1}));
     }},
    {"the mask is not used in training", "MK-01",
     [](const Tensor& x, Parts& p, const Mask& allowed) {
       return reference(x, p, p.training() ? Mask() : allowed);
     }},
    {"the mask of the first sequence", "MK-25",
     [](const Tensor& x, Parts& p, const Mask& allowed) {
       if (!allowed.defined()) return reference(x, p, allowed);
       const std::vector<std::uint8_t> first(allowed.data(), allowed.data() + x.size(1));
       return reference(x, p, Mask(first, {1, 1, x.size(1)}));
     }},
    {"pre-LN without the mask", "likely EN-01",
     [](const Tensor& x, Parts& p, const Mask&) {
       const Tensor h = x + p.dropout1(attended(p.norm1(x), p, {}));
       return h + p.dropout2(thought(p.norm2(h), p));
     }},
    {"no residuals, no ReLU", "wrong",
     [](const Tensor& x, Parts& p, const Mask& allowed) {
       const Tensor h = p.norm1(p.dropout1(attended(x, p, allowed)));
       return p.norm2(p.dropout2(p.linear2(p.dropout(p.linear1(h)))));
     }},
    {"one dropout for all three", "wrong",
     [](const Tensor& x, Parts& p, const Mask& allowed) {
       const Tensor h = p.norm1(x + p.dropout(attended(x, p, allowed)));
       return p.norm2(h + p.dropout(thought(h, p)));
     }},
    {"the residual of the normalised input", "EN-62",
     [](const Tensor& x, Parts& p, const Mask& allowed) {
       const Tensor n = p.norm1(x), h = p.norm2(n + p.dropout1(attended(n, p, allowed)));
       return h + p.dropout2(thought(h, p));
     }},
    {"norm1 and norm2 exchanged", "EN-68",
     [](const Tensor& x, Parts& p, const Mask& allowed) {
       const Tensor h = p.norm2(x + p.dropout1(attended(x, p, allowed)));
       return p.norm1(h + p.dropout2(thought(h, p)));
     }},
    {"dropout before the ReLU", "pass",
     [](const Tensor& x, Parts& p, const Mask& allowed) {
       const Tensor h = p.norm1(x + p.dropout1(attended(x, p, allowed)));
       return p.norm2(h + p.dropout2(p.linear2(relu(p.dropout(p.linear1(h))))));
     }},
    {"the second residual is detached", "wrong",
     [](const Tensor& x, Parts& p, const Mask& allowed) {
       const Tensor h = p.norm1(x + p.dropout1(attended(x, p, allowed)));
       return p.norm2(h.detach() + p.dropout2(thought(h, p)));
     }},
    {"puts parts into eval mode and back into train mode", "wrong",
     [](const Tensor& x, Parts& p, const Mask& allowed) {
       p.eval();
       const Tensor y = reference(x, p, allowed);
       p.train();
       return y;
     }},
    {"leaves one dropout in eval mode", "wrong",
     [](const Tensor& x, Parts& p, const Mask& allowed) {
       const Tensor y = reference(x, p, allowed);
       p.dropout2.eval();
       return y;
     }},
    {"modifies a weight", "wrong",
     [](const Tensor& x, Parts& p, const Mask& allowed) {
       const Tensor y = reference(x, p, allowed).detach();
       const NoGrad no_grad;
       p.linear1.weight.mul_(0.9);
       return y;
     }},
    {"modifies x", "likely SD-34", [](const Tensor& x, Parts& p, const Mask& allowed) {
       const Tensor y = reference(x, p, allowed);
       Tensor same = x.detach();
       same.mul_(0);
       return y;
     }}};

}  // namespace

Tensor encoder_block(const Tensor& x, nn::TransformerEncoderLayer& parts, const Mask& allowed) {
  return answers.chosen(x, parts, allowed);
}

}  // namespace heed::exercise
