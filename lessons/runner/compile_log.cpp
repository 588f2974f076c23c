#include "lessons/runner/compile_log.h"

#include <cctype>

#include "lessons/runner/text.h"

namespace heed::runner {

namespace {

bool contains(const std::string& text, const std::string& part) {
  return text.find(part) != std::string::npos;
}

// "FILE:12:7: error: text" taken apart; `kind` is what stands between place and text.
struct Remark {
  std::string file, kind, text;
  int line = 0, column = 0;
};

std::optional<int> number_at(const std::string& text, std::size_t& at) {
  const std::size_t start = at;
  while (at < text.size() && at - start < 9 && std::isdigit(static_cast<unsigned char>(text[at]))) ++at;
  if (at == start) return std::nullopt;
  return std::stoi(text.substr(start, at - start));
}

std::optional<Remark> remark_of(const std::string& line) {
  // The place ends at the first ":NUMBER:"; a path may hold colons of its own.
  for (std::size_t colon = line.find(':'); colon != std::string::npos; colon = line.find(':', colon + 1)) {
    std::size_t at = colon + 1;
    const std::optional<int> row = number_at(line, at);
    if (!row || at >= line.size() || line[at] != ':') continue;
    Remark remark{line.substr(0, colon), "", "", *row, 0};
    std::size_t after = at + 1;
    if (const std::optional<int> column = number_at(line, after);
        column && after < line.size() && line[after] == ':') {
      remark.column = *column;
      at = after;
    }
    const std::string rest = trimmed(line.substr(at + 1));
    const std::size_t end = rest.find(": ");
    remark.kind = rest.substr(0, end);
    remark.text = end == std::string::npos ? rest : trimmed(rest.substr(end + 2));
    return remark;
  }
  return std::nullopt;
}

// g++ leads to an error inside a header by "required from here", clang++ by "requested here".
bool leads_here(const Remark& remark) {
  return contains(remark.text, "required from here") || contains(remark.text, "requested here");
}

std::string link_error_of(const std::string& line) {
  for (const char* sign : {"undefined reference to", "undefined symbol", "Undefined symbols",
                           "multiple definition of", "duplicate symbol"})
    if (contains(line, sign)) return trimmed(line.substr(line.find(sign)));
  return "";
}

}  // namespace

CompileLog read_compile_log(const std::string& log, const std::string& file, const std::string& object) {
  CompileLog result;
  std::optional<Remark> led;         // the learner's line that led into a header, before the error (g++)
  std::optional<Complaint> outside;  // the first error elsewhere
  for (const std::string& line : lines_of(log)) {
    // Ninja: "FAILED: …/02_sdpa.cpp.o", make: "*** […/02_sdpa.cpp.o] Error 1"
    if (contains(line, object) && (starts_with(line, "FAILED:") || contains(line, "] Error")))
      result.in_learners_file = true;
    if (const std::string said = link_error_of(line); !said.empty()) {
      if (result.link_error.empty()) result.link_error = said;
      if (starts_with(said, "undefined") || starts_with(said, "Undefined")) result.missing_function = true;
    }
    const std::optional<Remark> remark = remark_of(line);
    if (!remark) continue;
    const bool here = remark->file == file;
    if (here && leads_here(*remark)) {
      led = remark;
      if (outside && outside->line == 0)
        outside->line = remark->line, outside->column = remark->column;  // clang++
    }
    if (remark->kind == "error" || remark->kind == "fatal error") {
      if (here && !result.error) result.error = {remark->line, remark->column, remark->text, ""};
      if (!here && !outside)
        outside = {led ? led->line : 0, led ? led->column : 0, remark->text,
                   remark->file + ":" + std::to_string(remark->line)};
    }
    if (remark->kind == "warning" && here && !result.warning)
      result.warning = {remark->line, remark->column, remark->text, ""};
  }
  if (!result.error) result.error = outside;
  return result;
}

}  // namespace heed::runner
