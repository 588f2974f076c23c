#include "lessons/08_vision_transformer/exercises.h"
#include "lessons/tutor/check.h"

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
  Tensor tokens = zeros({x.size(0), x.size(1) + 1, x.size(2)});
  tokens.slice(1, 0, 1).copy_(for_each_picture(x, cls)), tokens.slice(1, 1).copy_(x);
  return tokens;
}

const tutor::Exercise<decltype(prepend_cls)> exercise{
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
     {"VI-25", "only the first picture got a CLS: all pictures begin with it", [](auto& x, auto& cls) {
        const Tensor rest = pad(x.slice(0, 1), {0, 0, 1, 0});
        return cat({cat({cls, x.slice(0, 0, 1)}, 1), rest});
      }}}};

TEST(PrependCls, IsRowZeroOfEveryPicture) {
  exercise.compare("prepend_cls(x (2, 3, 4), {{{0.1, -0.2, 0.3, 20}}})", [](auto f) {
    const Fixture a;
    return f(a.x, a.cls);
  });
}

TEST(PrependCls, ToOnePatchOfOnePicture) {
  exercise.compare("prepend_cls({{{7, -8}}}, {{{1, 2}}}), in f64", [](auto f) {
    return f(tensor({{{7, -8}}}, f64), tensor({{{1, 2}}}, f64));
  });
}

TEST(PrependCls, KeepsTheTypeOfTheNumbers) {
  exercise.invariant("", "x and cls of f64 give tokens of f64", [](auto f) {
    return f(tensor({{{7, -8}}}, f64), tensor({{{1, 2}}}, f64)).dtype() == f64;
  });
}

TEST(PrependCls, LetsEveryPictureTeachCls) {
  exercise.compare("the gradient of the sum of the cubes of prepend_cls(x, cls) with respect to cls",
                   [](auto f) {
                     Fixture a;
                     const Tensor y = f(a.x, a.cls.set_requires_grad());
                     (y * y * y).sum().backward();
                     return a.cls.grad();
                   });
}

TEST(PrependCls, PassesTheGradientOfThePatchesOn) {
  exercise.compare("the gradient of the sum of the squares of prepend_cls(x, cls) with respect to x",
                   [](auto f) {
                     Fixture a;
                     const Tensor y = f(a.x.set_requires_grad(), a.cls);
                     (y * y).sum().backward();
                     return a.x.grad();
                   });
}

TEST(PrependCls, LeavesWhatItIsGivenAsItWas) {
  exercise.invariant("", "putting CLS in front must change neither x nor cls", [](auto f) {
    const Fixture a, before;
    tutor::ask([&] { return f(a.x, a.cls); });
    return allclose(a.x, before.x, 0, 0) && allclose(a.cls, before.cls, 0, 0);
  });
}

}  // namespace
}  // namespace heed::exercise
