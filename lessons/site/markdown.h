// markdown.h — the blocks of a Markdown page: the subset that the pages of the project use.
//
// Headings, paragraphs, fenced code, lists, tables, quotes, formulas ($$), comments, and folded boxes
// (<details>). The inline elements of a block's text are rendered by inline.h. Anything else, such
// as other HTML or a block that is not closed, throws BookError: a page is never shown in part.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "lessons/site/text.h"

namespace heed::book {

struct Block {
  enum class Kind { heading, paragraph, code, list, table, quote, formula, details, rule };

  Block(Kind kind_, int line_) : kind(kind_), line(line_) {}

  Kind kind;
  int line;          // of the page
  std::string text;  // of a heading, paragraph, formula; the code; the summary of details
  int level = 0;     // of a heading, 1 to 6

  std::string language;  // of code: the words after ```, "cpp" and a path
  std::string path;

  bool ordered = false;                   // of a list
  bool loose = false;                     // a list whose items are separated by blank lines
  std::vector<std::vector<Block>> items;  // of a list; quotes and details have one item

  std::vector<std::vector<std::string>> rows;  // of a table; the first is its head
  std::vector<std::string> alignment;          // "left", "right", "center" or "", for each column
};

// `file`: the page's path in error messages.
std::vector<Block> parse_markdown(std::string_view text, const std::string& file);

}  // namespace heed::book
