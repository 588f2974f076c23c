#include "lessons/runner/catalog.h"

#include <algorithm>
#include <charconv>
#include <set>

#include "lessons/runner/messages.h"
#include "lessons/runner/text.h"

namespace heed::runner {

namespace {

const std::vector<std::string> difficulties = {"●○○", "●●○", "●●●"};

// One file, a line at a time, that knows where it is.
class Reader {
 public:
  Reader(const fs::path& path, std::string shown)
      : shown_(std::move(shown)), lines_(lines_of(read_text(path))) {}

  bool done() const { return at_ >= lines_.size(); }
  const std::string& line() const { return lines_[at_]; }
  bool at_heading() const { return !done() && starts_with(line(), "## "); }
  void next() { ++at_; }
  void skip_empty() {
    while (!done() && trimmed(line()).empty()) next();
  }
  // The line here, which must be there.
  std::string take(const char* what) {
    if (done() || trimmed(line()).empty() || at_heading()) refuse(what);
    return lines_[at_++];
  }
  [[noreturn]] void refuse(const std::string& expected) const {
    throw Environment(concat(shown_, ":", std::min(at_ + 1, lines_.size()), ": expected ", expected));
  }
  [[noreturn]] void refuse_last(const std::string& expected) const {
    throw Environment(concat(shown_, ":", at_, ": expected ", expected));
  }

