// markdown.cpp — see markdown.h.
#include "lessons/site/markdown.h"

#include <algorithm>

namespace heed::book {

namespace {

struct SourceLine {
  std::string text;
  int number;
};
using SourceLines = std::vector<SourceLine>;

std::size_t indentation(const std::string& line) {
  return std::min(line.find_first_not_of(' '), line.size());
}
bool is_blank(const std::string& line) { return trim(line).empty(); }

// The width of a list item's marker with the blanks after it: 2 for "- text", 3 for "1. text".
// Returns 0 if the line begins no item.
std::size_t marker_width(const std::string& line, bool& ordered) {
  const std::size_t begin = indentation(line);
  std::size_t end = begin;
  while (end < line.size() && line[end] >= '0' && line[end] <= '9') ++end;
  ordered = end > begin;
  if (end >= line.size() || (ordered ? line[end] != '.' : line[end] != '-' && line[end] != '*')) return 0;
  if (end + 1 >= line.size() || line[end + 1] != ' ') return 0;
  return end + 2 - begin;
}

// The cells of a table row. A | inside a code span or after \ divides no cells.
std::vector<std::string> cells_of(const std::string& line, const Location& at) {
  const std::string_view row = trim(line);
  if (row.size() < 2 || row.back() != '|') throw BookError(at, "expected a table row that ends with |");
  std::vector<std::string> cells(1);
  bool in_code = false;
  for (std::size_t i = 1; i < row.size(); ++i) {
    if (row[i] == '`') in_code = !in_code;
    if (row[i] == '\\' && i + 1 < row.size() && row[i + 1] == '|')
      cells.back() += row[++i];
    else if (row[i] == '|' && !in_code)
      cells.emplace_back();
    else
      cells.back() += row[i];
  }
  if (in_code) throw BookError(at, "a ` is missing in the table row");
  cells.pop_back();
  for (std::string& cell : cells) cell = std::string(trim(cell));
  return cells;
}

std::string alignment_of(const std::string& cell, const Location& at) {
  if (cell.find_first_not_of(":-") != std::string::npos || cell.find('-') == std::string::npos)
    throw BookError(at, "expected a line such as |---|---| below the head of the table");
  const bool left = cell.front() == ':', right = cell.back() == ':';
  if (right) return left ? "center" : "right";
  return left ? "left" : "";
}

// Reads blocks from the lines, one after another. Each function begins at its first line and moves
// `next_` after its last.
class MarkdownParser {
 public:
  MarkdownParser(const SourceLines& lines, const std::string& file) : lines_(lines), file_(file) {}

  std::vector<Block> run() {
    std::vector<Block> blocks;
    while (next_ < lines_.size()) {
      if (is_blank(line()))
        ++next_;
      else if (line().starts_with("<!--"))
        skip_comment();
      else
        blocks.push_back(block());
    }
    return blocks;
  }

 private:
  const std::string& line() const { return lines_[next_].text; }
  int number() const { return lines_[next_].number; }
  [[noreturn]] void fail(int line_number, const std::string& message) const {
    throw BookError({file_, line_number}, message);
  }

  void skip_comment() {
    const int begin = number();
    while (next_ < lines_.size() && line().find("-->") == std::string::npos) ++next_;
    if (next_ == lines_.size()) fail(begin, "the comment is not closed with -->");
    ++next_;
  }

  static int heading_level(const std::string& text) {
    const std::size_t level = text.find_first_not_of('#');
    const bool is_heading = level != std::string::npos && level >= 1 && level <= 6 && text[level] == ' ';
    return is_heading ? static_cast<int>(level) : 0;
  }

  // In a paragraph, a | at the beginning of a line begins a table only above |---|.
  bool begins_table() const {
    if (!line().starts_with("|") || next_ + 1 == lines_.size()) return false;
    const std::string& below = lines_[next_ + 1].text;
    return below.starts_with("|") && below.find_first_not_of("|:- ") == std::string::npos;
  }

  bool begins_block() const {
    bool ordered = false;
    return heading_level(line()) > 0 || line().starts_with("```") || line().starts_with("$$") ||
           begins_table() || line().starts_with("<details>") || line().starts_with("> ") || line() == "---" ||
           (marker_width(line(), ordered) > 0 && !ordered);
  }

  Block block() {
    bool ordered = false;
    if (heading_level(line()) > 0) return heading();
    if (line().starts_with("```")) return code();
    if (line().starts_with("$$")) return formula();
    if (line().starts_with("|")) return table();
    if (line().starts_with("> ")) return quote();
    if (line() == "---") return rule();
    if (line().starts_with("<details>")) return details();
    if (marker_width(line(), ordered) > 0) return list(ordered);
    if (line().starts_with("<") && !line().starts_with("<http"))
      fail(number(), "unsupported HTML: " + line() + "; only <details> with a <summary> is supported");
    if (line().starts_with("~~~") || line().starts_with("==="))
      fail(number(), "unsupported block: " + line());
    if (line().starts_with("    ")) fail(number(), "unsupported: code by indentation; use ```");
    return paragraph();
  }

  Block heading() {
    Block block(Block::Kind::heading, number());
    block.level = heading_level(line());
    block.text = std::string(trim(line().substr(static_cast<std::size_t>(block.level))));
    ++next_;
    return block;
  }

