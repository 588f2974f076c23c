// kernels_test.cpp — compares the elementwise kernels of every available instruction set with the
// reference.
#include "autograd/kernels/kernels.h"

#include <iterator>
#include <limits>

#include "autograd/error.h"
#include "tests/autograd/kernels/testing.h"

namespace heed::kernels {
namespace {

TEST(Kernels, UnaryFunctionsAndTheirBackwardsMatchTheReference) {
  for_every_table([](const auto& k, const auto& ref, const std::string& name) {
    using T = Element<decltype(k)>;
    for (int f = 0; f < static_cast<int>(std::size(unary_functions)); ++f) {
      const auto op = static_cast<Unary>(f);
      const bool positive = op == Unary::log || op == Unary::sqrt || op == Unary::rsqrt;
      for (const index_t n : sizes) {
        const auto x = random_values<T>(n, 7, positive ? 0.1 : -3, 3), dy = random_values<T>(n, 8);
        std::vector<T> y(x.size()), want(x.size());
        k.unary(op, x.data(), y.data(), n);
        ref.unary(op, x.data(), want.data(), n);
        expect_close(y, want, 1, name + " unary " + unary_functions[f].name);
        k.unary_backward(op, dy.data(), x.data(), y.data(), n);
        ref.unary_backward(op, dy.data(), x.data(), want.data(), n);
        expect_close(y, want, 6, name + " backward " + unary_functions[f].name);
      }
    }
  });
}

TEST(Kernels, ExpIsCorrectOverItsWholeRangeAndAtItsEnds) {
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

TEST(Kernels, TanhIsPreciseNearZero) {
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
    for (int f = 0; f < static_cast<int>(std::size(binary_functions)); ++f)
      for (const Operands o : {Operands::both_rows, Operands::a_is_one, Operands::b_is_one})
        for (const index_t n : sizes) {
          const auto a = random_values<T>(std::max<index_t>(n, 1), 1, 0.2, 3),
                     b = random_values<T>(std::max<index_t>(n, 1), 2, -2, 2);
          std::vector<T> y(static_cast<std::size_t>(n)), want(y);
          k.binary(static_cast<Binary>(f), o, a.data(), b.data(), y.data(), n);
          ref.binary(static_cast<Binary>(f), o, a.data(), b.data(), want.data(), n);
          expect_close(y, want, 1, name + " binary " + binary_functions[f]);
        }
  });
}

TEST(Kernels, MaximumMinimumAndReluPropagateNaN) {
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

TEST(Kernels, FillMatchesTheReference) {
  for_every_table([](const auto& k, const auto& ref, const std::string& name) {
    using T = Element<decltype(k)>;
    for (const index_t n : sizes) {
      auto y = random_values<T>(n + 1, 7), want = y;  // the last element stays
      k.fill(T(-2.5), y.data(), n);
      ref.fill(T(-2.5), want.data(), n);
      EXPECT_EQ(y, want) << name << " n = " << n;
    }
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

TEST(Kernels, DropoutMatchesTheReference) {
  for_every_table([](const auto& k, const auto& ref, const std::string& name) {
    using T = Element<decltype(k)>;
    for (const std::uint64_t start :
         {0, 1, 7, 10})  // even and odd: the first number may be the second half of a counter
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
