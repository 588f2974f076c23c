#include "autograd/kernels/philox.h"

#include <gtest/gtest.h>

namespace heed::kernels {
namespace {

// The known answers that the paper's authors publish with their library (Random123, philox4x32-10).
TEST(Philox, MatchesThePublishedNumbers) {
  EXPECT_EQ(philox(0, 0, 0), (std::array<std::uint32_t, 4>{0x6627e8d5, 0xe169c58d, 0xbc57ac4c, 0x9b00dbd8}));
  EXPECT_EQ(philox(~0ULL, ~0ULL, ~0ULL),
            (std::array<std::uint32_t, 4>{0x408f276d, 0x41c83b0e, 0xa20bc7c6, 0x6d5451fd}));
}

TEST(Philox, EachCounterGivesTwo64BitNumbers) {
  EXPECT_EQ(philox_bits(0, 0, 0), 0x6627e8d5e169c58dULL);
  EXPECT_EQ(philox_bits(0, 0, 1), 0xbc57ac4c9b00dbd8ULL);
}

}  // namespace
}  // namespace heed::kernels
