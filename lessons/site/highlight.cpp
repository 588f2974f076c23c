// highlight.cpp — see highlight.h.
#include "lessons/site/highlight.h"

#include <cctype>
#include <set>

#include "lessons/site/text.h"

namespace heed::book {

namespace {

using Words = std::set<std::string_view>;

const Words cpp_keywords = {
    "alignas",         "alignof",   "auto",          "break",       "case",     "catch",
    "class",           "const",     "constexpr",     "continue",    "decltype", "default",
    "delete",          "do",        "else",          "enum",        "explicit", "extern",
    "false",           "final",     "for",           "friend",      "if",       "inline",
    "mutable",         "namespace", "new",           "noexcept",    "nullptr",  "operator",
    "override",        "private",   "protected",     "public",      "requires", "return",
    "sizeof",          "static",    "static_assert", "static_cast", "struct",   "switch",
    "template",        "this",      "throw",         "true",        "try",      "typename",
    "using",           "virtual",   "volatile",      "while",       "concept",  "const_cast",
    "reinterpret_cast"};
const Words cpp_types = {"bool",   "char",    "double",  "float",   "int",      "long",    "short",
                         "signed", "size_t",  "string",  "vector",  "unsigned", "void",    "index_t",
                         "int8_t", "uint8_t", "int32_t", "int64_t", "uint32_t", "uint64_t"};
const Words shell_keywords = {"case",   "do",  "done",  "elif",     "else", "esac", "exit",
                              "export", "fi",  "for",   "function", "if",   "in",   "local",
                              "return", "set", "shift", "then",     "trap", "while"};
const Words python_keywords = {"and",  "as",     "assert", "break", "class", "continue", "def",    "elif",
                               "else", "except", "False",  "for",   "from",  "if",       "import", "in",
                               "is",   "lambda", "None",   "not",   "or",    "pass",     "raise",  "return",
                               "True", "try",    "while",  "with",  "yield"};

bool is_digit(char c) { return c >= '0' && c <= '9'; }

// Reads tokens from left to right. Each function moves `position_` past one token.
class Highlighter {
 public:
  Highlighter(std::string_view source, Language language) : source_(source), language_(language) {}

  std::vector<Token> run() {
    while (position_ < source_.size()) {
      const std::size_t begin = position_;
      const TokenKind kind = language_ == Language::cpp ? cpp_token() : script_token();
      const std::string_view text = source_.substr(begin, position_ - begin);
      const bool joins = kind == TokenKind::text && !tokens_.empty() && tokens_.back().kind == kind;
      if (joins)
        tokens_.back().text = {tokens_.back().text.data(), tokens_.back().text.size() + text.size()};
      else
        tokens_.push_back({kind, text});
    }
    return std::move(tokens_);
  }

 private:
  bool starts(std::string_view text) const { return source_.substr(position_).starts_with(text); }
  char at(std::size_t i) const { return i < source_.size() ? source_[i] : '\0'; }
  void skip_to(std::size_t end) { position_ = end < source_.size() ? end : source_.size(); }
  TokenKind skip_rest(TokenKind kind) {
    position_ = source_.size();
    return kind;
  }
  TokenKind skip_line() {
    skip_to(source_.find('\n', position_));
    return TokenKind::comment;
  }

  // Whether only blanks precede the position on its line.
  bool begins_line() const {
    for (std::size_t i = position_; i > 0 && source_[i - 1] != '\n'; --i)
      if (source_[i - 1] != ' ') return false;
    return true;
  }

  // A quoted literal. It ends at the line's end if its closing quote is missing.
  TokenKind skip_quoted(char quote, bool several_lines) {
    ++position_;
    while (position_ < source_.size() && source_[position_] != quote) {
      if (source_[position_] == '\n' && !several_lines) return TokenKind::string;
      position_ += source_[position_] == '\\' ? 2 : 1;
    }
    skip_to(position_ + 1);
    return TokenKind::string;
  }

  TokenKind skip_raw_string() {
    const std::size_t open = source_.find('(', position_);
    const std::size_t quote = source_.find('"', position_);
    if (open == std::string_view::npos) return skip_rest(TokenKind::string);
    const std::string close = ")" + std::string(source_.substr(quote + 1, open - quote - 1)) + "\"";
    const std::size_t end = source_.find(close, open);
    skip_to(end == std::string_view::npos ? end : end + close.size());
    return TokenKind::string;
  }

