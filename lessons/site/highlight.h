// highlight.h — divides C++, shell and Python source into tokens with a class each, for colours.
//
// The highlighter does not parse: it recognises comments, literals, keywords and names. The texts of
// the tokens, joined, are always equal to the source, byte for byte.
#pragma once

#include <string>
#include <string_view>
#include <vector>

namespace heed::book {

enum class Language { cpp, shell, python, plain };

// From the word after ``` or the extension of a file: "cpp", "h", "inl"; "sh", "cmake"; "py".
Language language_of(std::string_view name);

enum class TokenKind { text, comment, string, number, keyword, type, function, preprocessor };

struct Token {
  TokenKind kind;
  std::string_view text;  // refers to the source
};

std::vector<Token> highlight(std::string_view source, Language language);

// The source as HTML: <span class="k"> for a keyword, and so on. A token that spans several lines
// has one element per line, so that the HTML may be divided at line breaks.
std::string highlight_html(std::string_view source, Language language);

}  // namespace heed::book
