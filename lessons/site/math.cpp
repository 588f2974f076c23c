// math.cpp — see math.h.
//
//   formula   = { scripted }
//   scripted  = atom [ "_" argument ] [ "^" argument ], in either order
//   argument  = "{" formula "}" | atom
//   atom      = letter | number | operator | "{" formula "}" | command with its arguments
#include "lessons/site/math.h"

#include <cctype>
#include <map>

namespace heed::book {

namespace {

// Commands that stand for one character, and whether it is an operator (<mo>) or a name (<mi>).
const std::map<std::string_view, std::string_view> operators = {
    {"cdot", "·"},  {"times", "×"}, {"sum", "∑"},     {"prod", "∏"},       {"int", "∫"},    {"le", "≤"},
    {"leq", "≤"},   {"ge", "≥"},    {"geq", "≥"},     {"ne", "≠"},         {"neq", "≠"},    {"approx", "≈"},
    {"equiv", "≡"}, {"in", "∈"},    {"to", "→"},      {"rightarrow", "→"}, {"mapsto", "↦"}, {"odot", "⊙"},
    {"oplus", "⊕"}, {"pm", "±"},    {"partial", "∂"}, {"nabla", "∇"},      {"ldots", "…"},  {"cdots", "⋯"},
    {"dots", "…"},  {"sim", "∼"},   {"propto", "∝"},  {"mid", "|"},        {"lfloor", "⌊"}, {"rfloor", "⌋"},
    {"{", "{"},     {"}", "}"},     {"%", "%"},       {"|", "‖"},          {"ast", "∗"}};
const std::map<std::string_view, std::string_view> letters = {
    {"alpha", "α"}, {"beta", "β"},  {"gamma", "γ"},  {"delta", "δ"},  {"epsilon", "ϵ"}, {"varepsilon", "ε"},
    {"eta", "η"},   {"theta", "θ"}, {"lambda", "λ"}, {"mu", "μ"},     {"pi", "π"},      {"rho", "ρ"},
    {"sigma", "σ"}, {"tau", "τ"},   {"phi", "ϕ"},    {"varphi", "φ"}, {"omega", "ω"},   {"Delta", "Δ"},
    {"Sigma", "Σ"}, {"Phi", "Φ"},   {"Omega", "Ω"},  {"infty", "∞"},  {"ell", "ℓ"},     {"top", "⊤"}};
const std::map<std::string_view, std::string_view> functions = {
    {"exp", "exp"}, {"log", "log"},   {"ln", "ln"},   {"max", "max"}, {"min", "min"}, {"sin", "sin"},
    {"cos", "cos"}, {"tanh", "tanh"}, {"arg", "arg"}, {"lim", "lim"}, {"det", "det"}};
const std::map<std::string_view, std::string_view> spaces = {
    {",", "0.17em"},  {":", "0.22em"}, {";", "0.28em"}, {"quad", "1em"},
    {"qquad", "2em"}, {" ", "0.33em"}, {"!", "-0.17em"}};
const std::map<std::string_view, std::string_view> accents = {
    {"hat", "^"}, {"bar", "¯"}, {"tilde", "~"}, {"vec", "→"}};

std::string element(std::string_view name, std::string_view content) {
  return "<" + std::string(name) + ">" + std::string(content) + "</" + std::string(name) + ">";
}

class MathParser {
 public:
  MathParser(std::string_view latex, const Location& at) : latex_(latex), at_(at) {}

  std::string run() {
    std::string html = formula();
    if (position_ < latex_.size()) fail("unexpected }");
    return html;
  }

 private:
  [[noreturn]] void fail(const std::string& message) const {
    throw BookError(at_, "in the formula " + std::string(latex_) + ": " + message);
  }
  bool at_end() const { return position_ >= latex_.size(); }
  char peek() const { return at_end() ? '\0' : latex_[position_]; }
  void skip_blanks() {
    while (peek() == ' ' || peek() == '\n') ++position_;
  }
  bool next_is_right() const { return latex_.substr(position_).starts_with("\\right"); }

  std::string formula() {
    std::string html;
    skip_blanks();
    while (!at_end() && peek() != '}' && !next_is_right()) {
      html += scripted();
      skip_blanks();
    }
    return html;
  }

