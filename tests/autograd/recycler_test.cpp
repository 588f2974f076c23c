// Objects of the recycler: reuse, threads, and objects that outlive their thread.
#include "autograd/recycler.h"

#include <gtest/gtest.h>

#include <array>
#include <thread>
#include <vector>

#include "autograd/kernels/sanitizers.h"

namespace heed::internal {
namespace {

struct Object {
  std::array<int, 20> values{};
};

TEST(Recycler, ReusesTheBlockOfAReleasedObject) {
  if (HEED_ADDRESS_SANITIZER || HEED_THREAD_SANITIZER) GTEST_SKIP() << "the system allocates every object";
  const Object* before = make_recycled<Object>().get();
  const auto after = make_recycled<Object>();
  EXPECT_EQ(after.get(), before);
  EXPECT_EQ(after->values[19], 0) << "a new object is constructed in it";
}

TEST(Recycler, LiveObjectsDoNotShareMemory) {
  std::vector<std::shared_ptr<Object>> objects;
  for (int i = 0; i < 3000; ++i) {
    objects.push_back(make_recycled<Object>());
    objects.back()->values.fill(i);
  }
  for (int round = 0; round < 2; ++round) {
    for (int i = 0; i < 3000; ++i) EXPECT_EQ(objects[static_cast<std::size_t>(i)]->values[19], i);
    for (int i = 0; i < 3000; i += 2) objects[static_cast<std::size_t>(i)] = make_recycled<Object>(Object{});
    for (int i = 0; i < 3000; i += 2) objects[static_cast<std::size_t>(i)]->values.fill(i);
  }
}

TEST(Recycler, ServesObjectsOfEverySize) {
  for (std::size_t bytes = 1; bytes <= 600; ++bytes) {
    auto* block = static_cast<unsigned char*>(allocate_block(bytes));
    std::fill_n(block, bytes, static_cast<unsigned char>(bytes));
    release_block(block, bytes);
  }
}

TEST(Recycler, AnObjectMayOutliveItsThreadAndBeReleasedInAnother) {
  std::shared_ptr<Object> object;
  std::thread([&] { object = make_recycled<Object>(Object{{7}}); }).join();
  EXPECT_EQ(object->values[0], 7);
  std::thread([&] { object.reset(); }).join();
  EXPECT_FALSE(object);
}

}  // namespace
}  // namespace heed::internal