  Block rule() {
    Block block(Block::Kind::rule, number());
    ++next_;
    return block;
  }

  Block paragraph() {
    Block block(Block::Kind::paragraph, number());
    do {
      block.text += (block.text.empty() ? "" : "\n") + line();
      ++next_;
    } while (next_ < lines_.size() && !is_blank(line()) && !begins_block());
    return block;
  }

  Block code() {
    Block block(Block::Kind::code, number());
    const std::string head(trim(line().substr(3)));
    const std::size_t blank = head.find(' ');
    block.language = head.substr(0, blank);
    if (blank != std::string::npos) block.path = std::string(trim(head.substr(blank)));
    ++next_;
    while (next_ < lines_.size() && line() != "```") {
      block.text += line() + "\n";
      ++next_;
    }
    if (next_ == lines_.size()) fail(block.line, "the code is not closed with ```");
    ++next_;
    return block;
  }

  Block formula() {
    Block block(Block::Kind::formula, number());
    std::string text = line().substr(2);
    ++next_;
    while (text.find("$$") == std::string::npos) {
      if (next_ == lines_.size() || is_blank(line())) fail(block.line, "the formula is not closed with $$");
      text += "\n" + line();
      ++next_;
    }
    const std::size_t end = text.find("$$");
    if (!trim(text.substr(end + 2)).empty()) fail(block.line, "text after the $$ that closes the formula");
    block.text = text.substr(0, end);
    return block;
  }

  Block table() {
    Block block(Block::Kind::table, number());
    while (next_ < lines_.size() && line().starts_with("|")) {
      block.rows.push_back(cells_of(line(), {file_, number()}));
      if (block.rows.back().size() != block.rows.front().size())
        fail(number(), "expected " + std::to_string(block.rows.front().size()) +
                           " cells as in the head of the table, got " +
                           std::to_string(block.rows.back().size()));
      ++next_;
    }
    if (block.rows.size() < 2)
      fail(block.line, "expected a line such as |---|---| below the head of the table");
    for (const std::string& cell : block.rows[1])
      block.alignment.push_back(alignment_of(cell, {file_, block.line + 1}));
    block.rows.erase(block.rows.begin() + 1);
    return block;
  }

  std::vector<Block> parse_inside(const SourceLines& inside) const {
    return MarkdownParser(inside, file_).run();
  }

  Block quote() {
    Block block(Block::Kind::quote, number());
    SourceLines inside;
    while (next_ < lines_.size() && line().starts_with(">")) {
      inside.push_back({line().substr(std::min<std::size_t>(2, line().size())), number()});
      ++next_;
    }
    block.items.push_back(parse_inside(inside));
    return block;
  }

  Block details() {
    Block block(Block::Kind::details, number());
    const std::string open = "<details><summary>", close = "</summary>";
    if (!line().starts_with(open) || !line().ends_with(close))
      fail(number(), "expected <details><summary>…</summary> on one line");
    block.text = line().substr(open.size(), line().size() - open.size() - close.size());
    ++next_;
    SourceLines inside;
    int depth = 1;
    while (next_ < lines_.size()) {
      if (line().starts_with("<details>")) ++depth;
      if (line() == "</details>") --depth;
      if (depth == 0) break;
      inside.push_back(lines_[next_++]);
    }
    if (depth > 0) fail(block.line, "the box is not closed with </details>");
    ++next_;
    block.items.push_back(parse_inside(inside));
    return block;
  }

  // An item is its first line and all that is indented below it, or continues its paragraph.
  SourceLines item(std::size_t width) {
    SourceLines inside = {{line().substr(std::min(width, line().size())), number()}};
    ++next_;
    bool ordered = false;
    while (next_ < lines_.size()) {
      const bool after_blank = is_blank(inside.back().text);
      const bool is_inside = is_blank(line()) || indentation(line()) >= width;
      if (!is_inside && (after_blank || begins_block() || marker_width(line(), ordered) > 0)) break;
      const std::size_t cut = std::min({width, indentation(line()), line().size()});
      inside.push_back({line().substr(cut), number()});
      ++next_;
    }
    return inside;
  }

  Block list(bool ordered) {
    Block block(Block::Kind::list, number());
    block.ordered = ordered;
    bool same_kind = ordered;
    while (next_ < lines_.size()) {
      const std::size_t width = marker_width(line(), same_kind);
      if (width == 0 || same_kind != ordered || indentation(line()) > 1) break;
      SourceLines inside = item(width + indentation(line()));
      const bool blank_after = is_blank(inside.back().text);
      while (is_blank(inside.back().text) && inside.size() > 1) inside.pop_back();
      const bool more = next_ < lines_.size() && marker_width(line(), same_kind) > 0 && same_kind == ordered;
      block.loose = block.loose || (blank_after && more);
      block.items.push_back(parse_inside(inside));
    }
    return block;
  }

  const SourceLines& lines_;
  std::string file_;
  std::size_t next_ = 0;
};

}  // namespace

std::vector<Block> parse_markdown(std::string_view text, const std::string& file) {
  SourceLines lines;
  for (std::string& line : split_lines(text))
    lines.push_back({std::move(line), static_cast<int>(lines.size()) + 1});
  return MarkdownParser(lines, file).run();
}

}  // namespace heed::book
