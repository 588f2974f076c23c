// annotate.cpp — see annotate.h.
#include "lessons/site/annotate.h"

#include <algorithm>
#include <cctype>
#include <set>
#include <utility>

namespace heed::book {

namespace {

// For each line, whether it contains a comment and nothing else.
std::vector<bool> comment_lines(std::string_view source, Language language) {
  std::vector<bool> is_comment = {false};
  bool only_blanks = true;
  for (const Token& token : highlight(source, language)) {
    if (token.kind == TokenKind::comment && only_blanks &&
        token.text.starts_with(language == Language::cpp ? "//" : "#"))
      is_comment.back() = true;
    for (const char c : token.text) {
      if (c == '\n') is_comment.push_back(false);
      only_blanks = c == '\n' || (only_blanks && c == ' ');
    }
  }
  return is_comment;
}

// A line of a comment without // or #, without the blank after it, and without the indentation.
std::string without_marker(std::string_view line, Language language) {
  line = line.substr(std::min(line.find_first_not_of(' '), line.size()));
  line = line.substr(std::min<std::size_t>(language == Language::cpp ? 2 : 1, line.size()));
  if (line.starts_with(" ")) line.remove_prefix(1);
  return std::string(line);
}

// "---- the fused op -----" gives "the fused op"; other lines give "".
std::string divider_title(const std::string& line) {
  if (!line.starts_with("---")) return "";
  const std::size_t begin = line.find_first_not_of("- ");
  if (begin == std::string::npos) return "";
  return line.substr(begin, line.find_last_not_of("- ") + 1 - begin);
}

bool is_item(const std::string& line) {
  return line.starts_with("- ") ||
         (line.size() > 2 && line[0] >= '0' && line[0] <= '9' && line.substr(1, 2) == ". ");
}

bool has_word(std::string_view text, std::string_view word) {
  for (std::size_t i = text.find(word); i != std::string_view::npos; i = text.find(word, i + 1)) {
    const std::size_t end = i + word.size();
    if ((i == 0 || !is_word(text[i - 1])) && (end == text.size() || !is_word(text[end]))) return true;
  }
  return false;
}

// Whether a word of a comment is a name of the code beside it, and no English word: is_long,
// AnomalyMode, or a function with its arguments.
bool is_name(std::string_view word, char next, std::string_view code) {
  bool inner_capital = false;
  for (std::size_t i = 1; i < word.size(); ++i)
    inner_capital = inner_capital || (std::isupper(static_cast<unsigned char>(word[i])) &&
                                      std::islower(static_cast<unsigned char>(word[i - 1])));
  const bool has_form_of_code = next == '(' || inner_capital || word.find('_') != std::string_view::npos;
  return has_form_of_code && next != '.' && has_word(code, word);
}

// Text between two ` is left to the caller.
std::string names_html(const std::string& text, std::string_view code) {
  std::string html;
  for (std::size_t i = 0; i < text.size();) {
    std::size_t end = i;
    while (end < text.size() && is_word(text[end])) ++end;
    const std::string word = text.substr(i, end - i);
    const char next = end < text.size() ? text[end] : ' ';
    if (word.empty())
      html += escape(text.substr(end++, 1));
    else if (is_name(word, next, code))
      html += concat("<code>", word, "</code>");
    else
      html += word;
    i = end;
  }
  return html;
}

// `name` in comments is code, and so are names of the code beside it. A ` without its partner is a
// character.
std::string comment_text_html(const std::string& text, std::string_view code) {
  const std::vector<std::string> parts = split(text, '`');
  if (parts.size() % 2 == 0) return escape(text);
  std::string html;
  for (std::size_t i = 0; i < parts.size(); ++i)
    html += i % 2 == 0 ? names_html(parts[i], code) : concat("<code>", escape(parts[i]), "</code>");
  return html;
}

// Joins the lines of a comment to paragraphs, items and indented blocks.
class CommentRenderer {
 public:
  // `code`: the code that the comment describes.
  explicit CommentRenderer(std::string_view code) : code_(code) {}

  void add(const std::string& line) {
    const Kind kind = kind_of(line);
    if (kind != kind_ || kind == Kind::item) close();
    kind_ = kind;
    if (kind == Kind::blank) return;
    text_ += (text_.empty() ? "" : "\n") + line;
  }

  // Returns the HTML of the lines since the last call.
  std::string finish() {
    close();
    kind_ = Kind::blank;
    return std::exchange(html_, "");
  }

