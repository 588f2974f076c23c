#include "lessons/00_autograd/exercises.h"
#include "tests/lessons/answers/answers.h"

namespace heed::exercise {
namespace {

// Returns row ids[n] of the table, using its strides.
Tensor rows_of(const Tensor& table, const IntTensor& ids) {
  Tensor y = zeros({ids.numel(), table.size(1)});
  for (index_t n = 0; n < ids.numel(); ++n)
    for (index_t c = 0; c < table.size(1); ++c) y.set({n, c}, table.at({ids[n], c}));
  return y;
}
Tensor sums_of(const Tensor& dy, const IntTensor& ids, const Shape& shape) {
  Tensor d = zeros(shape);
  for (index_t n = 0; n < ids.numel(); ++n)
    for (index_t c = 0; c < shape[1]; ++c) d.set({ids[n], c}, d.at({ids[n], c}) + dy.at({n, c}));
  return d;
}
Tensor recorded(const Tensor& table, const IntTensor& ids, const Tensor& y) {
  return record("embed", {table}, y, [ids, shape = table.shape()](const Tensor& dy, Gradients& d) {
    d[0] = sums_of(dy, ids, shape);
  });
}

const Answers<decltype(embed)> answers{
    {"element by element", "pass",
     [](const Tensor& table, const IntTensor& ids) { return recorded(table, ids, rows_of(table, ids)); }},
    {"a contiguous copy of the table first", "pass",
     [](const Tensor& table, const IntTensor& ids) {
       const Tensor dense = table.contiguous();
       const index_t channels = table.size(1);
       Tensor y = zeros({ids.numel(), channels});
       float* to = y.mutable_data<float>();
       for (index_t n = 0; n < ids.numel(); ++n)
         std::copy_n(dense.data<float>() + ids[n] * channels, channels, to + n * channels);
       return recorded(table, ids, y);
     }},
    {"the library's embedding", "pass",
     [](const Tensor& table, const IntTensor& ids) { return embedding(table, ids); }},
    {"a one-hot product", "pass",
     [](const Tensor& table, const IntTensor& ids) {
       Tensor chosen = zeros({ids.numel(), table.size(0)});
       for (index_t n = 0; n < ids.numel(); ++n) chosen.set({n, ids[n]}, 1);
       return matmul(chosen, table);
     }},
    {"ids captured by reference", "AG-72",
     [](const Tensor& table, const IntTensor& ids) {
       return record(
           "embed", {table}, rows_of(table, ids),
           [&ids, shape = table.shape()](const Tensor& dy, Gradients& d) { d[0] = sums_of(dy, ids, shape); });
     }},
    {"assigns", "AG-14",
     [](const Tensor& table, const IntTensor& ids) {
       return record("embed", {table}, rows_of(table, ids),
                     [ids, shape = table.shape()](const Tensor& dy, Gradients& d) {
                       d[0] = zeros(shape);
                       for (index_t n = 0; n < ids.numel(); ++n)
                         for (index_t c = 0; c < shape[1]; ++c) d[0].set({ids[n], c}, dy.at({n, c}));
                     });
     }},
    {"the first of two equal ids keeps its gradient", "wrong",
     [](const Tensor& table, const IntTensor& ids) {
       return record("embed", {table}, rows_of(table, ids),
                     [ids, shape = table.shape()](const Tensor& dy, Gradients& d) {
                       d[0] = zeros(shape);
                       for (index_t n = ids.numel() - 1; n >= 0; --n)
                         for (index_t c = 0; c < shape[1]; ++c) d[0].set({ids[n], c}, dy.at({n, c}));
                     });
     }},
    {"the mean over equal ids", "wrong",
     [](const Tensor& table, const IntTensor& ids) {
       return record("embed", {table}, rows_of(table, ids),
                     [ids, shape = table.shape()](const Tensor& dy, Gradients& d) {
                       d[0] = zeros(shape);
                       for (index_t n = 0; n < ids.numel(); ++n) {
                         double uses = 0;
                         for (const index_t id : ids.values()) uses += id == ids[n];
                         for (index_t c = 0; c < shape[1]; ++c)
                           d[0].set({ids[n], c}, d[0].at({ids[n], c}) + dy.at({n, c}) / uses);
                       }
                     });
     }},
    {"no backward function", "AG-45",
     [](const Tensor& table, const IntTensor& ids) { return rows_of(table, ids); }},
    {"no gradient for a view", "wrong",
     [](const Tensor& table, const IntTensor& ids) {
       return table.is_contiguous() ? recorded(table, ids, rows_of(table, ids)) : rows_of(table, ids);
     }},
    {"the table's storage in memory order", "AG-11",
     [](const Tensor& table, const IntTensor& ids) {
       Tensor y = zeros({ids.numel(), table.size(1)});
       for (index_t n = 0; n < ids.numel(); ++n)
         for (index_t c = 0; c < table.size(1); ++c)
           y.set({n, c}, table.data<float>()[ids[n] * table.size(1) + c]);
       return recorded(table, ids, y);
     }},
    {"the strides exchanged", "wrong",
     [](const Tensor& table, const IntTensor& ids) {
       const index_t rows = table.size(0);
       Tensor y = zeros({ids.numel(), table.size(1)});
       for (index_t n = 0; n < ids.numel(); ++n)
         for (index_t c = 0; c < table.size(1); ++c)
           y.set({n, c}, table.at({c % rows, ids[n] % table.size(1)}));
       return recorded(table, ids, y);
     }},
    {"strides for rows only", "wrong",
     [](const Tensor& table, const IntTensor& ids) {
       Tensor y = zeros({ids.numel(), table.size(1)});
       for (index_t n = 0; n < ids.numel(); ++n)
         for (index_t c = 0; c < table.size(1); ++c)
           y.set({n, c}, table.data<float>()[ids[n] * table.strides()[0] + c]);
       return recorded(table, ids, y);
     }},
    {"the last id is omitted", "wrong",
     [](const Tensor& table, const IntTensor& ids) {
       Tensor y = rows_of(table, ids);
       if (ids.numel() > 0) y.select(0, ids.numel() - 1).fill_(0);
       return recorded(table, ids, y);
     }},
    {"an error if there are no ids", "wrong",
     [](const Tensor& table, const IntTensor& ids) {
       return ids.numel() == 0 ? table : recorded(table, ids, rows_of(table, ids));
     }},
    {"y is a view of the table if the ids are consecutive", "wrong",
     [](const Tensor& table, const IntTensor& ids) {
       for (index_t n = 0; n < ids.numel(); ++n)
         if (ids[n] != n) return recorded(table, ids, rows_of(table, ids));
       return table.slice(0, 0, ids.numel());
     }},
    {"id 0 counts as padding", "wrong",
     [](const Tensor& table, const IntTensor& ids) { return embedding(table, ids, 0); }},
    {"rows are doubled", "wrong",
     [](const Tensor& table, const IntTensor& ids) {
       return recorded(table, ids, rows_of(table, ids) * 2.0);
     }},
    {"the gradient counts uses and ignores dy", "wrong", [](const Tensor& table, const IntTensor& ids) {
       return record("embed", {table}, rows_of(table, ids),
                     [ids, shape = table.shape()](const Tensor& dy, Gradients& d) {
                       d[0] = sums_of(ones(dy.shape()), ids, shape);
                     });
     }}};

}  // namespace

Tensor embed(const Tensor& table, const IntTensor& ids) { return answers.chosen(table, ids); }

}  // namespace heed::exercise
