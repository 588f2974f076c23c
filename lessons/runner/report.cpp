#include "lessons/runner/report.h"

#include "lessons/runner/messages.h"
#include "lessons/runner/text.h"
#include "lessons/support/terminal.h"

namespace heed::runner {

namespace {

constexpr std::size_t page_width = 80;

// "  asked    softmax_rows(…)": the value may take several lines.
void add_field(Lines& lines, const std::string& name, const std::string& value) {
  const std::size_t column = std::max<std::size_t>(lessons::columns(name) + 3, 11);
  std::string start = "  " + name + std::string(column - 2 - lessons::columns(name), ' ');
  for (const std::string& line : lines_of(wrapped(value, page_width - column))) {
    lines.push_back({concat(start, line)});
    start = std::string(column, ' ');
  }
}

void add_paragraph(Lines& lines, const std::string& text, Line::Look look = Line::Look::plain) {
  for (const std::string& line : lines_of(wrapped(text, page_width - 2)))
    lines.push_back({"  " + line, look});
}

std::string line_of(const std::string& source, int number) {
  const std::vector<std::string> lines = lines_of(source);
  return number >= 1 && static_cast<std::size_t>(number) <= lines.size()
             ? lines[static_cast<std::size_t>(number - 1)]
             : "";
}

// The line complained of, and a mark under the column.
void add_source(Lines& lines, const std::string& source, const Complaint& complaint) {
  const std::string line = line_of(source, complaint.line);
  if (trimmed(line).empty()) return;
  const std::string number = lessons::cells({concat(complaint.line)}, {6});
  lines.push_back({number + " | " + printable(line)});
  const auto before = static_cast<std::size_t>(std::max(complaint.column - 1, 0));
  if (complaint.column > 0 && before <= line.size())
    lines.push_back({std::string(number.size(), ' ') + " | " +
                     std::string(lessons::columns(printable(line.substr(0, before))), ' ') + "^"});
}

std::string place_of(const std::string& file, const Complaint& complaint) {
  return complaint.line > 0
             ? concat(file, ":", complaint.line, complaint.column > 0 ? concat(":", complaint.column) : "")
             : file;
}

// How exercises.h declares the function: "Tensor sdpa(const Tensor& q, …);"
std::string declaration_of(const Places& places, const Entry& entry) {
  for (const std::string& line : lines_of(read_text(places.lessons() / entry.folder / "exercises.h")))
    if (line.find(" " + entry.name + "(") != std::string::npos) return trimmed(line);
  return entry.name;
}

void add_compile(Lines& lines, const Places& places, const Entry& entry, const Verdict& verdict,
                 const std::string& source) {
  const std::string file = places.shown(entry.file(places));
  if (verdict.missing_function)
    add_paragraph(
        lines,
        tr("The check finds no function with this name and these parameters; they must stay as given:"));
  if (verdict.missing_function) lines.push_back({"    " + declaration_of(places, entry)});
  if (verdict.error && !verdict.missing_function) {
    lines.push_back({"  " + place_of(file, *verdict.error)});
    add_source(lines, source, *verdict.error);
    add_paragraph(lines, printable(verdict.error->text), Line::Look::bold);
    if (!verdict.error->where.empty())
      add_paragraph(lines, tr("(the compiler points into {1})", verdict.error->where));
  }
  lines.push_back(
      {"  " + tr("All that the compiler said: {1}", command("run " + entry.id + " --raw")), Line::Look::dim});
}

void add_wrong(Lines& lines, const Verdict& verdict) {
  if (!verdict.message.empty())
    add_paragraph(lines,
                  verdict.id.empty() ? tr("This must hold, and does not: {1}", verdict.message)
                  : verdict.certain  ? verdict.message
                                     : tr("Likely: {1}", verdict.message),
                  Line::Look::bold);
  else
    add_paragraph(lines, tr("No mistake that we know gives these numbers. The largest difference:"));
  add_field(lines, tr("asked"), verdict.question);
  add_field(lines, tr("at"), verdict.place);
  add_field(lines, tr("got"), verdict.got);
  add_field(lines, tr("wanted"), verdict.want);
  if (!verdict.id.empty())
    lines.push_back({"  " + tr("More about it: {1}", command("explain " + verdict.id)), Line::Look::dim});
}

void add_output(Lines& lines, const Verdict& verdict, std::size_t printed) {
  if (verdict.output.empty() || printed == 0) return;
  const std::vector<std::string> output = lines_of(verdict.output);
  lines.push_back({"  " + tr("Your code printed:"), Line::Look::dim});
  for (std::size_t i = 0; i < output.size() && i < printed; ++i) lines.push_back({"  │ " + output[i]});
  if (output.size() > printed || verdict.output_cut)
    lines.push_back({"  " + tr("(and more, which is left out)"), Line::Look::dim});
}

JsonObject json_complaint(const Complaint& c, const std::string& source) {
  JsonObject object;
  object.add("line", c.line).add("column", c.column).add("text", printable(c.text)).add_if("where", c.where);
  return object.add_if("source", printable(line_of(source, c.line)));
}

}  // namespace

const char* mark(State state) { return state == State::pass ? "✓" : state == State::todo ? "·" : "✗"; }

std::string in_words(State state) {
  switch (state) {
    case State::todo:
      return tr("not written yet");
    case State::compile:
      return tr("does not compile");
    case State::crash:
      return tr("crashed");
    case State::timeout:
      return tr("did not end");
    case State::wrong:
      return tr("wrong");
    case State::pass:
      return tr("pass");
  }
  return "";
}

Line::Look look_of(State state) {
  return state == State::pass   ? Line::Look::green
         : state == State::todo ? Line::Look::yellow
                                : Line::Look::red;
}

std::string shown(const Line& line) {
  static const char* const codes[] = {"", "1", "2", "1;32", "1;33", "1;31"};
  if (!lessons::has_colour() || line.look == Line::Look::plain || line.text.empty()) return line.text;
  return concat("\033[", codes[static_cast<int>(line.look)], "m", line.text, "\033[0m");
}

std::string shown(const Lines& lines) {
  std::string all;
  for (const Line& line : lines) all += shown(line) + "\n";
  return all;
}

Lines report(const Places& places, const Entry& entry, const Verdict& verdict, const std::string& source,
             std::size_t printed) {
  std::string head = concat(mark(verdict.state), " ", entry.id, ": ", in_words(verdict.state));
  if (!verdict.id.empty()) head += " · " + verdict.id;
  Lines lines = {{head, look_of(verdict.state)}};
  switch (verdict.state) {
    case State::todo:
      add_field(lines, tr("to do"), verdict.todo);
      add_field(lines, tr("in"), places.shown(entry.file(places)));
      break;
    case State::compile:
      add_compile(lines, places, entry, verdict, source);
      break;
    case State::crash:
    case State::timeout:
      add_paragraph(lines, tr("Your code {1}.", verdict.ended), Line::Look::bold);
      add_field(lines, tr("asked"), verdict.question);
      break;
    case State::wrong:
      add_wrong(lines, verdict);
      break;
    case State::pass:
      break;
  }
  if (verdict.warning && verdict.state != State::pass && verdict.state != State::compile) {
    add_paragraph(lines, tr("The compiler warns at line {1}: {2}", verdict.warning->line,
                            printable(verdict.warning->text)));
    add_source(lines, source, *verdict.warning);
  }
  add_output(lines, verdict, printed);
  return lines;
}

JsonObject json_report(const Places& places, const Entry& entry, const Verdict& verdict,
                       const std::string& source) {
  JsonObject object;
  object.add("id", entry.id)
      .add("state", name_of(verdict.state))
      .add("file", places.shown(entry.file(places)));
  object.add_if("todo", verdict.todo);
  if (verdict.error) object.add("error", json_complaint(*verdict.error, source));
  if (verdict.missing_function) object.add("declaration", declaration_of(places, entry));
  object.add_if("ended", verdict.ended);
  object.add_if("mistake", verdict.id).add_if("message", verdict.message);
  if (!verdict.id.empty()) object.add("certain", verdict.certain);
  object.add_if("question", verdict.question).add_if("place", verdict.place);
  object.add_if("got", verdict.got).add_if("want", verdict.want);
  if (verdict.warning) object.add("warning", json_complaint(*verdict.warning, source));
  object.add_if("output", verdict.output);
  if (verdict.output_cut) object.add("output_cut", true);
  return object.add("seconds",
                    JsonObject().add("build", verdict.build_seconds).add("run", verdict.run_seconds));
}

}  // namespace heed::runner