 private:
  std::string shown_;
  std::vector<std::string> lines_;
  std::size_t at_ = 0;
};

// "12 tests" -> 12; -1 where that is not its form.
int counted(const std::string& text, const std::string& one, const std::string& many) {
  const std::vector<std::string> words = words_of(text);
  int n = -1;
  if (words.size() != 2 || (words[1] != one && words[1] != many)) return -1;
  const auto [end, error] = std::from_chars(words[0].data(), words[0].data() + words[0].size(), n);
  return error == std::errc() && end == words[0].data() + words[0].size() ? n : -1;
}

std::vector<std::string> parted(const std::string& text, const std::string& by) {
  std::vector<std::string> parts;
  for (std::size_t at = 0;;) {
    const std::size_t end = text.find(by, at);
    parts.push_back(trimmed(text.substr(at, end - at)));
    if (end == std::string::npos) return parts;
    at = end + by.size();
  }
}

// "10 minutes · ●○○ · after 00_hello · 4 tests"
void read_facts(const std::string& line, Entry& entry, const Reader& reader) {
  const std::vector<std::string> parts = parted(line, "·");
  if (parts.size() != 4) reader.refuse_last("\"10 minutes · ●○○ · after 00_hello · 4 tests\"");
  entry.minutes = counted(parts[0], "minute", "minutes");
  if (entry.minutes < 1) reader.refuse_last("\"10 minutes\" first");
  const auto stars = std::find(difficulties.begin(), difficulties.end(), parts[1]);
  if (stars == difficulties.end()) reader.refuse_last("●○○, ●●○ or ●●● second");
  entry.difficulty = static_cast<int>(stars - difficulties.begin()) + 1;
  if (!starts_with(parts[2], "after ")) reader.refuse_last("\"after\" and ids, or \"after nothing\", third");
  if (parts[2] != "after nothing") entry.after = parted(parts[2].substr(6), ",");
  entry.tests = counted(parts[3], "test", "tests");
  if (entry.tests < 1) reader.refuse_last("\"4 tests\" last");
}

// "1. A question" and the lines under it, up to the next number, a heading or the end.
std::string read_hint(int number, Reader& reader) {
  const std::string start = concat(number, ".");
  reader.skip_empty();
  if (reader.done() || words_of(reader.line())[0] != start)
    reader.refuse(concat("hint ", number, ": \"", start, " …\""));
  std::string hint = reader.line().substr(start.size());
  for (reader.next(); !reader.done(); reader.next()) {
    const std::string& line = reader.line();
    if (!line.empty() && !starts_with(line, "   ")) break;
    hint += "\n" + (line.empty() ? "" : line.substr(3));
  }
  return trimmed(hint);
}

void read_hints(const fs::path& path, const std::string& folder, std::vector<Entry>& entries) {
  Reader reader(path, concat("lessons/", folder, "/hints.md"));
  while (!reader.done() && !reader.at_heading()) reader.next();
  while (!reader.done()) {
    Entry entry;
    entry.folder = folder;
    entry.name = trimmed(reader.line().substr(3));
    if (entry.name.empty() ||
        entry.name.find_first_not_of("abcdefghijklmnopqrstuvwxyz0123456789_") != std::string::npos)
      reader.refuse("\"## name\" in small letters, as the files are called");
    entry.id = folder.substr(0, 3) + entry.name;
    reader.next();
    reader.skip_empty();
    entry.title = trimmed(reader.take("a line that says what is to be written"));
    read_facts(reader.take("\"10 minutes · ●○○ · after 00_hello · 4 tests\""), entry, reader);
    for (int i = 0; i < 3; ++i) entry.hints[static_cast<std::size_t>(i)] = read_hint(i + 1, reader);
    reader.skip_empty();
    if (!reader.done() && !reader.at_heading()) reader.refuse("\"## name\" of the next exercise");
    entries.push_back(entry);
  }
}

void read_mistakes(const fs::path& path, const std::string& folder, std::vector<Mistake>& mistakes) {
  Reader reader(path, concat("lessons/", folder, "/mistakes.md"));
  while (!reader.done() && !reader.at_heading()) reader.next();
  while (!reader.done()) {
    const std::vector<std::string> parts = parted(reader.line().substr(3), " · ");
    if (parts.size() < 2 || parts[0].empty() || parts[0].find(' ') != std::string::npos)
      reader.refuse("\"## SD-01 · what was done\"");
    Mistake mistake{parts[0], trimmed(reader.line().substr(3 + parts[0].size() + 4)), ""};
    for (reader.next(); !reader.done() && !reader.at_heading(); reader.next())
      mistake.text += reader.line() + "\n";
    mistake.text = trimmed(mistake.text);
    mistakes.push_back(mistake);
  }
}

std::string lower(std::string text) {
  for (char& c : text)
    if (c >= 'A' && c <= 'Z') c = static_cast<char>(c - 'A' + 'a');
  return text;
}

// The one of `names` that `typed` stands for: itself, or the only one of which it is the start, the end after the
// number, or a part.
std::string resolved(const std::string& typed, const std::vector<std::string>& names, const char* none) {
  const std::string wanted = lower(typed);
  const auto matching = [&](auto&& matches) {
    std::vector<std::string> found;
    for (const std::string& name : names)
      if (matches(lower(name))) found.push_back(name);
    return found;
  };
  const std::vector<std::vector<std::string>> tries = {
      matching([&](const std::string& n) { return n == wanted; }),
      matching([&](const std::string& n) { return n.size() > 3 && n.substr(3) == wanted; }),
      matching([&](const std::string& n) { return starts_with(n, wanted); }),
      matching([&](const std::string& n) { return n.find(wanted) != std::string::npos; })};
  for (const auto& found : tries) {
    if (wanted.empty() || found.empty()) continue;
    if (found.size() == 1) return found[0];
    std::string all;
    for (const std::string& name : found) all += (all.empty() ? "" : ", ") + name;
    throw Usage(tr("\"{1}\" may be any of: {2}", typed, shortened(all, 200)));
  }
  const std::string near = nearest(wanted, names);
  throw Usage(tr(none, typed) + (near.empty() ? "" : " " + tr("Did you mean {1}?", near)));
}

}  // namespace

std::string Entry::stars() const { return difficulties[static_cast<std::size_t>(difficulty - 1)]; }

const Entry& Catalog::find(const std::string& typed) const {
  std::vector<std::string> names;
  for (const Entry& entry : exercises) names.push_back(entry.id);
  const std::string id = resolved(typed, names, words("There is no exercise \"{1}\"."));
  return *std::find_if(exercises.begin(), exercises.end(), [&](const Entry& e) { return e.id == id; });
}

const Mistake& Catalog::mistake(const std::string& typed) const {
  std::vector<std::string> names;
  for (const Mistake& mistake : mistakes) names.push_back(mistake.id);
  const std::string id = resolved(typed, names, words("No page tells of a mistake \"{1}\"."));
  return *std::find_if(mistakes.begin(), mistakes.end(), [&](const Mistake& m) { return m.id == id; });
}

Catalog read_catalog(const fs::path& lessons) {
  std::vector<std::string> folders;
  std::error_code error;
  for (const auto& entry : fs::directory_iterator(lessons, error)) {
    const std::string name = entry.path().filename().string();
    if (name.size() > 3 && std::isdigit(name[0]) && std::isdigit(name[1]) && name[2] == '_')
      folders.push_back(name);
  }
  if (error) throw Environment(concat(lessons.string(), ": ", error.message()));
  std::sort(folders.begin(), folders.end());
  Catalog catalog;
  for (const std::string& folder : folders) {
    const auto read = [&](const char* name, auto&& reader, auto& into) {
      if (!fs::exists(lessons / folder / name)) return;
      try {
        reader(lessons / folder / name, folder, into);
      } catch (const Environment& fault) {
        catalog.faults.emplace_back(fault.what());
      }
    };
    read("hints.md", read_hints, catalog.exercises);
    read("mistakes.md", read_mistakes, catalog.mistakes);
  }
  if (catalog.exercises.empty())
    throw Environment(concat(lessons.string(), ": no exercise in any NN_name/hints.md"));
  return catalog;
}

std::vector<std::string> inconsistencies(const Catalog& catalog) {
  std::vector<std::string> wrong = catalog.faults;
  std::set<std::string> before, pages;
  for (const Entry& entry : catalog.exercises) {
    for (const std::string& id : entry.after)
      if (before.count(id) == 0)
        wrong.push_back(concat(entry.id, " comes after ", id, ", which is no earlier exercise"));
    if (!before.insert(entry.id).second) wrong.push_back(concat("two exercises are called ", entry.id));
  }
  for (const Mistake& mistake : catalog.mistakes)
    if (!pages.insert(mistake.id).second) wrong.push_back(concat("two pages tell of ", mistake.id));
  return wrong;
}

}  // namespace heed::runner
