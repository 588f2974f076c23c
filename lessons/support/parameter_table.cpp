#include "lessons/support/parameter_table.h"

#include <algorithm>
#include <sstream>
#include <vector>

#include "lessons/support/terminal.h"

namespace heed::lessons {

namespace {

constexpr std::size_t name_width = 33, shapes_width = 20;
const std::vector<int> parameter_columns = {-static_cast<int>(name_width), -static_cast<int>(shapes_width),
                                            11, 14};

// The parameters of one module. If it has a single one that is not its weight, the path ends with the
// name of that parameter.
struct ModuleRow {
  std::vector<std::string> path;  // "layers", "0", "linear1"
  std::string shapes;
  index_t count = 0;
};

std::string with_commas(index_t n) {
  std::string digits = concat(n);
  for (std::size_t i = digits.size(); i > 3;) {
    i -= 3;
    digits.insert(i, ",");
  }
  return digits;
}

bool is_number(const std::string& name) {
  return !name.empty() && name.find_first_not_of("0123456789") == std::string::npos;
}

std::vector<std::string> split_path(const std::string& name) {
  std::vector<std::string> parts;
  std::istringstream in(name);
  for (std::string part; std::getline(in, part, '.');) parts.push_back(part);
  return parts;
}

std::string join_path(const std::vector<std::string>& path, std::size_t begin) {
  std::string name;
  for (std::size_t i = begin; i < path.size(); ++i) name += (i > begin ? "." : "") + path[i];
  return name;
}

// Consecutive parameters of one module become one row if their shapes fit into the column.
std::vector<ModuleRow> rows_of(const NamedTensors& parameters) {
  std::vector<ModuleRow> rows;
  std::vector<std::string> last_module;
  for (const auto& [name, tensor] : parameters) {
    const std::vector<std::string> path = split_path(name), module(path.begin(), path.end() - 1);
    const std::string shape = concat(tensor.shape());
    const bool same_module = !rows.empty() && !module.empty() && module == last_module;
    if (same_module && rows.back().shapes.size() + 3 + shape.size() <= shapes_width) {
      rows.back().path = module;
      rows.back().shapes += " + " + shape;
      rows.back().count += tensor.numel();
      continue;
    }
    const bool named = module.empty() || same_module || (path.back() != "weight" && name.size() < name_width);
    rows.push_back({named ? path : module, shape, tensor.numel()});
    last_module = module;
  }
  return rows;
}

class ParameterTable {
 public:
  explicit ParameterTable(std::vector<ModuleRow> rows) : rows_(std::move(rows)) {}

  std::string text() {
    append({"module", "shapes", "parameters", "running total"});
    print(0, rows_.size(), 0, 0, 0);
    return text_;
  }

 private:
  // Prints the rows [begin, end), which have the first `depth` parts of their paths in common; the
  // parts before `shown` are in a heading above them.
  void print(std::size_t begin, std::size_t end, std::size_t depth, std::size_t shown, int indent) {
    for (std::size_t i = begin; i < end;) {
      const ModuleRow& row = rows_[i];
      if (depth >= row.path.size()) {
        print_row(i++, shown, indent);
        continue;
      }
      const std::size_t next = end_of_group(i, end, depth);
      if (!is_number(row.path[depth])) {
        print(i, next, depth + 1, shown, indent);
        i = next;
        continue;
      }
      const bool heading = next - i > 1;
      if (heading)
        append({std::string(static_cast<std::size_t>(indent), ' ') + prefix(row, shown, depth + 1)});
      print(i, next, depth + 1, heading ? depth + 1 : shown, heading ? indent + 2 : indent);
      i = print_repetitions(i, next, end, depth, shown, indent);
    }
  }

  // Prints one row for the elements of the list that equal the one in [first, next). Returns the end.
  std::size_t print_repetitions(std::size_t first, std::size_t next, std::size_t end, std::size_t depth,
                                std::size_t shown, int indent) {
    const std::size_t size = next - first;
    std::size_t last = first, at = next;
    while (at + size <= end && end_of_group(at, end, depth) == at + size && equal(first, at, size, depth)) {
      last = at;
      at += size;
    }
    if (last == first) return next;
    index_t count = 0;
    for (std::size_t i = next; i < at; ++i) count += rows_[i].count;
    total_ += count;
    const std::string name = prefix(rows_[next], shown, depth + 1),
                      until = last == next ? "" : " to " + rows_[last].path[depth];
    append({std::string(static_cast<std::size_t>(indent), ' ') + name + until,
            concat(last == next ? "as ." : "each as .", rows_[first].path[depth]), with_commas(count),
            with_commas(total_)});
    return at;
  }

  void print_row(std::size_t i, std::size_t shown, int indent) {
    total_ += rows_[i].count;
    // The beginning of a name that is too long is left out.
    std::string name = join_path(rows_[i].path, shown);
    for (std::size_t first = shown + 1; columns(name) >= name_width && first < rows_[i].path.size(); ++first)
      name = "…" + join_path(rows_[i].path, first);
    append({std::string(static_cast<std::size_t>(indent), ' ') + name, rows_[i].shapes,
            with_commas(rows_[i].count), with_commas(total_)});
  }

  // The end of the rows from i on that have the same part of the path at `depth`.
  std::size_t end_of_group(std::size_t i, std::size_t end, std::size_t depth) const {
    const std::string& name = rows_[i].path[depth];
    while (i < end && depth < rows_[i].path.size() && rows_[i].path[depth] == name) ++i;
    return i;
  }

  // Whether the next list element, from `b` on, has the same modules and shapes as the one from `a` on.
  bool equal(std::size_t a, std::size_t b, std::size_t size, std::size_t depth) const {
    if (!is_number(rows_[b].path[depth])) return false;
    for (std::size_t i = 0; i < size; ++i)
      if (join_path(rows_[a + i].path, depth + 1) != join_path(rows_[b + i].path, depth + 1) ||
          rows_[a + i].shapes != rows_[b + i].shapes)
        return false;
    return true;
  }

  static std::string prefix(const ModuleRow& row, std::size_t begin, std::size_t end) {
    return join_path({row.path.begin(), row.path.begin() + static_cast<std::ptrdiff_t>(end)}, begin);
  }

  void append(std::vector<std::string> texts) {
    texts.resize(parameter_columns.size());
    std::string line = "  " + cells(texts, parameter_columns);
    text_ += line.substr(0, line.find_last_not_of(' ') + 1) + "\n";
  }

  std::vector<ModuleRow> rows_;
  std::string text_ = {};
  index_t total_ = 0;
};

}  // namespace

std::string parameter_table(const NamedTensors& parameters) {
  return ParameterTable(rows_of(parameters)).text();
}

}  // namespace heed::lessons
