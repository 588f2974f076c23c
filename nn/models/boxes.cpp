#include "nn/models/boxes.h"

namespace heed::nn {

static void check_boxes(const char* op, const Tensor& x) {
  check(x.defined() && x.rank() >= 1 && x.size(-1) == 4, op, "expected boxes (..., 4), got ", x);
}

static Tensor first(const Tensor& x) { return x.slice(-1, 0, 2); }
static Tensor last(const Tensor& x) { return x.slice(-1, 2, 4); }

Tensor center_to_corners(const Tensor& boxes) {
  check_boxes("center_to_corners", boxes);
  return cat({first(boxes) - last(boxes) * 0.5, first(boxes) + last(boxes) * 0.5}, -1);
}

Tensor corners_to_center(const Tensor& corners) {
  check_boxes("corners_to_center", corners);
  return cat({(first(corners) + last(corners)) * 0.5, last(corners) - first(corners)}, -1);
}

// size (..., 2), width and height -> area (...). Negative sizes count as 0.
static Tensor area(const Tensor& size) {
  const Tensor s = relu(size);
  return s.select(-1, 0) * s.select(-1, 1);
}

// part / whole; 0 if the whole is 0, NaN if it is NaN.
static Tensor ratio(const Tensor& part, const Tensor& whole) {
  const Mask is_empty = whole <= 0;
  return where(is_empty, zeros({}, part.dtype()), part) / where(is_empty, ones({}, whole.dtype()), whole);
}

namespace {
struct Areas {
  Tensor intersection, union_;
};
}  // namespace

static Areas areas(const char* op, const Tensor& a, const Tensor& b) {
  check_boxes(op, a);
  check_boxes(op, b);
  check(a.dtype() == b.dtype(), op, "expected boxes of one dtype, got ", name(a.dtype()), " and ",
        name(b.dtype()), ". Hint: convert one with to()");
  broadcast_shapes(op, a.shape(), b.shape());
  const Tensor intersection = area(minimum(last(a), last(b)) - maximum(first(a), first(b)));
  return {intersection, area(last(a) - first(a)) + area(last(b) - first(b)) - intersection};
}

Tensor iou(const Tensor& a, const Tensor& b) {
  const auto [intersection, union_] = areas("iou", a, b);
  return ratio(intersection, union_);
}

Tensor giou(const Tensor& a, const Tensor& b) {
  const auto [intersection, union_] = areas("giou", a, b);
  const Tensor enclosing = area(maximum(last(a), last(b)) - minimum(first(a), first(b)));
  return ratio(intersection, union_) - ratio(enclosing - union_, enclosing);
}

}  // namespace heed::nn
