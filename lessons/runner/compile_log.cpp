#include "lessons/runner/compile_log.h"

#include <cctype>

#include "lessons/runner/text.h"

namespace heed::runner {

namespace {

bool contains(const std::string& text, const std::string& part) {
  return text.find(part) != std::string::npos;
}

// A line of the form "FILE:12:7: error: text".
struct Remark {
  std::string file, kind, text;
  int line = 0, column = 0;
};

// The number that begins at index `i`, which is moved behind it.
std::optional<int> parse_number(const std::string& text, std::size_t& i) {
  const std::size_t start = i;
  while (i < text.size() && i - start < 9 && std::isdigit(static_cast<unsigned char>(text[i]))) ++i;
  if (i == start) return std::nullopt;
  return std::stoi(text.substr(start, i - start));
}

std::optional<Remark> parse_remark(const std::string& line) {
  // The file name ends at the first ":NUMBER:", because a path may contain colons.
  for (std::size_t colon = line.find(':'); colon != std::string::npos; colon = line.find(':', colon + 1)) {
    std::size_t i = colon + 1;
    const std::optional<int> row = parse_number(line, i);
    if (!row || i >= line.size() || line[i] != ':') continue;
    Remark remark{line.substr(0, colon), "", "", *row, 0};
    std::size_t after = i + 1;
    const std::optional<int> column = parse_number(line, after);
    if (column && after < line.size() && line[after] == ':') {
      remark.column = *column;
      i = after;
    }
    const std::string rest = trimmed(line.substr(i + 1));
    const std::size_t end = rest.find(": ");
    remark.kind = rest.substr(0, end);
    remark.text = end == std::string::npos ? rest : trimmed(rest.substr(end + 2));
    return remark;
  }
  return std::nullopt;
}

// Whether the remark names the line that led to an error in a header: "required from here" in g++,
// "requested here" in clang++.
bool is_origin(const Remark& remark) {
  return contains(remark.text, "required from here") || contains(remark.text, "requested here");
}

std::string link_error_in(const std::string& line) {
  for (const char* phrase : {"undefined reference to", "undefined symbol", "Undefined symbols",
                             "multiple definition of", "duplicate symbol"})
    if (contains(line, phrase)) return trimmed(line.substr(line.find(phrase)));
  return "";
}

// Collects the first error and warning of the learner's file and the first error of any other file.
class Remarks {
 public:
  explicit Remarks(const std::string& file) : file_(file) {}

  void add(const Remark& remark) {
    const bool here = remark.file == file_;
    if (here && is_origin(remark)) {
      origin_ = remark;
      if (outside_ && outside_->line == 0) {  // clang++ names the origin after the error
        outside_->line = remark.line;
        outside_->column = remark.column;
      }
    }
    if (remark.kind == "warning" && here && !warning_)
      warning_ = {remark.line, remark.column, remark.text, ""};
    if (remark.kind != "error" && remark.kind != "fatal error") return;
    if (here && !error_) error_ = {remark.line, remark.column, remark.text, ""};
    if (!here && !outside_)
      outside_ = {origin_ ? origin_->line : 0, origin_ ? origin_->column : 0, remark.text,
                  remark.file + ":" + std::to_string(remark.line)};
  }
  std::optional<Diagnostic> error() const { return error_ ? error_ : outside_; }
  std::optional<Diagnostic> warning() const { return warning_; }

 private:
  std::string file_;
  std::optional<Remark> origin_;  // g++ names it before the error
  std::optional<Diagnostic> error_, warning_, outside_;
};

}  // namespace

CompileLog read_compile_log(const std::string& log, const std::string& file, const std::string& object) {
  CompileLog result;
  Remarks remarks(file);
  for (const std::string& line : lines_of(log)) {
    // Ninja: "FAILED: …/02_sdpa.cpp.o", make: "*** […/02_sdpa.cpp.o] Error 1"
    if (contains(line, object) && (starts_with(line, "FAILED:") || contains(line, "] Error")))
      result.in_learners_file = true;
    const std::string link_error = link_error_in(line);
    if (result.link_error.empty()) result.link_error = link_error;
    if (starts_with(link_error, "undefined") || starts_with(link_error, "Undefined"))
      result.missing_function = true;
    if (const std::optional<Remark> remark = parse_remark(line)) remarks.add(*remark);
  }
  result.error = remarks.error();
  result.warning = remarks.warning();
  return result;
}

}  // namespace heed::runner
