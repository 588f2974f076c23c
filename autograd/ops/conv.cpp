// conv.cpp — unfold (an image as columns of patches), fold (its adjoint), and convolution as a
// matmul of patches.
#include <algorithm>

#include "autograd/ops/common.h"

namespace heed {

namespace {

constexpr double pixel_ns = 1;  // estimated cost of copying one pixel

// The positions of a window on an image, in rows and columns.
struct Grid {
  index_t rows, columns;
  Grid(const char* op, index_t height, index_t width, const Window& w) {
    const auto text = [&w] {
      return concat("kernel ", w.kernel_h, " x ", w.kernel_w, ", stride ", w.stride, ", dilation ",
                    w.dilation, ", padding ", w.padding);
    };
    check(w.kernel_h >= 1 && w.kernel_w >= 1 && w.stride >= 1 && w.padding >= 0 && w.dilation >= 1, op,
          "expected kernel, stride and dilation >= 1 and padding >= 0, got ", text);
    constexpr index_t limit = index_t{1} << 30;
    check(w.kernel_h <= limit && w.kernel_w <= limit && w.stride <= limit && w.padding <= limit &&
              w.dilation <= limit,
          op, "too large: expected kernel, stride, dilation and padding of at most ", limit, ", got ", text);
    check_sizes(op, {height, width});
    const index_t tall = w.dilation * (w.kernel_h - 1) + 1, wide = w.dilation * (w.kernel_w - 1) + 1;
    check(tall <= height + 2 * w.padding && wide <= width + 2 * w.padding, op,
          "expected a window that fits into the padded image, got ", text, " on an image of ", height, " x ",
          width);
    rows = (height + 2 * w.padding - tall) / w.stride + 1;
    columns = (width + 2 * w.padding - wide) / w.stride + 1;
  }
};

// Calls element(column offset, image offset) for every element of the columns of one sample and the
// pixel that it is a copy of. Skips the elements that lie in the padding.
template <class Element>
void for_each_pixel(index_t channels, index_t height, index_t width, const Window& w, const Grid& grid,
                    Element&& element) {
  const index_t positions = grid.rows * grid.columns;
  // A line is a row of the columns: (channel, row, column) within the window.
  for (index_t line = 0; line < channels * w.kernel_h * w.kernel_w; ++line) {
    const index_t c = line / (w.kernel_h * w.kernel_w), kh = line / w.kernel_w % w.kernel_h,
                  kw = line % w.kernel_w;
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
    kernels::parallel_for(batch, pixel_ns * static_cast<double>(block), [&](index_t begin, index_t stop) {
      for (index_t b = begin; b < stop; ++b)
        for_each_pixel(channels, height, width, w, grid, [&](index_t column, index_t pixel) {
          py[b * block + column] = px[b * image + pixel];
        });
    });
  });
  return y;
}

// The largest number of patches that contain the same pixel.
index_t overlap(const Window& w) {
  const auto along = [&](index_t kernel) {
    return std::min(kernel, (w.dilation * (kernel - 1) + w.stride) / w.stride);
  };
  return along(w.kernel_h) * along(w.kernel_w);
}

// A pixel is usually the sum of few elements. If there may be more than 64, they are added in f64.
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
      kernels::parallel_for(batch, pixel_ns * static_cast<double>(block), [&](index_t begin, index_t stop) {
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

// unfold(x, window): the patch at each position of the window, flattened as (channel, row, column),
// as a column.
//   x (B, C, height, width) -> y (B, C·kh·kw, L), with the L positions of the window row by row
//   backward   dx = fold(dy): a pixel in several patches gets the sum of their gradients
//   saves      nothing
//   taught in  lessons/08
Tensor unfold(const Tensor& x, const Window& window) {
  ops::check_tensors("unfold", {&x});
  check(x.rank() == 4, "unfold", "expected x (B, C, height, width), got ", x);
  const Grid grid("unfold", x.size(2), x.size(3), window);
  return record("unfold", {x}, unfold_of("unfold", x, window, grid),
                [window, grid, h = x.size(2), w = x.size(3)](const Tensor& dy, Gradients& d) {
                  d[0] = fold_of("unfold", dy, h, w, window, grid);
                });
}

// fold(columns, height, width, window): the adjoint of unfold: adds each patch to its pixels.
//   columns (B, C·kh·kw, L) -> y (B, C, height, width)
//   backward   dcolumns = unfold(dy)
//   saves      nothing
Tensor fold(const Tensor& columns, index_t height, index_t width, const Window& window) {
  ops::check_tensors("fold", {&columns});
  check(columns.rank() == 3, "fold", "expected columns (B, C·kh·kw, L), got ", columns);
  const Grid grid("fold", height, width, window);
  check(columns.size(1) % (window.kernel_h * window.kernel_w) == 0, "fold", "expected a multiple of ",
        window.kernel_h * window.kernel_w, " rows, one per element of the kernel, got columns ", columns);
  check(columns.size(2) == grid.rows * grid.columns, "fold", "expected L = ", grid.rows * grid.columns,
        " positions of the window on ", height, " x ", width, ", got columns ", columns);
  return record(
      "fold", {columns}, fold_of("fold", columns, height, width, window, grid),
      [window, grid](const Tensor& dy, Gradients& d) { d[0] = unfold_of("fold", dy, window, grid); });
}

// conv2d(x, weight, bias): the dot product of every patch with every filter.
//   x (B, C, height, width), weight (out, C / G, kh, kw), bias (out) -> y (B, out, rows, columns)
//   forward    weight (G, out / G, C / G · kh·kw) · unfold(x) (B, G, C / G · kh·kw, L) + bias
//   backward   composed of the gradients of unfold and matmul
//   taught in  lessons/08
Tensor conv2d(const Tensor& x, const Tensor& weight, const Tensor& bias, index_t stride, index_t padding,
              index_t dilation, index_t groups) {
  ops::check_tensors("conv2d", {&x, &weight});
  check(groups >= 1, "conv2d", "expected groups >= 1, got ", groups);
  check(x.rank() == 4 && weight.rank() == 4 && x.size(1) == groups * weight.size(1), "conv2d",
        "expected x (B, C, height, width) and weight (out, C / groups, kh, kw), got x ", x, ", weight ",
        weight, " and groups ", groups);
  check(weight.size(0) % groups == 0, "conv2d", "expected a number of filters that groups divides, got ",
        weight.size(0), " filters and ", groups, " groups");
  const Window window{weight.size(2), weight.size(3), stride, padding, dilation};
  const Grid grid("conv2d", x.size(2), x.size(3), window);
  const index_t out = weight.size(0), patch = weight.size(1) * window.kernel_h * window.kernel_w;
  const Tensor patches = unfold(x, window).reshape({x.size(0), groups, patch, grid.rows * grid.columns});
  Tensor y = matmul(weight.reshape({groups, out / groups, patch}), patches)
                 .reshape({x.size(0), out, grid.rows * grid.columns});
  if (bias.defined()) {
    ops::check_tensors("conv2d", {&x, &bias});
    check(bias.shape() == Shape{out}, "conv2d", "expected bias (out) = (", out,
          "), one element per filter, got ", bias);
    y = y + bias.unsqueeze(1);
  }
  return y.reshape({x.size(0), out, grid.rows, grid.columns});
}

}  // namespace heed
