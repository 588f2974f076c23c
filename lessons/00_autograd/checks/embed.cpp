#include "lessons/00_autograd/exercises.h"
#include "lessons/check/check.h"

namespace heed::exercise {
namespace {

using Backward = std::function<Tensor(const Tensor& dy, const IntTensor& ids, const Shape& table)>;

// A lookup with a correct forward pass and the given backward function. The rows are read from `source`.
Tensor op(const Tensor& table, const Tensor& source, const IntTensor& ids, const Backward& backward) {
  Tensor y;
  {
    const NoGrad no_grad;
    y = index_select(source, 0, ids).clone();
  }
  return record("embed", {table}, y, [ids, backward, shape = table.shape()](const Tensor& dy, Gradients& d) {
    d[0] = backward(dy, ids, shape);
  });
}

// Reads the storage of a view from `begin` on as if it were contiguous, in the shape of the view.
Tensor storage_of(const Tensor& view, index_t begin) {
  return view_of(view.detach(), view.shape(), contiguous_strides(view.shape()), begin).clone();
}

Tensor rows_added(const Tensor& dy, const IntTensor& ids, const Shape& table) {
  Tensor sum = zeros(table);
  for (index_t n = 0; n < ids.numel(); ++n) sum.select(0, ids[n]).add_(dy.select(0, n));
  return sum;
}
Tensor rows_written(const Tensor& dy, const IntTensor& ids, const Shape& table) {
  Tensor d = zeros(table);
  for (index_t n = 0; n < ids.numel(); ++n) d.select(0, ids[n]).copy_(dy.select(0, n));
  return d;
}
Tensor reset_per_row(const Tensor& dy, const IntTensor& ids, const Shape& table) {
  Tensor d;
  for (index_t n = 0; n < ids.numel(); ++n) {
    d = zeros(table);
    d.select(0, ids[n]).add_(dy.select(0, n));
  }
  return d;
}
Tensor by_position(const Tensor& dy, const IntTensor& ids, const Shape& table) {
  Tensor d = zeros(table);
  for (index_t n = 0; n < ids.numel(); ++n) d.select(0, n % table[0]).add_(dy.select(0, n));
  return d;
}

const checks::Exercise<decltype(embed)> exercise{
    "00_embed",
    embed,
    [](auto& table, auto& ids) { return heed::embedding(table, ids); },
    {{"AG-11", "the table was read as if it were contiguous: use strides() for element [v][c] of a view",
      [](auto& table, auto& ids) { return op(table, storage_of(table, table.offset()), ids, rows_added); }},
     {"AG-12",
      "the storage was read from its start as if it were contiguous: a view has an offset and strides",
      [](auto& table, auto& ids) { return op(table, storage_of(table, 0), ids, rows_added); }},
     {"AG-13", "the gradient was reset for each id: create zeros once, then add",
      [](auto& table, auto& ids) { return op(table, table, ids, reset_per_row); }},
     {"AG-14", "a row that was looked up twice kept only its last gradient: use +=",
      [](auto& table, auto& ids) { return op(table, table, ids, rows_written); }},
     {"AG-43", "dy was read as if it were contiguous: it may be a view, so call contiguous() first",
      [](auto& table, auto& ids) {
        return op(table, table, ids, [](const Tensor& dy, const IntTensor& which, const Shape& shape) {
          return rows_added(storage_of(dy, dy.offset()), which, shape);
        });
      }},
     {"AG-44", "row n of dy went to row n of the table's gradient: it belongs to row ids[n]",
      [](auto& table, auto& ids) { return op(table, table, ids, by_position); }},
     {"AG-64", "the gradient was written with the table's strides, but zeros() returns a contiguous tensor",
      [](auto& table, auto& ids) {
        return op(table, table, ids,
                  [strides = table.strides()](const Tensor& dy, const IntTensor& which, const Shape& shape) {
                    Tensor d = zeros(shape), strided = view_of(d, shape, strides, 0);
                    for (index_t n = 0; n < which.numel(); ++n)
                      strided.select(0, which[n]).add_(dy.select(0, n));
                    return d;
                  });
      }},
     {"AG-72", "the closure captured ids by reference: it runs later, so capture a copy",
      [](auto& table, auto& ids) {
        return op(table, table, ids, [&ids](const Tensor& dy, const IntTensor&, const Shape& shape) {
          return rows_added(dy, ids, shape);
        });
      }},
     {"AG-45", "y has no backward function: return the result of record(…)", [](auto& table, auto& ids) {
        const NoGrad no_grad;
        return heed::embedding(table, ids);
      }}}};

Tensor small_table() { return tensor({{1, -2, 3}, {4, 5, -6}, {-7, 8, 9}, {0.5, 1.5, -2.5}}); }  // (4, 3)

// All tensors are f32, as in the statement.
void compare(const std::string& text, const Tensor& table, const IntTensor& ids) {
  exercise.call(text,
                [=] {
                  const bool whole = table.is_contiguous() && table.offset() == 0;
                  return std::tuple(whole ? table.clone() : table, ids);
                },
                {.f64 = false});
}

TEST(Embed, LooksUpRows) {
  compare("embed({{1, -2, 3}, {4, 5, -6}, {-7, 8, 9}, {0.5, 1.5, -2.5}}, {2, 0, 3, 3, 1})", small_table(),
          IntTensor({2, 0, 3, 3, 1}));
  compare("embed of one column, {{5}, {-6}}, {1, 1, 0}", tensor({{5}, {-6}}), IntTensor({1, 1, 0}));
  compare("embed of one row, {{5, -6}}, {0, 0}", tensor({{5, -6}}), IntTensor({0, 0}));
}

TEST(Embed, LooksUpASingleRow) {
  compare("embed({{1, -2, 3}, {4, 5, -6}, {-7, 8, 9}, {0.5, 1.5, -2.5}}, {2})", small_table(),
          IntTensor({2}));
}

TEST(Embed, OfNoIdsIsEmpty) {
  compare("embed(table (4, 3), no ids)", small_table(), IntTensor(std::vector<index_t>{}, {0}));
}

TEST(Embed, ReadsATransposedTable) {
  exercise.compare("embed(x.transpose(0, 1), {2, 0}) of x = {{1, 2, 3}, {4, 5, 6}}", [](auto f) {
    return f(tensor({{1, 2, 3}, {4, 5, 6}}).transpose(0, 1), IntTensor({2, 0}));
  });
  exercise.compare("embed(x.transpose(0, 1), {1, 0, 0}) of x = {{1, 2}, {4, 5}}", [](auto f) {
    return f(tensor({{1, 2}, {4, 5}}).transpose(0, 1), IntTensor({1, 0, 0}));
  });
}

TEST(Embed, ReadsAPartOfALargerTable) {
  exercise.compare(
      "embed(x, {1, 0, 1}) with x = rows 1, 2 and columns 1, 2 of {{1, -2, 3}, {4, 5, -6}, {-7, 8, 9}, …}",
      [](auto f) {
        return f(small_table().slice(0, 1, 3).slice(1, 1, 3), IntTensor({1, 0, 1}));
      });
}

// Returns the gradient of the table for a given gradient of y.
template <class F>
Tensor gradient(F f, Tensor table, const IntTensor& ids, const Tensor& dy) {
  table.set_requires_grad();
  const Tensor y = f(table, ids);
  y.backward(dy);
  return table.grad();
}

TEST(Embed, AccumulatesTheGradientsOfARepeatedRow) {
  exercise.compare("the table's gradient after embed(table (3, 1), {1, 1, 2}), every dy 1", [](auto f) {
    return gradient(f, zeros({3, 1}), IntTensor({1, 1, 2}), ones({3, 1}));
  });
  exercise.compare("the table's gradient after embed(table (4, 3), {3, 0, 3, 1, 3}), random dy", [](auto f) {
    Generator gen(3);
    return gradient(f, small_table(), IntTensor({3, 0, 3, 1, 3}), randn({5, 3}, gen));
  });
}

TEST(Embed, ReadsATransposedGradient) {
  exercise.compare("the same if dy is a transposed view", [](auto f) {
    Generator gen(4);
    return gradient(f, small_table(), IntTensor({3, 0, 3, 1, 2}), randn({3, 5}, gen).transpose(0, 1));
  });
}

TEST(Embed, PropagatesTheGradientToATransposedTable) {
  exercise.compare("the gradient of x after embed(x.transpose(0, 1), {2, 0, 2}) of x (2, 3)", [](auto f) {
    Generator gen(5);
    Tensor x = randn({2, 3}, gen).set_requires_grad();
    const IntTensor ids({2, 0, 2});
    const Tensor y = f(x.transpose(0, 1), ids);
    y.backward(randn({3, 2}, gen));
    return x.grad();
  });
}

TEST(Embed, SavesTheIdsForBackward) {
  exercise.compare(
      "the table's gradient after y = embed(table (4, 3), ids), ids = {3, 0, 3, 1}, if ids becomes {2, "
      "2, 0, 1} before y.backward(dy)",
      [](auto f) {
        Generator gen(8);
        Tensor table = small_table().set_requires_grad();
        IntTensor ids({3, 0, 3, 1});
        const Tensor y = f(table, ids);
        ids = IntTensor({2, 2, 0, 1});
        y.backward(randn({4, 3}, gen));
        return table.grad();
      });
}

TEST(Embed, ReturnsACopy) {
  exercise.compare("the table after y = embed(table (4, 3), {0, 1, 2, 3}) and writing 100 into all of y",
                   [](auto f) {
                     const Tensor table = small_table();
                     Tensor y = f(table, IntTensor({0, 1, 2, 3}));
                     const NoGrad no_grad;
                     y.fill_(100);
                     return table;
                   });
}

}  // namespace
}  // namespace heed::exercise

// wrong edit AG-14: `+= row` => `= row`
