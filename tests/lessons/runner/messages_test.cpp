#include "lessons/runner/messages.h"

#include <regex>
#include <set>

#include "tests/lessons/runner/scratch.h"

namespace heed::runner {
namespace {

// All messages that the sources pass to tr() or words(). Adjacent string literals are joined.
std::set<std::string> texts_in_sources() {
  std::set<std::string> texts;
  const std::regex call(R"re(\b(?:tr|words)\(\s*((?:"(?:[^"\\]|\\.)*"\s*)+))re"),
      piece(R"re("((?:[^"\\]|\\.)*)")re");
  for (const auto& file : fs::directory_iterator(fs::path(HEED_SOURCE_DIR) / "lessons/runner")) {
    if (file.path().extension() != ".cpp") continue;
    const std::string source = text_of(file.path());
    for (std::sregex_iterator it(source.begin(), source.end(), call), end; it != end; ++it) {
      const std::string pieces = (*it)[1];
      std::string text;
      for (std::sregex_iterator p(pieces.begin(), pieces.end(), piece), last; p != last; ++p) text += (*p)[1];
      texts.insert(std::regex_replace(text, std::regex(R"(\\")"), "\""));
    }
  }
  return texts;
}

std::multiset<std::string> placeholders_in(const std::string& text) {
  std::multiset<std::string> placeholders;
  const std::regex placeholder(R"(\{\d\})");
  for (std::sregex_iterator it(text.begin(), text.end(), placeholder), end; it != end; ++it)
    placeholders.insert(it->str());
  return placeholders;
}

TEST(Messages, AreCompleteInBothLanguages) {
  const std::set<std::string> texts = texts_in_sources();
  EXPECT_GE(texts.size(), 100U);
  std::set<std::string> known;
  for (const Message& message : messages()) {
    EXPECT_TRUE(known.insert(message.english).second) << "twice: " << message.english;
    EXPECT_EQ(texts.count(message.english), 1U) << "not used: " << message.english;
    EXPECT_STRNE(message.korean, "") << message.english;
  }
  for (const std::string& text : texts) EXPECT_EQ(known.count(text), 1U) << "no Korean text for: " << text;
}

TEST(Messages, HaveTheSamePlaceholdersInBothLanguages) {
  for (const Message& message : messages())
    EXPECT_EQ(placeholders_in(message.english), placeholders_in(message.korean)) << message.english;
}

TEST(Messages, ReplacePlaceholdersByValues) {
  set_language(Language::english);
  EXPECT_EQ(tr("{1} of {2} exercises pass.", 3, 48), "3 of 48 exercises pass.");
  set_language(Language::korean);
  EXPECT_EQ(tr("{1} of {2} exercises pass.", 3, 48), "연습 문제 48개 중 3개 통과.");
  EXPECT_EQ(tr("not in the table {1}", "{1}"), "not in the table {1}") << "printed in English";
  set_language(Language::english);
}

TEST(Messages, ChooseTheKoreanParticleThatFitsTheValue) {
  set_language(Language::korean);
  EXPECT_EQ(tr("There is no lesson \"{1}\".", "강의"), "\"강의\"라는 강의는 없습니다.");
  EXPECT_EQ(tr("There is no lesson \"{1}\".", "수업"), "\"수업\"이라는 강의는 없습니다.");
  EXPECT_EQ(tr("{1} cannot be run", "/usr/bin/cmake"), "/usr/bin/cmake를 실행할 수 없습니다");
  EXPECT_EQ(tr("exited with status {1} after its last answer", 1),
            "마지막 답을 낸 뒤 종료 코드 1로 끝났습니다");
  EXPECT_EQ(tr("exited with status {1} after its last answer", 3),
            "마지막 답을 낸 뒤 종료 코드 3으로 끝났습니다");
  set_language(Language::english);
}

TEST(Messages, AreInTheLanguageOfTheEnvironment) {
  for (const char* variable : {"LC_ALL", "LC_MESSAGES", "LANG"}) unsetenv(variable);
  EXPECT_EQ(language_of_environment(), Language::english);
  setenv("LANG", "ko_KR.UTF-8", 1);
  EXPECT_EQ(language_of_environment(), Language::korean);
  setenv("LC_ALL", "C", 1);
  EXPECT_EQ(language_of_environment(), Language::english) << "LC_ALL has priority";
}

}  // namespace
}  // namespace heed::runner
