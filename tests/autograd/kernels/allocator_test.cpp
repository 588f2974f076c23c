#include "autograd/kernels/allocator.h"

#include <gtest/gtest.h>

#include <cstdint>
#include <cstring>
#include <new>
#include <thread>
#include <utility>
#include <vector>

namespace heed::kernels {
namespace {

TEST(Allocator, BlocksAreAlignedToACacheLineAndZeroBytesAreNull) {
  for (const std::size_t bytes : {1, 63, 64, 65, 1000, 4096, 100'000, 1'048'576, 1'048'577, 5'000'000}) {
    void* p = allocate(bytes);
    EXPECT_EQ(reinterpret_cast<std::uintptr_t>(p) % 64, 0U) << bytes;
    std::memset(p, 1, bytes);
    release(p, bytes);
  }
  EXPECT_EQ(allocate(0), nullptr);
  release(nullptr, 0);
}

TEST(Allocator, CountsAllocatedBytesReleasedOrNot) {
  const std::int64_t before = memory_stats().allocated_bytes;
  for (int i = 0; i < 3; ++i) release(allocate(1000), 1000);
  EXPECT_EQ(memory_stats().allocated_bytes - before, 3000);
}

TEST(Allocator, LiveBlocksDoNotOverlap) {
  std::vector<std::pair<unsigned char*, std::size_t>> blocks;
  std::size_t bytes = 40;
  for (unsigned i = 0; i < 300; ++i, bytes = bytes * 17 % 3'000'017 + 1) {
    blocks.emplace_back(static_cast<unsigned char*>(allocate(bytes)), bytes);
    std::memset(blocks.back().first, static_cast<int>(i % 251), bytes);
    if (i % 3 == 2) {  // leave gaps, which are then reused
      release(blocks[i / 2].first, blocks[i / 2].second);
      blocks[i / 2] = {static_cast<unsigned char*>(allocate(64)), 64};
      std::memset(blocks[i / 2].first, static_cast<int>(i / 2 % 251), 64);
    }
  }
  for (std::size_t i = 0; i < blocks.size(); ++i) {
    const auto [p, size] = blocks[i];
    EXPECT_EQ(p[0], i % 251);
    EXPECT_EQ(p[size - 1], i % 251);
    release(p, size);
  }
}

TEST(Allocator, CountsLiveBytesAndTheirPeak) {
  const auto before = memory_stats().live_bytes;
  reset_peak_memory();
  void* p = allocate(3'000'000);
  EXPECT_EQ(memory_stats().live_bytes - before, 3'000'000);
  release(p, 3'000'000);
  EXPECT_EQ(memory_stats().live_bytes, before);
  EXPECT_GE(memory_stats().peak_bytes - before, 3'000'000);
}

TEST(Allocator, ReusesFreedMemory) {
  const auto round = [] {
    std::vector<std::pair<void*, std::size_t>> blocks;
    for (const std::size_t bytes : {100, 5000, 700'000, 9'000'000, 4'000'000})
      blocks.emplace_back(allocate(bytes), bytes);
    for (const auto& [p, bytes] : blocks) release(p, bytes);
  };
  round();
  const auto reserved = memory_stats().reserved_bytes;
  for (int i = 0; i < 50; ++i) round();
  EXPECT_EQ(memory_stats().reserved_bytes, reserved);
}

TEST(Allocator, RejectsAnUnreasonableSize) { EXPECT_THROW(allocate(std::size_t{1} << 60), std::bad_alloc); }

TEST(Allocator, ThreadsMayAllocateAndReleaseEachOthersBlocks) {
  std::vector<void*> blocks(200);
  std::thread maker([&] {
    for (void*& p : blocks) p = allocate(777);
  });
  maker.join();
  std::thread other([&] {
    for (std::size_t i = 0; i < 100; ++i) release(blocks[i], 777);
  });
  for (std::size_t i = 100; i < 200; ++i) release(blocks[i], 777);
  other.join();
}

}  // namespace
}  // namespace heed::kernels
