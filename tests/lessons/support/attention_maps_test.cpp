#include "lessons/support/attention_maps.h"

#include <gtest/gtest.h>
#include <unistd.h>

#include <filesystem>
#include <fstream>
#include <iostream>
#include <sstream>

#include "lessons/support/terminal.h"

namespace heed::lessons {
namespace {

namespace fs = std::filesystem;

const About about{.program = "lesson_99", .title = "A test"};

// A folder with a saved model of three words, which is removed at the end.
class AttentionMapsTest : public testing::Test {
 protected:
  AttentionMapsTest() {
    std::string name = (fs::temp_directory_path() / "heed-maps-XXXXXX").string();
    folder_ = mkdtemp(name.data());
    save_model(to_file(), about,
               {{{"w", tensor({{1, 2}, {3, 4}})}}, {"a", "b", "[MASK]", "[PAD]"}, {{"n", "2"}}});
  }
  ~AttentionMapsTest() override { fs::remove_all(folder_); }
  std::string model() const { return (folder_ / "model").string(); }
  Options to_file() const {
    Options options;
    options.save = model();
    return options;
  }

  // The printed output of show_maps() with two layers of two heads, which attend to the first word.
  std::string shown(std::map<std::string, std::string> more) const {
    Options options;
    more.try_emplace("--model", model());
    options.more = std::move(more);
    std::ostringstream out;
    std::streambuf* before = std::cout.rdbuf(out.rdbuf());
    try {
      Page page(about, options);
      show_maps(about, options, page,
                {.special_tokens = 1, .attend = [](const SavedModel& saved, const toy::Words& words) {
                   ids_of(words, data::Vocabulary(saved.words));
                   const auto t = static_cast<index_t>(words.size());
                   Tensor w = zeros({2, t, t});
                   for (index_t h = 0; h < 2; ++h)
                     for (index_t q = 0; q < t; ++q) w.set({h, q, 0}, 1);
                   return SentenceAttention{words, {w, w}, "a"};
                 }});
    } catch (...) {
      std::cout.rdbuf(before);
      throw;
    }
    std::cout.rdbuf(before);
    return out.str();
  }
  template <class Failure>
  std::string error(const std::map<std::string, std::string>& more) const {
    try {
      shown(more);
    } catch (const Failure& e) {
      return e.what();
    }
    return "no error";
  }

