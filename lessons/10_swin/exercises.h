// exercises.h — the functions to write in lesson 10 about Swin, in the order of the lesson.
// Letters: B batch, C channels, w side of a window, N = w² pixels of a window, nW windows of an image.
// Images are (B, height, width, C), and w divides both sides.
#pragma once

#include "autograd/autograd.h"
#include "lessons/check/todo.h"

namespace heed::exercise {

struct WindowParts;  // window_parts.h

// Generated from solutions/ by `./lessons/heed generate`: do not edit below.
Tensor window_partition(const Tensor& x, index_t w);
Tensor window_reverse(const Tensor& windows, index_t w, index_t height, index_t width);
Mask shift_mask(index_t height, index_t width, index_t w, index_t shift);
IntTensor relative_index(index_t w);
Tensor merge_patches(const Tensor& x);
Tensor shifted_window_attention(const Tensor& x, index_t w, index_t shift, const WindowParts& parts);

}  // namespace heed::exercise
