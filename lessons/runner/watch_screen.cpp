// What the watch shows, line by line; watch.cpp is what it does.
#include "lessons/runner/messages.h"
#include "lessons/runner/text.h"
#include "lessons/runner/watch.h"
#include "lessons/support/lesson.h"
#include "lessons/support/terminal.h"

namespace heed::runner {

namespace {

constexpr std::size_t page_width = 80;

void add(Lines& lines, const std::string& text, Line::Look look = Line::Look::plain) {
  for (const std::string& line : lines_of(text)) lines.push_back({line, look});
}

void append(Lines& lines, const Lines& more) { lines.insert(lines.end(), more.begin(), more.end()); }

// One line that holds `left`, and `right` at its end.
std::string both(const std::string& left, const std::string& right, std::size_t width) {
  const std::size_t taken = lessons::columns(left) + lessons::columns(right);
  return left + std::string(taken + 1 < width ? width - taken : 1, ' ') + right;
}

// A line with its own indent: as it is where it fits, else going on further in.
std::string formula(const std::string& text, std::size_t width) {
  if (lessons::columns(text) <= width) return text + "\n";
  const std::size_t in = text.find_first_not_of(' ');
  return std::string(in, ' ') + wrapped(text.substr(in), width - in - 2, in + 2);
}

}  // namespace

Lines Watch::head() const {
  const auto& all = session_.catalog.exercises;
  const std::string name =
      tr("exercise {1} of {2}", session_.catalog.index(*entry_) + 1, all.size()) + " · " + entry_->id;
  const std::string facts = concat(entry_->minutes, " ", tr("min"), " ", entry_->stars());
  Lines lines = {
      {both(name, facts, std::min(page_width, screen_.columns())), Line::Look::bold}, {entry_->title}, {}};
  lines.push_back({tr("Edit and save:")});
  lines.push_back({"  " + session_.places.shown(entry_->file(session_.places)), Line::Look::bold});
  lines.push_back({});
  return lines;
}

// The comment that the exercise's file begins with, without its first line, which is the title.
Lines Watch::spec(std::size_t room) const {
  const std::size_t width = std::min<std::size_t>(screen_.columns(), 118);
  std::string paragraph;
  Lines lines;
  const auto flush = [&] {
    add(lines, wrapped(paragraph, width), Line::Look::dim);
    paragraph.clear();
  };
  bool title = true;
  for (const std::string& line : lines_of(read_text(entry_->solution(session_.places)))) {
    if (!starts_with(line, "//")) break;
    const std::string text = line.size() > 3 && !title ? line.substr(3) : "";
    // Far in is where a paragraph goes on under "You may use:"; a formula is two or three columns in.
    const bool prose =
        !text.empty() && (text[0] != ' ' || (!paragraph.empty() && starts_with(text, "      ")));
    if (prose) paragraph += text + "\n";
    if (!prose) {
      flush();
      if (!lines.empty() || !text.empty()) add(lines, formula(text, width), Line::Look::dim);
    }
    title = false;
  }
  flush();
  if (lines.size() > room && room > 0) {
    lines.resize(room);
    lines.back() = {tr("… the file's first lines go on"), Line::Look::dim};
  }
  return lines;
}

Lines Watch::answer() const {
  if (!status_.empty()) return {{status_, Line::Look::yellow}};
  if (!trouble_.empty()) {
    Lines lines = {{tr("This could not be judged, and not for what the file says:"), Line::Look::red}};
    add(lines, wrapped(trouble_, page_width));
    return lines;
  }
  if (!verdict_) return {{}};
  Lines lines = report(session_.places, *entry_, *verdict_, judged_, 4);
  const std::string time = tr("{1} s from save to answer", lessons::fixed(answer_seconds_, 1));
  if (answer_seconds_ > 0) lines[0].text = both(lines[0].text, time, std::min(page_width, screen_.columns()));
  if (verdict_->state != State::pass) return lines;
  const Entry* next = session_.current();
  lines.push_back({"  " + (next ? tr("Well done: {1} of {2}. n goes on to the next.", session_.passed(),
                                     session_.catalog.exercises.size())
                                : tr("All {1} pass. You have written a Transformer.",
                                     session_.catalog.exercises.size()))});
  return lines;
}

// One line a lesson, and the names of this one's exercises.
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
    if (here) lines.back().look = Line::Look::bold;
  }
  lines.push_back(
      {tr("{1} of {2} pass.", session_.passed(), session_.catalog.exercises.size()), Line::Look::dim});
  for (const Entry& entry : session_.catalog.exercises) {
    const Record record = session_.progress.of(entry.id);
    if (entry.folder == entry_->folder)
      lines.push_back(
          {lessons::cells({concat("  ", mark(record.state), " ", entry.name), entry.title}, {-26, -1}),
           &entry == entry_ ? Line::Look::bold : Line::Look::plain});
  }
  return lines;
}

Lines Watch::body(std::size_t room) const {
  Lines lines;
  switch (view_) {
    case View::exercise: {
      const Lines said = answer();
      const std::size_t left = room > said.size() + 1 ? room - said.size() - 1 : 0;
      lines = spec(std::max<std::size_t>(std::min<std::size_t>(left, 14), 3));
      lines.push_back({});
      append(lines, said);
      break;
    }
    case View::hints: {
      const int seen = session_.progress.of(entry_->id).hints;
      for (int i = 0; i < seen; ++i)
        add(lines, concat(i + 1, ". ", wrapped(entry_->hints[static_cast<std::size_t>(i)], page_width, 3)));
      lines.push_back({});
      lines.push_back({seen < 3 ? tr("h goes deeper; any other key goes back.")
                                : tr("That was the last one; any key goes back."),
                       Line::Look::dim});
      break;
    }
    case View::list:
      append(lines, list());
      break;
    case View::page:
      add(lines, wrapped(verdict_->id + ": " + verdict_->message, page_width));
      lines.push_back({});
      for (const Mistake& mistake : session_.catalog.mistakes) {
        if (mistake.id != verdict_->id) continue;
        lines.push_back({mistake.id + " · " + mistake.title, Line::Look::bold});
        add(lines, wrapped(mistake.text, page_width));
      }
      break;
    case View::sure:
      add(lines, wrapped(tr("Put the stub back? What the file holds goes to the backups."), page_width),
          Line::Look::yellow);
      lines.push_back({tr("y yes, any other key no"), Line::Look::yellow});
      break;
  }
  return lines;
}

void Watch::draw() {
  const std::size_t rows = screen_.rows();
  Lines lines;
  if (view_ == View::exercise || view_ == View::hints || view_ == View::sure) lines = head();
  const std::size_t below = view_ == View::exercise ? 2 : 3, taken = lines.size() + below;
  const std::size_t room = rows > taken ? rows - taken : 1;
  Lines middle = body(room);
  if (middle.size() > room) {
    middle.resize(room);
    middle.back() = {"… " + tr("there is more: heed run, or a taller window"), Line::Look::dim};
  }
  append(lines, middle);
  while (lines.size() + below - 1 < rows) lines.push_back({});
  if (view_ != View::exercise) lines.push_back(answer()[0]);  // elsewhere the answer is one line
  const bool known = verdict_ && !verdict_->id.empty();
  lines.push_back({tr("n next  p back  h hint  l list  d demo  r run  x reset  q quit") +
                       (known ? "  " + tr("e explain") : ""),
                   Line::Look::dim});
  screen_.draw(lines);
}

}  // namespace heed::runner