  std::string_view skip_name() {
    const std::size_t begin = position_;
    while (is_word(at(position_))) ++position_;
    return source_.substr(begin, position_ - begin);
  }

  TokenKind skip_number() {
    while (is_word(at(position_)) || at(position_) == '.' ||
           (at(position_) == '\'' && is_word(at(position_ + 1))) ||
           ((at(position_) == '-' || at(position_) == '+') && std::tolower(at(position_ - 1)) == 'e'))
      ++position_;
    return TokenKind::number;
  }

  TokenKind cpp_token() {
    const char c = source_[position_];
    if (starts("//")) return skip_line();
    if (starts("/*")) {
      const std::size_t end = source_.find("*/", position_ + 2);
      skip_to(end == std::string_view::npos ? end : end + 2);
      return TokenKind::comment;
    }
    if (starts("R\"")) return skip_raw_string();
    if (c == '"' || c == '\'') return skip_quoted(c, false);
    if (c == '#' && begins_line()) {
      ++position_;
      while (at(position_) == ' ') ++position_;
      skip_name();
      return TokenKind::preprocessor;
    }
    if (is_digit(c) || (c == '.' && is_digit(at(position_ + 1)))) return skip_number();
    if (is_word(c)) return cpp_name();
    ++position_;
    return TokenKind::text;
  }

  TokenKind cpp_name() {
    const std::string_view name = skip_name();
    if (cpp_keywords.contains(name)) return TokenKind::keyword;
    const bool capital = name[0] >= 'A' && name[0] <= 'Z';
    if (cpp_types.contains(name) || (capital && name.size() > 1)) return TokenKind::type;
    return at(position_) == '(' ? TokenKind::function : TokenKind::text;
  }

  TokenKind script_token() {
    const char c = source_[position_];
    const bool after_blank =
        position_ == 0 || std::isspace(static_cast<unsigned char>(source_[position_ - 1]));
    if (language_ == Language::plain) return skip_rest(TokenKind::text);
    if (c == '#' && after_blank) return skip_line();
    if (c == '"' || c == '\'') return skip_quoted(c, language_ == Language::shell);
    if (is_digit(c)) return skip_number();
    if (is_word(c)) {
      const std::string_view name = skip_name();
      const Words& keywords = language_ == Language::shell ? shell_keywords : python_keywords;
      if (keywords.contains(name)) return TokenKind::keyword;
      return language_ == Language::python && at(position_) == '(' ? TokenKind::function : TokenKind::text;
    }
    ++position_;
    return TokenKind::text;
  }

  std::string_view source_;
  Language language_;
  std::size_t position_ = 0;
  std::vector<Token> tokens_;
};

const char* class_of(TokenKind kind) {
  switch (kind) {
    case TokenKind::comment:
      return "c";
    case TokenKind::string:
      return "s";
    case TokenKind::number:
      return "n";
    case TokenKind::keyword:
      return "k";
    case TokenKind::type:
      return "t";
    case TokenKind::function:
      return "f";
    case TokenKind::preprocessor:
      return "p";
    case TokenKind::text:
      break;
  }
  return "";
}

}  // namespace

Language language_of(std::string_view name) {
  static const Words cpp = {"cpp", "h", "inl", "c++", "inc"};
  static const Words shell = {"sh", "bash", "shell", "cmake"};
  if (cpp.contains(name)) return Language::cpp;
  if (shell.contains(name)) return Language::shell;
  return name == "py" || name == "python" ? Language::python : Language::plain;
}

std::vector<Token> highlight(std::string_view source, Language language) {
  return Highlighter(source, language).run();
}

std::string highlight_html(std::string_view source, Language language) {
  std::string html;
  for (const Token& token : highlight(source, language)) {
    if (token.kind == TokenKind::text) {
      html += escape(token.text);
      continue;
    }
    const std::string open = std::string("<span class=\"") + class_of(token.kind) + "\">";
    const std::vector<std::string> lines = split(token.text, '\n');
    for (std::size_t i = 0; i < lines.size(); ++i) {
      if (i > 0) html += '\n';
      if (!lines[i].empty()) html += open + escape(lines[i]) + "</span>";
    }
  }
  return html;
}

}  // namespace heed::book