 private:
  enum class Kind { blank, paragraph, indented, item };

  Kind kind_of(const std::string& line) const {
    if (trim(line).empty()) return Kind::blank;
    if (is_item(line)) return Kind::item;
    if (line.starts_with("  ")) return kind_ == Kind::item ? Kind::paragraph : Kind::indented;
    return Kind::paragraph;
  }

  void close() {
    if (text_.empty()) return;
    if (kind_ == Kind::indented)
      html_ += "<pre>" + escape(text_) + "</pre>\n";
    else
      html_ +=
          (kind_ == Kind::item ? "<p class=\"item\">" : "<p>") + comment_text_html(text_, code_) + "</p>\n";
    text_.clear();
  }

  std::string_view code_;
  Kind kind_ = Kind::blank;
  std::string text_, html_;
};

// The lines of `text` as HTML, each in an element with the id of its line.
std::string numbered_lines(std::string_view text, Language language, int line, const char* style) {
  std::string html;
  if (text.empty()) return html;
  for (const std::string& part : split_lines(highlight_html(text, language)))
    html += "<span class=\"" + std::string(style) + "\" id=\"L" + std::to_string(line++) + "\">" + part +
            "\n</span>";
  if (text.back() != '\n') html.replace(html.size() - 8, 8, "</span>");
  return html;
}

int count_lines(std::string_view text) {
  return static_cast<int>(std::count(text.begin(), text.end(), '\n'));
}

}  // namespace

std::vector<Row> rows_of(std::string_view source, Language language) {
  const std::vector<bool> is_comment = comment_lines(source, language);
  std::vector<Row> rows = {{}};
  std::size_t begin = 0;
  for (std::size_t line = 0; begin < source.size(); ++line) {
    const std::size_t end = std::min(source.find('\n', begin), source.size() - 1) + 1;
    const std::string_view text = source.substr(begin, end - begin);
    if (is_comment[line] && !rows.back().code.empty()) rows.push_back({"", "", static_cast<int>(line) + 1});
    (is_comment[line] ? rows.back().comment : rows.back().code) += text;
    begin = end;
  }
  return rows;
}

std::string comment_html(const Row& row, Language language, std::vector<Section>& sections) {
  std::string html;
  CommentRenderer renderer(row.code);
  for (const std::string& line : split_lines(row.comment)) {
    const std::string text = without_marker(line, language);
    const std::string title = divider_title(text);
    if (sections.empty()) sections.push_back({});
    if (title.empty()) {
      sections.back().text += text + "\n";
      renderer.add(text);
      continue;
    }
    const std::string anchor = anchor_of(title) + "-" + std::to_string(row.line);
    sections.push_back({2, title, anchor, ""});
    html += renderer.finish() + "<h2 id=\"" + anchor + "\">" + escape(title) + "</h2>\n";
  }
  return html + renderer.finish();
}

RenderedPage render_source(std::string_view source, Language language) {
  RenderedPage page;
  for (const Row& row : rows_of(source, language)) {
    const int code_line = row.line + count_lines(row.comment);
    const std::string lifted = numbered_lines(row.comment, language, row.line, "lifted");
    const std::string note = row.comment.empty() ? "" : comment_html(row, language, page.sections);
    const bool has_code = !trim(row.code).empty();
    const char* kind = language == Language::plain ? " whole" : has_code ? "" : " bare";
    page.html += concat("<div class=\"row", kind, "\"><div class=\"note\">", note,
                        "</div><pre class=\"code\" style=\"counter-reset:line ",
                        std::to_string(code_line - 1), "\"><code>", lifted,
                        numbered_lines(row.code, language, code_line, "l"), "</code></pre></div>\n");
  }
  return page;
}

std::string summary_of(std::string_view source, Language language) {
  std::string paragraph;
  for (const std::string& line : split_lines(rows_of(source, language).front().comment)) {
    const std::string text = without_marker(line, language);
    if (text.starts_with("!")) continue;  // #!/usr/bin/env
    if (trim(text).empty() || text.starts_with("  ")) break;
    paragraph += (paragraph.empty() ? "" : " ") + text;
  }
  const std::size_t dash = paragraph.find(" — ");
  if (dash != std::string::npos && dash < 60) paragraph = paragraph.substr(dash + 5);
  return paragraph;
}

}  // namespace heed::book
