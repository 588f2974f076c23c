// The screen of the watch, line by line; watch.cpp contains the behaviour.
#include "lessons/runner/messages.h"
#include "lessons/runner/text.h"
#include "lessons/runner/watch.h"
#include "lessons/support/lesson.h"
#include "lessons/support/terminal.h"

namespace heed::runner {

namespace {

void add(Lines& lines, const std::string& text, Line::Style style = Line::Style::plain) {
  for (const std::string& line : lines_of(text)) lines.push_back({line, style});
}

void append(Lines& lines, const Lines& more) { lines.insert(lines.end(), more.begin(), more.end()); }

// A line with `left` at its beginning and `right` at its end.
std::string justified(const std::string& left, const std::string& right, std::size_t width) {
  const std::size_t used = lessons::columns(left) + lessons::columns(right);
  return left + std::string(used + 1 < width ? width - used : 1, ' ') + right;
}

// A line with its own indent. If it does not fit, it continues with a deeper indent.
std::string formula(const std::string& text, std::size_t width) {
  if (lessons::columns(text) <= width) return text + "\n";
  const std::size_t indent = text.find_first_not_of(' ');
  return std::string(indent, ' ') + wrapped(text.substr(indent), width - indent - 2, indent + 2);
}

// The comment at the top of a solution, without the title and the facts.
std::vector<std::string> statement_lines(const std::string& solution) {
  std::vector<std::string> statement;
  for (const std::string& line : lines_of(solution)) {
    if (!starts_with(line, "//")) break;
    statement.push_back(line.size() > 3 ? line.substr(3) : "");
  }
  const std::size_t above = std::min<std::size_t>(2, statement.size());
  statement.erase(statement.begin(), statement.begin() + static_cast<std::ptrdiff_t>(above));
  return statement;
}

}  // namespace

Lines Watch::header() const {
  const std::size_t count = session_.catalog.exercises.size();
  const std::string name =
      tr("exercise {1} of {2}", session_.catalog.index(*entry_) + 1, count) + " · " + entry_->id;
  const std::string facts = concat(entry_->minutes, " ", tr("min"), " ", entry_->stars());
  const std::size_t width = std::min(page_width, screen_.columns());
  return {{justified(name, facts, width), Line::Style::bold},
          {entry_->title},
          {},
          {tr("Edit and save:")},
          {"  " + session_.paths.display(entry_->file(session_.paths)), Line::Style::bold},
          {}};
}

Lines Watch::statement(std::size_t max_lines) const {
  const std::size_t width = std::min<std::size_t>(screen_.columns(), 118);
  std::string paragraph;
  Lines lines;
  const auto flush = [&] {
    add(lines, wrapped(paragraph, width), Line::Style::dim);
    paragraph.clear();
  };
  for (const std::string& text : statement_lines(read_text(entry_->solution(session_.paths)))) {
    // Formulas are indented by two or three columns. A deeper indent continues a paragraph ("You
    // may use: …").
    const bool continued = !paragraph.empty() && starts_with(text, "      ");
    if (!text.empty() && (text[0] != ' ' || continued)) {
      paragraph += text + "\n";
      continue;
    }
    flush();
    if (!lines.empty() || !text.empty()) add(lines, formula(text, width), Line::Style::dim);
  }
  flush();
  if (lines.size() > max_lines && max_lines > 0) {
    lines.resize(max_lines);
    lines.back() = {tr("… the file's first lines continue this text"), Line::Style::dim};
  }
  return lines;
}

Lines Watch::result() const {
  if (!status_.empty()) return {{status_, Line::Style::yellow}};
  if (!problem_.empty()) {
    Lines lines = {{tr("The exercise could not be judged. The cause is not your file:"), Line::Style::red}};
    add(lines, wrapped(problem_, page_width));
    return lines;
  }
  if (!verdict_) return {{}};
  Lines lines = report(session_.paths, *entry_, *verdict_, judged_text_, 4);
  const std::string time = tr("{1} s from save to result", lessons::fixed(answer_seconds_, 1));
  if (answer_seconds_ > 0)
    lines[0].text = justified(lines[0].text, time, std::min(page_width, screen_.columns()));
  if (verdict_->state != State::pass) return lines;
  const std::size_t count = session_.catalog.exercises.size();
  const std::string praise =
      session_.current()
          ? tr("Well done: {1} of {2}. Press n for the next exercise.", session_.passed(), count)
          : tr("All {1} exercises pass. You have implemented a Transformer.", count);
  lines.push_back({"  " + praise});
  return lines;
}

// One line per lesson, then the exercises of the current lesson.
Lines Watch::list() const {
  Lines lines;
  std::string folder;
  for (const Entry& entry : session_.catalog.exercises) {
    if (entry.folder != folder) {
      folder = entry.folder;
      lines.push_back({folder + std::string(folder.size() < 40 ? 40 - folder.size() : 1, ' ')});
    }
    const bool here = &entry == entry_;
    lines.back().text +=
        std::string(here ? "[" : " ") + mark(session_.progress.of(entry.id).state) + (here ? "]" : " ");
    if (here) lines.back().style = Line::Style::bold;
  }
  lines.push_back({tr("{1} of {2} exercises pass.", session_.passed(), session_.catalog.exercises.size()),
                   Line::Style::dim});
  for (const Entry& entry : session_.catalog.exercises) {
    if (entry.folder != entry_->folder) continue;
    const std::string name = concat("  ", mark(session_.progress.of(entry.id).state), " ", entry.name);
    const Line::Style style = &entry == entry_ ? Line::Style::bold : Line::Style::plain;
    lines.push_back({lessons::cells({name, entry.title}, {-26, -1}), style});
  }
  return lines;
}

Lines Watch::hints() const {
  Lines lines;
  const int count = session_.progress.of(entry_->id).hints;
  for (int i = 0; i < count; ++i)
    add(lines, concat(i + 1, ". ", wrapped(entry_->hints[static_cast<std::size_t>(i)], page_width, 3)));
  lines.push_back({});
  lines.push_back({count < 3 ? tr("Press h for a deeper hint, any other key to return.")
                             : tr("This was the last hint. Press any key to return."),
                   Line::Style::dim});
  return lines;
}

Lines Watch::explanation() const {
  Lines lines;
  add(lines, wrapped(verdict_->id + ": " + verdict_->message, page_width));
  lines.push_back({});
  for (const Mistake& mistake : session_.catalog.mistakes) {
    if (mistake.id != verdict_->id) continue;
    lines.push_back({mistake.id + " · " + mistake.title, Line::Style::bold});
    add(lines, wrapped(mistake.text, page_width));
  }
  return lines;
}

Lines Watch::body(std::size_t max_lines) const {
  Lines lines;
  switch (view_) {
    case View::exercise: {
      const Lines below = result();
      const std::size_t left = max_lines > below.size() + 1 ? max_lines - below.size() - 1 : 0;
      lines = statement(std::max<std::size_t>(std::min<std::size_t>(left, 14), 3));
      lines.push_back({});
      append(lines, below);
      return lines;
    }
    case View::hints:
      return hints();
    case View::list:
      return list();
    case View::explanation:
      return explanation();
    case View::confirm_reset:
      add(lines, wrapped(tr("Restore the stub? Your file will be backed up."), page_width),
          Line::Style::yellow);
      lines.push_back({tr("y yes, any other key no"), Line::Style::yellow});
      return lines;
  }
  return lines;
}

void Watch::draw() {
  const std::size_t rows = screen_.rows();
  Lines lines;
  if (view_ == View::exercise || view_ == View::hints || view_ == View::confirm_reset) lines = header();
  const std::size_t below = view_ == View::exercise ? 2 : 3, used = lines.size() + below;
  const std::size_t max_lines = rows > used ? rows - used : 1;
  Lines middle = body(max_lines);
  if (middle.size() > max_lines) {
    middle.resize(max_lines);
    middle.back() = {"… " + tr("there is more: use heed run or a taller window"), Line::Style::dim};
  }
  append(lines, middle);
  while (lines.size() + below - 1 < rows) lines.push_back({});
  if (view_ != View::exercise) lines.push_back(result()[0]);  // other views show one line of the result
  const bool explained = verdict_ && !verdict_->id.empty();
  lines.push_back({tr("n next  p back  h hint  l list  d demo  r run  x reset  q quit") +
                       (explained ? "  " + tr("e explain") : ""),
                   Line::Style::dim});
  screen_.draw(lines);
}

}  // namespace heed::runner
