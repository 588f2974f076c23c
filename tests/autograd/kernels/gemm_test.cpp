#include "autograd/kernels/gemm.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <vector>

#include "autograd/kernels/isa.h"
#include "autograd/kernels/reference.h"
#include "autograd/kernels/thread_pool.h"
#include "autograd/random.h"

namespace heed::kernels {
namespace {

template <class T>
std::vector<T> random_values(index_t n, std::uint64_t seed) {
  Generator gen(seed);
  std::vector<T> x(static_cast<std::size_t>(n));
  for (T& v : x) v = static_cast<T>(gen.uniform() - 0.5);
  return x;
}

// Returns a shape whose leading dimensions are `slack` larger than necessary.
GemmShape shape_of(bool ta, bool tb, index_t m, index_t n, index_t k, index_t slack, bool accumulate) {
  return {ta, tb, m, n, k, (ta ? m : k) + slack, (tb ? k : n) + slack, n + slack, accumulate};
}

// Compares one product with the reference. The elements between the rows of c must not change.
template <class T>
void expect_product(const GemmShape& s) {
  const auto a = random_values<T>((s.transpose_a ? s.k : s.m) * s.lda + 1, 1);
  const auto b = random_values<T>((s.transpose_b ? s.n : s.k) * s.ldb + 1, 2);
  const auto before = random_values<T>(s.m * s.ldc + 1, 3);
  auto c = before, want = before;
  gemm(s, a.data(), b.data(), c.data());
  reference_gemm(s, a.data(), b.data(), want.data());
  const double bound = (sizeof(T) == 4 ? 1e-6 : 1e-15) * (2 + std::sqrt(static_cast<double>(s.k)));
  for (index_t i = 0; i < static_cast<index_t>(c.size()); ++i) {
    const bool outside = i % s.ldc >= s.n || i / s.ldc >= s.m;
    const auto at = static_cast<std::size_t>(i);
    if (outside)
      ASSERT_EQ(c[at], before[at]) << "written outside: m " << s.m << " n " << s.n << " k " << s.k << " at "
                                   << i;
    else
      ASSERT_LE(std::abs(static_cast<double>(c[at]) - static_cast<double>(want[at])), bound)
          << "m " << s.m << " n " << s.n << " k " << s.k << " ta " << s.transpose_a << " tb " << s.transpose_b
          << " at " << i;
  }
}

// Sizes around the register tiles (4, 6, 8, 12, 14 rows; 4 … 64 columns) and the pieces of k (512).
TEST(Gemm, AllLayoutsMatchTheReferenceAtAwkwardSizes) {
  for (const bool ta : {false, true})
    for (const bool tb : {false, true})
      for (const index_t m : {1, 2, 5, 6, 7, 13, 14, 15, 29})
        for (const index_t n : {1, 3, 4, 8, 15, 16, 17, 31, 33, 36, 63, 64, 65, 97})
          for (const index_t k : {1, 2, 17, 64}) {
            expect_product<float>(shape_of(ta, tb, m, n, k, 3, m % 2 == 0));
            expect_product<double>(shape_of(ta, tb, m, n, k, 0, m % 2 == 1));
          }
}

TEST(Gemm, LargeProductsMatchTheReferenceOverPiecesOfKAndPanelsOfN) {
  for (const bool ta : {false, true})
    for (const bool tb : {false, true}) {
      expect_product<float>(shape_of(ta, tb, 37, 301, 1025, 5, false));
      expect_product<float>(shape_of(ta, tb, 130, 260, 513, 0, true));
      expect_product<double>(shape_of(ta, tb, 61, 270, 700, 1, true));
      expect_product<float>(
          shape_of(ta, tb, 275, 600, 41, 2, true));  // a transposed a is copied to rows for this n
      expect_product<double>(shape_of(ta, tb, 300, 530, 41, 0, false));
      expect_product<double>(shape_of(ta, tb, 70, 530, 101, 1, true));
    }
}

// A transposed a is copied to rows if many columns read it: one piece of k and at most 4096 rows at a
// time.
TEST(Gemm, ATransposedMatrixThatIsCopiedToRowsMatchesTheReference) {
  const int before = num_threads();
  set_num_threads(1);
  for (const bool tb : {false, true}) {
    expect_product<float>(shape_of(true, tb, 60, 530, 601, 100, false));  // two pieces of k of unequal length
    expect_product<float>(shape_of(true, tb, 275, 600, 41, 2, true));
    expect_product<double>(shape_of(true, tb, 53, 517, 520, 100, false));
    expect_product<float>(shape_of(true, tb, 60, 600, 20, 100, false));  // b read in place
    expect_product<float>(shape_of(true, tb, 3, 600, 601, 200, false));
    expect_product<float>(shape_of(true, tb, 60, 260, 70, 100, false));
    expect_product<float>(shape_of(true, tb, 4100, 600, 5, 0, false));
  }
  set_num_threads(before);
}

// With AVX-512, up to 4 columns beyond the last whole vector are computed for 4 rows at a time.
TEST(Gemm, AFewColumnsBeyondAWholeVectorMatchTheReference) {
  for (const bool ta : {false, true})
    for (const bool tb : {false, true})
      for (const index_t m : {3, 4, 36, 41, 75})
        for (const index_t n : {2, 4, 66, 100})
          for (const index_t k : {3, 4, 101, 600})
            expect_product<float>(shape_of(ta, tb, m, n, k, 1, n == 4));
}

TEST(Gemm, FewRowsTimesALargeTransposedMatrixMatchTheReference) {
  for (const index_t m : {1, 2, 3, 4, 5})
    for (const index_t n : {33, 257})
      for (const index_t k : {509, 1030}) {
        expect_product<float>(shape_of(false, true, m, n, k, 3, m % 2 == 0));
        expect_product<double>(shape_of(false, true, m, n, k, 0, m % 2 == 1));
      }
}

TEST(Gemm, TheEpilogueAddsTheBiasAndThenAppliesTheFunction) {
  const auto bias = random_values<float>(301, 4);
  for (const GemmShape& s :
       {shape_of(false, true, 3, 301, 600, 2, false), shape_of(false, true, 37, 301, 600, 2, false),
        shape_of(false, false, 37, 301, 7, 0, false), shape_of(false, true, 5, 301, 0, 0, false),
        shape_of(false, true, 130, 301, 600, 1, false), shape_of(false, true, 37, 260, 600, 1, false),
        shape_of(false, false, 37, 36, 7, 0, false)}) {
    const auto a = random_values<float>(s.m * s.lda + 1, 1),
               b = random_values<float>(s.n * s.ldb + s.k * s.ldb + 1, 2);
    std::vector<float> c(static_cast<std::size_t>(s.m * s.ldc), 9.0F), want = c;
    gemm<float>(s, a.data(), b.data(), c.data(), {.bias = bias.data(), .f = Unary::relu});
    reference_gemm(s, a.data(), b.data(), want.data());
    for (index_t i = 0; i < s.m; ++i)
      for (index_t j = 0; j < s.ldc; ++j) {
        const auto at = static_cast<std::size_t>(i * s.ldc + j);
        const float sum = want[at] + (j < s.n ? bias[static_cast<std::size_t>(j)] : 0);
        ASSERT_NEAR(c[at], j < s.n ? std::max(sum, 0.0F) : 9.0F, 3e-5)
            << s.m << " rows, at " << i << ", " << j;
      }
  }
}

TEST(Gemm, AnEmptyDepthGivesZerosOrKeepsTheAccumulatedValues) {
  std::vector<float> c(6, 5.0F);
  gemm<float>({.m = 2, .n = 3, .k = 0, .lda = 1, .ldb = 3, .ldc = 3, .accumulate = true}, nullptr, nullptr,
              c.data());
  EXPECT_EQ(c, std::vector<float>(6, 5.0F));
  gemm<float>({.m = 2, .n = 3, .k = 0, .lda = 1, .ldb = 3, .ldc = 3}, nullptr, nullptr, c.data());
  EXPECT_EQ(c, std::vector<float>(6, 0.0F));
  gemm<float>({.m = 0, .n = 3, .k = 2, .lda = 2, .ldb = 3, .ldc = 3}, nullptr, nullptr, nullptr);
}

TEST(Gemm, BatchesReadTheirOffsetsAndMayShareAnOperand) {
  const GemmShape s{.m = 5, .n = 7, .k = 9, .lda = 9, .ldb = 7, .ldc = 7};
  const auto a = random_values<float>(4 * 45, 1), b = random_values<float>(63, 2);
  std::vector<float> c(4 * 35), want(4 * 35);
  const std::vector<index_t> at_a = {0, 45, 90, 135}, at_b = {0, 0, 0, 0}, at_c = {105, 70, 35, 0};
  gemm_batched(s, 4, a.data(), at_a.data(), b.data(), at_b.data(), c.data(), at_c.data());
  for (std::size_t i = 0; i < 4; ++i) reference_gemm(s, a.data() + at_a[i], b.data(), want.data() + at_c[i]);
  for (std::size_t i = 0; i < c.size(); ++i) EXPECT_NEAR(c[i], want[i], 1e-5);
}

template <class T>
void expect_same_bits(const GemmShape& s) {
  const auto a = random_values<T>((s.transpose_a ? s.k : s.m) * s.lda, 1);
  const auto b = random_values<T>((s.transpose_b ? s.n : s.k) * s.ldb, 2);
  std::vector<T> first;
  for (const int threads : {1, 2, 3, 7}) {
    set_num_threads(threads);
    std::vector<T> c(static_cast<std::size_t>(s.m * s.ldc));
    gemm(s, a.data(), b.data(), c.data());
    if (first.empty()) first = c;
    EXPECT_EQ(first, c) << threads << " threads";
  }
}

TEST(Gemm, OneTwoThreeAndSevenThreadsGiveTheSameBits) {
  const AlwaysParallel always;
  const int before = num_threads();
  for (const bool ta : {false, true})
    for (const bool tb : {false, true}) {
      expect_same_bits<float>(shape_of(ta, tb, 131, 517, 600, 0, false));
      expect_same_bits<float>(shape_of(ta, tb, 1003, 65, 130, 0, false));
      for (const index_t m : {1, 4}) expect_same_bits<float>(shape_of(ta, tb, m, 1517, 600, 0, false));
      expect_same_bits<double>(shape_of(ta, tb, 200, 190, 513, 0, false));
      expect_same_bits<double>(shape_of(ta, tb, 129, 530, 101, 0, false));  // the last block has a few rows
    }
  set_num_threads(before);
}

template <class T>
void expect_same_bits_packed(GemmShape s) {
  const auto a = random_values<T>((s.transpose_a ? s.k : s.m) * s.lda, 1);
  const auto b = random_values<T>((s.transpose_b ? s.n : s.k) * s.ldb, 2);
  const PackedMatrix<T> packed({b.data(), s.ldb, s.transpose_b}, s.k, s.n);
  std::vector<T> want(static_cast<std::size_t>(s.m * s.ldc)), c = want;
  gemm(s, a.data(), b.data(), want.data());
  gemm(s, a.data(), b.data(), c.data(), {}, &packed);
  EXPECT_EQ(c, want) << "m " << s.m << " n " << s.n << " k " << s.k << " tb " << s.transpose_b;
}

TEST(Gemm, APackedMatrixGivesTheSameBits) {
  const int before = num_threads();
  for (const int threads : {1, 2, 3}) {
    set_num_threads(threads);
    for (const bool ta : {false, true})
      for (const bool tb : {false, true})
        for (const index_t m : {5, 37, 700})
          for (const index_t n : {3, 40, 100, 577}) {
            expect_same_bits_packed<float>(shape_of(ta, tb, m, n, 600, 3, false));
            expect_same_bits_packed<double>(shape_of(ta, tb, m, n, 77, 0, false));
          }
  }
  set_num_threads(before);
}

}  // namespace
}  // namespace heed::kernels
