#include "lessons/support/ask.h"

#include <gtest/gtest.h>
#include <unistd.h>

#include <string>

namespace heed::lessons {
namespace {

// A pipe with text, closed or open for writing.
struct Pipe {
  int ends[2] = {-1, -1};
  explicit Pipe(const std::string& text) {
    EXPECT_EQ(pipe(ends), 0);
    EXPECT_EQ(write(ends[1], text.data(), text.size()), static_cast<ssize_t>(text.size()));
  }
  ~Pipe() {
    close(ends[0]);
    finish();
  }
  Pipe(const Pipe&) = delete;
  Pipe& operator=(const Pipe&) = delete;
  void finish() {
    if (ends[1] >= 0) close(ends[1]);
    ends[1] = -1;
  }
};

TEST(Answers, AreTheLinesOfTheInput) {
  Pipe pipe("y\n\nno\r\nyes");
  pipe.finish();
  Answers answers(pipe.ends[0]);
  for (const char* line : {"y", "", "no", "yes"}) EXPECT_EQ(answers.next(), line);
  EXPECT_FALSE(answers.more());
  EXPECT_EQ(answers.next(), std::nullopt);
}

TEST(Answers, EndIfNoneComesInTime) {
  const Pipe pipe("y\n");
  Answers answers(pipe.ends[0], 20);
  EXPECT_EQ(answers.next(), "y");
  EXPECT_TRUE(answers.more());
  EXPECT_EQ(answers.next(), std::nullopt) << "the pipe is open, but nothing is written to it";
  EXPECT_FALSE(answers.more());
}

TEST(Answers, AreYesOrNo) {
  EXPECT_EQ(yes_or_no("y"), true);
  EXPECT_EQ(yes_or_no("Yes"), true);
  EXPECT_EQ(yes_or_no("N"), false);
  EXPECT_EQ(yes_or_no("no"), false);
  for (const char* other : {"", "maybe", "yy", " y"}) EXPECT_EQ(yes_or_no(other), std::nullopt) << other;
}

}  // namespace
}  // namespace heed::lessons
