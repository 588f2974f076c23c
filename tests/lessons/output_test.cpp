// The header comment of a lesson shows what it prints: held to the program here, by running it.
#include <gtest/gtest.h>
#include <sys/wait.h>

#include <algorithm>
#include <cctype>
#include <cstdio>
#include <filesystem>
#include <fstream>
#include <set>
#include <sstream>
#include <string>
#include <vector>

namespace {

namespace fs = std::filesystem;

struct Result {
  std::string output;
  int status = -1;
};

// Runs a lesson, its errors joined to its output.
Result run(const std::string& lesson, const std::string& arguments) {
  const std::string command =
      "NO_COLOR=1 '" HEED_LESSON_DIR "/" + lesson + "' " + arguments + " 2>&1 </dev/null";
  Result result;
  FILE* pipe = popen(command.c_str(), "r");
  if (!pipe) return result;
  char buffer[4096];
  for (std::size_t n; (n = fread(buffer, 1, sizeof buffer, pipe)) > 0;) result.output.append(buffer, n);
  const int status = pclose(pipe);
  result.status = WIFEXITED(status) ? WEXITSTATUS(status) : -1;
  return result;
}

std::vector<std::string> lines(const std::string& text) {
  std::vector<std::string> result;
  std::istringstream in(text);
  for (std::string line; std::getline(in, line);)
    result.push_back(line.substr(0, line.find_last_not_of(' ') + 1));
  return result;
}

// The lines that the header comment promises: between "What it prints" and the first line of code.
std::vector<std::string> promised(const fs::path& source) {
  std::ifstream in(source);
  std::vector<std::string> result;
  bool inside = false;
  for (std::string line; std::getline(in, line) && line.starts_with("//");) {
    if (inside && line.size() > 3) result.push_back(line.substr(std::min<std::size_t>(5, line.size())));
    inside |= line.starts_with("// What it prints");
  }
  return result;
}

// The first promised line that the output does not have, in order; "" where all are there. A line that holds
// … stands for any lines.
std::string first_missing(const std::vector<std::string>& promise, const std::vector<std::string>& output) {
  std::size_t at = 0;
  for (const std::string& line : promise) {
    if (line.find("…") != std::string::npos) continue;
    while (at < output.size() && output[at] != line) ++at;
    if (at++ >= output.size()) return line;
  }
  return "";
}

void expect_promise_kept(const std::string& lesson, const std::string& folder, const std::string& arguments) {
  const Result result = run(lesson, arguments);
  ASSERT_EQ(result.status, 0) << result.output;
  auto promise = promised(fs::path(HEED_SOURCE_DIR) / "lessons" / folder / "lesson.cpp");
  ASSERT_GT(promise.size(), 10U) << "the header comment of " << folder << " shows no output";
  promise.erase(promise.begin());  // the end of the sentence that begins with "What it prints"
  EXPECT_EQ(first_missing(promise, lines(result.output)), "") << result.output;
}

// All lessons; those that train for long are run as --quick.
struct Lesson {
  std::string program, folder, arguments;
  std::vector<std::string> figures;
};
const std::vector<Lesson>& lessons() {
  static const std::vector<Lesson> all = {
      {"lesson_00", "00_autograd", "--quiet", {"step.svg", "moons.svg", "moons_loss.svg"}},
      {"lesson_01",
       "01_why_attention",
       "--quick --quiet",
       {"by_length.svg", "seq2seq_loss.svg", "alignment.svg"}},
      {"lesson_02",
       "02_scaled_dot_product_attention",
       "--quiet",
       {"weights.svg", "entropy.svg", "padding.svg", "causal.svg"}},
      {"lesson_03", "03_self_attention", "--quiet", {"it.svg", "pronoun_loss.svg"}},
      {"lesson_04", "04_multi_head_attention", "--quick --quiet", {"heads.svg", "heads_loss.svg"}},
      {"lesson_05",
       "05_transformer_architecture",
       "--quick --quiet",
       {"gradients.svg", "own.svg", "one_out.svg"}},
      {"lesson_06",
       "06_positional_encoding",
       "--quick --quiet",
       {"waves.svg", "distance.svg", "lengths.svg"}},
      {"lesson_07",
       "07_transformer_encoder_and_classifier",
       "--quick --quiet",
       {"reviews_loss.svg", "never.svg"}},
      {"lesson_08",
       "08_vision_transformer",
       "--quick --quiet",
       {"patches.svg", "loss.svg", "cls_attention.svg", "positions.svg"}},
      {"lesson_09",
       "09_attention_vs_rnn",
       "--quick --quiet",
       {"time.svg", "gradient.svg", "recall.svg", "memory.svg"}},
  };
  return all;
}

// Under a sanitizer a lesson takes ten times as long. Each runs there once, with its figures (FiguresAreThoseOfThePages);
// what it prints is asked of the optimised build.
#if defined(__SANITIZE_ADDRESS__) || defined(__SANITIZE_THREAD__)
#define SKIP_UNDER_A_SANITIZER() GTEST_SKIP() << "asked of the optimised build"
#else
#define SKIP_UNDER_A_SANITIZER() static_cast<void>(0)
#endif

TEST(LessonOutput, EveryLessonPrintsWhatItsHeaderShows) {
  SKIP_UNDER_A_SANITIZER();
  for (const Lesson& lesson : lessons()) expect_promise_kept(lesson.program, lesson.folder, lesson.arguments);
}

TEST(LessonOutput, EveryLineFitsATerminalOf80Columns) {
  SKIP_UNDER_A_SANITIZER();
  for (const Lesson& lesson : lessons())
    for (const std::string& line : lines(run(lesson.program, "--quick --quiet").output)) {
      const auto columns = std::count_if(line.begin(), line.end(), [](char c) { return (c & 0xC0) != 0x80; });
      EXPECT_LE(columns, 80) << lesson.program << ": " << line;
    }
}

TEST(LessonOutput, AMissingLineIsFound) {
  EXPECT_EQ(first_missing({"a", "…", "c"}, {"a", "b", "c"}), "");
  EXPECT_EQ(first_missing({"a", "c"}, {"a", "b"}), "c");
  EXPECT_EQ(first_missing({"c", "a"}, {"a", "c"}), "a") << "order counts";
}

TEST(LessonOutput, SameSeedSameLinesWhateverTheThreads) {
  SKIP_UNDER_A_SANITIZER();
  for (const Lesson& lesson : lessons()) {
    std::string first;
    for (const char* threads : {"1", "3"}) {
      Result result = run(lesson.program, std::string("--quick --quiet --seed 5 --threads ") + threads);
      ASSERT_EQ(result.status, 0) << result.output;
      const std::size_t time = result.output.find("Done in");  // the only line that may differ
      if (time != std::string::npos) result.output.erase(time, result.output.find('\n', time) - time);
      if (first.empty()) first = result.output;
      EXPECT_EQ(first, result.output) << lesson.program;
    }
  }
}

TEST(LessonOutput, AWrongCommandLineIsNamedAndExitsWith2) {
  for (const std::string lesson : {"lesson_02", "lesson_08"}) {
    const Result unknown = run(lesson, "--sed 3");
    EXPECT_EQ(unknown.status, 2);
    EXPECT_NE(unknown.output.find(lesson + ": unknown option --sed"), std::string::npos) << unknown.output;
    const Result word = run(lesson, "--seed three");
    EXPECT_EQ(word.status, 2);
    EXPECT_NE(word.output.find("--seed wants a whole number, got \"three\""), std::string::npos)
        << word.output;
    EXPECT_NE(run(lesson, "--seed").output.find("--seed wants a value"), std::string::npos);
    EXPECT_NE(run(lesson, "--threads 0").output.find("--threads wants a number from 1"), std::string::npos);
    EXPECT_EQ(run(lesson, "--threads 999").status, 1);  // more than the pool allows: said by the library
  }
}

TEST(LessonOutput, HelpNamesEveryOptionAndExitsWith0) {
  const Result result = run("lesson_08", "--help");
  EXPECT_EQ(result.status, 0);
  for (const char* option :
       {"--seed", "--threads", "--quick", "--quiet", "--figures", "--claims", "--epochs", "--save", "--data"})
    EXPECT_NE(result.output.find(option), std::string::npos) << option;
  EXPECT_EQ(run("lesson_02", "--help").output.find("--data"), std::string::npos);
  EXPECT_EQ(run("lesson_02", "--help").output.find("--save"), std::string::npos);
}

TEST(LessonOutput, MissingDataIsNamedAndExitsWith1) {
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

// What a figure is made of, whatever its numbers: the names of its elements, and its words.
std::set<std::string> structure(const std::string& svg) {
  std::set<std::string> parts;
  std::string part;
  for (const char c : svg) {
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

// A figure is there, whole, well formed at its ends, with titles, and of the structure of the page's: those come from
// full runs (tests/tools/figures), these from quick ones.
TEST(LessonOutput, FiguresAreThoseOfThePages) {
  const fs::path dir = fs::temp_directory_path() / ("heed figures " + std::to_string(getpid()));
  for (const Lesson& lesson : lessons()) {
    const Result result = run(lesson.program, "--quick --quiet --figures '" + dir.string() + "'");
    ASSERT_EQ(result.status, 0) << result.output;
    for (const std::string& name : lesson.figures) {
      const std::string svg = text_of(dir / name);
      EXPECT_TRUE(svg.starts_with("<svg ")) << name;
      EXPECT_TRUE(svg.ends_with("</svg>\n")) << name;
      EXPECT_NE(svg.find("<title>"), std::string::npos) << name;
      const fs::path page = fs::path(HEED_SOURCE_DIR) / "lessons" / lesson.folder / "figures" / name;
      EXPECT_EQ(structure(svg), structure(text_of(page)))
          << page << ". Hint: tests/tools/figures makes it anew";
    }
  }
  for (const auto& entry : fs::directory_iterator(dir))
    EXPECT_EQ(entry.path().extension(), ".svg") << entry.path();
  fs::remove_all(dir);
}

TEST(LessonOutput, AFigureOfAnotherStructureIsNoticed) {
  EXPECT_EQ(structure("<text x=\"1\">loss 0.5</text>"), structure("<text x=\"22\">loss 1.25</text>"));
  EXPECT_NE(structure("<text x=\"1\">loss</text>"), structure("<text x=\"1\">gain</text>"));
  EXPECT_NE(structure("<line x1=\"1\"/>"), structure("<rect x=\"1\"/>"));
}

TEST(LessonOutput, TheTrainedModelIsSavedOrWhyNotIsSaid) {
  const fs::path path = fs::temp_directory_path() / ("heed_model_" + std::to_string(getpid()));
  const Result result = run("lesson_08", "--quick --quiet --save '" + path.string() + "'");
  EXPECT_EQ(result.status, 0) << result.output;
  EXPECT_GT(fs::file_size(path), 69066u * 3 * 4);  // the parameters, and two moments of each
  fs::remove(path);
  const Result nowhere = run("lesson_08", "--quick --quiet --save /dev/null/model");
  EXPECT_EQ(nowhere.status, 1);
  EXPECT_NE(nowhere.output.find("/dev/null/model: cannot be written"), std::string::npos) << nowhere.output;
}

TEST(LessonOutput, EveryClaimIsALineOfTheClaimsFile) {
  const fs::path path = fs::temp_directory_path() / ("heed_claims_" + std::to_string(getpid()));
  for (const char* lesson : {"lesson_02", "lesson_06"}) {
    const Result result = run(lesson, "--quick --quiet --claims '" + path.string() + "'");
    ASSERT_EQ(result.status, 0) << result.output;
  }
  std::ifstream file(path);
  std::stringstream text;
  text << file.rdbuf();
  const std::vector<std::string> claims = lines(text.str());
  EXPECT_EQ(claims.size(), 7U + 8U) << "those of both lessons: the second adds to the first";
  EXPECT_EQ(claims[0], "lesson_02\t\"school\" looks most at 학교에\tweight 0.629\tholds");
  for (const std::string& line : claims) EXPECT_EQ(std::ranges::count(line, '\t'), 3) << line;
  fs::remove(path);
  const Result nowhere = run("lesson_02", "--quick --quiet --claims /dev/null/claims");
  EXPECT_EQ(nowhere.status, 1);
  EXPECT_NE(nowhere.output.find("[claims] /dev/null/claims: cannot be written"), std::string::npos);
}

TEST(LessonOutput, AFolderThatCannotBeMadeIsNamed) {
  const Result result = run("lesson_02", "--quick --quiet --figures /dev/null/figures");
  EXPECT_EQ(result.status, 1);
  EXPECT_NE(result.output.find("cannot make the folder /dev/null/figures"), std::string::npos)
      << result.output;
}

}  // namespace
