// site.cpp — see site.h. The pages themselves: site_pages.cpp.
#include "lessons/site/site.h"

#include <algorithm>

#include "lessons/site/claims_page.h"
#include "lessons/site/link_check.h"

namespace heed::book {

namespace {

bool is_markdown(const std::string& path) { return path.ends_with(".md"); }

bool is_source_file(std::string_view path) {
  return path.ends_with(".cpp") || path.ends_with(".h") || path.ends_with(".inl");
}

}  // namespace

Site::Site(const fs::path& root)
    : files_(root), lessons_(read_lessons(files_)), exercises_(read_exercises(root / "lessons")) {
  for (const Exercise& exercise : exercises_)
    exercise_of_[exercise.id] = "lessons/" + exercise.folder + "/exercises.html#" + exercise.id;
}

// ---- which files have a page: those that are reachable by links ---------------------------------

void Site::collect() {
  const auto show = [&](const std::string& path) {
    if (files_.exists(path) && shown_.insert(path).second) waiting_.push_back(path);
  };
  for (const char* page : {"README.md", "lessons/README.md", "lessons/site/front.md", "lessons/site/tour.md",
                           "lessons/cheat_sheet.md", "lessons/glossary.md", "lessons/coverage.md"})
    show(page);
  for (const Lesson& lesson : lessons_) {
    for (const std::string& name : files_.names(lesson.folder)) {
      const bool own = name == "README.md" || name == "mistakes.md" || is_source_file(name);
      if (own) show(lesson.folder + "/" + name);
    }
    if (files_.exists(lesson.folder + "/mistakes.md")) read_mistakes(lesson.folder + "/mistakes.md");
  }
  while (!waiting_.empty()) {
    const std::string path = waiting_.back();
    waiting_.pop_back();
    if (is_markdown(path)) collect_page(path);
  }
}

// Follows the links of a page.
void Site::collect_page(const std::string& path) {
  const RenderedPage page =
      render_markdown(parse_markdown(files_.text(path), path), path, collecting_hooks(path));
  if (page.title.empty()) throw BookError({path, 1}, "expected a heading of level 1");
}

void Site::read_mistakes(const std::string& path) {
  for (const Block& block : parse_markdown(files_.text(path), path)) {
    const std::size_t dot = block.text.find(" · ");
    if (block.kind != Block::Kind::heading || block.level != 2 || dot == std::string::npos) continue;
    mistakes_[block.text.substr(0, dot)] = page_of(path, false) + "#" + anchor_of(plain_text(block.text));
  }
}

Hooks Site::collecting_hooks(const std::string& path) {
  const auto show = [this](const std::string& file) {
    if (shown_.insert(file).second) waiting_.push_back(file);
  };
  Hooks hooks;
  hooks.link = [this, path, show](const std::string& link, const Location& at) {
    if (is_external(link)) return link;
    const Target target = resolve(files_, link, at);
    const std::string readme = target.path + "/README.md";
    const std::string shown = files_.is_folder(target.path) && files_.exists(readme) ? readme : target.path;
    show(shown);
    if (path == "lessons/site/tour.md" && is_source_file(shown)) tour_.push_back(shown);
    return link;
  };
  hooks.image = [this](const std::string& target, const std::string&, const Location& at) {
    resolve(files_, target, at);
    return std::string();
  };
  hooks.origin = [this, show](const Block& code, const Location& at) {
    if (!files_.exists(code.path))
      throw BookError(at, "the code is said to be from " + code.path + ", which does not exist");
    show(code.path);
    return std::string();
  };
  return hooks;
}

// ---- how a page refers to others ----------------------------------------------------------------

Hooks Site::hooks_for(const std::string& path) {
  Hooks hooks;
  hooks.link = [this, path](const std::string& link, const Location& at) {
    if (is_external(link)) return link;
    const Target target = resolve(files_, link, at);
    const std::string page = page_of(target.path, files_.is_folder(target.path));
    const bool same = link.starts_with("#");
    return (same ? "" : relative_url(page_of(path, false), page)) +
           (target.anchor.empty() ? "" : "#" + target.anchor);
  };
  hooks.image = [this, path](const std::string& target, const std::string& alt, const Location& at) {
    return image_for(path, target, alt, at);
  };
  hooks.origin = [this, path](const Block& code, const Location& at) { return origin_of(path, code, at); };
  hooks.reference = [this, path](std::string_view code) { return reference_for(path, code); };
  return hooks;
}

// A code span that is the id of an exercise or a mistake, or the path of a source that has a page.
std::string Site::reference_for(const std::string& path, std::string_view code) const {
  const std::string name(code);
  const std::string page = page_of(path, false);
  for (const auto* known : {&exercise_of_, &mistakes_})
    if (const auto found = known->find(name); found != known->end()) return relative_url(page, found->second);
  if (!is_source_file(code)) return "";
  const std::string beside = (fs::path(path).parent_path() / name).lexically_normal().generic_string();
  for (const std::string& file : {beside, name})
    if (shown_.contains(file) && file != path) return relative_url(page, page_of(file, false));
  return "";
}

std::vector<Chapter> Site::chapters() const {
  std::vector<Entry> lessons;
  for (const Lesson& lesson : lessons_) lessons.push_back(lesson_entry(lesson));
  return {{"Start", {{"index.html", "What this book is", {}}}},
          {"Lessons", lessons},
          {"Engine", {{"tour.html", "A tour of the engine", tour_entries()}}},
          {"Reference",
           {{"lessons/cheat_sheet.html", "Cheat sheet", {}},
            {"lessons/glossary.html", "Glossary", {}},
            {"lessons/coverage.html", "From the course to heed", {}},
            {"lessons/claims.html", "All claims", {}},
            {"readme.html", "heed, the framework", {}},
            {"search.html", "Search", {}}}}};
}

Entry Site::lesson_entry(const Lesson& lesson) const {
  Entry entry{lesson.page, lesson.number + " · " + lesson.title, {}};
  if (lesson.folder == bench_lesson)
    entry.entries.push_back({lesson.folder + "/bench.html", lesson.number + " · Attention bench", {}});
  const std::string folder = lesson.folder.substr(8);
  const auto is_here = [&](const Exercise& exercise) { return exercise.folder == folder; };
  if (std::any_of(exercises_.begin(), exercises_.end(), is_here))
    entry.entries.push_back({lesson.folder + "/exercises.html", lesson.number + " · Exercises", {}});
  if (files_.exists(lesson.folder + "/mistakes.md"))
    entry.entries.push_back({lesson.folder + "/mistakes.html", lesson.number + " · Known mistakes", {}});
  if (files_.exists(lesson.folder + "/lesson.cpp"))
    entry.entries.push_back(
        {lesson.folder + "/lesson.cpp.html", lesson.number + " · The program, annotated", {}});
  return entry;
}

std::vector<Entry> Site::tour_entries() const {
  std::vector<Entry> entries;
  for (const std::string& path : tour_)
    entries.push_back({page_of(path, false), path.substr(path.rfind('/') + 1), {}});
  return entries;
}

// ---- the book -----------------------------------------------------------------------------------

void Site::add(Page page) {
  if (page.path != "search.html") index_.add(page.path, page.title, page.sections);
  pages_.push_back(std::move(page));
}

std::map<std::string, std::string> Site::build() {
  collect();
  for (const std::string& path : shown_) {
    if (is_markdown(path))
      add(markdown_page(path));
    else if (files_.is_folder(path))
      add(folder_page(path));
    else
      add(source_page(path));
  }
  std::set<std::string> with_exercises;
  for (const Exercise& exercise : exercises_) with_exercises.insert(exercise.folder);
  for (const std::string& folder : with_exercises) add(exercises_page(folder));
  RenderedPage claims = claims_page(files_, lessons_);
  add({"lessons/claims.html", claims.title, claims.html, claims.sections, false, {}, ""});
  if (files_.exists(bench_lesson)) add(bench_page());
  add(search_page());

  const Frame frame(files_.root() / "lessons/site/assets", chapters());
  std::map<std::string, std::string> pages;
  for (const Page& page : pages_) pages[page.path] = frame.html(page);
  std::string message;
  for (const std::string& error : link_errors(pages)) message += (message.empty() ? "" : "\n") + error;
  if (!message.empty()) throw std::runtime_error(message);
  return pages;
}

}  // namespace heed::book