  std::string scripted() {
    const bool is_sum =
        latex_.substr(position_).starts_with("\\sum") || latex_.substr(position_).starts_with("\\prod");
    std::string base = atom();
    std::string below, above;
    skip_blanks();
    while (peek() == '_' || peek() == '^') {
      std::string& script = peek() == '_' ? below : above;
      if (!script.empty()) fail(std::string("two ") + peek() + " after one symbol");
      ++position_;
      script = element("mrow", argument());
      skip_blanks();
    }
    if (below.empty() && above.empty()) return base;
    const std::string kind = is_sum ? "munderover" : "msubsup";
    if (above.empty()) return element(is_sum ? "munder" : "msub", base + below);
    if (below.empty()) return element(is_sum ? "mover" : "msup", base + above);
    return element(kind, base + below + above);
  }

  std::string argument() {
    skip_blanks();
    if (at_end() || peek() == '}') fail("an argument is missing");
    return atom();
  }

  std::string group() {
    ++position_;
    const std::string html = formula();
    if (peek() != '}') fail("a } is missing");
    ++position_;
    return element("mrow", html);
  }

  // The content of {…} as it is, for \text and \mathrm.
  std::string words() {
    skip_blanks();
    const std::size_t end = latex_.find('}', position_);
    if (peek() != '{' || end == std::string_view::npos) fail("expected {…}");
    std::string text = escape(latex_.substr(position_ + 1, end - position_ - 1));
    position_ = end + 1;
    return text;
  }

  std::string atom() {
    const char c = peek();
    if (c == '{') return group();
    if (c == '\\') return command();
    if (c == '_' || c == '^') fail(std::string("nothing precedes ") + c);
    if (c == '&' || c == '#' || c == '$' || c == '~') fail(std::string("unexpected ") + c);
    const std::size_t begin = position_;
    if (std::isdigit(static_cast<unsigned char>(c))) {
      while (std::isdigit(static_cast<unsigned char>(peek())) || peek() == '.') ++position_;
      return element("mn", latex_.substr(begin, position_ - begin));
    }
    next_character(latex_, position_);
    const std::string text = c == '-'   ? "−"
                             : c == '*' ? "∗"
                                        : escape(latex_.substr(begin, position_ - begin));
    return element(std::isalpha(static_cast<unsigned char>(c)) || (c & 0x80) ? "mi" : "mo", text);
  }

  std::string_view name_of_command() {
    const std::size_t begin = ++position_;
    while (std::isalpha(static_cast<unsigned char>(peek()))) ++position_;
    if (position_ == begin && !at_end()) ++position_;
    return latex_.substr(begin, position_ - begin);
  }

  std::string delimiter() {
    skip_blanks();
    if (at_end()) fail("a bracket is missing after \\left or \\right");
    if (peek() == '\\') return std::string(symbol(name_of_command()));
    const char c = latex_[position_++];
    return c == '.' ? "" : std::string(1, c);
  }

  std::string_view symbol(std::string_view name) const {
    if (const auto found = operators.find(name); found != operators.end()) return found->second;
    fail("unknown command \\" + std::string(name));
  }

  std::string between_brackets() {
    const std::string open = delimiter();
    const std::string inside = formula();
    if (!next_is_right()) fail("\\left without \\right");
    name_of_command();
    const std::string close = delimiter();
    return element("mrow", "<mo stretchy=\"true\">" + open + "</mo>" + inside + "<mo stretchy=\"true\">" +
                               close + "</mo>");
  }

  std::string command() {
    const std::string_view name = name_of_command();
    if (name == "frac") {
      const std::string above = argument();
      return element("mfrac", above + argument());
    }
    if (name == "sqrt") return element("msqrt", argument());
    if (name == "left") return between_brackets();
    if (name == "text") return element("mtext", words());
    if (name == "mathrm" || name == "operatorname") return "<mi mathvariant=\"normal\">" + words() + "</mi>";
    if (name == "mathbf") return "<mi style=\"font-weight:bold\">" + words() + "</mi>";
    if (accents.contains(name))
      return "<mover accent=\"true\">" + argument() + element("mo", accents.at(name)) + "</mover>";
    if (spaces.contains(name)) return "<mspace width=\"" + std::string(spaces.at(name)) + "\"></mspace>";
    if (functions.contains(name)) return element("mi", functions.at(name));
    if (letters.contains(name)) return element("mi", letters.at(name));
    return element("mo", symbol(name));
  }

  std::string_view latex_;
  Location at_;
  std::size_t position_ = 0;
};

}  // namespace

std::string math_to_html(std::string_view latex, bool block, const Location& at) {
  if (trim(latex).empty()) throw BookError(at, "empty formula");
  const std::string content = MathParser(trim(latex), at).run();
  return std::string(block ? "<math display=\"block\">" : "<math>") + "<mrow>" + content + "</mrow></math>";
}

}  // namespace heed::book
