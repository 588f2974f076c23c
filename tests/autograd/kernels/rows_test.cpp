// rows_test.cpp — compares the kernels of rows.inl of every available instruction set with the
// reference.
#include <limits>

#include "autograd/error.h"
#include "tests/autograd/kernels/testing.h"

namespace heed::kernels {
namespace {

TEST(Kernels, RowAndColumnReductionsMatchTheReference) {
  for_every_table([](const auto& k, const auto& ref, const std::string& name) {
    using T = Element<decltype(k)>;
    for (const index_t n : sizes)
      for (const index_t rows : {1, 3, 70}) {
        const auto x = random_values<T>(rows * n, 4);
        std::vector<T> y(static_cast<std::size_t>(rows)), want(y);
        k.sum_rows(x.data(), y.data(), rows, n);
        ref.sum_rows(x.data(), want.data(), rows, n);
        expect_close(y, want, 40, name + " sum_rows");
        for (const bool accumulate : {false, true}) {
          auto down = random_values<T>(n, 9), want_down = down;
          k.sum_columns(x.data(), down.data(), rows, n, accumulate);
          ref.sum_columns(x.data(), want_down.data(), rows, n, accumulate);
          expect_close(down, want_down, 40, name + " sum_columns");
        }
        if (n == 0) continue;
        std::vector<int64_t> at(y.size()), want_at(y.size());
        k.max_rows(x.data(), y.data(), at.data(), rows, n);
        ref.max_rows(x.data(), want.data(), want_at.data(), rows, n);
        EXPECT_EQ(y, want) << name;
        EXPECT_EQ(at, want_at) << name;
      }
  });
}

TEST(Kernels, AMillionTenthsAddUpToAHundredThousand) {
  for_every_table([](const auto& k, const auto&, const std::string& name) {
    using T = Element<decltype(k)>;
    const std::vector<T> x(1'000'000, T(0.1));
    T y = 0;
    k.sum_rows(x.data(), &y, 1, 1'000'000);
    EXPECT_NEAR(y, 1'000'000 * double{T(0.1)}, sizeof(T) == 4 ? 0.05 : 1e-7)
        << name;  // added one by one in float: 100,958
    for (const index_t n : {1, 2, 3, 40, 200}) {
      std::vector<T> columns(static_cast<std::size_t>(n));
      const index_t rows = 1'000'000 / n;
      k.sum_columns(x.data(), columns.data(), rows, n, false);
      const double want = static_cast<double>(rows) * double{T(0.1)};
      for (const T sum : columns)
        EXPECT_NEAR(sum / want, 1, sizeof(T) == 4 ? 1e-6 : 1e-14) << name << " " << n;
    }
  });
}

// Lengths around the sizes of a block and of a leaf of the tree, and of several leaves.
TEST(Kernels, LongRowsMatchTheReference) {
  for_every_table([](const auto& k, const auto& ref, const std::string& name) {
    using T = Element<decltype(k)>;
    for (const index_t leaf : {32 * k.lanes, 512 * k.lanes})
      for (const index_t n : {leaf - 1, leaf, leaf + 1, 3 * leaf + 5, 8 * leaf}) {
        const auto x = random_values<T>(n, 4), dy = random_values<T>(n, 5);
        T y = 0, want = 0;
        k.sum_rows(x.data(), &y, 1, n);
        ref.sum_rows(x.data(), &want, 1, n);
        const std::string what = name + " " + std::to_string(n);
        // The reference is a plain loop in double, so for f64 its error is the larger one.
        const double factor = sizeof(T) == 4 ? 40 : 200;
        EXPECT_NEAR(y, want,
                    factor * std::sqrt(static_cast<double>(n)) * double{std::numeric_limits<T>::epsilon()})
            << what;
        std::vector<T> p(x.size()), want_p(x.size());
        k.softmax_rows(x.data(), nullptr, p.data(), 1, n);
        ref.softmax_rows(x.data(), nullptr, want_p.data(), 1, n);
        expect_close(p, want_p, 3, what + " softmax");
        k.log_softmax_rows(x.data(), p.data(), 1, n);
        ref.log_softmax_rows(x.data(), want_p.data(), 1, n);
        expect_close(p, want_p, 3, what + " log_softmax");
        T mean = 0, rstd = 0, want_mean = 0, want_rstd = 0;
        k.layer_norm(x.data(), nullptr, nullptr, T(1e-5), p.data(), &mean, &rstd, 1, n);
        ref.layer_norm(x.data(), nullptr, nullptr, T(1e-5), want_p.data(), &want_mean, &want_rstd, 1, n);
        expect_close(p, want_p, 6, what + " layer_norm");
        std::vector<T> dx(x.size()), want_dx(x.size());
        k.layer_norm_backward(dy.data(), x.data(), nullptr, &mean, &rstd, dx.data(), nullptr, nullptr, 1, n);
        ref.layer_norm_backward(dy.data(), x.data(), nullptr, &mean, &rstd, want_dx.data(), nullptr, nullptr,
                                1, n);
        expect_close(dx, want_dx, 12, what + " layer_norm backward");
      }
  });
}

TEST(Kernels, SoftmaxMatchesTheReferenceWithAndWithoutMask) {
  for_every_table([](const auto& k, const auto& ref, const std::string& name) {
    using T = Element<decltype(k)>;
    for (const index_t n : sizes) {
      const index_t rows = 3;
      const auto x = random_values<T>(rows * n, 11, -20, 20), dy = random_values<T>(rows * n, 12);
      std::vector<uint8_t> mask(x.size());
      for (std::size_t i = 0; i < mask.size(); ++i)
        mask[i] = i % 5 != 1 && i / static_cast<std::size_t>(n) != 1;
      std::vector<T> y(x.size()), want(x.size()), dx(x.size()), want_dx(x.size());
      for (const uint8_t* m :
           {static_cast<const uint8_t*>(nullptr), static_cast<const uint8_t*>(mask.data())}) {
        k.softmax_rows(x.data(), m, y.data(), rows, n);
        ref.softmax_rows(x.data(), m, want.data(), rows, n);
        expect_close(y, want, 3, name + " softmax");
        k.softmax_rows_backward(dy.data(), want.data(), dx.data(), rows, n);
        ref.softmax_rows_backward(dy.data(), want.data(), want_dx.data(), rows, n);
        expect_close(dx, want_dx, 3, name + " softmax backward");
      }
      k.log_softmax_rows(x.data(), y.data(), rows, n);
      ref.log_softmax_rows(x.data(), want.data(), rows, n);
      expect_close(y, want, 3, name + " log_softmax");
      k.log_softmax_rows_backward(dy.data(), want.data(), dx.data(), rows, n);
      ref.log_softmax_rows_backward(dy.data(), want.data(), want_dx.data(), rows, n);
      expect_close(dx, want_dx, 40, name + " log_softmax backward");
    }
  });
}

TEST(Kernels, OnlineSoftmaxMatchesTheReferenceAndTheWholeRow) {
  for_every_table([](const auto& k, const auto& ref, const std::string& name) {
    using T = Element<decltype(k)>;
    constexpr T lowest = -std::numeric_limits<T>::infinity();
    // Row 1 is fully masked, row 2 is masked in the first tile, and row 3 has scores of -inf there.
    const index_t rows = 4, tiles = 3;
    for (const index_t n : sizes) {
      std::vector<T> top(rows, lowest), sum(rows, 0), shrink(rows);
      std::vector<T> want_top = top, want_sum = sum, want_shrink = shrink;
      std::vector<uint8_t> mask(static_cast<std::size_t>(rows * n));
      for (index_t tile = 0; tile < tiles; ++tile) {
        auto x = random_values<T>(rows * n, static_cast<unsigned>(31 + tile), -20, 20);
        for (std::size_t i = 0; i < mask.size(); ++i) {
          const std::size_t row = i / static_cast<std::size_t>(n);
          mask[i] = row != 1 && (row != 2 || tile > 0) && i % 5 != 1;
          if (row == 3 && tile == 0) x[i] = lowest;
        }
        std::vector<T> y(x.size()), want(x.size());
        k.softmax_tile(x.data(), mask.data(), y.data(), top.data(), sum.data(), shrink.data(), rows, n);
        ref.softmax_tile(x.data(), mask.data(), want.data(), want_top.data(), want_sum.data(),
                         want_shrink.data(), rows, n);
        expect_close(y, want, 3, name + " softmax_tile");
        expect_close(sum, want_sum, 6, name + " sum");
        expect_close(shrink, want_shrink, 3, name + " shrink");
        EXPECT_EQ(top, want_top) << name;
        const auto dp = random_values<T>(rows * n, 51, -1, 1);
        const std::vector<T> most(rows, T(20)), factor(rows, T(0.25)), dot(rows, T(0.5));
        std::vector<T> ds(x.size()), want_ds(x.size());
        for (const uint8_t* m :
             {static_cast<const uint8_t*>(nullptr), static_cast<const uint8_t*>(mask.data())}) {
          const auto run = [&](const auto& table, std::vector<T>& p, std::vector<T>& gradient) {
            table.softmax_tile_backward(x.data(), dp.data(), m, most.data(), factor.data(), dot.data(),
                                        p.data(), gradient.data(), rows, n);
          };
          run(k, y, ds);
          run(ref, want, want_ds);
          expect_close(y, want, 3, name + " weights in backward");
          expect_close(ds, want_ds, 3, name + " softmax_tile_backward");
        }
      }
      // Without a mask: two tiles against the whole row.
      const auto x = random_values<T>(2 * n, 41, -20, 20);
      std::vector<T> whole(x.size()), tile(x.begin(), x.begin() + n), last(tile.size());
      ref.softmax_rows(x.data(), nullptr, whole.data(), 1, 2 * n);
      T most = lowest, total = 0, left = 0;
      k.softmax_tile(tile.data(), nullptr, tile.data(), &most, &total, &left, 1, n);
      k.softmax_tile(x.data() + n, nullptr, last.data(), &most, &total, &left, 1, n);
      for (T& v : tile) v = v * left / total;
      for (T& v : last) v /= total;
      tile.insert(tile.end(), last.begin(), last.end());
      expect_close(tile, whole, 12, name + " tiles against the whole");
    }
  });
}

TEST(Kernels, OnlineSoftmaxPropagatesNaN) {
  for_every_table([](const auto& k, const auto& ref, const std::string& name) {
    using T = Element<decltype(k)>;
    const std::vector<T> x(20, std::numeric_limits<T>::quiet_NaN());
    std::vector<uint8_t> mask(20, 0);
    mask[0] = 1;
    for (const auto* table : {&k, &ref})
      for (const uint8_t* m :
           {static_cast<const uint8_t*>(nullptr), static_cast<const uint8_t*>(mask.data())}) {
        T top = -std::numeric_limits<T>::infinity(), sum = 0, shrink = 0;
        std::vector<T> y(20);
        table->softmax_tile(x.data(), m, y.data(), &top, &sum, &shrink, 1, 20);
        EXPECT_TRUE(std::isnan(y[0]) && std::isnan(sum)) << name;
        EXPECT_EQ(std::isnan(y[1]), m == nullptr) << name;
      }
  });
}

TEST(Kernels, SoftmaxOfLargeScoresDoesNotOverflowAndAMaskedRowIsZero) {
  for_every_table([](const auto& k, const auto&, const std::string& name) {
    using T = Element<decltype(k)>;
    const std::vector<T> x = {1000, 1001, 1002};
    std::vector<T> y(3);
    k.softmax_rows(x.data(), nullptr, y.data(), 1, 3);
    EXPECT_NEAR(y[0], 0.09003057, 1e-6) << name;
    EXPECT_NEAR(y[2], 0.66524096, 1e-6) << name;
    const std::vector<uint8_t> nothing(3, 0);
    k.softmax_rows(x.data(), nothing.data(), y.data(), 1, 3);
    EXPECT_EQ(y, (std::vector<T>{0, 0, 0})) << name;
  });
}

TEST(Kernels, NormsAndTheirBackwardsMatchTheReference) {
  for_every_table([](const auto& k, const auto& ref, const std::string& name) {
    using T = Element<decltype(k)>;
    for (const index_t n : sizes) {
      if (n == 0) continue;
      const index_t rows = 5;
      const auto x = random_values<T>(rows * n, 21), dy = random_values<T>(rows * n, 22),
                 g = random_values<T>(n, 23), b = random_values<T>(n, 24);
      for (const bool scaled : {true, false}) {
        const T *gamma = scaled ? g.data() : nullptr, *beta = scaled ? b.data() : nullptr;
        const auto all = x.size(), per_row = static_cast<std::size_t>(rows),
                   channels = static_cast<std::size_t>(n);
        std::vector<T> y(all), y2(all), m(per_row), m2(per_row), s(per_row), s2(per_row), dx(all), dx2(all),
            dg(channels), dg2(channels), db(channels), db2(channels);
        k.layer_norm(x.data(), gamma, beta, T(1e-2), y.data(), m.data(), s.data(), rows, n);
        ref.layer_norm(x.data(), gamma, beta, T(1e-2), y2.data(), m2.data(), s2.data(), rows, n);
        expect_close(y, y2, 30, name + " layer_norm");
        k.layer_norm_backward(dy.data(), x.data(), gamma, m2.data(), s2.data(), dx.data(), dg.data(),
                              db.data(), rows, n);
        ref.layer_norm_backward(dy.data(), x.data(), gamma, m2.data(), s2.data(), dx2.data(), dg2.data(),
                                db2.data(), rows, n);
        expect_close(dx, dx2, 60, name + " layer_norm dx");
        expect_close(dg, dg2, 10, name + " layer_norm dgamma");
        expect_close(db, db2, 10, name + " layer_norm dbeta");
        k.rms_norm(x.data(), gamma, T(1e-2), y.data(), s.data(), rows, n);
        ref.rms_norm(x.data(), gamma, T(1e-2), y2.data(), s2.data(), rows, n);
        expect_close(y, y2, 10, name + " rms_norm");
        k.rms_norm_backward(dy.data(), x.data(), gamma, s2.data(), dx.data(), dg.data(), rows, n);
        ref.rms_norm_backward(dy.data(), x.data(), gamma, s2.data(), dx2.data(), dg2.data(), rows, n);
        expect_close(dx, dx2, 30, name + " rms_norm dx");
        expect_close(dg, dg2, 10, name + " rms_norm dgamma");
      }
    }
  });
}

}  // namespace
}  // namespace heed::kernels
