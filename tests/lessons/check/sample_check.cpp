// A small exercise with its check: row_means(x, mask) is the mean of the elements of each row that
// are not masked. The variable HEED_SAMPLE selects the learner's answer.
#include <cmath>
#include <cstdlib>
#include <map>

#include "lessons/check/check.h"

namespace heed::exercise {
namespace {

Tensor row_means(const Tensor& x, const Mask& mask);

Tensor masked(const Tensor& x, const Mask& mask) { return mask.defined() ? masked_fill(x, !mask, 0) : x; }
Tensor counts(const Tensor& x, const Mask& mask) {
  const Mask all = Mask::full(x.shape(), true);
  const Tensor one = ones({}, x.dtype());
  return where(mask.defined() ? mask.expand(x.shape()) : all, one, one * 0.0).sum({-1});
}
Tensor reference(const Tensor& x, const Mask& mask) { return masked(x, mask).sum({-1}) / counts(x, mask); }

Tensor no_mask(const Tensor& x, const Mask&) { return x.mean({-1}); }
Tensor sums(const Tensor& x, const Mask& mask) { return masked(x, mask).sum({-1}); }
Tensor of_columns(const Tensor& x, const Mask& mask) {
  return reference(x.transpose(0, 1), mask.defined() ? Mask() : mask);
}
Tensor over_all(const Tensor& x, const Mask& mask) {
  return masked(x, mask).sum({-1}) / static_cast<double>(x.size(-1));
}
Tensor squares(const Tensor& x, const Mask& mask) { return reference(x * x, mask); }

const checks::Exercise<decltype(row_means)> exercise{
    "00_row_means",
    row_means,
    reference,
    {{"XX-01", "the mask is not used", no_mask},
     {"XX-02", "the sum is not divided", sums},
     {"XX-03", "the mean is over columns", of_columns},
     {"XX-04", "masked elements count as zeros", over_all},
     {"XX-05", "the squares were averaged", squares},
     {"XX-06", "as XX-05, written differently",
      [](const Tensor& x, const Mask& mask) { return reference(pow(x, 2), mask); }, "XX-05"}}};

TEST(RowMeans, OfWholeRows) {
  exercise.call("row_means({{1.2, 2, 5.1}, {-4, 0.3, 7}, {3, 3.3, -9}}, no mask)", [] {
    return std::tuple(tensor({{1.2, 2, 5.1}, {-4, 0.3, 7}, {3, 3.3, -9}}), Mask());
  });
}
TEST(RowMeans, OfMaskedRows) {
  exercise.call("row_means({{1.2, 2, 5.1}, {-4, 0.3, 7}, {3, 3.3, -9}}, {{1, 1, 0}, {1, 0, 1}, {0, 1, 1}})",
                [] {
                  return std::tuple(tensor({{1.2, 2, 5.1}, {-4, 0.3, 7}, {3, 3.3, -9}}),
                                    Mask::of({{1, 1, 0}, {1, 0, 1}, {0, 1, 1}}));
                });
}
TEST(RowMeans, OfOneElement) {
  exercise.call("row_means({{2}}, no mask)", [] { return std::tuple(tensor({{2}}), Mask()); });
}

TEST(RowMeans, LieBetweenMinimumAndMaximum) {
  exercise.invariant("XX-02", "a mean lies between the smallest and the largest element", [](auto f) {
    const double y = f(tensor({{1, 3}}), {}).at({0});
    return y >= 1 && y <= 3;
  });
  exercise.invariant("XX-01", "a masked element was changed: the mean must not move", [](auto f) {
    const Mask mask = Mask::of({{1, 0}});
    return f(tensor({{1, 3}}), mask).at({0}) == f(tensor({{1, 4}}), mask).at({0});
  });
}

using Function = Tensor (*)(const Tensor&, const Mask&);
const std::map<std::string, Function> samples{
    {"correct", reference},
    {"no mask", no_mask},
    {"squares", squares},
    {"no mask in a square",
     [](const Tensor& x, const Mask& m) { return x.size(0) == x.size(1) ? no_mask(x, m) : reference(x, m); }},
    {"no mask and no division", [](const Tensor& x, const Mask&) { return sums(x, {}); }},
    {"twice a single element",
     [](const Tensor& x, const Mask& m) { return x.numel() == 1 ? x.sum({-1}) * 2.0 : reference(x, m); }},
    {"beyond the largest", [](const Tensor& x, const Mask& m) { return reference(x, m) * 20.0; }},
    {"moved by masked elements",
     [](const Tensor& x, const Mask& m) { return reference(x, m) + x.sum({-1}) * 0.1; }},
    {"nothing known", [](const Tensor& x, const Mask& m) { return reference(x, m) + 0.5; }},
    {"f32 alone", [](const Tensor& x, const Mask& m) { return reference(x, m) + zeros({1}); }},
    {"f32 result", [](const Tensor& x, const Mask& m) { return reference(x, m).to(f32); }},
    {"no strides",
     [](const Tensor& x, const Mask& m) {
       if (x.is_contiguous()) return reference(x, m);
       return reference(x, m) * 0.0;
     }},
    {"no gradient", [](const Tensor& x, const Mask& m) { return reference(x.detach(), m); }},
    {"writes",
     [](const Tensor& x, const Mask& m) {
       const Tensor y = reference(x, m);
       Tensor same = x.detach();
       same.mul_(2);
       return y;
     }},
};

Tensor row_means(const Tensor& x, const Mask& mask) {
  return samples.at(std::getenv("HEED_SAMPLE"))(x, mask);
}

}  // namespace
}  // namespace heed::exercise
