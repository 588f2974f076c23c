// messages.h — the messages of the runner, in English and Korean.
//
// The English text is written in the code and is the key of the Korean text in messages.cpp:
//
//   tr("{1} of {2} exercises pass.", passed, all)
//
// A message without a Korean text is printed in English. A test reads the sources and reports
// messages that are missing.
#pragma once

#include <string>
#include <vector>

#include "autograd/error.h"

namespace heed::runner {

enum class Language { english, korean };

void set_language(Language language);
Language language();
// Korean if the first of LC_ALL, LC_MESSAGES and LANG that is set begins with "ko".
Language language_of_environment();

struct Message {
  const char *english, *korean;
};
const std::vector<Message>& messages();

std::string translated(const std::string& english, const std::vector<std::string>& values);

// Marks a message that is stored and translated later.
constexpr const char* words(const char* english) { return english; }

// Translates `english` into the chosen language and replaces {1}, {2}, … by the values. In Korean,
// {1:을}, {1:이}, {1:은}, {1:이라} and {1:으로} add the form of the particle that fits the value: 을 or 를,
// 이 or 가, 은 or 는, 이라 or 라, 으로 or 로.
template <class... Values>
std::string tr(const char* english, const Values&... values) {
  return translated(english, {concat(values)...});
}

}  // namespace heed::runner
