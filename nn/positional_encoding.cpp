#include "nn/positional_encoding.h"

#include <cmath>

#include "autograd/ops/common.h"
#include "nn/init.h"

namespace heed::nn {

Tensor sinusoidal_table(index_t length, index_t d_model, DType dtype) {
  check(length >= 0 && d_model >= 1, "sinusoidal_table", "expected length >= 0 and d_model >= 1, got ",
        length, " and ", d_model);
  Tensor table = ops::allocate("sinusoidal_table", {length, d_model}, dtype);
  const double log_step = -std::log(10000.0) / static_cast<double>(d_model);
  ops::dispatch(dtype, [&]<class T>() {
    T* to = ops::output<T>(table);
    for (index_t t = 0; t < length; ++t)
      for (index_t c = 0; c < d_model; ++c) {
        const index_t even = c - c % 2;  // both channels of a pair have one frequency
        const double angle = static_cast<double>(t) * std::exp(static_cast<double>(even) * log_step);
        to[t * d_model + c] = static_cast<T>(c % 2 == 0 ? std::sin(angle) : std::cos(angle));
      }
  });
  return table;
}

static PositionalEncodingOptions validated(const char* op, const PositionalEncodingOptions& o) {
  check(o.d_model >= 1 && o.max_len >= 1, op, "expected d_model and max_len of at least 1, got ", o.d_model,
        " and ", o.max_len);
  return o;
}

// Returns x plus the first rows of the table; every sample gets the same rows.
static Tensor add_positions(const char* op, const Tensor& x, const Tensor& table,
                            const PositionalEncodingOptions& o) {
  check_sequence(op, "x", x, o.d_model, o.batch_first);
  const index_t length = x.size(time_axis(x, o.batch_first));
  check(length <= o.max_len, op, "expected at most max_len = ", o.max_len, " positions, got ", length, ": x ",
        x, ". Hint: increase max_len or shorten the sequence; time is axis ",
        o.batch_first ? "1 with batch_first = true" : "0 with batch_first = false");
  const Tensor rows = table.slice(0, 0, length);  // (T, C)
  return x + (x.rank() == 3 && !o.batch_first ? rows.unsqueeze(1) : rows);
}

static std::string describe(const PositionalEncodingOptions& o) {
  return concat("d_model=", o.d_model, ", max_len=", o.max_len, o.batch_first ? ", batch_first=true" : "");
}

PositionalEncoding::PositionalEncoding(PositionalEncodingOptions o, Generator& gen)
    : options(validated("PositionalEncoding", o)),
      pe(sinusoidal_table(o.max_len, o.d_model)),
      dropout({.p = o.dropout}, gen) {}

Tensor PositionalEncoding::forward(const Tensor& x) {
  return dropout(add_positions("PositionalEncoding", x, pe, options));
}

std::string PositionalEncoding::details() const { return describe(options); }

LearnedPositionalEncoding::LearnedPositionalEncoding(PositionalEncodingOptions o, Generator& gen)
    : options(validated("LearnedPositionalEncoding", o)),
      weight(parameter({o.max_len, o.d_model})),
      dropout({.p = o.dropout}, gen) {
  init::normal(weight, gen, 0, 0.02);
}

Tensor LearnedPositionalEncoding::forward(const Tensor& x) {
  return dropout(add_positions("LearnedPositionalEncoding", x, weight, options));
}

std::string LearnedPositionalEncoding::details() const { return describe(options); }

}  // namespace heed::nn
