// messages.h — the runner's own words, in English and Korean.
//
// The English text stands where it is said, and is the key under which messages.cpp has the Korean one:
//
//   tr("{1} of {2} pass", passed, all)
//
// A text that the table lacks is said in English; a test reads the sources and finds every one that is missing.
#pragma once

#include <string>
#include <vector>

#include "autograd/error.h"

namespace heed::runner {

enum class Language { english, korean };

void set_language(Language language);
Language language();
// Korean where LC_ALL, else LC_MESSAGES, else LANG begins with "ko".
Language language_of_environment();

struct Message {
  const char *english, *korean;
};
const std::vector<Message>& messages();

std::string translated(const std::string& english, const std::vector<std::string>& values);

// Marks a text that is kept now and translated where it is said.
constexpr const char* words(const char* english) { return english; }

// `english` in the chosen language, {1}, {2}, … replaced by the values.
template <class... Values>
std::string tr(const char* english, const Values&... values) {
  return translated(english, {concat(values)...});
}

}  // namespace heed::runner
