#include "data/text/table.h"

#include <algorithm>
#include <charconv>

#include "autograd/error.h"
#include "data/file.h"
#include "data/file_format.h"
#include "data/json.h"
#include "data/text/lines.h"

namespace heed::data {

static const char* const op = "table";

namespace {

// One row after the other, by a small state machine: at a field's begin, in a bare field, in a quoted one.
class TableReader {
 public:
  TableReader(std::string_view text, const std::string& name, const TableOptions& options)
      : text_(text), name_(name), options_(options) {
    at_ = byte_order_mark(text_);
  }

  bool more() const { return at_ < text_.size(); }
  std::size_t line() const { return line_; }

  std::vector<std::string> row() {
    std::vector<std::string> fields;
    const std::size_t begin = line_;
    do fields.push_back(field(begin, fields.size() + 1));
    while (take(options_.separator));
    if (more()) end_of_line(begin, fields.size());
    return fields;
  }

 private:
  bool take(char c) {
    if (!more() || text_[at_] != c) return false;
    ++at_;
    return true;
  }
  bool at_end_of_line() const { return !more() || line_end_at(text_, at_) > 0; }
  void end_of_line(std::size_t begin, std::size_t fields) {
    check(at_end_of_line(), op, name_, ":", begin, ": after the quoted field ", fields, " comes ",
          json_string(to_utf8({character_at(text_, at_).code})),
          "; expected the separator or the end of the line");
    at_ += line_end_at(text_, at_);
    ++line_;
  }
  std::string field(std::size_t row_line, std::size_t number) {
    if (options_.quotes && take('"')) return quoted(row_line, number);
    std::string out;
    while (!at_end_of_line() && text_[at_] != options_.separator) out += text_[at_++];
    return out;
  }
  // The rest of a field after its first quote, with the line ends in it as they are.
  std::string quoted(std::size_t row_line, std::size_t number) {
    for (std::string out;;) {
      check(more(), op, name_, ":", row_line, ": the quote of field ", number, " has no end");
      if (take('"') && (!more() || text_[at_] != '"')) return out;
      // Of "" the second quote is added.
      const std::size_t line_end = line_end_at(text_, at_);
      const std::size_t length = std::max<std::size_t>(line_end, 1);
      out += text_.substr(at_, length);
      at_ += length;
      line_ += line_end > 0 ? 1 : 0;
    }
  }

  std::string_view text_;
  const std::string& name_;
  const TableOptions& options_;
  std::size_t at_ = 0, line_ = 1;
};

}  // namespace

Table parse_table(std::string_view text, const std::string& name, const TableOptions& options) {
  TableReader reader(text, name, options);
  check(reader.more(), op, name, ": empty; the first line must name the columns");
  Table table{.name = name, .columns = {}, .rows = {}, .lines = {}};
  while (reader.more()) {
    const std::size_t line = reader.line();
    std::vector<std::string> fields = reader.row();
    for (std::string& field : fields)
      field = to_utf8(code_points(field, options.broken, concat(name, ":", line)));
    if (line == 1) {
      table.columns = std::move(fields);
      continue;
    }
    check(fields.size() == table.columns.size(), op, name, ":", line, ": ", fields.size(),
          " fields, but the first line has ", table.columns.size());
    table.rows.push_back(std::move(fields));
    table.lines.push_back(line);
  }
  return table;
}

Table read_table(const std::string& path, const TableOptions& options) {
  const std::string text = read_file(op, path);
  check_format(op, path, text, "a table in text");
  return parse_table(text, path, options);
}

std::size_t Table::column(const std::string& column) const {
  const auto found = std::find(columns.begin(), columns.end(), column);
  std::string have;
  for (const std::string& c : columns) have += (have.empty() ? "" : ", ") + json_string(c);
  check(found != columns.end(), op, name, ": no column ", json_string(column), "; there are ", have);
  return static_cast<std::size_t>(found - columns.begin());
}

LabelledTexts read_labelled_texts(const std::string& path, const LabelledTextOptions& options) {
  Table table = read_table(path, options.table);
  const std::size_t text = table.column(options.text_column), label = table.column(options.label_column);
  constexpr index_t most = 1'000'000;
  LabelledTexts result;
  for (std::size_t i = 0; i < table.rows.size(); ++i) {
    const std::string& field = table.rows[i][label];
    index_t value = -1;
    const auto [end, error] = std::from_chars(field.data(), field.data() + field.size(), value);
    check(error == std::errc() && end == field.data() + field.size() && value >= 0 && value < most, op, path,
          ":", table.lines[i], ": the label is ", json_string(field),
          "; it must be a whole number from 0 on");
    result.texts.push_back(std::move(table.rows[i][text]));
    result.labels.push_back(value);
  }
  return result;
}

}  // namespace heed::data
