// conv.cpp — patches: an image as columns, columns as an image, and the convolution that is a matmul of them.
#include <algorithm>

#include "autograd/ops/common.h"

namespace heed {

namespace {

// The positions of a window on an image, in rows and columns.
struct Grid {
  index_t rows, columns;
  Grid(const char* op, index_t height, index_t width, const Window& w) {
    check(w.kernel_h >= 1 && w.kernel_w >= 1 && w.stride >= 1 && w.padding >= 0 && w.dilation >= 1, op,
          "a window needs a kernel of at least 1 x 1, ",
          "a stride and a dilation of at least 1 and no negative padding, got kernel ", w.kernel_h, " x ",
          w.kernel_w, ", stride ", w.stride, ", dilation ", w.dilation, ", padding ", w.padding);
    constexpr index_t limit = index_t{1} << 30;
    check(w.kernel_h <= limit && w.kernel_w <= limit && w.stride <= limit && w.padding <= limit &&
              w.dilation <= limit,
          op, "too large: expected a window of sizes up to ", limit, ", got kernel ", w.kernel_h, " x ",
          w.kernel_w, ", stride ", w.stride, ", dilation ", w.dilation, ", padding ", w.padding);
    check_sizes(op, {height, width});
    const index_t tall = w.dilation * (w.kernel_h - 1) + 1, wide = w.dilation * (w.kernel_w - 1) + 1;
    check(tall <= height + 2 * w.padding && wide <= width + 2 * w.padding, op, "the kernel ", w.kernel_h,
          " x ", w.kernel_w, w.dilation == 1 ? "" : concat(" with dilation ", w.dilation),
          " is larger than the image ", height, " x ", width, " with padding ", w.padding);
    rows = (height + 2 * w.padding - tall) / w.stride + 1;
    columns = (width + 2 * w.padding - wide) / w.stride + 1;
  }
};

// Visits every pair (element of the columns, element of the image) that stands for the same pixel. What lies
// in the padding has no pixel and is passed over. Calls element(column offset, image offset) for one sample.
template <class Element>
void for_each_pixel(index_t channels, index_t height, index_t width, const Window& w, const Grid& grid,
                    Element&& element) {
  const index_t positions = grid.rows * grid.columns;
  index_t line = 0;  // (channel, row, column) inside the window: one row of the columns
  for (index_t c = 0; c < channels; ++c)
    for (index_t kh = 0; kh < w.kernel_h; ++kh)
      for (index_t kw = 0; kw < w.kernel_w; ++kw, ++line)
        for (index_t r = 0; r < grid.rows; ++r) {
          const index_t y = r * w.stride + kh * w.dilation - w.padding;
          if (y < 0 || y >= height) continue;
          for (index_t q = 0; q < grid.columns; ++q) {
            const index_t x = q * w.stride + kw * w.dilation - w.padding;
            if (x >= 0 && x < width)
              element(line * positions + r * grid.columns + q, (c * height + y) * width + x);
          }
        }
}

Tensor unfold_of(const char* op, const Tensor& x, const Window& w, const Grid& grid) {
  const index_t batch = x.size(0), channels = x.size(1), height = x.size(2), width = x.size(3);
  check_sizes(op, {batch, channels, w.kernel_h, w.kernel_w, grid.rows, grid.columns});
  const Shape shape{batch, channels * w.kernel_h * w.kernel_w, grid.rows * grid.columns};
  Tensor y = ops::allocate(op, shape, x.dtype()).fill_(0);
  const Tensor xd = ops::dense(x);
  ops::dispatch(x.dtype(), [&]<class T>() {
    const T* px = xd.data<T>();
    T* py = ops::output<T>(y);
    const index_t image = channels * height * width, block = y.numel() / std::max<index_t>(batch, 1);
    kernels::parallel_for(batch, ops::cheap_grain / (block + 1) + 1, [&](index_t begin, index_t stop) {
      for (index_t b = begin; b < stop; ++b)
        for_each_pixel(channels, height, width, w, grid, [&](index_t column, index_t pixel) {
          py[b * block + column] = px[b * image + pixel];
        });
    });
  });
  return y;
}

// How many patches hold one pixel, at most.
index_t overlap(const Window& w) {
  const auto along = [&](index_t kernel) {
    return std::min(kernel, (w.dilation * (kernel - 1) + w.stride) / w.stride);
  };
  return along(w.kernel_h) * along(w.kernel_w);
}

// A pixel is the sum of few patches; if they may be many, it is summed in f64.
Tensor fold_of(const char* op, const Tensor& columns, index_t height, index_t width, const Window& w,
               const Grid& grid) {
  const index_t batch = columns.size(0), channels = columns.size(1) / (w.kernel_h * w.kernel_w);
  const DType sum_type = overlap(w) > 64 ? f64 : columns.dtype();
  Tensor x = ops::allocate(op, {batch, channels, height, width}, sum_type).fill_(0);
  const Tensor cd = ops::dense(columns);
  const index_t image = channels * height * width, block = columns.size(1) * columns.size(2);
  ops::dispatch(columns.dtype(), [&]<class T>() {
    ops::dispatch(sum_type, [&]<class Sum>() {
      const T* pc = cd.data<T>();
      Sum* px = ops::output<Sum>(x);
      kernels::parallel_for(batch, ops::cheap_grain / (block + 1) + 1, [&](index_t begin, index_t stop) {
        for (index_t b = begin; b < stop; ++b)
          for_each_pixel(channels, height, width, w, grid, [&](index_t column, index_t pixel) {
            px[b * image + pixel] += static_cast<Sum>(pc[b * block + column]);
          });
      });
    });
  });
  return to(x, columns.dtype());
}

}  // namespace

// unfold(x, window): every patch that the window sees, flattened (channel, row, column), as a column.
//   x (B, C, height, width) -> y (B, C·kh·kw, L), the L positions left to right, then down
//   backward   dx = fold(dy): a pixel that stood in several patches gets the sum
//   taught in  lessons/08
Tensor unfold(const Tensor& x, const Window& window) {
  ops::check_tensors("unfold", {&x});
  check(x.rank() == 4, "unfold", "x must be (B, C, height, width), got ", x.shape());
  const Grid grid("unfold", x.size(2), x.size(3), window);
  return record("unfold", {x}, unfold_of("unfold", x, window, grid),
                [window, grid, h = x.size(2), w = x.size(3)](const Tensor& dy, Gradients& d) {
                  d[0] = fold_of("unfold", dy, h, w, window, grid);
                });
}

// fold(columns, height, width, window): patches put back where unfold took them from, overlaps added.
//   columns (B, C·kh·kw, L) -> (B, C, height, width);   backward: dcolumns = unfold(dy)
Tensor fold(const Tensor& columns, index_t height, index_t width, const Window& window) {
  ops::check_tensors("fold", {&columns});
  check(columns.rank() == 3, "fold", "columns must be (B, C·kh·kw, L), got ", columns.shape());
  const Grid grid("fold", height, width, window);
  check(columns.size(1) % (window.kernel_h * window.kernel_w) == 0, "fold", "columns ", columns.shape(),
        " do not hold whole patches of ", window.kernel_h, " x ", window.kernel_w);
  check(columns.size(2) == grid.rows * grid.columns, "fold", "columns ", columns.shape(), " have ",
        columns.size(2), " positions, a window on ", height, " x ", width, " has ", grid.rows * grid.columns);
  return record(
      "fold", {columns}, fold_of("fold", columns, height, width, window, grid),
      [window, grid](const Tensor& dy, Gradients& d) { d[0] = unfold_of("fold", dy, window, grid); });
}

// conv2d(x, weight, bias): every patch times every filter.
//   x (B, C, height, width), weight (out, C / G, kh, kw), bias (out) -> (B, out, rows, columns)
//   forward    weight as (G, out / G, C / G · kh·kw) · unfold(x) as (B, G, C / G · kh·kw, L): a convolution is a
//              matmul of patches; backward is theirs
Tensor conv2d(const Tensor& x, const Tensor& weight, const Tensor& bias, index_t stride, index_t padding,
              index_t dilation, index_t groups) {
  ops::check_tensors("conv2d", {&x, &weight});
  check(groups >= 1, "conv2d", "groups must be at least 1, got ", groups);
  check(x.rank() == 4 && weight.rank() == 4 && x.size(1) == groups * weight.size(1), "conv2d", "x ",
        x.shape(), " does not fit weight ", weight.shape(),
        groups == 1 ? "" : concat(" in ", groups, " groups"),
        "; they must be (B, C, height, width) and (out, C", groups == 1 ? "" : " / groups",
        ", kh, kw) with one C");
  check(weight.size(0) % groups == 0, "conv2d", weight.size(0), " filters cannot be split evenly over ",
        groups, " groups");
  const Window window{weight.size(2), weight.size(3), stride, padding, dilation};
  const Grid grid("conv2d", x.size(2), x.size(3), window);
  const index_t out = weight.size(0), patch = weight.size(1) * window.kernel_h * window.kernel_w;
  const Tensor patches = unfold(x, window).reshape({x.size(0), groups, patch, grid.rows * grid.columns});
  Tensor y = matmul(weight.reshape({groups, out / groups, patch}), patches)
                 .reshape({x.size(0), out, grid.rows * grid.columns});
  if (bias.defined()) {
    ops::check_tensors("conv2d", {&x, &bias});
    check(bias.shape() == Shape{out}, "conv2d", "bias ", bias.shape(),
          " must have one number for each of the ", out, " filters");
    y = y + bias.unsqueeze(1);
  }
  return y.reshape({x.size(0), out, grid.rows, grid.columns});
}

}  // namespace heed
