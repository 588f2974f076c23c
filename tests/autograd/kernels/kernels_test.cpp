// Every kernel of every instruction set that this CPU has, against the reference loops.
#include "autograd/kernels/kernels.h"

#include <gtest/gtest.h>

#include <cmath>
#include <limits>
#include <vector>

#include "autograd/error.h"
#include "autograd/kernels/isa.h"
#include "autograd/kernels/reference.h"
#include "autograd/random.h"

namespace heed::kernels {
namespace {

// 0, 1, around every number of lanes (2 … 16), around four vectors of each, and primes.
const std::vector<index_t> sizes = {0,  1,  2,  3,  4,  5,  7,  8,  9,  13, 15,  16,  17,  31,  32,
                                    33, 37, 47, 48, 49, 61, 63, 64, 65, 97, 127, 128, 129, 257, 1009};

template <class T>
std::vector<T> random_values(index_t n, std::uint64_t seed, double low = -3, double high = 3) {
  Generator gen(seed);
  std::vector<T> x(static_cast<std::size_t>(n));
  for (T& v : x) v = static_cast<T>(low + (high - low) * gen.uniform());
  return x;
}

template <class T>
constexpr double tolerance = sizeof(T) == 4 ? 2e-6 : 4e-15;

// |got - want| against the size of want, or of 1 where want is small.
template <class T>
void expect_close(const std::vector<T>& got, const std::vector<T>& want, double factor,
                  const std::string& what) {
  ASSERT_EQ(got.size(), want.size());
  for (std::size_t i = 0; i < got.size(); ++i) {
    if (std::isnan(want[i])) {
      EXPECT_TRUE(std::isnan(got[i])) << what << " at " << i;
      continue;
    }
    if (got[i] == want[i]) continue;
    const double scale = std::max(1.0, std::abs(static_cast<double>(want[i])));
    ASSERT_LE(std::abs(static_cast<double>(got[i]) - static_cast<double>(want[i])) / scale,
              factor * tolerance<T>)
        << what << " at " << i << " of " << got.size() << ": " << got[i] << ", wanted " << want[i];
  }
}

// Runs check(table, name) for f32 and f64 of every available instruction set.
template <class Check>
void for_every_table(Check&& check) {
  for (const std::string& isa : available_isas()) {
    check(*kernels_for<float>(isa.c_str()), reference<float>(), isa + " f32");
    check(*kernels_for<double>(isa.c_str()), reference<double>(), isa + " f64");
  }
}

template <class Table>
struct ElementOf;
template <class T>
struct ElementOf<Kernels<T>> {
  using type = T;
};
template <class Table>
using Element = typename ElementOf<std::remove_cvref_t<Table>>::type;

TEST(Kernels, UnaryFunctionsAndTheirBackwardsMatchTheReference) {
  for_every_table([](const auto& k, const auto& ref, const std::string& name) {
    using T = Element<decltype(k)>;
    for (int f = 0; f < static_cast<int>(Unary::count); ++f) {
      const auto op = static_cast<Unary>(f);
      const bool positive = op == Unary::log || op == Unary::sqrt || op == Unary::rsqrt;
      for (const index_t n : sizes) {
        const auto x = random_values<T>(n, 7, positive ? 0.1 : -3, 3), dy = random_values<T>(n, 8);
        std::vector<T> y(x.size()), want(x.size());
        k.unary(op, x.data(), y.data(), n);
        ref.unary(op, x.data(), want.data(), n);
        expect_close(y, want, 1, name + " unary " + std::to_string(f));
        k.unary_backward(op, dy.data(), x.data(), y.data(), n);
        ref.unary_backward(op, dy.data(), x.data(), want.data(), n);
        expect_close(y, want, 6, name + " backward " + std::to_string(f));
      }
    }
  });
}

TEST(Kernels, ExpIsRightOverItsWholeRangeAndAtItsEnds) {
  for_every_table([](const auto& k, const auto&, const std::string& name) {
    using T = Element<decltype(k)>;
    const T inf = std::numeric_limits<T>::infinity(), nan = std::numeric_limits<T>::quiet_NaN();
    const double reach = sizeof(T) == 4 ? 87 : 707;
    auto x = random_values<T>(4001, 3, -reach, reach);
    std::vector<T> y(x.size());
    k.unary(Unary::exp, x.data(), y.data(), 4001);
    for (std::size_t i = 0; i < x.size(); ++i) {
      const T want = std::exp(x[i]);
      ASSERT_LE(std::abs(y[i] - want), 4 * std::numeric_limits<T>::epsilon() * want)
          << name << " exp(" << x[i] << ")";
    }
    x = {0, -inf, inf, nan, static_cast<T>(-2000), static_cast<T>(2000), 1, -1};
    k.unary(Unary::exp, x.data(), y.data(), 8);
    EXPECT_EQ(y[0], 1) << name;
    EXPECT_EQ(y[1], 0) << name;
    EXPECT_EQ(y[2], inf) << name;
    EXPECT_TRUE(std::isnan(y[3])) << name;
    EXPECT_EQ(y[4], 0) << name;
    EXPECT_EQ(y[5], inf) << name;
  });
}

TEST(Kernels, TanhKeepsItsDigitsNearZero) {
  for_every_table([](const auto& k, const auto&, const std::string& name) {
    using T = Element<decltype(k)>;
    for (const T x : {T(1e-6), T(-1e-4), T(0.01), T(0.3), T(15), T(-40)}) {
      T y = 0;
      k.unary(Unary::tanh, &x, &y, 1);
      EXPECT_LE(std::abs(y - std::tanh(x)), 4 * std::numeric_limits<T>::epsilon() * std::abs(std::tanh(x)))
          << name << " " << x;
    }
  });
}

TEST(Kernels, SigmoidIsStableOnBothSides) {
  for_every_table([](const auto& k, const auto&, const std::string& name) {
    using T = Element<decltype(k)>;
    const std::vector<T> x = {-1000, 1000, 0, -20};
    std::vector<T> y(4);
    k.unary(Unary::sigmoid, x.data(), y.data(), 4);
    EXPECT_EQ(y[0], 0) << name;
    EXPECT_EQ(y[1], 1) << name;
    EXPECT_EQ(y[2], T(0.5)) << name;
    EXPECT_NEAR(y[3] / std::exp(T(-20)), 1, 1e-5) << name;
  });
}

TEST(Kernels, BinaryFunctionsMatchTheReferenceWithEitherSideBroadcast) {
  for_every_table([](const auto& k, const auto& ref, const std::string& name) {
    using T = Element<decltype(k)>;
    for (int f = 0; f < static_cast<int>(Binary::count); ++f)
      for (const Operands o : {Operands::both_rows, Operands::a_is_one, Operands::b_is_one})
        for (const index_t n : sizes) {
          const auto a = random_values<T>(std::max<index_t>(n, 1), 1, 0.2, 3),
                     b = random_values<T>(std::max<index_t>(n, 1), 2, -2, 2);
          std::vector<T> y(static_cast<std::size_t>(n)), want(y);
          k.binary(static_cast<Binary>(f), o, a.data(), b.data(), y.data(), n);
          ref.binary(static_cast<Binary>(f), o, a.data(), b.data(), want.data(), n);
          expect_close(y, want, 1, name + " binary " + std::to_string(f));
        }
  });
}

TEST(Kernels, NaNWinsInMaximumMinimumAndReluOnEitherSide) {
  for_every_table([](const auto& k, const auto&, const std::string& name) {
    using T = Element<decltype(k)>;
    const T nan = std::numeric_limits<T>::quiet_NaN();
    const std::vector<T> a = {nan, 1, nan}, b = {1, nan, nan};
    std::vector<T> y(3);
    for (const Binary f : {Binary::maximum, Binary::minimum}) {
      k.binary(f, Operands::both_rows, a.data(), b.data(), y.data(), 3);
      for (const T v : y) EXPECT_TRUE(std::isnan(v)) << name;
    }
    k.unary(Unary::relu, a.data(), y.data(), 3);
    EXPECT_TRUE(std::isnan(y[0])) << name;
  });
}

TEST(Kernels, AxpbyDoesNotReadYWhenBetaIsZero) {
  for_every_table([](const auto& k, const auto& ref, const std::string& name) {
    using T = Element<decltype(k)>;
    for (const index_t n : sizes) {
      const auto x = random_values<T>(n, 5);
      for (const double beta : {0.0, 1.0, -0.5}) {
        auto y = random_values<T>(n, 6), want = y;
        if (beta == 0) std::fill(y.begin(), y.end(), std::numeric_limits<T>::quiet_NaN());
        k.axpby(T(0.7), x.data(), T(beta), y.data(), n);
        ref.axpby(T(0.7), x.data(), T(beta), want.data(), n);
        expect_close(y, want, 1, name + " axpby");
      }
    }
  });
}

TEST(Kernels, SelectMatchesTheReference) {
  for_every_table([](const auto& k, const auto& ref, const std::string& name) {
    using T = Element<decltype(k)>;
    for (const Operands o : {Operands::both_rows, Operands::a_is_one, Operands::b_is_one})
      for (const index_t n : sizes) {
        const auto a = random_values<T>(std::max<index_t>(n, 1), 1),
                   b = random_values<T>(std::max<index_t>(n, 1), 2);
        std::vector<uint8_t> mask(static_cast<std::size_t>(n));
        for (std::size_t i = 0; i < mask.size(); ++i) mask[i] = i % 3 == 0;
        std::vector<T> y(mask.size()), want(y);
        k.select(o, mask.data(), a.data(), b.data(), y.data(), n);
        ref.select(o, mask.data(), a.data(), b.data(), want.data(), n);
        EXPECT_EQ(y, want) << name;
      }
  });
}

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
        << name;  // one by one in float: 100,958
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

// Lengths on both sides of the ends of a block and of a leaf of the tree, and several leaves.
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
        // The reference is a plain loop in double: for f64 its own error is the larger one.
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

TEST(Kernels, TilesOfSoftmaxMatchTheReferenceAndMakeTheWholeRow) {
  for_every_table([](const auto& k, const auto& ref, const std::string& name) {
    using T = Element<decltype(k)>;
    constexpr T lowest = -std::numeric_limits<T>::infinity();
    // Row 1 sees nothing at all, row 2 nothing of the first tile; row 3 scores -inf there.
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
        const std::vector<T> some(rows, T(1.5)), factor(rows, T(0.25));
        k.exp_tile(x.data(), mask.data(), some.data(), factor.data(), y.data(), rows, n);
        ref.exp_tile(x.data(), mask.data(), some.data(), factor.data(), want.data(), rows, n);
        expect_close(y, want, 3, name + " exp_tile");
        k.exp_tile(x.data(), nullptr, some.data(), factor.data(), y.data(), rows, n);
        ref.exp_tile(x.data(), nullptr, some.data(), factor.data(), want.data(), rows, n);
        expect_close(y, want, 3, name + " exp_tile of all");
      }
      // without a mask, two tiles and the whole row
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

TEST(Kernels, ATileOfSoftmaxLetsNaNThrough) {
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

TEST(Kernels, SoftmaxOfLargeScoresDoesNotOverflowAndAHiddenRowIsZero) {
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

TEST(Kernels, AdamMatchesTheReferenceAndWritesNothingBeyondItsEnd) {
  for_every_table([](const auto& k, const auto& ref, const std::string& name) {
    using T = Element<decltype(k)>;
    const typename Kernels<T>::AdamStep step{0.9, 0.99, 1e-8, 0.1, 0.01, 0.05, 3};
    for (const index_t n : sizes) {
      auto w = random_values<T>(n + 1, 1), m = random_values<T>(n + 1, 3),
           v = random_values<T>(n + 1, 4, 0, 1);
      const auto g = random_values<T>(n + 1, 2);
      auto w2 = w, m2 = m, v2 = v;
      k.adam(step, w.data(), g.data(), m.data(), v.data(), n);
      ref.adam(step, w2.data(), g.data(), m2.data(), v2.data(), n);
      expect_close(w, w2, 20, name + " adam w");
      expect_close(m, m2, 2, name + " adam m");
      expect_close(v, v2, 2, name + " adam v");
    }
    std::vector<T> w(1), g(1, T(0.5)), m(1), v(1);
    k.adam({0.999999, 0.9999999, 0, 0, 0, 0, 1}, w.data(), g.data(), m.data(), v.data(), 1);
    EXPECT_NEAR(m[0], 1e-6 * 0.5, 1e-13) << name << ": 1 - beta1 in float would be wrong by 5 %";
    EXPECT_NEAR(v[0], 1e-7 * 0.25, 1e-14) << name;
  });
}

TEST(Kernels, DropoutsBitsAndWhatTheyLeaveAreTheReferences) {
  for_every_table([](const auto& k, const auto& ref, const std::string& name) {
    using T = Element<decltype(k)>;
    for (const std::uint64_t start : {0, 1, 7, 10})  // even and odd: a counter may be begun in its middle
      for (const std::uint64_t threshold :
           {std::uint64_t{0}, std::uint64_t{0x1999'9999}, std::uint64_t{1} << 32}) {
        const KeepSource source{0x0123'4567'89AB'CDEF, 0xFEDC'BA98'7654'3210, start, threshold};
        std::vector<std::uint64_t> words(5, 77), want(5, 77);
        k.keep_bits(source, 3, words.data(), 4);
        ref.keep_bits(source, 3, want.data(), 4);
        ASSERT_EQ(words, want) << name << " from number " << start;
      }
    const KeepSource half{1, 2, 3, std::uint64_t{1} << 31};
    std::vector<std::uint64_t> words(40);
    ref.keep_bits(half, 0, words.data(), 40);
    for (const index_t n : sizes)
      for (const index_t first : {0, 1, 63, 64, 130}) {
        const auto x = random_values<T>(n + 1, 1);
        auto y = x, want = x;
        k.drop(words.data(), first, x.data(), T(1.5), y.data(), n);
        ref.drop(words.data(), first, x.data(), T(1.5), want.data(), n);
        ASSERT_EQ(y, want) << name << " " << n << " from bit " << first;
      }
  });
}

TEST(Kernels, PartialVectorsWriteNothingBeyondTheEnd) {
  for_every_table([](const auto& k, const auto&, const std::string& name) {
    using T = Element<decltype(k)>;
    for (const index_t n : sizes) {
      const auto x = random_values<T>(n, 1);
      std::vector<T> y(static_cast<std::size_t>(n) + 32, T(-77));
      k.unary(Unary::exp, x.data(), y.data(), n);
      k.softmax_rows(x.data(), nullptr, y.data(), 1, n);
      for (std::size_t i = static_cast<std::size_t>(n); i < y.size(); ++i)
        ASSERT_EQ(y[i], T(-77)) << name << " " << n;
    }
  });
}

}  // namespace
}  // namespace heed::kernels
