#include "data/text/table.h"

#include <algorithm>
#include <charconv>

#include "autograd/error.h"
#include "data/file.h"
#include "data/file_format.h"
#include "data/json.h"
#include "data/text/lines.h"

namespace heed::data {

static const char* const table_op = "table";

namespace {

// Reads one row after the other.
class TableReader {
 public:
  TableReader(std::string_view text, const std::string& name, const TableOptions& options)
      : text_(text), name_(name), options_(options) {
    position_ = byte_order_mark_length(text_);
  }

  bool more() const { return position_ < text_.size(); }
  std::size_t line() const { return line_; }

  std::vector<std::string> row() {
    std::vector<std::string> fields;
    const std::size_t first_line = line_;
    do fields.push_back(field(first_line, fields.size() + 1));
    while (accept(options_.separator));
    if (more()) end_line(first_line, fields.size());
    return fields;
  }

 private:
  bool accept(char c) {
    if (!more() || text_[position_] != c) return false;
    ++position_;
    return true;
  }
  bool at_end_of_line() const { return !more() || line_ending_length(text_, position_) > 0; }
  void end_line(std::size_t row_line, std::size_t fields) {
    check(at_end_of_line(), table_op, name_, ":", row_line,
          ": expected the separator or the end of the line after quoted field ", fields, ", got ",
          [&] { return json_string(to_utf8({decode_utf8(text_, position_).code})); });
    position_ += line_ending_length(text_, position_);
    ++line_;
  }
  std::string field(std::size_t row_line, std::size_t number) {
    if (options_.quotes && accept('"')) return quoted(row_line, number);
    const std::size_t begin = position_;
    while (!at_end_of_line() && text_[position_] != options_.separator) ++position_;
    return std::string(text_.substr(begin, position_ - begin));
  }
  // Reads the rest of a field after its opening quote. Line endings in it are kept.
  std::string quoted(std::size_t row_line, std::size_t number) {
    for (std::string out;;) {
      check(more(), table_op, name_, ":", row_line, ": expected a closing quote of field ", number,
            ", got the end of the text");
      // The first quote of "" is skipped; the second is appended.
      if (accept('"') && (!more() || text_[position_] != '"')) return out;
      const std::size_t ending = line_ending_length(text_, position_);
      const std::size_t length = std::max<std::size_t>(ending, 1);
      out += text_.substr(position_, length);
      position_ += length;
      line_ += ending > 0 ? 1 : 0;
    }
  }

  std::string_view text_;
  const std::string& name_;
  const TableOptions& options_;
  std::size_t position_ = 0, line_ = 1;
};

}  // namespace

Table parse_table(std::string_view text, const std::string& name, const TableOptions& options) {
  TableReader reader(text, name, options);
  check(reader.more(), table_op, name,
        ": expected the names of the columns in the first line, got an empty file");
  Table table{.name = name, .columns = {}, .rows = {}, .lines = {}};
  while (reader.more()) {
    const std::size_t line = reader.line();
    std::vector<std::string> fields = reader.row();
    for (std::string& field : fields) field = to_utf8(code_points(field, options.invalid_utf8, name, line));
    if (line == 1) {
      table.columns = std::move(fields);
      continue;
    }
    check(fields.size() == table.columns.size(), table_op, name, ":", line, ": expected ",
          table.columns.size(), " fields, as in the first line, got ", fields.size());
    table.rows.push_back(std::move(fields));
    table.lines.push_back(line);
  }
  return table;
}

Table read_table(const std::string& path, const TableOptions& options) {
  return parse_table(read_file_of_format(table_op, path, "a table in text", EmptyFile::allow), path, options);
}

std::size_t Table::column(const std::string& column) const {
  const auto found = std::find(columns.begin(), columns.end(), column);
  const auto names = [&] {
    std::string list;
    for (const std::string& c : columns) list += (list.empty() ? "" : ", ") + json_string(c);
    return list;
  };
  check(found != columns.end(), table_op, name, ": expected a column ", Quoted{column}, ", got ", names);
  return static_cast<std::size_t>(found - columns.begin());
}

LabelledTexts read_labelled_texts(const std::string& path, const LabelledTextOptions& options) {
  Table table = read_table(path, options.table);
  const std::size_t text = table.column(options.text_column), label = table.column(options.label_column);
  constexpr index_t max_label = 999'999;
  LabelledTexts result;
  for (std::size_t i = 0; i < table.rows.size(); ++i) {
    const std::string& field = table.rows[i][label];
    index_t value = -1;
    const auto [end, error] = std::from_chars(field.data(), field.data() + field.size(), value);
    check(error == std::errc() && end == field.data() + field.size() && value >= 0 && value <= max_label,
          table_op, path, ":", table.lines[i], ": expected a label from 0 to ", max_label, ", got ",
          Quoted{field});
    result.texts.push_back(std::move(table.rows[i][text]));
    result.labels.push_back(value);
  }
  return result;
}

}  // namespace heed::data
