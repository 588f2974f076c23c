#include "lessons/runner/messages.h"

#include <regex>
#include <set>

#include "tests/lessons/runner/scratch.h"

namespace heed::runner {
namespace {

// Every text that the sources hand to tr() or words(), its pieces joined.
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

std::multiset<std::string> places_in(const std::string& text) {
  std::multiset<std::string> places;
  const std::regex place(R"(\{\d\})");
  for (std::sregex_iterator it(text.begin(), text.end(), place), end; it != end; ++it)
    places.insert(it->str());
  return places;
}

TEST(Messages, AreCompleteInBothLanguages) {
  const std::set<std::string> texts = texts_in_sources();
  EXPECT_GE(texts.size(), 100U);
  std::set<std::string> known;
  for (const Message& message : messages()) {
    EXPECT_TRUE(known.insert(message.english).second) << "twice: " << message.english;
    EXPECT_EQ(texts.count(message.english), 1U) << "nobody says: " << message.english;
    EXPECT_STRNE(message.korean, "") << message.english;
  }
  for (const std::string& text : texts) EXPECT_EQ(known.count(text), 1U) << "no Korean for: " << text;
}

TEST(Messages, KeepTheirPlacesInTranslation) {
  for (const Message& message : messages())
    EXPECT_EQ(places_in(message.english), places_in(message.korean)) << message.english;
}

TEST(Messages, PutValuesWhereTheyBelong) {
  set_language(Language::english);
  EXPECT_EQ(tr("{1} of {2} pass.", 3, 48), "3 of 48 pass.");
  set_language(Language::korean);
  EXPECT_EQ(tr("{1} of {2} pass.", 3, 48), "48개 중 3개 통과.");
  EXPECT_EQ(tr("said by nobody {1}", "{1}"), "said by nobody {1}") << "an unknown text stays English";
  set_language(Language::english);
}

TEST(Messages, AreInTheLanguageOfTheEnvironment) {
  for (const char* variable : {"LC_ALL", "LC_MESSAGES", "LANG"}) unsetenv(variable);
  EXPECT_EQ(language_of_environment(), Language::english);
  setenv("LANG", "ko_KR.UTF-8", 1);
  EXPECT_EQ(language_of_environment(), Language::korean);
  setenv("LC_ALL", "C", 1);
  EXPECT_EQ(language_of_environment(), Language::english) << "LC_ALL is stronger";
}

}  // namespace
}  // namespace heed::runner
