#include "lessons/08_vision_transformer/exercises.h"
#include "lessons/check/check.h"

namespace heed::exercise {
namespace {

// Two pictures of three patches, C = 4.
struct Fixture {
  Tensor x = tensor({{{1, 2, -3, 4}, {5, -6, 7, 8}, {9, 10, 11, -12}},
                     {{-0.5, 0.25, 2, 1}, {3, 0, -1, 6}, {-2, 8, 0.75, -4}}});
  Tensor cls = tensor({{{0.1, -0.2, 0.3, 20}}});
};

Tensor for_each_picture(const Tensor& x, const Tensor& cls) { return cls.expand({x.size(0), 1, x.size(2)}); }
Tensor right(const Tensor& x, const Tensor& cls) { return cat({for_each_picture(x, cls), x}, 1); }
Tensor filled(const Tensor& x, const Tensor& cls) {
  Tensor tokens = zeros({x.size(0), x.size(1) + 1, x.size(2)}, x.dtype());
  tokens.slice(1, 0, 1).copy_(for_each_picture(x, cls));
  tokens.slice(1, 1).copy_(x);
  return tokens;
}

const checks::Exercise<decltype(prepend_cls)> exercise{
    "08_prepend_cls",
    prepend_cls,
    right,
    {{"VI-05", "CLS stands behind the patches, and the head reads row 0: put it in front",
      [](auto& x, auto& cls) {
        return cat({x, for_each_picture(x, cls)}, 1);
      }},
     {"VI-20", "CLS was added to every patch; it is a token of its own",
      [](auto& x, auto& cls) { return x + cls; }},
     {"VI-21", "CLS took the place of the first patch: all patches stay, N + 1 rows in all",
      [](auto& x, auto& cls) {
        return cat({for_each_picture(x, cls), x.slice(1, 1)}, 1);
      }},
     {"VI-22", "row 0 is all zeros: put `cls` there, it is learned",
      [](auto& x, auto&) {
        return pad(x, {0, 0, 1, 0});
      }},
     {"VI-23", "no gradient reaches CLS, so it cannot learn: its numbers were copied without their history",
      [](auto& x, auto& cls) { return right(x, cls.detach()); }},
     {"VI-24", "no gradient reaches CLS or the patches: the result was filled with numbers, not made by ops",
      filled},
     {"VI-25", "only the first picture got a CLS: all pictures begin with it",
      [](auto& x, auto& cls) {
        const Tensor rest = pad(x.slice(0, 1), {0, 0, 1, 0});
        return cat({cat({cls, x.slice(0, 0, 1)}, 1), rest});
      }},
     {"VI-78", "CLS learns from the first image only: the gradients of all images belong to it",
      [](auto& x, auto& cls) {
        const Tensor rest = cls.detach().expand({x.size(0) - 1, 1, x.size(2)});
        return cat({cat({cls, rest}), x}, 1);
      }},
     {"VI-79", "no gradient reaches the patches: their numbers were copied without their history",
      [](auto& x, auto& cls) { return right(x.detach(), cls); }}}};

TEST(PrependCls, IsRowZeroOfEveryImage) {
  exercise.call("prepend_cls(x (2, 3, 4), {{{0.1, -0.2, 0.3, 20}}})", [] {
    const Fixture a;
    return std::tuple(a.x, a.cls);
  });
}

TEST(PrependCls, ToEveryNumberOfPatchesAndImages) {
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

TEST(PrependCls, ToAWideRange) {
  exercise.call("prepend_cls({{{0, 1000}, {-7, 0.5}}, {{-0.5, 1}, {2, 3}}}, {{{0.1, -0.2}}})", [] {
    return std::tuple(tensor({{{0, 1000}, {-7, 0.5}}, {{-0.5, 1}, {2, 3}}}), tensor({{{0.1, -0.2}}}));
  });
}

}  // namespace
}  // namespace heed::exercise
