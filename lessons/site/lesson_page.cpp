// lesson_page.cpp — see lesson_page.h.
#include "lessons/site/lesson_page.h"

#include <algorithm>
#include <charconv>

#include "lessons/site/inline.h"

namespace heed::book {

namespace {

// The first number in a text, or 0.
int first_number(const std::string& text) {
  const std::size_t begin = text.find_first_of("0123456789");
  int number = 0;
  if (begin != std::string::npos) std::from_chars(text.data() + begin, text.data() + text.size(), number);
  return number;
}

// The folders of the lessons that a text links to.
std::vector<std::string> linked_lessons(const std::string& text) {
  std::vector<std::string> folders;
  const std::string open = "](../";
  for (std::size_t i = text.find(open); i != std::string::npos; i = text.find(open, i + 1)) {
    const std::size_t begin = i + open.size();
    folders.push_back("lessons/" + text.substr(begin, text.find('/', begin) - begin));
  }
  return folders;
}

// "compute a mean;" gives "Compute a mean.".
std::string sentence_of(const std::string& goal) {
  std::string text = plain_text(goal);
  while (!text.empty() && (text.back() == ';' || text.back() == '.')) text.pop_back();
  if (!text.empty() && text[0] >= 'a' && text[0] <= 'z') text[0] = static_cast<char>(text[0] - 'a' + 'A');
  return text + ".";
}

void read_item(const std::vector<Block>& item, Lesson& lesson) {
  const std::string& text = item.front().text;
  if (text.starts_with("**Prerequisites:**")) lesson.after = linked_lessons(text);
  if (text.starts_with("**Minutes:**")) lesson.minutes = first_number(text);
  if (!text.starts_with("**Goals:**") || item.size() < 2) return;
  for (const std::vector<Block>& goal : item[1].items) lesson.goals.push_back(goal.front().text);
}

}  // namespace

Lesson read_lesson(const std::string& folder, const std::vector<Block>& page) {
  Lesson lesson;
  lesson.folder = folder;
  lesson.page = page_of(folder + "/README.md", false);
  lesson.number = folder.substr(folder.rfind('/') + 1, 2);
  for (const Block& block : page) {
    if (block.kind == Block::Kind::heading && block.level == 1) lesson.title = plain_text(block.text);
    if (block.kind == Block::Kind::heading && block.level > 1) break;
    if (block.kind != Block::Kind::list) continue;
    for (const std::vector<Block>& item : block.items)
      if (!item.empty() && item.front().kind == Block::Kind::paragraph) read_item(item, lesson);
  }
  const std::size_t dot = lesson.title.find(" · ");
  if (dot != std::string::npos && dot < 4) lesson.title = lesson.title.substr(dot + 4);
  return lesson;
}

std::vector<Lesson> read_lessons(const Repository& files) {
  std::vector<Lesson> lessons;
  for (const std::string& folder : files.lesson_folders())
    lessons.push_back(
        read_lesson(folder, parse_markdown(files.text(folder + "/README.md"), folder + "/README.md")));
  // The order of the table in lessons/README.md, in which section 10 follows the course.
  const std::string overview = files.exists("lessons/README.md") ? files.text("lessons/README.md") : "";
  std::stable_sort(lessons.begin(), lessons.end(), [&](const Lesson& a, const Lesson& b) {
    return overview.find("`" + a.folder.substr(8) + "/`") < overview.find("`" + b.folder.substr(8) + "/`");
  });
  return lessons;
}

std::string lesson_cards(const std::vector<Lesson>& lessons) {
  std::string html = "<div class=\"cards\">\n";
  for (const Lesson& lesson : lessons) {
    std::string facts = lesson.minutes > 0 ? std::to_string(lesson.minutes) + " minutes" : "";
    for (const std::string& folder : lesson.after) {
      const auto before =
          std::find_if(lessons.begin(), lessons.end(), [&](const Lesson& l) { return l.folder == folder; });
      if (before == lessons.end()) continue;
      const bool is_family = before->number == "10";
      facts += (folder == lesson.after.front() ? (facts.empty() ? "after " : " · after ") : ", ") +
               std::string("<a href=\"") + before->page + "\">" +
               (is_family ? escape(before->title) : before->number) + "</a>";
    }
    html += "<section class=\"card\"><h3><a href=\"" + lesson.page + "\">" + lesson.number + " · " +
            escape(lesson.title) + "</a></h3><p class=\"facts\">" + facts + "</p>";
    if (!lesson.goals.empty()) html += "<p>" + escape(sentence_of(lesson.goals.front())) + "</p>";
    html += "</section>\n";
  }
  return html + "</div>\n";
}

}  // namespace heed::book
