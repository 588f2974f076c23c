#include "lessons/runner/report.h"

#include "lessons/runner/messages.h"
#include "lessons/runner/text.h"
#include "lessons/support/terminal.h"

namespace heed::runner {

namespace {

// "  call     softmax_rows(…)"; a long value continues on indented lines.
void add_field(Lines& lines, const std::string& name, const std::string& value) {
  const std::size_t column = std::max<std::size_t>(lessons::columns(name) + 3, 11);
  std::string start = "  " + name + std::string(column - 2 - lessons::columns(name), ' ');
  for (const std::string& line : lines_of(wrapped(value, page_width - column))) {
    lines.push_back({concat(start, line)});
    start = std::string(column, ' ');
  }
}

void add_paragraph(Lines& lines, const std::string& text, Line::Style style = Line::Style::plain) {
  for (const std::string& line : lines_of(wrapped(text, page_width - 2)))
    lines.push_back({"  " + line, style});
}

std::string line_of(const std::string& source, int number) {
  const std::vector<std::string> lines = lines_of(source);
  if (number < 1 || static_cast<std::size_t>(number) > lines.size()) return "";
  return lines[static_cast<std::size_t>(number - 1)];
}

// The source line of a diagnostic, and a caret below its column.
void add_source(Lines& lines, const std::string& source, const Diagnostic& diagnostic) {
  const std::string line = line_of(source, diagnostic.line);
  if (trimmed(line).empty()) return;
  const std::string number = lessons::cells({concat(diagnostic.line)}, {6});
  lines.push_back({number + " | " + printable(line)});
  const auto before = static_cast<std::size_t>(std::max(diagnostic.column - 1, 0));
  if (diagnostic.column < 1 || before > line.size()) return;
  const std::size_t indent = lessons::columns(printable(line.substr(0, before)));
  lines.push_back({std::string(number.size(), ' ') + " | " + std::string(indent, ' ') + "^"});
}

// "FILE:12:7", as editors open it.
std::string position_of(const std::string& file, const Diagnostic& diagnostic) {
  if (diagnostic.line < 1) return file;
  return concat(file, ":", diagnostic.line, diagnostic.column > 0 ? concat(":", diagnostic.column) : "");
}

std::string declaration_in_solution(const Paths& paths, const Entry& entry) {
  return declaration_of(read_text(entry.solution(paths)), entry.name);
}

void add_compile(Lines& lines, const Paths& paths, const Entry& entry, const Verdict& verdict,
                 const std::string& source) {
  if (verdict.missing_function) {
    add_paragraph(
        lines, tr("The check did not find a function with this name and these parameters. Do not change its "
                  "declaration:"));
    for (const std::string& line : lines_of(declaration_in_solution(paths, entry)))
      lines.push_back({"    " + line});
  } else if (verdict.error) {
    lines.push_back({"  " + position_of(paths.display(entry.file(paths)), *verdict.error)});
    add_source(lines, source, *verdict.error);
    add_paragraph(lines, printable(verdict.error->text), Line::Style::bold);
    if (!verdict.error->location.empty())
      add_paragraph(lines, tr("(reported by the compiler at {1})", verdict.error->location));
  }
  lines.push_back(
      {"  " + tr("Full compiler output: {1}", invocation("run " + entry.id + " --raw")), Line::Style::dim});
}

void add_wrong(Lines& lines, const Verdict& verdict) {
  if (verdict.message.empty()) {
    add_paragraph(lines, tr("No known mistake gives these values. The largest difference:"));
  } else {
    std::string message = verdict.message;
    if (verdict.id.empty()) message = tr("This property must hold, but does not: {1}", verdict.message);
    if (!verdict.id.empty() && !verdict.certain) message = tr("Likely: {1}", verdict.message);
    add_paragraph(lines, message, Line::Style::bold);
  }
  add_field(lines, tr("call"), verdict.question);
  add_field(lines, tr("index"), verdict.index);
  add_field(lines, tr("got"), verdict.got);
  add_field(lines, tr("expected"), verdict.want);
  if (!verdict.id.empty())
    lines.push_back({"  " + tr("Explanation: {1}", invocation("explain " + verdict.id)), Line::Style::dim});
}

void add_output(Lines& lines, const Verdict& verdict, std::size_t max_printed) {
  if (verdict.output.empty() || max_printed == 0) return;
  const std::vector<std::string> output = lines_of(verdict.output);
  lines.push_back({"  " + tr("Your code printed:"), Line::Style::dim});
  for (std::size_t i = 0; i < output.size() && i < max_printed; ++i) lines.push_back({"  │ " + output[i]});
  if (output.size() > max_printed || verdict.output_cut)
    lines.push_back({"  " + tr("(the rest is omitted)"), Line::Style::dim});
}

JsonObject json_diagnostic(const Diagnostic& d, const std::string& source) {
  JsonObject object;
  object.add("line", d.line)
      .add("column", d.column)
      .add("text", printable(d.text))
      .add_if("where", d.location);
  return object.add_if("source", printable(line_of(source, d.line)));
}

}  // namespace

const char* mark(State state) {
  if (state == State::pass) return "✓";
  return state == State::todo ? "·" : "✗";
}

std::string in_words(State state) {
  switch (state) {
    case State::todo:
      return tr("not written yet");
    case State::compile:
      return tr("does not compile");
    case State::crash:
      return tr("crashed");
    case State::timeout:
      return tr("did not finish");
    case State::wrong:
      return tr("wrong");
    case State::pass:
      return tr("pass");
  }
  return "";
}

Line::Style style_of(State state) {
  if (state == State::pass) return Line::Style::green;
  return state == State::todo ? Line::Style::yellow : Line::Style::red;
}

std::string styled(const Line& line) {
  static const char* const codes[] = {"", "1", "2", "1;32", "1;33", "1;31"};
  if (!lessons::has_colour() || line.style == Line::Style::plain || line.text.empty()) return line.text;
  return concat("\033[", codes[static_cast<int>(line.style)], "m", line.text, "\033[0m");
}

std::string styled(const Lines& lines) {
  std::string all;
  for (const Line& line : lines) all += styled(line) + "\n";
  return all;
}

Lines report(const Paths& paths, const Entry& entry, const Verdict& verdict, const std::string& source,
             std::size_t max_printed) {
  std::string head = concat(mark(verdict.state), " ", entry.id, ": ", in_words(verdict.state));
  if (!verdict.id.empty()) head += " · " + verdict.id;
  Lines lines = {{head, style_of(verdict.state)}};
  switch (verdict.state) {
    case State::todo:
      add_field(lines, tr("to do"), verdict.todo);
      add_field(lines, tr("file"), paths.display(entry.file(paths)));
      break;
    case State::compile:
      add_compile(lines, paths, entry, verdict, source);
      break;
    case State::crash:
    case State::timeout:
      add_paragraph(lines, tr("Your code {1}.", verdict.ended), Line::Style::bold);
      add_field(lines, tr("call"), verdict.question);
      break;
    case State::wrong:
      add_wrong(lines, verdict);
      break;
    case State::pass:
      break;
  }
  if (verdict.warning && verdict.state != State::pass && verdict.state != State::compile) {
    add_paragraph(lines, tr("Compiler warning in line {1}: {2}", verdict.warning->line,
                            printable(verdict.warning->text)));
    add_source(lines, source, *verdict.warning);
  }
  add_output(lines, verdict, max_printed);
  return lines;
}

JsonObject json_report(const Paths& paths, const Entry& entry, const Verdict& verdict,
                       const std::string& source) {
  JsonObject object;
  object.add("id", entry.id).add("state", name_of(verdict.state));
  object.add("file", paths.display(entry.file(paths)));
  object.add_if("todo", verdict.todo);
  if (verdict.error) object.add("error", json_diagnostic(*verdict.error, source));
  if (verdict.missing_function) object.add("declaration", declaration_in_solution(paths, entry));
  object.add_if("ended", verdict.ended);
  object.add_if("mistake", verdict.id).add_if("message", verdict.message);
  if (!verdict.id.empty()) object.add("certain", verdict.certain);
  object.add_if("question", verdict.question).add_if("index", verdict.index);
  object.add_if("got", verdict.got).add_if("want", verdict.want);
  if (verdict.warning) object.add("warning", json_diagnostic(*verdict.warning, source));
  object.add_if("output", verdict.output);
  if (verdict.output_cut) object.add("output_cut", true);
  const JsonObject seconds = JsonObject().add("build", verdict.build_seconds).add("run", verdict.run_seconds);
  return object.add("seconds", seconds);
}

}  // namespace heed::runner
