// output_test.cpp — runs every lesson and compares its output with the expected.txt beside it.
#include <gtest/gtest.h>

#include <algorithm>
#include <cctype>
#include <cstdio>
#include <filesystem>
#include <fstream>
#include <map>
#include <set>
#include <sstream>
#include <string>
#include <vector>

#include "autograd/kernels/isa.h"
#include "autograd/kernels/kernels.h"
#include "autograd/kernels/sanitizers.h"
#include "tests/lessons/lesson_list.h"
#include "tests/lessons/lesson_process.h"

namespace heed::lessons {
namespace {

std::string contents(const fs::path& file) {
  std::ifstream in(file);
  return {std::istreambuf_iterator<char>(in), {}};
}

// Returns the first expected line that is missing in the output, in order, or "" if none is. An
// expected line that contains … matches any lines.
std::string first_missing(const std::vector<std::string>& expected, const std::vector<std::string>& output) {
  std::size_t next = 0;
  for (const std::string& line : expected) {
    if (line.find("…") != std::string::npos) continue;
    while (next < output.size() && output[next] != line) ++next;
    if (next == output.size()) return line;
    ++next;
  }
  return "";
}

// The output of a lesson with --quick. Each lesson is run once for all tests, which is why they are
// one test for CTest. Its figures are in the folder "the figures", its claims in the file "claims".
const Result& quick(const std::string& program) {
  static std::map<std::string, Result> results;
  const auto [found, is_new] = results.try_emplace(program);
  if (is_new) found->second = run(program, quickly + " --figures 'the figures' --claims claims");
  return found->second;
}

// Under a sanitizer a lesson takes ten times as long, so it is run only once, with --quick.
constexpr bool sanitized = HEED_ADDRESS_SANITIZER || HEED_THREAD_SANITIZER;

TEST(LessonOutput, EveryLessonPrintsItsExpectedOutput) {
  for (const Lesson& lesson : lessons()) {
    if (sanitized && lesson.arguments != quickly) continue;
    const Result& result =
        lesson.arguments == quickly ? quick(lesson.program) : run(lesson.program, lesson.arguments);
    ASSERT_EQ(result.status, 0) << result.output;
    const fs::path file = fs::path(HEED_SOURCE_DIR) / "lessons" / lesson.folder / "expected.txt";
    const auto expected = lines(contents(file));
    ASSERT_GT(expected.size(), 10U) << file;
    EXPECT_EQ(first_missing(expected, lines(result.output)), "") << result.output;
  }
}

TEST(LessonOutput, EveryLineFitsATerminalOf80Columns) {
  for (const Lesson& lesson : lessons())
    for (const std::string& line : lines(quick(lesson.program).output)) {
      const auto columns = std::count_if(line.begin(), line.end(), [](char c) { return (c & 0xC0) != 0x80; });
      EXPECT_LE(columns, 80) << lesson.program << ": " << line;
    }
}

TEST(LessonOutput, AMissingLineIsFound) {
  EXPECT_EQ(first_missing({"a", "…", "c"}, {"a", "b", "c"}), "");
  EXPECT_EQ(first_missing({"a", "c"}, {"a", "b"}), "c");
  EXPECT_EQ(first_missing({"c", "a"}, {"a", "c"}), "a") << "order counts";
}

// The output without "Done in 1.2 s", the only line that may differ between two equal runs.
std::string without_time(std::string output) {
  const std::size_t time = output.find("Done in");
  if (time != std::string::npos) output.erase(time, output.find('\n', time) - time);
  return output;
}

TEST(LessonOutput, SameSeedGivesTheSameOutputForAnyNumberOfThreads) {
  for (const Lesson& lesson : lessons()) {
    std::string first;
    for (const char* threads : {"1", "3"}) {
      const Result result = run(lesson.program, quickly + " --seed 5 --threads " + threads);
      ASSERT_EQ(result.status, 0) << result.output;
      if (first.empty()) first = without_time(result.output);
      EXPECT_EQ(first, without_time(result.output)) << lesson.program;
    }
  }
}

TEST(LessonOutput, AnInvalidCommandLineIsReportedAndExitsWith2) {
  for (const std::string text : {"2.5", "1e300", "nan", "-1"}) {  // an option of a single lesson
    const Result result = run("lesson_10_gpt", "--steps " + text);
    EXPECT_EQ(result.status, 2) << result.output;
    EXPECT_NE(result.output.find("--steps: expected a non-negative integer, got \"" + text + "\""),
              std::string::npos)
        << result.output;
  }
  const Result none = run("lesson_10_gpt", "--steps 0");
  EXPECT_EQ(none.status, 2);
  EXPECT_NE(none.output.find("--steps: expected an integer from 1 to 1000000, got 0"), std::string::npos)
      << none.output;
  const Result odd = run("lesson_01", "--quick --quiet --hidden 65");
  EXPECT_EQ(odd.status, 1);
  EXPECT_NE(odd.output.find("expected an even hidden size for two directions, got hidden = 65"),
            std::string::npos)
      << odd.output;
  EXPECT_EQ(run("lesson_01", "--steps 0").status, 2);
  for (const std::string lesson : {"lesson_02", "lesson_08"}) {
    const Result unknown = run(lesson, "--sed 3");
    EXPECT_EQ(unknown.status, 2);
    EXPECT_NE(unknown.output.find(lesson + ": unknown option --sed"), std::string::npos) << unknown.output;
    const Result word = run(lesson, "--seed three");
    EXPECT_EQ(word.status, 2);
    EXPECT_NE(word.output.find("--seed: expected a non-negative integer, got \"three\""), std::string::npos)
        << word.output;
    EXPECT_NE(run(lesson, "--seed").output.find("--seed: expected a value"), std::string::npos);
    EXPECT_NE(run(lesson, "--threads 0").output.find("--threads: expected an integer from 1"),
              std::string::npos);
    EXPECT_EQ(run(lesson, "--threads 999").status,
              1);  // more than the thread pool supports: an error of the library
  }
}

// Every option that a page of the lessons 10 names for a remark changes what the program measures.
TEST(LessonOutput, OptionsOfTheFamiliesChangeTheMeasurements) {
  for (const auto& [lesson, option] : std::map<std::string, std::string>{{"lesson_10_bert", "--steps 40"},
                                                                         {"lesson_10_t5", "--table-rate 1"},
                                                                         {"lesson_10_detr", "--lr 0.01"}}) {
    const Result changed = run(lesson, quickly + " " + option);
    EXPECT_EQ(changed.status, 0) << changed.output;
    EXPECT_NE(without_time(changed.output), without_time(quick(lesson).output)) << lesson << " " << option;
  }
  EXPECT_NE(run("lesson_10_bert", quickly + " --steps 40").output.find("after 40 steps"), std::string::npos);
  EXPECT_NE(run("lesson_10_bert", quickly + " --features mean").output, quick("lesson_10_bert").output);
  for (const std::string lesson : {"lesson_10_bert", "lesson_10_t5"})
    EXPECT_NE(run(lesson, "--steps 0").output.find(lesson + ": --steps: expected an integer "),
              std::string::npos);
}

TEST(LessonOutput, HelpListsEveryOptionAndExitsWith0) {
  const Result result = run("lesson_08", "--help");
  EXPECT_EQ(result.status, 0);
  for (const char* option :
       {"--seed", "--threads", "--quick", "--quiet", "--figures", "--claims", "--epochs", "--save", "--data"})
    EXPECT_NE(result.output.find(option), std::string::npos) << option;
  EXPECT_EQ(run("lesson_02", "--help").output.find("--data"), std::string::npos);
  EXPECT_EQ(run("lesson_02", "--help").output.find("--save"), std::string::npos);
}

TEST(LessonOutput, MissingDataIsReportedAndExitsWith1) {
  const Result result = run("lesson_08", "--quick --data /nonexistent/digits.csv");
  EXPECT_EQ(result.status, 1);
  EXPECT_NE(result.output.find("/nonexistent/digits.csv"), std::string::npos) << result.output;
}

std::string text_of(const fs::path& path) {
  std::ifstream file(path);
  std::stringstream text;
  text << file.rdbuf();
  return text.str();
}

// The line of a figure that names its seed and instruction set.
std::string source_of(const std::string& svg) {
  const std::size_t begin = svg.find("<text class=\"source\"");
  return begin == std::string::npos ? "" : svg.substr(begin, svg.find('\n', begin) + 1 - begin);
}

std::string without_source(std::string svg) {
  const std::string source = source_of(svg);
  return svg.erase(svg.find(source), source.size());
}

// The structure of a figure without its numbers and its source: the names of its elements, and its
// text.
std::set<std::string> structure(const std::string& svg) {
  std::set<std::string> parts;
  std::string part;
  for (const char c : without_source(svg)) {
    if (c == '<' || c == '>' || c == '\n') {
      const std::size_t words = part.find_first_not_of(' ');
      if (words != std::string::npos)
        parts.insert(part.substr(words, c == '>' ? part.find(' ') : std::string::npos));
      part.clear();
    } else if (!std::isdigit(static_cast<unsigned char>(c)) && c != '.' && c != '-') {
      part += c;
    }
  }
  return parts;
}

// Every figure exists, is complete, has titles, and has the same structure as the one on the page.
// Those on the pages come from full runs with AVX2 (tests/tools/figures), these from quick runs.
TEST(LessonOutput, FiguresHaveTheStructureOfThoseOnThePages) {
  const fs::path dir = folder() / "the figures";
  for (const Lesson& lesson : lessons()) {
    const Result& result = quick(lesson.program);
    ASSERT_EQ(result.status, 0) << result.output;
    for (const std::string& name : lesson.figures) {
      const std::string svg = text_of(dir / name);
      EXPECT_TRUE(svg.starts_with("<svg ")) << name;
      EXPECT_TRUE(svg.ends_with("</svg>\n")) << name;
      EXPECT_NE(svg.find("<title>"), std::string::npos) << name;
      const fs::path page = fs::path(HEED_SOURCE_DIR) / "lessons" / lesson.folder / "figures" / name;
      EXPECT_EQ(structure(svg), structure(text_of(page)))
          << page << ". Hint: tests/tools/figures regenerates it";
      EXPECT_NE(source_of(svg).find(std::string(">seed 0, ") + kernels::kernels<float>().isa + "<"),
                std::string::npos)
          << name;
      EXPECT_NE(source_of(text_of(page)).find(">seed 0, avx2<"), std::string::npos)
          << page << ". Hint: tests/tools/figures regenerates it";
    }
  }
  for (const auto& entry : fs::directory_iterator(dir))
    EXPECT_EQ(entry.path().extension(), ".svg") << entry.path();
}

// Diagrams do not depend on the training, so those of a quick run are the files of the pages.
TEST(LessonOutput, TheDiagramsAreThoseOfThePages) {
  for (const std::string file : {"04_multi_head_attention/split_merge", "05_transformer_architecture/block",
                                 "05_transformer_architecture/encoder_decoder", "08_vision_transformer/vit",
                                 "10_gpt/kv_cache", "10_swin/shifted_window"}) {
    const std::size_t slash = file.find('/');
    const std::string lesson_folder = file.substr(0, slash), name = file.substr(slash + 1) + ".svg";
    const auto lesson = std::ranges::find(lessons(), lesson_folder, &Lesson::folder);
    ASSERT_EQ(quick(lesson->program).status, 0);
    const fs::path page = fs::path(HEED_SOURCE_DIR) / "lessons" / lesson_folder / "figures" / name;
    EXPECT_EQ(without_source(text_of(folder() / "the figures" / name)), without_source(text_of(page)))
        << page << ". Hint: tests/tools/figures regenerates it";
  }
}

// The diagrams show the shapes of the models that run.
TEST(LessonOutput, AnOptionChangesTheShapesInADiagram) {
  ASSERT_EQ(run("lesson_04", quickly + " --heads 8 --figures eight").status, 0);
  const std::string eight = text_of(folder() / "eight" / "split_merge.svg"),
                    page =
                        text_of(HEED_SOURCE_DIR "/lessons/04_multi_head_attention/figures/split_merge.svg");
  for (const char* shape : {">(1, 5, 8, 6)<", ">(1, 8, 5, 6)<", ">(1, 8, 5, 5)<"}) {
    EXPECT_NE(eight.find(shape), std::string::npos) << shape;
    EXPECT_EQ(page.find(shape), std::string::npos) << shape;
  }
  EXPECT_NE(page.find(">(1, 4, 5, 12)<"), std::string::npos);
}

// detections.svg without the detections of the model: the lines that end in a score, "93 %", and the
// objects that it missed.
std::vector<std::string> without_detections(const std::string& svg) {
  std::vector<std::string> rest = lines(without_source(svg));
  std::erase_if(rest, [](const std::string& line) {
    return line.find(" %</") != std::string::npos || line.find(", missed</") != std::string::npos;
  });
  return rest;
}

// A quick run detects almost nothing, but its images, ground-truth boxes and captions are identical
// to those of the full run.
TEST(LessonOutput, ShapesAreDetectedInTheImagesOfThePage) {
  ASSERT_EQ(quick("lesson_10_detr").status, 0);
  const std::string drawn = text_of(folder() / "the figures" / "detections.svg"),
                    page = text_of(HEED_SOURCE_DIR "/lessons/10_detr/figures/detections.svg");
  EXPECT_EQ(without_detections(drawn), without_detections(page))
      << "Hint: tests/tools/figures regenerates the page's figure";
  EXPECT_GT(without_detections(page).size(), 1000u) << "three images of 32 x 32 pixels";
  EXPECT_LT(without_detections(page).size(), lines(page).size())
      << "nothing was detected in the page's images";
}

TEST(LessonOutput, ADifferentStructureIsDetected) {
  EXPECT_EQ(without_detections("<rect/>\n<text>disc 93 %</text>\n"), without_detections("<rect/>\n"));
  EXPECT_EQ(without_detections("<rect/>\n<text>disc, missed</text>\n"), without_detections("<rect/>\n"));
  EXPECT_NE(without_detections("<rect/>\n<title>disc</title>\n"), without_detections("<rect/>\n"));
  EXPECT_EQ(structure("<text x=\"1\">loss 0.5</text>"), structure("<text x=\"22\">loss 1.25</text>"));
  EXPECT_NE(structure("<text x=\"1\">loss</text>"), structure("<text x=\"1\">gain</text>"));
  EXPECT_EQ(structure("<svg>\n<text class=\"source\">seed 0, neon</text>\n</svg>"),
            structure("<svg>\n</svg>"));
  EXPECT_NE(structure("<line x1=\"1\"/>"), structure("<rect x=\"1\"/>"));
}

TEST(LessonOutput, TheTrainedModelIsSaved) {
  const std::string shortly = quickly + " --epochs 1 --save ";
  const Result result = run("lesson_08", shortly + "model");
  EXPECT_EQ(result.status, 0) << result.output;
  EXPECT_GT(fs::file_size(folder() / "model"), 69066u * 3 * 4);  // the parameters and their two moments
}

TEST(LessonOutput, ASavedModelShowsItsAttentionWeights) {
  struct Case {
    std::string lesson, sentence, unknown;
    std::vector<std::string> parts;
  };
  const std::vector<Case> cases = {{"lesson_03",
                                    "the cat sat on the mat because it was tired",
                                    "frog",
                                    {"Layer 2 of 2", "head 1 of 1", "The model predicts: \"it\" refers to"}},
                                   {"lesson_07",
                                    "this story was never boring",
                                    "frog",
                                    {"Layer 2 of 2", "head 4 of 4", "The model predicts: "}},
                                   {"lesson_10_bert",
                                    "나는 [MASK] 그렸다 = I drew a cat",
                                    "frog",
                                    {"Layer 2 of 2", "[CLS]", "[MASK] is \""}}};
  for (const Case& c : cases) {
    const std::string model = c.lesson + ".model";
    ASSERT_EQ(run(c.lesson, quickly + " --save " + model).status, 0);
    const Result result = run(c.lesson, "--model " + model + " --look '" + c.sentence + "'");
    EXPECT_EQ(result.status, 0) << result.output;
    for (const std::string& part : c.parts)
      EXPECT_NE(result.output.find(part), std::string::npos) << result.output;
    for (const std::string& line : lines(result.output))
      EXPECT_LE(std::ranges::count_if(line, [](char byte) { return (byte & 0xC0) != 0x80; }), 80) << line;
    const Result unknown = run(c.lesson, "--model " + model + " --look " + c.unknown);
    EXPECT_EQ(unknown.status, 1);
    EXPECT_NE(unknown.output.find("does not contain \"frog\""), std::string::npos) << unknown.output;
    EXPECT_EQ(run(c.lesson, "--model " + model + " --layer 9 --look '" + c.sentence + "'").status, 2);
  }
  const Result foreign = run("lesson_03", "--model lesson_07.model --look it");
  EXPECT_EQ(foreign.status, 3);
  EXPECT_NE(foreign.output.find("expected a model that was saved by lesson_03, got one of lesson_07"),
            std::string::npos)
      << foreign.output;
}

TEST(LessonOutput, PredictionsAreCountedAndRecorded) {
  std::ofstream(folder() / "answers") << "y\nn\nmaybe\nyes\n\n";
  const std::string output = run("lesson_02", quickly + " --ask --claims predictions", "answers").output;
  EXPECT_NE(output.find("expected y or n, got \"maybe\""), std::string::npos) << output;
  EXPECT_NE(output.find("You predicted 2 of 3 claims correctly."), std::string::npos) << output;
  EXPECT_NE(output.find("; you predicted that it"), std::string::npos) << output;
  const std::vector<std::string> claims = lines(text_of(folder() / "predictions"));
  ASSERT_GT(claims.size(), 3U);
  EXPECT_TRUE(claims[0].ends_with("\tholds"));
  EXPECT_TRUE(claims[1].ends_with("\tdoes not hold"));
  for (const std::string& line : claims) EXPECT_EQ(std::ranges::count(line, '\t'), 8) << line;
}

// Without a terminal, no lesson waits for answers that cannot come.
TEST(LessonOutput, NoLessonWaitsForPredictionsWithoutATerminal) {
  for (const Lesson& lesson : lessons()) {
    const Result result = run(lesson.program, quickly + " --ask");
    EXPECT_EQ(result.status, 0) << result.output;
    EXPECT_NE(result.output.find("No answer can be read"), std::string::npos) << lesson.program;
    EXPECT_EQ(result.output.find("You predicted"), std::string::npos) << lesson.program;
  }
}

TEST(LessonOutput, EveryClaimIsALineOfTheClaimsFile) {
  const std::string isa = kernels::kernels<float>().isa;
  for (const char* lesson : {"lesson_02", "lesson_06"}) ASSERT_EQ(quick(lesson).status, 0);
  const std::vector<std::string> claims = lines(text_of(folder() / "claims"));
  const auto begin_with = [&](const std::string& name) {
    return std::ranges::count_if(claims, [&](const std::string& line) { return line.starts_with(name); });
  };
  EXPECT_EQ(begin_with("lesson_02\t"), 9);
  EXPECT_EQ(begin_with("lesson_06	"), 12) << "claims of both lessons: each appends to the file";
  EXPECT_EQ(
      std::ranges::count(
          claims,
          "lesson_02	school	\"school\" attends mostly to 학교에	weight 0.629	holds	0	" +
              isa + "	" + kernels::cpu_name()),
      1);
  for (const std::string& line : claims) EXPECT_EQ(std::ranges::count(line, '\t'), 7) << line;
  const Result nowhere = run("lesson_02", "--quick --quiet --claims /dev/null/claims");
  EXPECT_EQ(nowhere.status, 1);
  EXPECT_NE(nowhere.output.find("[claims] cannot write to /dev/null/claims"), std::string::npos);
}

// The error comes before the training, not after it.
TEST(LessonOutput, AFolderThatIsNotWritableIsReportedFirst) {
  const auto error = [](const std::string& dir) {
    const Result result = run("lesson_08", quickly + " --figures " + dir);
    EXPECT_EQ(result.status, 1);
    return result.output;
  };
  EXPECT_EQ(
      error("/dev/null/figures"),
      "lesson_08: [figures] cannot create the folder /dev/null/figures: Not a directory. Hint: --figures "
      "expects a folder that exists or can be created\n");
  std::ofstream(folder() / "a file") << "text";
  EXPECT_EQ(
      error("'a file'"),
      "lesson_08: [figures] cannot create the folder a file: Not a directory. Hint: --figures expects a "
      "folder that exists or can be created\n");
  EXPECT_EQ(error("/proc"),  // not even root can create a file there
            "lesson_08: [figures] cannot write into the folder /proc. Hint: --figures expects a writable "
            "folder\n");
}

TEST(LessonOutput, APathToWhichTheModelCannotBeSavedIsReportedFirst) {
  for (const std::string path : {"no-such-folder/model", "/dev/null/model", "."}) {
    const Result result = run("lesson_08", quickly + " --save " + path);
    EXPECT_EQ(result.status, 1);
    EXPECT_EQ(result.output, "lesson_08: [save] cannot create the file " + path +
                                 ". Hint: --save expects a file in an existing, writable folder\n");
  }
}

}  // namespace
}  // namespace heed::lessons
