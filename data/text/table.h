// table.h — reads TSV and CSV tables, and texts with labels from them.
//
//   const LabelledTexts reviews = read_labelled_texts("ratings_train.txt");    // NSMC: id, document, label
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "autograd/shape.h"
#include "data/utf8.h"

namespace heed::data {

struct TableOptions {
  char separator = '\t';
  // RFC 4180: "a, b" is one field, "" inside it is one quote, and it may contain line endings.
  bool quotes = false;
  InvalidUtf8 invalid_utf8 = InvalidUtf8::reject;
};
inline constexpr TableOptions csv{.separator = ',', .quotes = true};

struct Table {
  std::string name;                            // for errors
  std::vector<std::string> columns;            // the names in the first line
  std::vector<std::vector<std::string>> rows;  // one field per column; fields may be empty
  std::vector<std::size_t> lines;              // the number of each row's first line, from 1

  // Returns the index of a column. Throws with the existing names for an unknown column.
  std::size_t column(const std::string& name) const;
};

// Skips a byte order mark. Lines end in LF, CR LF or CR; a quoted field keeps the line endings in
// it. Throws "[table] PATH:12: …" if the number of fields differs from the first line or a closing
// quote is missing, and "[utf8] PATH:12: …" for invalid UTF-8.
Table parse_table(std::string_view text, const std::string& name, const TableOptions& options = {});
// Also throws if the file is in another format (check_format).
Table read_table(const std::string& path, const TableOptions& options = {});

struct LabelledTexts {
  std::vector<std::string> texts;  // empty texts are kept
  std::vector<index_t> labels;     // 0, 1, …
};
struct LabelledTextOptions {
  std::string text_column = "document", label_column = "label";
  TableOptions table = {};
};
LabelledTexts read_labelled_texts(const std::string& path, const LabelledTextOptions& options = {});

}  // namespace heed::data
