// exercise.cpp — see exercise.h.
#include "lessons/site/exercise.h"

#include <algorithm>
#include <charconv>
#include <regex>

#include "lessons/site/highlight.h"

namespace heed::book {

namespace {

std::string joined(const std::vector<std::string>& lines, std::size_t begin, std::size_t end) {
  std::string text;
  for (std::size_t i = begin; i < end; ++i) text += lines[i] + "\n";
  return text;
}

// The stub: todo("TEXT"); instead of the lines from "// solution: TEXT" to "// end".
std::string stub_from(const std::vector<std::string>& lines, const Location& at) {
  std::string stub;
  bool inside = false;
  for (const std::string& line : lines) {
    const std::size_t mark = line.find("// solution: ");
    if (mark != std::string::npos)
      stub += line.substr(0, mark) + "todo(\"" + line.substr(mark + 13) + "\");\n";
    if (mark == std::string::npos && !inside) stub += line + "\n";
    if (mark != std::string::npos) inside = true;
    if (line.find("// end") != std::string::npos) inside = false;
  }
  if (inside) throw BookError(at, "expected a line \"// end\" after \"// solution:\"");
  return stub;
}

std::array<std::string, 3> hints_from(const std::vector<std::string>& lines, std::size_t begin,
                                      const Location& at) {
  std::array<std::string, 3> hints;
  std::size_t count = 0;
  for (std::size_t i = begin; i < lines.size(); ++i) {
    const std::string text(trim(lines[i].substr(std::min<std::size_t>(2, lines[i].size()))));
    const bool begins = count < 3 && text.starts_with(std::to_string(count + 1) + ". ");
    if (begins) ++count;
    if (count > 0 && !text.empty())
      hints[count - 1] += (begins ? "" : " ") + (begins ? text.substr(3) : text);
  }
  if (count != 3)
    throw BookError({at.file, static_cast<int>(begin)}, "expected three hints, got " + std::to_string(count));
  return hints;
}

std::vector<std::pair<std::string, std::string>> mistakes_from(const std::string& check) {
  static const std::regex twin("\\{\\s*\"([A-Z0-9]+-[0-9]+[a-z]?)\",\\s*\"((?:\\\\.|[^\"\\\\])*)\"");
  std::vector<std::pair<std::string, std::string>> mistakes;
  for (std::sregex_iterator found(check.begin(), check.end(), twin), end; found != end; ++found) {
    const std::pair<std::string, std::string> mistake{(*found)[1], (*found)[2]};
    const auto same = [&](const auto& other) { return other.first == mistake.first; };
    if (std::none_of(mistakes.begin(), mistakes.end(), same)) mistakes.push_back(mistake);
  }
  std::sort(mistakes.begin(), mistakes.end());
  return mistakes;
}

std::string listing(const std::string& code) {
  return "<div class=\"listing cpp\"><pre tabindex=\"0\"><code>" + highlight_html(code, Language::cpp) +
         "</code></pre></div>\n";
}

// The facts, with links to the exercises that come before.
std::string facts_html(const Exercise& exercise, const RenderText& render) {
  const std::string after = " · after ";
  const std::size_t begin = exercise.facts.find(after);
  if (begin == std::string::npos) return escape(exercise.facts);
  std::string html = escape(exercise.facts.substr(0, begin)) + after;
  const std::vector<std::string> ids = split(exercise.facts.substr(begin + after.size()), ',');
  for (std::size_t i = 0; i < ids.size(); ++i)
    html += (i > 0 ? ", " : "") + render("`" + std::string(trim(ids[i])) + "`");
  return html;
}

std::string hints_html(const Exercise& exercise, const RenderText& render) {
  std::string html;
  for (std::size_t i = 0; i < 3; ++i)
    html += "<details class=\"hint\"><summary>Hint " + std::to_string(i + 1) + "</summary>\n<p>" +
            render(exercise.hints[i]) + "</p>\n</details>\n";
  return html;
}

}  // namespace

Exercise parse_exercise(const std::string& folder, const std::string& name, const std::string& solution,
                        const std::string& check) {
  Exercise exercise;
  exercise.id = folder.substr(0, 2) + "_" + name;
  exercise.folder = folder;
  exercise.name = name;
  const Location at{"lessons/" + folder + "/solutions/" + name + ".cpp", 1};
  const std::vector<std::string> lines = split_lines(solution);
  const std::string head = "// " + exercise.id + " — ";
  if (lines.size() < 2 || !lines[0].starts_with(head))
    throw BookError(at, "expected \"" + head + "the title\"");
  exercise.title = lines[0].substr(head.size());
  const std::string facts_head = "// Exercise ";
  if (!lines[1].starts_with(facts_head))
    throw BookError({at.file, 2}, "expected \"// Exercise 3 · 10 minutes · ●○○\"");
  exercise.facts = lines[1].substr(3);
  std::from_chars(lines[1].data() + facts_head.size(), lines[1].data() + lines[1].size(), exercise.number);

  const auto heading = std::find(lines.begin(), lines.end(), "// Hints");
  if (heading == lines.end()) throw BookError(at, "expected \"// Hints\" below the code");
  std::size_t end = static_cast<std::size_t>(heading - lines.begin());
  exercise.hints = hints_from(lines, end + 1, at);
  while (end > 0 && lines[end - 1].empty()) --end;
  exercise.solution = joined(lines, 0, end);
  exercise.stub = stub_from(split_lines(exercise.solution), at);
  exercise.mistakes = mistakes_from(check);
  return exercise;
}

std::vector<Exercise> read_exercises(const fs::path& lessons) {
  std::vector<Exercise> exercises;
  for (const auto& folder : fs::directory_iterator(lessons)) {
    if (!fs::is_directory(folder.path() / "solutions")) continue;
    for (const auto& file : fs::directory_iterator(folder.path() / "solutions")) {
      if (file.path().extension() != ".cpp") continue;
      const fs::path check = folder.path() / "checks" / file.path().filename();
      exercises.push_back(parse_exercise(folder.path().filename().string(), file.path().stem().string(),
                                         read_file(file.path()), fs::exists(check) ? read_file(check) : ""));
    }
  }
  std::sort(exercises.begin(), exercises.end(), [](const Exercise& a, const Exercise& b) {
    return std::pair(a.folder, a.number) < std::pair(b.folder, b.number);
  });
  return exercises;
}

std::string exercise_html(const Exercise& exercise, const RenderText& render,
                          const std::function<std::string(const std::string& id)>& mistake_url) {
  std::string html =
      "<h2 id=\"" + exercise.id + "\"><code>" + exercise.id + "</code> <a class=\"anchor\" href=\"#" +
      exercise.id + "\" aria-label=\"Link to this exercise\">#</a></h2>\n<p class=\"task\">" +
      render(exercise.title) + "</p>\n<p class=\"facts\">" + facts_html(exercise, render) + "</p>\n";
  html += listing(exercise.stub);
  html += "<p class=\"command\">Edit <code>lessons/" + exercise.folder + "/exercises/" + exercise.name +
          ".cpp</code>, then run <code>./lessons/heed run " + exercise.id + "</code></p>\n";
  html += hints_html(exercise, render);
  html +=
      "<details class=\"hint\"><summary>Solution</summary>\n" + listing(exercise.solution) + "</details>\n";
  if (exercise.mistakes.empty()) return html;
  html += "<details><summary>After an attempt: " + std::to_string(exercise.mistakes.size()) +
          " mistakes that the check recognises</summary>\n<ul>\n";
  for (const auto& [id, message] : exercise.mistakes) {
    const std::string url = mistake_url(id);
    const std::string code = "<code>" + id + "</code>";
    html += "<li>" + (url.empty() ? code : "<a href=\"" + escape(url) + "\">" + code + "</a>") + " " +
            render(message) + "</li>\n";
  }
  return html + "</ul>\n</details>\n";
}

}  // namespace heed::book
