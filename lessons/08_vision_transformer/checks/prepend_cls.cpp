#include "lessons/08_vision_transformer/exercises.h"
#include "lessons/check/check.h"

namespace heed::exercise {
namespace {

// Two images of three patches, C = 4.
struct Fixture {
  Tensor x = tensor({{{1, 2, -3, 4}, {5, -6, 7, 8}, {9, 10, 11, -12}},
                     {{-0.5, 0.25, 2, 1}, {3, 0, -1, 6}, {-2, 8, 0.75, -4}}});
  Tensor cls = tensor({{{0.1, -0.2, 0.3, 20}}});
};

Tensor for_each_image(const Tensor& x, const Tensor& cls) { return cls.expand({x.size(0), 1, x.size(2)}); }
Tensor reference(const Tensor& x, const Tensor& cls) { return cat({for_each_image(x, cls), x}, 1); }
Tensor filled(const Tensor& x, const Tensor& cls) {
  Tensor tokens = zeros({x.size(0), x.size(1) + 1, x.size(2)}, x.dtype());
  tokens.slice(1, 0, 1).copy_(for_each_image(x, cls));
  tokens.slice(1, 1).copy_(x);
  return tokens;
}

const checks::Exercise<decltype(prepend_cls)> exercise{
    "08_prepend_cls",
    prepend_cls,
    reference,
    {{"VI-05", "CLS comes after the patches, but the head uses row 0: put it first",
      [](auto& x, auto& cls) {
        return cat({x, for_each_image(x, cls)}, 1);
      }},
     {"VI-20", "CLS was added to every patch: it is a separate token",
      [](auto& x, auto& cls) { return x + cls; }},
     {"VI-21", "CLS replaced the first patch: keep all patches, N + 1 rows in total",
      [](auto& x, auto& cls) {
        return cat({for_each_image(x, cls), x.slice(1, 1)}, 1);
      }},
     {"VI-22", "row 0 is all zeros: put the learned `cls` there",
      [](auto& x, auto&) {
        return pad(x, {0, 0, 1, 0});
      }},
     {"VI-23", "no gradient reaches CLS: its values were copied without the graph",
      [](auto& x, auto& cls) { return reference(x, cls.detach()); }},
     {"VI-24", "no gradient reaches CLS or the patches: the result was filled with copied values", filled},
     {"VI-25", "only the first image got CLS: every image begins with it",
      [](auto& x, auto& cls) {
        const Tensor rest = pad(x.slice(0, 1), {0, 0, 1, 0});
        return cat({cat({cls, x.slice(0, 0, 1)}, 1), rest});
      }},
     {"VI-78", "CLS learns from the first image only: its gradient is the sum over all images",
      [](auto& x, auto& cls) {
        const Tensor rest = cls.detach().expand({x.size(0) - 1, 1, x.size(2)});
        return cat({cat({cls, rest}), x}, 1);
      }},
     {"VI-79", "no gradient reaches the patches: their values were copied without the graph",
      [](auto& x, auto& cls) { return reference(x.detach(), cls); }}}};

TEST(PrependCls, IsRowZeroOfEveryImage) {
  exercise.call("prepend_cls(x (2, 3, 4), {{{0.1, -0.2, 0.3, 20}}})", [] {
    const Fixture a;
    return std::tuple(a.x, a.cls);
  });
}

TEST(PrependCls, ToAnyNumberOfPatchesAndImages) {
  exercise.call("prepend_cls({{{7, -8}}}, {{{0.5, 2}}})", [] {
    return std::tuple(tensor({{{7, -8}}}), tensor({{{0.5, 2}}}));
  });
  exercise.call("prepend_cls(x (1, 3, 4), {{{0.1, -0.2, 0.3, 20}}})", [] {
    const Fixture a;
    return std::tuple(a.x.slice(0, 1), a.cls);
  });
  exercise.call("prepend_cls(x (5, 1, 4), {{{0.1, -0.2, 0.3, 20}}})", [] {
    Generator gen(1);
    return std::tuple(randn({5, 1, 4}, gen), Fixture().cls);
  });
  exercise.call("prepend_cls(x (3, 3, 3), {{{0.1, -0.2, 20}}})", [] {
    Generator gen(2);
    return std::tuple(randn({3, 3, 3}, gen), tensor({{{0.1, -0.2, 20}}}));
  });
}

TEST(PrependCls, ToAWideRangeOfValues) {
  exercise.call("prepend_cls({{{0, 1000}, {-7, 0.5}}, {{-0.5, 1}, {2, 3}}}, {{{0.1, -0.2}}})", [] {
    return std::tuple(tensor({{{0, 1000}, {-7, 0.5}}, {{-0.5, 1}, {2, 3}}}), tensor({{{0.1, -0.2}}}));
  });
}

}  // namespace
}  // namespace heed::exercise

// wrong edit VI-05: `{first, x}` => `{x, first}`
