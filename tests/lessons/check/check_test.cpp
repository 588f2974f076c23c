// The verdicts of a check (lessons/check/check.cpp) on answers to the exercise of sample_check.cpp.
#include <map>

#include "lessons/runner/text.h"
#include "tests/lessons/runner/scratch.h"

namespace heed::runner {
namespace {

using Result = std::map<std::string, std::string>;

Result judged(const std::string& sample, const std::string& option = "") {
  const Scratch scratch;
  const std::string file = (scratch.path / "result").string();
  const std::string line = "HEED_SAMPLE='" + sample + "' '" HEED_SAMPLE_CHECK "' " + option + " --result '" +
                           file + "' >/dev/null 2>&1 </dev/null";
  if (std::system(line.c_str()) == -1) return {};
  Result result;
  for (const std::string& row : lines_of(text_of(file)))
    if (const std::size_t tab = row.find('\t'); tab != std::string::npos)
      result[row.substr(0, tab)] = row.substr(tab + 1);
  return result;
}

TEST(Check, PassesACorrectAnswer) {
  Result result = judged("correct");
  EXPECT_EQ(result["state"], "pass");
  EXPECT_EQ(result["tests"], "4");
}

TEST(Check, NamesATwinThatAgreesOnEveryQuestion) {
  Result result = judged("squares");
  EXPECT_EQ(result["id"], "XX-05");
  EXPECT_EQ(result["certain"], "yes");
  EXPECT_EQ(result["got"], "33.63");
  EXPECT_EQ(result["want"], "-0.9");
}

TEST(Check, NamesATwinThatAgreesWheneverTheAnswerIsWrong) {
  Result result = judged("no mask");
  EXPECT_EQ(result["id"] + result["certain"], "XX-01yes");
  result = judged("no mask in a square");
  EXPECT_EQ(result["id"] + result["certain"], "XX-01yes");
}

TEST(Check, ReportsALikelyMistakeThatOneQuestionIdentifies) {
  Result result = judged("no mask and no division");
  EXPECT_EQ(result["id"] + result["certain"], "XX-02no");
  EXPECT_EQ(result["question"], "row_means({{1.2, 2, 5.1}, {-4, 0.3, 7}, {3, 3.3, -9}}, no mask)");
  EXPECT_EQ(result["got"], "8.3");
}

// For a single element several mistakes give the same number, which is evidence for none of them.
TEST(Check, NamesNoMistakeIfTheEvidenceIsAmbiguous) {
  for (const char* sample : {"nothing known", "twice a single element"}) {
    Result result = judged(sample);
    EXPECT_EQ(result["state"], "wrong") << sample;
    EXPECT_EQ(result["id"], "") << sample;
    EXPECT_NE(result["question"], "") << sample;
  }
}

// Several twins violate the first invariant, so it names none of them. Only one twin violates the
// second.
TEST(Check, NamesTheMistakeOfAnInvariantIfNoOtherMistakeViolatesIt) {
  Result result = judged("beyond the largest");
  EXPECT_EQ(result["id"], "");
  EXPECT_EQ(result["broken"], "a mean lies between the smallest and the largest element");
  result = judged("moved by masked elements");
  EXPECT_EQ(result["id"] + result["certain"], "XX-01no");
}

TEST(Check, RejectsAnAnswerThatIsWrongInOneFormOnly) {
  const std::string question = "row_means({{1.2, 2, 5.1}, {-4, 0.3, 7}, {3, 3.3, -9}}, no mask)";
  const auto shown = [](const std::string& sample) {
    Result result = judged(sample);
    EXPECT_EQ(result["state"], "wrong") << sample;
    EXPECT_EQ(result["id"], "") << sample;
    return result["question"];
  };
  EXPECT_EQ(shown("f32 alone"), question + ", in f64");
  EXPECT_EQ(shown("no strides"), question + ", each tensor a non-contiguous view");
  EXPECT_EQ(shown("no gradient"), "gradients with respect to every input of " + question);
}

TEST(Check, RejectsF32OutputsOfF64Inputs) {
  Result result = judged("f32 result");
  EXPECT_EQ(result["state"], "wrong");
  EXPECT_EQ(result["got"] + "/" + result["want"], "dtype f32/dtype f64");
}

TEST(Check, ReportsAModifiedInput) {
  Result result = judged("writes");
  EXPECT_EQ(result["state"], "wrong");
  EXPECT_EQ(result["id"] + result["certain"], "SD-34no");
  EXPECT_EQ(result["message"], "an input was changed: a Tensor is a handle, so write into a new one");
}

TEST(Check, NamesEveryTwin) {
  for (const char* id : {"XX-01", "XX-02", "XX-03", "XX-04", "XX-05", "XX-06"}) {
    Result result = judged("correct", concat("--as ", id));
    EXPECT_EQ(result["id"], std::string(id) == "XX-06" ? "XX-05" : id);
    EXPECT_EQ(result["id"], result["expected"]);
    EXPECT_EQ(result["certain"], "yes");
  }
}

}  // namespace
}  // namespace heed::runner
