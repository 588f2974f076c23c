#include "lessons/08_vision_transformer/exercises.h"
#include "tests/lessons/answers/answers.h"

namespace heed::exercise {
namespace {

Tensor reference(const Tensor& x, const Tensor& cls) {
  return cat({cls.expand({x.size(0), 1, x.size(2)}), x}, 1);
}

const Answers<decltype(prepend_cls)> answers{
    {"image by image", "pass",
     [](const Tensor& x, const Tensor& cls) {
       std::vector<Tensor> images;
       for (index_t b = 0; b < x.size(0); ++b) images.push_back(cat({cls[0], x[b]}));
       return stack(images);
     }},
    {"added to zeros", "pass",
     [](const Tensor& x, const Tensor& cls) {
       return cat({zeros({x.size(0), 1, x.size(2)}, x.dtype()) + cls, x}, 1);
     }},
    {"where, with a separate row", "pass",
     [](const Tensor& x, const Tensor& cls) {
       const Tensor room = pad(x, {0, 0, 1, 0});
       const Mask first = equal(arange(0, static_cast<double>(room.size(1))), 0).reshape({1, -1, 1});
       return where(first, cls, room);
     }},
    {"CLS learns from the first image only", "VI-78",
     [](const Tensor& x, const Tensor& cls) {
       std::vector<Tensor> images;
       for (index_t b = 0; b < x.size(0); ++b)
         images.push_back(cat({b == 0 ? cls[0] : cls[0].detach(), x[b]}));
       return stack(images);
     }},
    {"CLS learns from the last image only", "wrong",
     [](const Tensor& x, const Tensor& cls) {
       std::vector<Tensor> images;
       for (index_t b = 0; b < x.size(0); ++b)
         images.push_back(cat({b + 1 == x.size(0) ? cls[0] : cls[0].detach(), x[b]}));
       return stack(images);
     }},
    {"CLS learns from the mean of the images", "wrong",
     [](const Tensor& x, const Tensor& cls) {
       const double n = static_cast<double>(x.size(0));
       return reference(x, cls.detach() + (cls - cls.detach()) / n);
     }},
    {"CLS learns from single images only", "wrong",
     [](const Tensor& x, const Tensor& cls) { return reference(x, x.size(0) == 1 ? cls : cls.detach()); }},
    {"the patches are detached", "VI-79",
     [](const Tensor& x, const Tensor& cls) { return reference(x.detach(), cls); }},
    {"row 0 is the mean of the patches", "wrong",
     [](const Tensor& x, const Tensor& cls) {
       return cat({x.mean({1}, true) + cls * 0.0, x}, 1);
     }},
    {"CLS is the first patch, scaled", "wrong",
     [](const Tensor& x, const Tensor& cls) {
       return cat({x.slice(1, 0, 1) * 0.5 + cls * 0.0, x}, 1);
     }},
    {"CLS is added to row 0 as well", "wrong",
     [](const Tensor& x, const Tensor& cls) {
       return cat({cls.expand({x.size(0), 1, x.size(2)}), x.slice(1, 0, 1) + cls, x.slice(1, 1)}, 1);
     }},
    {"only the first image, in f32", "wrong",
     [](const Tensor& x, const Tensor& cls) {
       const Tensor rest = pad(x.slice(0, 1), {0, 0, 1, 0});
       return cat({cat({cls, x.slice(0, 0, 1)}, 1), rest}).to(f32);
     }},
    {"CLS at both ends", "wrong",
     [](const Tensor& x, const Tensor& cls) {
       const Tensor all = cls.expand({x.size(0), 1, x.size(2)});
       return cat({all, x, all}, 1);
     }},
    {"after the patches, without gradient", "likely VI-05",
     [](const Tensor& x, const Tensor& cls) {
       return cat({x, cls.detach().expand({x.size(0), 1, x.size(2)})}, 1);
     }},
    {"concatenated along the batch", "wrong",
     [](const Tensor& x, const Tensor& cls) {
       return cat({cls.expand({1, x.size(1), x.size(2)}), x}, 0);
     }},
    {"times a mask", "pass",
     [](const Tensor& x, const Tensor& cls) {
       const Tensor room = pad(x, {0, 0, 1, 0});
       Tensor first = zeros({1, room.size(1), 1}, x.dtype());
       first.set({0, 0, 0}, 1);
       return cls * first + room * (1.0 - first);
     }},
    {"zeros for a single patch", "wrong",
     [](const Tensor& x, const Tensor& cls) {
       return x.size(1) == 1 ? reference(x, cls * 0.0) : reference(x, cls);
     }},
    {"f32 result", "wrong", [](const Tensor& x, const Tensor& cls) { return reference(x, cls).to(f32); }},
    {"writes into CLS", "likely SD-34", [](const Tensor& x, const Tensor& cls) {
       const Tensor tokens = reference(x, cls);
       Tensor same = cls.detach();
       same.zero_();
       return tokens;
     }}};

}  // namespace

Tensor prepend_cls(const Tensor& x, const Tensor& cls) { return answers.chosen(x, cls); }

}  // namespace heed::exercise
