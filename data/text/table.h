// table.h — texts and labels from TSV and CSV.
//
//   const LabelledTexts reviews = read_labelled_texts("ratings_train.txt");    // NSMC: id, document, label
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "autograd/shape.h"
#include "data/text/unicode.h"

namespace heed::data {

struct TableOptions {
  char separator = '\t';
  bool quotes = false;  // RFC 4180: "a, b" is one field, "" in it one quote, and it may hold ends of lines
  Broken broken = Broken::refuse;
};
inline constexpr TableOptions csv{.separator = ',', .quotes = true};

struct Table {
  std::string name;                            // for errors
  std::vector<std::string> columns;            // the first line
  std::vector<std::vector<std::string>> rows;  // each with one field a column; fields may be empty
  std::vector<std::size_t> lines;              // where each row begins, from 1

  std::size_t column(const std::string& name) const;  // throws and names those that there are
};

// Throws "[table] PATH:12: …" for a row of another number of fields, a quote without its end, or broken UTF-8. A
// byte order mark is skipped; lines end in LF, CR LF or CR, which a quoted field keeps.
Table parse_table(std::string_view text, const std::string& name, const TableOptions& options = {});
// Also throws if the file is of another format (check_format).
Table read_table(const std::string& path, const TableOptions& options = {});

struct LabelledTexts {
  std::vector<std::string> texts;  // an empty one is kept: it is somebody's review
  std::vector<index_t> labels;     // 0, 1, …
};
struct LabelledTextOptions {
  std::string text_column = "document", label_column = "label";
  TableOptions table = {};
};
LabelledTexts read_labelled_texts(const std::string& path, const LabelledTextOptions& options = {});

}  // namespace heed::data
