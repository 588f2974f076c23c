#include "lessons/05_transformer_architecture/exercises.h"
#include "tests/lessons/answers/answers.h"

namespace heed::exercise {
namespace {

Tensor dropped(const Tensor& x, const Dropping& d) {
  return d.training ? masked_fill(x, !d.keep, 0) / (1 - d.p) : x;
}

const Answers<decltype(add_and_norm)> answers{
    {"two returns", "pass",
     [](const Tensor& x, const Function& f, const Function& norm, const Dropping& d) {
       if (!d.training) return norm(f(x) + x);
       return norm(masked_fill(f(x) * (1 / (1 - d.p)), !d.keep, 0) + x);
     }},
    {"times 0 or 1 / (1 - p)", "pass",
     [](const Tensor& x, const Function& f, const Function& norm, const Dropping& d) {
       Tensor change = f(x);
       if (d.training) {
         const DType type = x.dtype();
         change = change * where(d.keep, full({}, 1 / (1 - d.p), type), zeros({}, type));
       }
       return norm(x + change);
     }},
    {"the mean of x and f(x)", "EN-61",
     [](const Tensor& x, const Function& f, const Function& norm, const Dropping& d) {
       return norm((x + dropped(f(x), d)) / 2.0);
     }},
    {"x twice", "EN-60",
     [](const Tensor& x, const Function& f, const Function& norm, const Dropping& d) {
       return norm(x * 2.0 + dropped(f(x), d));
     }},
    {"the residual of the normalised input", "EN-62",
     [](const Tensor& x, const Function& f, const Function& norm, const Dropping& d) {
       const Tensor n = norm(x);
       return n + dropped(f(n), d);
     }},
    {"the residual of the normalised input, normalised", "wrong",
     [](const Tensor& x, const Function& f, const Function& norm, const Dropping& d) {
       return norm(norm(x) + dropped(f(x), d));
     }},
    {"normalised twice", "wrong",
     [](const Tensor& x, const Function& f, const Function& norm, const Dropping& d) {
       return norm(norm(x + dropped(f(x), d)));
     }},
    {"the sublayer twice", "wrong",
     [](const Tensor& x, const Function& f, const Function& norm, const Dropping& d) {
       return norm(x + dropped(f(f(x)), d));
     }},
    {"scaled by 1 / √2", "wrong",
     [](const Tensor& x, const Function& f, const Function& norm, const Dropping& d) {
       return norm((x + dropped(f(x), d)) / 1.4142135623730951);
     }},
    {"the mask is the same for all sequences", "wrong",
     [](const Tensor& x, const Function& f, const Function& norm, const Dropping& d) {
       if (!d.training || x.rank() < 3) return norm(x + dropped(f(x), d));
       const index_t n = x.size(1) * x.size(2);
       const Mask first(std::vector<std::uint8_t>(d.keep.data(), d.keep.data() + n),
                        {1, x.size(1), x.size(2)});
       return norm(x + masked_fill(f(x), !first, 0) / (1 - d.p));
     }},
    {"no dropout for one sequence", "EN-12",
     [](const Tensor& x, const Function& f, const Function& norm, const Dropping& d) {
       return norm(x + (x.size(0) == 1 ? f(x) : dropped(f(x), d)));
     }},
    {"dropout on x, too", "EN-09",
     [](const Tensor& x, const Function& f, const Function& norm, const Dropping& d) {
       return norm(dropped(x, d) + dropped(f(x), d));
     }},
    {"f minus x", "wrong",
     [](const Tensor& x, const Function& f, const Function& norm, const Dropping& d) {
       return norm(dropped(f(x), d) - x);
     }},
    {"the norm before the sublayer and after the sum", "wrong",
     [](const Tensor& x, const Function& f, const Function& norm, const Dropping& d) {
       return norm(x + dropped(f(norm(x)), d));
     }},
    {"scaled in evaluation, too", "wrong",
     [](const Tensor& x, const Function& f, const Function& norm, const Dropping& d) {
       return norm(x + dropped(f(x), d) / (d.training ? 1.0 : 1 - d.p));
     }},
    {"another norm", "wrong",
     [](const Tensor& x, const Function& f, const Function&, const Dropping& d) {
       return layer_norm(x + dropped(f(x), d));
     }},
    {"divided by 0.8", "wrong",
     [](const Tensor& x, const Function& f, const Function& norm, const Dropping& d) {
       return norm(x + (d.training ? masked_fill(f(x), !d.keep, 0) / 0.8 : f(x)));
     }},
    {"no dropout and no residual", "likely EN-04",
     [](const Tensor& x, const Function& f, const Function& norm, const Dropping&) { return norm(f(x)); }},
    {"pre-LN without dropout", "likely EN-01",
     [](const Tensor& x, const Function& f, const Function& norm, const Dropping&) {
       return x + f(norm(x));
     }},
    {"reads keep in evaluation", "EN-07",
     [](const Tensor& x, const Function& f, const Function& norm, const Dropping& d) {
       return norm(x + masked_fill(f(x), !d.keep, 0) / (1 - d.p));
     }},
    {"x detached", "EN-63",
     [](const Tensor& x, const Function& f, const Function& norm, const Dropping& d) {
       return norm(x.detach() + dropped(f(x), d));
     }},
    {"f32 result", "wrong",
     [](const Tensor& x, const Function& f, const Function& norm, const Dropping& d) {
       return norm(x + dropped(f(x), d)).to(f32);
     }},
    {"modifies x", "likely SD-34",
     [](const Tensor& x, const Function& f, const Function& norm, const Dropping& d) {
       const Tensor y = norm(x + dropped(f(x), d));
       Tensor same = x.detach();
       same.add_(ones(x.shape(), x.dtype()));
       return y;
     }}};

}  // namespace

Tensor add_and_norm(const Tensor& x, const Function& f, const Function& norm, const Dropping& dropping) {
  return answers.chosen(x, f, norm, dropping);
}

}  // namespace heed::exercise