  fs::path folder_;
};

TEST_F(AttentionMapsTest, ASavedModelIsLoadedWithItsWordsAndSettings) {
  const SavedModel saved = load_model(model(), about);
  EXPECT_EQ(saved.words, (std::vector<std::string>{"a", "b", "[MASK]", "[PAD]"}));
  EXPECT_EQ(saved.integer("n", 2), 2);
  EXPECT_TRUE(saved.is("n", "2"));
  EXPECT_FALSE(saved.is("m", "2"));
  EXPECT_EQ(saved.parameters.at(0).first, "w");
  EXPECT_THROW(saved.integer("n", 1), ModelFileError);
  EXPECT_THROW(saved.integer("m", 9), ModelFileError);
}

TEST_F(AttentionMapsTest, EveryHeadOfEveryLayerIsShownOnOneScale) {
  const std::string all = shown({{"--look", "a b"}});
  for (const char* part : {"Layer 1 of 2", "Layer 2 of 2", "head 1 of 2", "head 2 of 2", "█1.0 .00",
                           "All maps have one\nscale: blank is 0", "The model predicts: a"})
    EXPECT_NE(all.find(part), std::string::npos) << part << "\n" << all;
  const std::string one = shown({{"--look", "a b"}, {"--layer", "2"}, {"--head", "1"}});
  EXPECT_NE(one.find("Layer 2"), std::string::npos);
  EXPECT_EQ(one.find("Layer 1"), std::string::npos);
  EXPECT_EQ(one.find("head 2 of"), std::string::npos);
}

TEST_F(AttentionMapsTest, FiguresAreOneFileOrAFolder) {
  const std::string dir = (folder_ / "figures").string(), file = (folder_ / "one.svg").string();
  shown({{"--look", "a b"}, {"--svg", dir}});
  for (const char* name :
       {"layer_1_head_1.svg", "layer_1_head_2.svg", "layer_2_head_1.svg", "layer_2_head_2.svg"})
    EXPECT_TRUE(fs::exists(fs::path(dir) / name)) << name;
  shown({{"--look", "a b"}, {"--svg", file}, {"--layer", "1"}, {"--head", "2"}});
  std::stringstream svg;
  svg << std::ifstream(file).rdbuf();
  EXPECT_NE(svg.str().find("Layer 1, head 2"), std::string::npos);
  EXPECT_NE(svg.str().find("lesson_99, seed 0"), std::string::npos);
  EXPECT_EQ(error<UsageError>({{"--look", "a b"}, {"--svg", file}}),
            "--svg: a file shows one head, got 4. Hint: add --layer and --head, or give a folder");
  EXPECT_EQ(error<UsageError>({{"--look", "a b"}, {"--svg", ""}}),
            "--svg: expected a file or a folder, got \"\"");
}

TEST_F(AttentionMapsTest, ASentenceThatTheModelCannotReadIsAnError) {
  EXPECT_EQ(
      error<Error>({{"--look", "a frog [PAD] b"}}),
      "[look] the vocabulary of the model does not contain \"frog\", \"[PAD]\". Its 3 words are: a b [MASK]");
  EXPECT_EQ(error<Error>({{"--look", " "}}), "[look] expected a sentence, got no words");
  EXPECT_EQ(error<Error>({{"--look", "a b a b a b a b a b a b a b a a"}}),
            "[look] expected at most 15 words, which fit into 80 columns, got 16");
}

TEST_F(AttentionMapsTest, ALayerOrHeadThatDoesNotExistIsAUsageError) {
  EXPECT_EQ(error<UsageError>({{"--look", "a"}, {"--layer", "3"}}),
            "--layer: expected an integer from 1 to 2, got 3");
  EXPECT_EQ(error<UsageError>({{"--look", "a"}, {"--head", "0"}}),
            "--head: expected an integer from 1 to 2, got 0");
  Options options;
  options.more = {{"--layer", "1"}};
  EXPECT_THROW(shows_maps(options), UsageError);
  EXPECT_EQ(error<UsageError>({{"--look", "a"}, {"--model", ""}}),
            "--look: expected --model FILE, a file that --save wrote");
}

TEST_F(AttentionMapsTest, ADamagedOrForeignFileIsNamedWithTheRule) {
  const auto rejected = [&](const std::string& part) {
    const std::string message = error<ModelFileError>({{"--look", "a"}});
    EXPECT_NE(message.find(model()), std::string::npos) << message;
    EXPECT_NE(message.find(part), std::string::npos) << message;
  };
  save_model(to_file(), {.program = "lesson_98"}, {{}, {"a"}});
  rejected(
      "expected a model that was saved by lesson_99, got one of lesson_98. Hint: ./lesson_99 --save FILE");
  data::save_safetensors(model(), {{"w", tensor({{1.0}})}});
  rejected("got a file that no lesson saved");
  save_model(to_file(), about, {{{"w", tensor({{1.0}})}}, {}});
  rejected("expected the vocabulary in the metadata");
  fs::resize_file(model(), fs::file_size(model()) - 1);
  rejected("truncated");
  std::ofstream(model()) << "not a model";
  rejected("byte 0");
  fs::remove(model());
  rejected("no such file");
  save_model(to_file(), about, {{}, {"a", "a"}});
  EXPECT_NE(error<ModelFileError>({{"--look", "a"}}).find("[Vocabulary]"), std::string::npos);
}

TEST(CompactHeatMap, SixteenWordsFitInto80Columns) {
  const std::vector<std::string> words(16, "unrecognisable");
  const std::string map = heat_map(zeros({16, 16}), {.rows = words, .columns = words, .compact = true});
  std::istringstream lines(map);
  std::string line;
  for (int row = 0; std::getline(lines, line); ++row) {
    EXPECT_LE(columns(line), 80U);
    if (row != 11) continue;
    EXPECT_NE(line.find("…   …"), std::string::npos) << "names that are too long are cut off";
  }
}

TEST(CompactHeatMap, CellsHaveAShadeAndTwoDecimals) {
  const std::vector<std::string> words = {"나는", "b"};
  EXPECT_EQ(heat_map(tensor({{1, 0.004}, {0.25, 0.75}}), {.rows = words, .columns = words, .compact = true}),
            "       나는    b\n"
            "나는   █1.0  .00\n"
            "   b   ░.25 ▓.75\n");
  EXPECT_EQ(
      heat_map(tensor({{0.5, 0.5}}),
               {.rows = {"a"}, .columns = {"x", "y"}, .allowed = Mask::full({1, 2}, false), .compact = true}),
      "      x   y\na   ╱╱╱ ╱╱╱\n");
}

}  // namespace
}  // namespace heed::lessons
