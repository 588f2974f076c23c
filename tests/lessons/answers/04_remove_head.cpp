#include "lessons/04_multi_head_attention/exercises.h"
#include "tests/lessons/answers/answers.h"

namespace heed::exercise {
namespace {

// Returns w with the columns begin … end - 1 set to 0.
Tensor without(const Tensor& w, index_t begin, index_t end) {
  const Tensor column = arange(0, static_cast<double>(w.size(1)));
  return masked_fill(w, (column >= static_cast<double>(begin)) & (column < static_cast<double>(end)), 0);
}

const Answers<decltype(remove_head)> answers{
    {"a mask of columns", "pass",
     [](const Tensor& w, index_t heads, index_t head) {
       const index_t d = w.size(1) / heads;
       return without(w, head * d, (head + 1) * d);
     }},
    {"heads as an axis, times 0 or 1", "pass",
     [](const Tensor& w, index_t heads, index_t head) {
       std::vector<double> keep(static_cast<std::size_t>(heads), 1);
       keep[static_cast<std::size_t>(head)] = 0;
       const Tensor factor = from_vector(keep, {1, heads, 1}, w.dtype());
       return (w.reshape({w.size(0), heads, -1}) * factor).reshape(w.shape());
     }},
    {"chunks, with zeros in place of one", "pass",
     [](const Tensor& w, index_t heads, index_t head) {
       const index_t d = w.size(1) / heads;
       std::vector<Tensor> parts = chunk(w, heads, 1);
       parts[static_cast<std::size_t>(head)] = zeros({w.size(0), d}, w.dtype());
       return cat(parts, 1);
     }},
    {"copied into a new f32 tensor", "wrong",
     [](const Tensor& w, index_t heads, index_t head) {
       const index_t d = w.size(1) / heads;
       Tensor rest = zeros(w.shape());
       for (index_t i = 0; i < w.size(0); ++i)
         for (index_t j = 0; j < w.size(1); ++j)
           if (j / d != head) rest.set({i, j}, w.at({i, j}));
       return rest;
     }},
    {"rows", "MH-24",
     [](const Tensor& w, index_t heads, index_t head) {
       const index_t d = w.size(1) / heads;
       return without(w.transpose(0, 1), head * d, (head + 1) * d).transpose(0, 1);
     }},
    {"rows and columns", "wrong",
     [](const Tensor& w, index_t heads, index_t head) {
       const index_t d = w.size(1) / heads;
       const Tensor once = without(w, head * d, (head + 1) * d);
       return without(once.transpose(0, 1), head * d, (head + 1) * d).transpose(0, 1);
     }},
    {"one column too many", "wrong",
     [](const Tensor& w, index_t heads, index_t head) {
       const index_t d = w.size(1) / heads;
       return without(w, head * d, (head + 1) * d + 1);
     }},
    {"one column too few", "wrong",
     [](const Tensor& w, index_t heads, index_t head) {
       const index_t d = w.size(1) / heads;
       return without(w, head * d, (head + 1) * d - 1);
     }},
    {"columns head · H … head · H + D - 1", "wrong",
     [](const Tensor& w, index_t heads, index_t head) {
       return without(w, head * heads, head * heads + w.size(1) / heads);
     }},
    {"columns head · H … head · H + H - 1", "wrong",
     [](const Tensor& w, index_t heads, index_t head) {
       return without(w, head * heads, (head + 1) * heads);
     }},
    {"counted from the last head", "wrong",
     [](const Tensor& w, index_t heads, index_t head) {
       const index_t d = w.size(1) / heads, last = heads - 1 - head;
       return without(w, last * d, (last + 1) * d);
     }},
    {"counted from 1", "MH-26",
     [](const Tensor& w, index_t heads, index_t head) {
       const index_t d = w.size(1) / heads;
       return without(w, (head - 1) * d, head * d);
     }},
    {"throws for the only head", "wrong",
     [](const Tensor& w, index_t heads, index_t head) {
       check(heads > 1, "remove_head", "the only head");
       const index_t d = w.size(1) / heads;
       return without(w, head * d, (head + 1) * d);
     }},
    {"nothing is removed if there is one head", "wrong",
     [](const Tensor& w, index_t heads, index_t head) {
       const index_t d = w.size(1) / heads;
       return heads == 1 ? w.clone() : without(w, head * d, (head + 1) * d);
     }},
    {"the columns are dropped", "wrong",
     [](const Tensor& w, index_t heads, index_t head) {
       const index_t d = w.size(1) / heads;
       return cat({w.slice(1, 0, head * d), w.slice(1, (head + 1) * d)}, 1);
     }},
    {"memory order of a view", "wrong",
     [](const Tensor& w, index_t heads, index_t head) {
       const index_t d = w.size(1) / heads;
       return without(w.is_contiguous() ? w : w.transpose(0, 1).reshape(w.shape()), head * d, (head + 1) * d);
     }},
    {"the weight itself is modified", "MH-28", [](const Tensor& w, index_t heads, index_t head) {
       Tensor same = w;
       const index_t d = w.size(1) / heads;
       for (index_t i = 0; i < w.size(0); ++i)
         for (index_t j = head * d; j < (head + 1) * d; ++j) same.set({i, j}, 0);
       return same;
     }}};

}  // namespace

Tensor remove_head(const Tensor& out_proj_weight, index_t heads, index_t head) {
  return answers.chosen(out_proj_weight, heads, head);
}

}  // namespace heed::exercise
