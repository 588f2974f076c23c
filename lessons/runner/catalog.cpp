#include "lessons/runner/catalog.h"

#include <algorithm>
#include <map>
#include <set>

#include "lessons/runner/line_reader.h"
#include "lessons/runner/messages.h"

namespace heed::runner {

namespace {

// The number of tests that a check's source defines.
int count_tests(const fs::path& check) {
  int tests = 0;
  for (const std::string& line : lines_of(read_text(check))) tests += starts_with(line, "TEST(");
  return tests;
}

Entry read_entry(const fs::path& lessons, const std::string& folder, const std::string& name) {
  const std::string shown = concat("lessons/", folder, "/solutions/", name, ".cpp");
  const std::string id = folder.substr(0, 3) + name;
  Entry entry;
  static_cast<ExerciseInfo&>(entry) =
      read_exercise_info(read_text(lessons / folder / "solutions" / (name + ".cpp")), id, shown);
  entry.id = id;
  entry.folder = folder;
  entry.name = name;
  entry.tests = count_tests(lessons / folder / "checks" / (name + ".cpp"));
  if (entry.tests < 1)
    throw EnvironmentError(
        concat("lessons/", folder, "/checks/", name, ".cpp: expected a TEST(…), got none"));
  return entry;
}

std::vector<Mistake> read_mistakes(const fs::path& lessons, const std::string& folder) {
  LineReader reader(read_text(lessons / folder / "mistakes.md"), concat("lessons/", folder, "/mistakes.md"));
  const auto at_heading = [&] { return !reader.done() && starts_with(reader.line(), "## "); };
  std::vector<Mistake> mistakes;
  while (!reader.done() && !at_heading()) reader.next();
  while (!reader.done()) {
    const std::string id = split(reader.line().substr(3), " · ")[0];
    const std::size_t title = 3 + id.size() + std::string(" · ").size();
    if (id.empty() || id.find(' ') != std::string::npos || reader.line().size() <= title)
      reader.fail("\"## SD-01 · the mistake\"");
    Mistake mistake{id, trimmed(reader.line().substr(title)), ""};
    for (reader.next(); !reader.done() && !at_heading(); reader.next()) mistake.text += reader.line() + "\n";
    mistake.text = trimmed(mistake.text);
    mistakes.push_back(mistake);
  }
  return mistakes;
}

// Names of the lessons' folders (NN_name), sorted.
std::vector<std::string> lesson_folders(const fs::path& lessons) {
  std::vector<std::string> folders;
  std::error_code error;
  for (const auto& entry : fs::directory_iterator(lessons, error)) {
    const std::string name = entry.path().filename().string();
    if (name.size() > 3 && std::isdigit(name[0]) && std::isdigit(name[1]) && name[2] == '_')
      folders.push_back(name);
  }
  if (error) throw EnvironmentError(concat(lessons.string(), ": ", error.message()));
  std::sort(folders.begin(), folders.end());
  return folders;
}

std::vector<std::string> exercise_names(const fs::path& solutions) {
  std::vector<std::string> names;
  std::error_code error;  // a lesson without exercises has no such folder
  for (const auto& file : fs::directory_iterator(solutions, error))
    if (file.path().extension() == ".cpp") names.push_back(file.path().stem().string());
  std::sort(names.begin(), names.end());
  return names;
}

// Adds the exercises and mistakes of one lesson; files that cannot be read are added to the errors.
void read_lesson(const fs::path& lessons, const std::string& folder, Catalog& catalog) {
  std::vector<Entry> entries;
  for (const std::string& name : exercise_names(lessons / folder / "solutions")) {
    try {
      entries.push_back(read_entry(lessons, folder, name));
    } catch (const EnvironmentError& error) {
      catalog.errors.emplace_back(error.what());
    }
  }
  std::stable_sort(entries.begin(), entries.end(),
                   [](const Entry& a, const Entry& b) { return a.number < b.number; });
  catalog.exercises.insert(catalog.exercises.end(), entries.begin(), entries.end());
  if (!fs::exists(lessons / folder / "mistakes.md")) return;
  try {
    const std::vector<Mistake> mistakes = read_mistakes(lessons, folder);
    catalog.mistakes.insert(catalog.mistakes.end(), mistakes.begin(), mistakes.end());
  } catch (const EnvironmentError& error) {
    catalog.errors.emplace_back(error.what());
  }
}

std::string lower(std::string text) {
  for (char& c : text)
    if (c >= 'A' && c <= 'Z') c = static_cast<char>(c - 'A' + 'a');
  return text;
}

// The name that `typed` identifies. Tries, in this order: the whole name, the name without its
// number, a prefix, any part. Throws UsageError with the message `none` if no name matches, and
// lists the matches if there are several.
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
    throw UsageError(tr("\"{1}\" is ambiguous: {2}", typed, shortened(joined(found, ", "), 200)));
  }
  const std::string near = nearest(wanted, names);
  throw UsageError(tr(none, typed) + (near.empty() ? "" : " " + tr("Did you mean {1}?", near)));
}

}  // namespace

const Entry& Catalog::find(const std::string& typed) const {
  std::vector<std::string> names;
  for (const Entry& entry : exercises) names.push_back(entry.id);
  const std::string id = resolved(typed, names, words("There is no exercise \"{1}\"."));
  return *std::find_if(exercises.begin(), exercises.end(), [&](const Entry& e) { return e.id == id; });
}

const Mistake& Catalog::mistake(const std::string& typed) const {
  std::vector<std::string> names;
  for (const Mistake& mistake : mistakes) names.push_back(mistake.id);
  const std::string id = resolved(typed, names, words("There is no mistake \"{1}\"."));
  return *std::find_if(mistakes.begin(), mistakes.end(), [&](const Mistake& m) { return m.id == id; });
}

Catalog read_catalog(const fs::path& lessons) {
  Catalog catalog;
  for (const std::string& folder : lesson_folders(lessons)) read_lesson(lessons, folder, catalog);
  if (!catalog.exercises.empty()) return catalog;
  const std::string reason = catalog.errors.empty() ? "" : "\n" + joined(catalog.errors, "\n");
  throw EnvironmentError(
      concat(lessons.string(), ": expected an exercise in some NN_name/solutions/, got none", reason));
}

std::vector<std::string> inconsistencies(const Catalog& catalog) {
  std::vector<std::string> errors = catalog.errors;
  std::set<std::string> earlier, mistakes;
  std::map<std::pair<std::string, int>, std::string> numbers;  // (folder, number) -> id
  for (const Entry& entry : catalog.exercises) {
    for (const std::string& id : entry.after)
      if (earlier.count(id) == 0)
        errors.push_back(concat(entry.id, ": expected earlier exercises after \"after\", got ", id));
    if (!earlier.insert(entry.id).second) errors.push_back(concat(entry.id, ": two exercises have this id"));
    const auto [same, is_new] = numbers.insert({{entry.folder, entry.number}, entry.id});
    if (!is_new)
      errors.push_back(
          concat(entry.id, ": ", same->second, " is also exercise ", entry.number, " of the lesson"));
  }
  for (const Mistake& mistake : catalog.mistakes)
    if (!mistakes.insert(mistake.id).second)
      errors.push_back(concat(mistake.id, ": two pages explain this mistake"));
  return errors;
}

}  // namespace heed::runner
