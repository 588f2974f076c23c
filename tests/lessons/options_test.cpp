// options_test.cpp — the options of single lessons: what they change, and which values they reject.
#include <gtest/gtest.h>

#include <algorithm>
#include <fstream>
#include <set>

#include "tests/lessons/lesson_process.h"

namespace heed::lessons {
namespace {

struct Case {
  std::string lesson, valid, shown, invalid, error;
};
const std::vector<Case> cases = {
    {"lesson_00", "--hidden 3 --lr 0.1", "2 to 3 units", "--hidden 0",
     "--hidden: expected an integer from 1 to 4096, got 0"},
    {"lesson_00", "--lr 0.1", "held-out accuracy", "--lr -1",
     "--lr: expected a number of at least 0, got -1"},
    {"lesson_02", "--no-scale", "not divided", "--no-scale=1", "unknown option --no-scale=1"},
    {"lesson_02", "--d-k 128", "at d_k = 128", "--d-k 8193",
     "--d-k: expected an integer from 1 to 8192, got 8193"},
    {"lesson_03", "--no-positions", "Neither has position embeddings.", "--no-position",
     "unknown option --no-position"},
    {"lesson_04", "--heads 2", "2 heads of 24", "--heads 5",
     "--heads: expected 1, 2, 3, 4, 6, 8, 12, 16, 24 or 48, got \"5\""},
    {"lesson_05", "--norm pre --no-residual", "so does pre-LN", "--norm none",
     "--norm: expected pre or post, got \"none\""},
    {"lesson_06", "--positions learned", "learned table", "--positions rotary",
     "--positions: expected none, sinusoidal or learned, got \"rotary\""},
    {"lesson_07", "--pool cls --layers 1", "[CLS]", "--pool max",
     "--pool: expected mean or cls, got \"max\""},
    {"lesson_07", "--layers 3", "accuracy", "--layers 13",
     "--layers: expected an integer from 1 to 12, got 13"},
    {"lesson_07", "--embedding-std 1", "accuracy", "--embedding-std nan",
     "--embedding-std: expected a number, got \"nan\""},
    {"lesson_08", "--patch 4 --epochs 1", "A digit becomes 4 tokens", "--patch 3",
     "--patch: expected 1, 2 or 4, got \"3\""},
    {"lesson_09", "--length 256", "from 64 to 256 tokens", "--length 100",
     "--length: expected an integer from 128 to 16384, got 100"},
    {"lesson_10_families", "--layers 24", "194,536,704", "--layers 0",
     "--layers: expected an integer from 1 to 96, got 0"},
    {"lesson_10_bert", "--features mean --steps 5", "few labels", "--features cls",
     "--features: expected mask or mean, got \"cls\""},
    {"lesson_10_vit", "--patch 4", "ViT: 4 patches", "--patch 8", "--patch: expected 1, 2 or 4, got \"8\""},
    {"lesson_10_swin", "--window 2", "in windows of 2 x 2", "--window 3",
     "--window: expected 2 or 4, got \"3\""},
};

// An option changes what the lesson measures.
TEST(LessonOptions, ChangeTheExperiment) {
  for (const Case& c : cases) {
    const Result result = run(c.lesson, "--quick --quiet " + c.valid);
    EXPECT_EQ(result.status, 0) << c.lesson << " " << c.valid << "\n" << result.output;
    std::string text = result.output;  // without line breaks
    for (char& character : text)
      if (character == '\n') character = ' ';
    EXPECT_NE(text.find(c.shown), std::string::npos) << c.lesson << " " << c.valid << "\n" << result.output;
  }
}

// Before anything is trained.
TEST(LessonOptions, RejectOtherValues) {
  for (const Case& c : cases) {
    const Result result = run(c.lesson, c.invalid);
    EXPECT_EQ(result.status, 2) << c.lesson << " " << c.invalid;
    EXPECT_TRUE(result.output.starts_with(c.lesson + ": " + c.error + "\n")) << result.output;
  }
  EXPECT_EQ(run("lesson_07", "--data . --pool cls").status, 2);
  EXPECT_EQ(run("lesson_03", "--layer 1").status, 2) << "without --look";
}

// lessons/README.md describes the options that several lessons have, the page of the runner those of
// --look.
const std::set<std::string> common = {"--seed",    "--seeds",  "--ask",    "--threads", "--quick", "--quiet",
                                      "--figures", "--claims", "--epochs", "--save",    "--data",  "--help",
                                      "--look",    "--model",  "--layer",  "--head",    "--svg"};

// The options that --help lists.
std::vector<std::string> options_of(const std::string& lesson) {
  std::vector<std::string> options;
  for (const std::string& line : lines(run(lesson, "--help").output))
    if (line.starts_with("  --")) options.push_back(line.substr(2, line.find(' ', 2) - 2));
  return options;
}

TEST(LessonOptions, AreOnTheLessonsPage) {
  int count = 0;
  for (const auto& entry : fs::directory_iterator(HEED_SOURCE_DIR "/lessons")) {
    if (!fs::exists(entry.path() / "lesson.cpp")) continue;
    const std::string name = entry.path().filename().string(), number = name.substr(0, 2);
    std::ifstream file(entry.path() / "README.md");
    const std::string page{std::istreambuf_iterator<char>(file), {}};
    for (const std::string& option : options_of("lesson_" + (number == "10" ? name : number))) {
      if (common.contains(option)) continue;
      ++count;
      EXPECT_NE(page.find(option), std::string::npos) << name << "/README.md does not mention " << option;
    }
  }
  EXPECT_GT(count, 30);
}

TEST(LessonOptions, HelpFitsATerminalOf80Columns) {
  for (const Case& c : cases)
    for (const std::string& line : lines(run(c.lesson, "--help").output))
      EXPECT_LE(std::ranges::count_if(line, [](char byte) { return (byte & 0xC0) != 0x80; }), 80) << line;
}

}  // namespace
}  // namespace heed::lessons
