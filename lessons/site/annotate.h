// annotate.h — a source file in two columns: comments on the left, the code that they describe on the
// right.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "lessons/site/highlight.h"
#include "lessons/site/inline.h"

namespace heed::book {

// A comment block and the code up to the next one. The comments and codes of all rows, joined, are
// the source.
struct Row {
  std::string comment;
  std::string code;
  int line = 1;  // the first line of the comment
};

// A comment block consists of lines that contain only a comment. A comment after code belongs to
// the code.
std::vector<Row> rows_of(std::string_view source, Language language);

// The comment as HTML: paragraphs, indented lines as they are, "---- title ----" as a heading.
// Adds the headings and the text to `sections`.
std::string comment_html(const Row& row, Language language, std::vector<Section>& sections);

// The rows as HTML. The text of the right column is the source: it contains the comments, too,
// which the style sheet does not show there. Each line has the id L and its number.
RenderedPage render_source(std::string_view source, Language language);

// What the first comment says about the file: "graph.h — reverse-mode …: …" without its name.
std::string summary_of(std::string_view source, Language language);

}  // namespace heed::book
