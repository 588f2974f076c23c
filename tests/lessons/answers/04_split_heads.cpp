#include "lessons/04_multi_head_attention/exercises.h"
#include "tests/lessons/answers/answers.h"

namespace heed::exercise {
namespace {

Tensor reference(const Tensor& x, index_t heads) {
  check(x.size(2) % heads == 0, "split_heads", "the channels are not divisible by the heads");
  return x.reshape({x.size(0), x.size(1), heads, x.size(2) / heads}).transpose(1, 2);
}

const Answers<decltype(split_heads)> answers{
    {"chunks of the channels, stacked", "pass",
     [](const Tensor& x, index_t heads) {
       check(x.size(2) % heads == 0, "split_heads", "the channels are not divisible by the heads");
       return stack(chunk(x, heads, 2), 1);
     }},
    {"transposed first", "pass",
     [](const Tensor& x, index_t heads) {
       const index_t b = x.size(0), t = x.size(1), c = x.size(2);
       if (heads * (c / heads) != c) throw std::invalid_argument("heads");
       return x.transpose(1, 2).reshape({b, heads, c / heads, t}).transpose(2, 3);
     }},
    {"the reshape throws by itself", "pass",
     [](const Tensor& x, index_t heads) {
       return x.reshape({x.size(0), x.size(1), heads, x.size(2) / heads}).permute({0, 2, 1, 3});
     }},
    {"a reshape alone", "MH-01",
     [](const Tensor& x, index_t heads) {
       return x.reshape({x.size(0), heads, x.size(1), x.size(2) / heads});
     }},
    {"a reshape alone in a batch of one", "MH-01",
     [](const Tensor& x, index_t heads) {
       return x.size(0) == 1 ? x.reshape({1, heads, x.size(1), x.size(2) / heads}) : reference(x, heads);
     }},
    {"channels are lost", "MH-11",
     [](const Tensor& x, index_t heads) {
       const index_t d = x.size(2) / heads;
       return reference(x.slice(2, 0, d * heads), heads);
     }},
    {"more heads than channels are accepted", "wrong",
     [](const Tensor& x, index_t heads) {
       if (heads > x.size(2)) return zeros({x.size(0), heads, x.size(1), 0});
       return reference(x, heads);
     }},
    {"3 heads for every argument", "wrong", [](const Tensor& x, index_t) { return reference(x, 3); }},
    {"channels interleaved", "MH-12",
     [](const Tensor& x, index_t heads) {
       return x.reshape({x.size(0), x.size(1), x.size(2) / heads, heads}).permute({0, 3, 1, 2});
     }},
    {"not transposed if there are as many words as heads", "wrong",
     [](const Tensor& x, index_t heads) {
       return x.size(1) == heads ? reference(x, heads).transpose(1, 2) : reference(x, heads);
     }},
    {"(B · H, T, D)", "MH-61",
     [](const Tensor& x, index_t heads) {
       return reference(x, heads).reshape({x.size(0) * heads, x.size(1), x.size(2) / heads});
     }},
    {"(B, H, D, T)", "wrong",
     [](const Tensor& x, index_t heads) { return reference(x, heads).transpose(2, 3); }},
    {"(H, B, T, D)", "wrong",
     [](const Tensor& x, index_t heads) { return reference(x, heads).transpose(0, 1); }},
    {"the first sample for all", "wrong",
     [](const Tensor& x, index_t heads) { return reference(x.slice(0, 0, 1).expand(x.shape()), heads); }},
    {"detached", "wrong", [](const Tensor& x, index_t heads) { return reference(x, heads).detach(); }},
    {"copied into zeros of f32", "wrong",
     [](const Tensor& x, index_t heads) { return reference(x.to(f32), heads); }},
    {"memory order of a view", "wrong",
     [](const Tensor& x, index_t heads) {
       return x.is_contiguous() ? reference(x, heads)
                                : reference(x.transpose(1, 2).reshape(x.shape()), heads);
     }},
    {"x is modified", "likely SD-34", [](const Tensor& x, index_t heads) {
       const Tensor result = reference(x, heads).clone();
       Tensor same = x.detach();
       same.mul_(2);
       return result;
     }}};

}  // namespace

Tensor split_heads(const Tensor& x, index_t heads) { return answers.chosen(x, heads); }

}  // namespace heed::exercise
