#include "lessons/04_multi_head_attention/exercises.h"
#include "tests/lessons/answers/answers.h"

namespace heed::exercise {
namespace {

// w with the columns begin … end - 1 set to 0.
Tensor without(const Tensor& w, index_t begin, index_t end) {
  const Tensor column = arange(0, static_cast<double>(w.size(1)));
  return masked_fill(w, (column >= static_cast<double>(begin)) & (column < static_cast<double>(end)), 0);
}

const Answers<decltype(without_head)> answers{
    {"a mask of columns", "pass",
     [](const Tensor& w, index_t heads, index_t off) {
       const index_t d = w.size(1) / heads;
       return without(w, off * d, (off + 1) * d);
     }},
    {"heads as an axis, times 0 or 1", "pass",
     [](const Tensor& w, index_t heads, index_t off) {
       std::vector<double> keep(static_cast<std::size_t>(heads), 1);
       keep[static_cast<std::size_t>(off)] = 0;
       const Tensor factor = from_vector(keep, {1, heads, 1}, w.dtype());
       return (w.reshape({w.size(0), heads, -1}) * factor).reshape(w.shape());
     }},
    {"the parts before and after, with zeros between", "pass",
     [](const Tensor& w, index_t heads, index_t off) {
       const index_t d = w.size(1) / heads;
       std::vector<Tensor> parts = chunk(w, heads, 1);
       parts[static_cast<std::size_t>(off)] = zeros({w.size(0), d}, w.dtype());
       return cat(parts, 1);
     }},
    {"filled into a new tensor without a dtype", "wrong",
     [](const Tensor& w, index_t heads, index_t off) {
       const index_t d = w.size(1) / heads;
       Tensor rest = zeros(w.shape());
       for (index_t i = 0; i < w.size(0); ++i)
         for (index_t j = 0; j < w.size(1); ++j)
           if (j / d != off) rest.set({i, j}, w.at({i, j}));
       return rest;
     }},
    {"rows", "MH-24",
     [](const Tensor& w, index_t heads, index_t off) {
       const index_t d = w.size(1) / heads;
       return without(w.transpose(0, 1), off * d, (off + 1) * d).transpose(0, 1);
     }},
    {"rows and columns", "wrong",
     [](const Tensor& w, index_t heads, index_t off) {
       const index_t d = w.size(1) / heads;
       const Tensor once = without(w, off * d, (off + 1) * d);
       return without(once.transpose(0, 1), off * d, (off + 1) * d).transpose(0, 1);
     }},
    {"one column too many", "wrong",
     [](const Tensor& w, index_t heads, index_t off) {
       const index_t d = w.size(1) / heads;
       return without(w, off * d, (off + 1) * d + 1);
     }},
    {"one column too few", "wrong",
     [](const Tensor& w, index_t heads, index_t off) {
       const index_t d = w.size(1) / heads;
       return without(w, off * d, (off + 1) * d - 1);
     }},
    {"columns off · H … off · H + D - 1", "wrong",
     [](const Tensor& w, index_t heads, index_t off) {
       return without(w, off * heads, off * heads + w.size(1) / heads);
     }},
    {"columns off · H … off · H + H - 1", "wrong",
     [](const Tensor& w, index_t heads, index_t off) { return without(w, off * heads, (off + 1) * heads); }},
    {"counted from the last head", "wrong",
     [](const Tensor& w, index_t heads, index_t off) {
       const index_t d = w.size(1) / heads, last = heads - 1 - off;
       return without(w, last * d, (last + 1) * d);
     }},
    {"counted from 1", "MH-26",
     [](const Tensor& w, index_t heads, index_t off) {
       const index_t d = w.size(1) / heads;
       return without(w, (off - 1) * d, off * d);
     }},
    {"an error for the only head", "wrong",
     [](const Tensor& w, index_t heads, index_t off) {
       check(heads > 1, "without_head", "the only head");
       const index_t d = w.size(1) / heads;
       return without(w, off * d, (off + 1) * d);
     }},
    {"nothing is cut if there is one head", "wrong",
     [](const Tensor& w, index_t heads, index_t off) {
       const index_t d = w.size(1) / heads;
       return heads == 1 ? w.clone() : without(w, off * d, (off + 1) * d);
     }},
    {"the columns are left out", "wrong",
     [](const Tensor& w, index_t heads, index_t off) {
       const index_t d = w.size(1) / heads;
       return cat({w.slice(1, 0, off * d), w.slice(1, (off + 1) * d)}, 1);
     }},
    {"memory order of a view", "wrong",
     [](const Tensor& w, index_t heads, index_t off) {
       const index_t d = w.size(1) / heads;
       return without(w.is_contiguous() ? w : w.transpose(0, 1).reshape(w.shape()), off * d, (off + 1) * d);
     }},
    {"the weight itself is written to", "MH-28", [](const Tensor& w, index_t heads, index_t off) {
       Tensor same = w;
       const index_t d = w.size(1) / heads;
       for (index_t i = 0; i < w.size(0); ++i)
         for (index_t j = off * d; j < (off + 1) * d; ++j) same.set({i, j}, 0);
       return same;
     }}};

}  // namespace

Tensor without_head(const Tensor& out_proj_weight, index_t heads, index_t off) {
  return answers.chosen(out_proj_weight, heads, off);
}

}  // namespace heed::exercise
