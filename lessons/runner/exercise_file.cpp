#include "lessons/runner/exercise_file.h"

#include <algorithm>
#include <charconv>

#include "lessons/runner/line_reader.h"

namespace heed::runner {

namespace {

const std::string hints_heading = "// Hints";
const std::string solution_begins = "// solution: ", solution_ends = "// end";
const std::vector<std::string> difficulties = {"●○○", "●●○", "●●●"};
const char* const facts_form = "\"// Exercise 3 · 10 minutes · ●○○ · after 02_dot_scores\"";

bool is_comment(const std::string& line) { return starts_with(line, "//"); }

// The text of a comment line: without "//" and the space after it.
std::string comment_text(const std::string& line) {
  return line.size() > 3 && line[2] == ' ' ? line.substr(3) : line.substr(2);
}

// "10 minutes" -> 10, "Exercise 3" -> 3; -1 if the text has another form.
int number_in(const std::string& text, const std::string& before, const std::string& after) {
  if (!starts_with(text, before) || !text.ends_with(after)) return -1;
  if (text.size() <= before.size() + after.size()) return -1;
  const std::string digits = text.substr(before.size(), text.size() - before.size() - after.size());
  int number = -1;
  const char* stop = digits.data() + digits.size();
  const auto [end, error] = std::from_chars(digits.data(), stop, number);
  return error == std::errc() && end == stop ? number : -1;
}

void read_title(LineReader& reader, const std::string& id, ExerciseInfo& info) {
  const std::string start = concat("// ", id, " — ");
  if (reader.done() || !starts_with(reader.line(), start)) reader.fail("\"" + start + "the title\"");
  info.title = trimmed(reader.line().substr(start.size()));
  if (info.title.empty()) reader.fail("\"" + start + "the title\"");
  reader.next();
}

void read_facts(LineReader& reader, ExerciseInfo& info) {
  if (reader.done() || !is_comment(reader.line())) reader.fail(facts_form);
  const std::vector<std::string> parts = split(comment_text(reader.line()), "·");
  if (parts.size() < 3 || parts.size() > 4) reader.fail(facts_form);
  info.number = number_in(parts[0], "Exercise ", "");
  if (info.number < 1) reader.fail("\"Exercise 3\" as the first part of " + std::string(facts_form));
  info.minutes = number_in(parts[1], "", parts[1].ends_with("minute") ? " minute" : " minutes");
  if (info.minutes < 1) reader.fail("\"10 minutes\" as the second part of " + std::string(facts_form));
  const auto stars = std::find(difficulties.begin(), difficulties.end(), parts[2]);
  if (stars == difficulties.end())
    reader.fail("●○○, ●●○ or ●●● as the third part of " + std::string(facts_form));
  info.difficulty = static_cast<int>(stars - difficulties.begin()) + 1;
  if (parts.size() == 4) {
    if (!starts_with(parts[3], "after "))
      reader.fail("\"after\" and exercise ids as the last part of " + std::string(facts_form));
    info.after = split(parts[3].substr(6), ",");
  }
  reader.next();
}

// "1. A question" and the lines below it, up to the next number or the end.
std::string read_hint(LineReader& reader, int number) {
  const std::string start = concat("// ", number, ". ");
  while (!reader.done() && is_comment(reader.line()) && trimmed(comment_text(reader.line())).empty())
    reader.next();
  if (reader.done() || !starts_with(reader.line(), start))
    reader.fail(concat("hint ", number, ": \"", start, "…\""));
  std::string hint = reader.line().substr(start.size());
  for (reader.next(); !reader.done() && is_comment(reader.line()); reader.next()) {
    const std::string text = comment_text(reader.line());
    if (!trimmed(text).empty() && !starts_with(text, "   ")) break;
    hint += "\n" + (text.size() > 3 ? text.substr(3) : "");
  }
  return trimmed(hint);
}

}  // namespace

std::string ExerciseInfo::stars() const { return difficulties[static_cast<std::size_t>(difficulty - 1)]; }

ExerciseInfo read_exercise_info(const std::string& solution, const std::string& id,
                                const std::string& shown) {
  LineReader reader(solution, shown);
  ExerciseInfo info;
  read_title(reader, id, info);
  read_facts(reader, info);
  while (!reader.done() && reader.line() != hints_heading) reader.next();
  if (reader.done()) reader.fail("\"" + hints_heading + "\" after the code");
  reader.next();
  for (int i = 0; i < 3; ++i) info.hints[static_cast<std::size_t>(i)] = read_hint(reader, i + 1);
  reader.skip_empty();
  if (!reader.done()) reader.fail("the end of the file after hint 3");
  return info;
}

std::string without_hints(const std::string& solution) {
  const std::size_t heading = solution.find("\n" + hints_heading + "\n");
  if (heading == std::string::npos) return solution;
  const std::size_t end = solution.find_last_not_of("\r\n", heading);
  return solution.substr(0, end + 1) + "\n";
}

std::string stub_of(const std::string& solution) {
  std::string stub;
  bool inside = false;
  for (const std::string& line : lines_of(without_hints(solution))) {
    const std::string text = trimmed(line);
    if (!inside && starts_with(text, solution_begins)) {
      const std::string indent = line.substr(0, line.find(solution_begins));
      stub += indent + "todo(\"" + text.substr(solution_begins.size()) + "\");\n";
      inside = true;
    } else if (inside) {
      inside = text != solution_ends;
    } else {
      stub += line + "\n";
    }
  }
  check(!inside, "stub", "expected \"", solution_ends, "\" after \"", solution_begins,
        "…\", got the end of the file");
  return stub;
}

std::string declaration_of(const std::string& solution, const std::string& name) {
  constexpr std::size_t width = 110;
  std::string joined, as_written;
  bool inside = false;
  for (const std::string& line : lines_of(solution)) {
    const std::size_t call = line.find(" " + name + "(");
    const bool top_level = !line.empty() && line[0] != ' ' && !is_comment(line);
    inside = inside || (top_level && call != std::string::npos);
    if (!inside) continue;
    const std::size_t brace = line.find('{');
    const std::string piece = line.substr(0, brace);
    joined += (joined.empty() ? "" : " ") + trimmed(piece);
    as_written += (as_written.empty() ? "" : "\n") + piece;
    if (brace == std::string::npos) continue;
    if (joined.size() < width) return joined + ";";
    return as_written.substr(0, as_written.find_last_not_of(' ') + 1) + ";";
  }
  fail("declaration", "expected a definition of ", name, "(…) outside all other functions, got none");
}

}  // namespace heed::runner
