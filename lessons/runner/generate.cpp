#include "lessons/runner/generate.h"

#include <algorithm>
#include <cctype>
#include <iostream>
#include <map>

#include "lessons/runner/claims_table.h"
#include "lessons/runner/commands.h"
#include "lessons/runner/messages.h"
#include "lessons/runner/text.h"

namespace heed::runner {

namespace {

const std::string marker = "// Generated from solutions/ by `./lessons/heed generate`: do not edit below.\n";

[[noreturn]] void lacks(const std::string& shown, const std::string& expected) {
  throw EnvironmentError(concat(shown, ": expected ", expected, ", got none"));
}

// The exercises of each lesson, in order.
std::vector<std::vector<const Entry*>> by_lesson(const Catalog& catalog) {
  std::vector<std::vector<const Entry*>> lessons;
  for (const Entry& entry : catalog.exercises) {
    if (lessons.empty() || lessons.back()[0]->folder != entry.folder) lessons.emplace_back();
    lessons.back().push_back(&entry);
  }
  return lessons;
}

std::string table_of(const std::vector<const Entry*>& entries) {
  std::string table = "| exercise | task | minutes |\n|---|---|---|\n";
  for (const Entry* entry : entries)
    table += concat("| `", entry->id, "` | ", entry->title, " | ", entry->minutes, " |\n");
  return table;
}

// The claims.tsv of all lessons that have one.
std::vector<fs::path> claim_files(const Paths& paths) {
  std::vector<fs::path> files;
  for (const auto& folder : fs::directory_iterator(paths.lessons()))
    if (fs::exists(folder.path() / "claims.tsv")) files.push_back(folder.path() / "claims.tsv");
  std::ranges::sort(files);
  return files;
}

// The wrong twins that the checks define: {"SD-01", "…", …}.
int count_twins(const Paths& paths, const Catalog& catalog) {
  int twins = 0;
  for (const Entry& entry : catalog.exercises) {
    const std::string check = read_text(paths.lessons() / entry.folder / "checks" / (entry.name + ".cpp"));
    for (std::size_t i = check.find("{\""); i != std::string::npos; i = check.find("{\"", i + 1)) {
      const std::string id = check.substr(i + 2, check.find('"', i + 2) - i - 2);
      const bool is_id = id.size() >= 4 && id[2] == '-' && std::isupper(id[0]) &&
                         id.find_first_not_of("0123456789", 3) == std::string::npos;
      twins += is_id;
    }
  }
  return twins;
}

}  // namespace

std::string with_declarations(const std::string& text, const std::vector<std::string>& declarations,
                              const std::string& shown) {
  const std::string end = "\n}  // namespace heed::exercise\n";
  const std::size_t begin = text.find(marker);
  if (begin == std::string::npos) lacks(shown, "the line \"" + trimmed(marker) + "\"");
  if (text.find(end, begin) == std::string::npos) lacks(shown, "\"" + trimmed(end) + "\" at the end");
  return text.substr(0, begin) + marker + joined(declarations, "\n") + "\n" + end;
}

std::string with_table(const std::string& text, const std::string& title, const std::string& table,
                       const std::string& shown) {
  const std::size_t section = text.find("\n## " + title + "\n");
  if (section == std::string::npos) lacks(shown, "the section \"## " + title + "\"");
  const std::size_t begin = text.find("\n|", section), next = text.find("\n## ", section + 1);
  if (begin == std::string::npos || begin > next) lacks(shown, "a table in the section \"" + title + "\"");
  std::size_t end = begin + 1;
  while (end < text.size() && text[end] == '|') end = std::min(text.size(), text.find('\n', end)) + 1;
  return text.substr(0, begin + 1) + table + text.substr(std::min(end, text.size()));
}

std::string with_count(const std::string& text, int count, const std::string& words,
                       const std::string& shown) {
  std::size_t end = text.find(" " + words);
  while (end != std::string::npos && (end == 0 || !std::isdigit(text[end - 1])))
    end = text.find(" " + words, end + 1);
  if (end == std::string::npos) lacks(shown, concat("a number before \"", words, "\""));
  std::size_t begin = end;
  while (begin > 0 && std::isdigit(text[begin - 1])) --begin;
  return text.substr(0, begin) + std::to_string(count) + text.substr(end);
}

bool is_edited(const std::string& file, const std::string& stub) {
  const auto code = [](const std::string& text) {
    std::string result;
    bool at_top = true;
    for (const std::string& line : lines_of(text)) {
      at_top = at_top && starts_with(line, "//");
      if (!at_top) result += line + "\n";
    }
    return result;
  };
  return code(file) != code(stub);
}

std::vector<GeneratedFile> generated_files(const Paths& paths, const Catalog& catalog) {
  std::vector<GeneratedFile> files;
  std::map<fs::path, std::string> pages;
  for (const std::vector<const Entry*>& entries : by_lesson(catalog)) {
    const fs::path folder = paths.lessons() / entries[0]->folder;
    std::vector<std::string> declarations;
    for (const Entry* entry : entries) {
      const std::string solution = read_text(entry->solution(paths));
      declarations.push_back(declaration_of(solution, entry->name));
      files.push_back({entry->file(paths), stub_of(solution), true});
    }
    const fs::path header = folder / "exercises.h", page = folder / "README.md";
    files.push_back({header, with_declarations(read_text(header), declarations, paths.display(header))});
    pages[page] = with_table(read_text(page), "Exercises", table_of(entries), paths.display(page));
  }
  for (const fs::path& claims : claim_files(paths)) {
    const fs::path page = claims.parent_path() / "README.md";
    const std::string text = pages.contains(page) ? pages[page] : read_text(page);
    const std::string table = claims_table(read_text(claims), paths.display(claims));
    pages[page] = with_table(text, "Results", table, paths.display(page));
  }
  for (const auto& [page, text] : pages) files.push_back({page, text});
  const fs::path page = paths.source / "README.md";
  const int exercises = static_cast<int>(catalog.exercises.size());
  std::string text = with_count(read_text(page), exercises, "small functions", paths.display(page));
  text = with_count(text, count_twins(paths, catalog), "known mistakes", paths.display(page));
  files.push_back({page, text});
  return files;
}

int generate(Session& session) {
  bool skipped_any = false;
  for (const GeneratedFile& file : generated_files(session.paths, session.catalog)) {
    const std::string shown = session.paths.display(file.path);
    const std::string old = fs::exists(file.path) ? read_text(file.path) : "";
    if (old == file.text) continue;
    const bool edited = file.is_stub && !old.empty() && is_edited(old, file.text);
    if (edited && !session.options.force) {
      skipped_any = true;
      std::cout << tr("kept, because it has been edited: {1}", shown) << "\n";
      continue;
    }
    if (edited) back_up(session.paths, file.path.stem().string(), ".cpp", old);
    write_text(file.path, file.text);
    std::cout << tr("written: {1}", shown) << "\n";
  }
  if (skipped_any) std::cout << tr("--force replaces edited exercises; backups are kept.") << "\n";
  return exit_passed;
}

}  // namespace heed::runner
