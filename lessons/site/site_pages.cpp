// site_pages.cpp — the kinds of pages: Markdown, annotated sources, folders, exercises, search.
#include <algorithm>

#include "lessons/site/annotate.h"
#include "lessons/site/figure.h"
#include "lessons/site/site.h"

namespace heed::book {

namespace {

Language language_of_file(const std::string& path) {
  const std::size_t dot = path.rfind('.');
  return language_of(dot == std::string::npos ? "" : path.substr(dot + 1));
}

std::string without_indentation(const std::string& line) { return std::string(trim(line)); }

// The first line of an excerpt in a file: the number of the line from which all lines of the excerpt
// up to the first … follow each other. Returns 0 if there is none; tests/tools/pages reports that.
int line_of_excerpt(const std::string& excerpt, const std::string& file) {
  std::vector<std::string> wanted;
  for (const std::string& line : split_lines(excerpt)) {
    if (trim(line) == "…" && !wanted.empty()) break;
    if (trim(line) != "…") wanted.push_back(without_indentation(line));
  }
  std::vector<std::string> lines;
  for (const std::string& line : split_lines(file)) lines.push_back(without_indentation(line));
  const auto found = std::search(lines.begin(), lines.end(), wanted.begin(), wanted.end());
  return found == lines.end() ? 0 : static_cast<int>(found - lines.begin()) + 1;
}

// Links from the page of a lesson to its exercises, mistakes and program.
std::string links_below(const std::string& page, const Entry& lesson) {
  std::string html;
  for (const Entry& entry : lesson.entries) {
    const std::string title = entry.title.substr(entry.title.find(" · ") + 4);
    html += (html.empty() ? "" : " · ") + std::string("<a href=\"") + escape(relative_url(page, entry.path)) +
            "\">" + escape(title) + "</a>";
  }
  return html.empty() ? "" : "<p class=\"kind\">" + html + "</p>\n";
}

}  // namespace

std::string Site::image_for(const std::string&, const std::string& target, const std::string& alt,
                            const Location& at) {
  const std::string path = resolve(files_, target, at).path;
  if (!path.ends_with(".svg")) throw BookError(at, "expected an image in SVG, got " + path);
  const Location in_figure{path, 1};
  return figure_html(files_.text(path), "f" + std::to_string(++figures_) + "-", alt, in_figure);
}

std::string Site::origin_of(const std::string& path, const Block& code, const Location&) const {
  const std::string page = relative_url(page_of(path, false), page_of(code.path, false));
  const int line = line_of_excerpt(code.text, files_.text(code.path));
  return "<a class=\"origin\" href=\"" + escape(page) + (line > 0 ? "#L" + std::to_string(line) : "") +
         "\">" + escape(code.path) + (line > 0 ? ", line " + std::to_string(line) : "") + "</a>";
}

Page Site::markdown_page(const std::string& path) {
  figures_ = 0;
  RenderedPage rendered = render_markdown(parse_markdown(files_.text(path), path), path, hooks_for(path));
  Page page{page_of(path, false), rendered.title, rendered.html, rendered.sections, false, {}, ""};
  if (figures_ > 0) page.scripts.emplace_back("figure.js");
  if (page.path == "index.html") page.body += lesson_cards(lessons_);
  for (const Lesson& lesson : lessons_)
    if (lesson.page == page.path) {
      page.body = links_below(page.path, lesson_entry(lesson)) + page.body;
      page.scripts.emplace_back("predict.js");
    }
  return page;
}

Page Site::source_page(const std::string& path) {
  const std::string& source = files_.text(path);
  if (source.find('\0') != std::string::npos)
    throw BookError({path, 1}, "a page links to this file, which is not a text");
  const Language language = language_of_file(path);
  RenderedPage rendered = render_source(source, language);
  for (Section& section : rendered.sections)
    if (section.title.empty()) section.title = path;
  const std::string folder = path.substr(0, path.rfind('/') + 1);
  std::string head =
      "<p class=\"kind\">" + escape(folder) + "</p>\n<h1>" + escape(path.substr(folder.size())) + "</h1>\n";
  return {page_of(path, false), path, head + rendered.html, rendered.sections, true, {"pairs.js"}, ""};
}

Page Site::folder_page(const std::string& path) const {
  const std::string page = page_of(path, true);
  std::string html = "<h1>" + escape(path) + "/</h1>\n<ul>\n";
  for (const std::string& name : files_.names(path)) {
    const std::string file = concat(path, "/", name);
    const bool has_page = shown_.contains(file);
    const std::string code = "<code>" + escape(name) + "</code>";
    html +=
        "<li>" +
        (has_page ? "<a href=\"" + escape(relative_url(page, page_of(file, false))) + "\">" + code + "</a>"
                  : code) +
        "</li>\n";
  }
  return {page, path + "/", html + "</ul>\n", {{1, path + "/", "", ""}}, false, {}, ""};
}

Page Site::exercises_page(const std::string& folder) {
  const std::string readme = "lessons/" + folder + "/README.md";
  const auto lesson = std::find_if(lessons_.begin(), lessons_.end(),
                                   [&](const Lesson& l) { return l.folder == "lessons/" + folder; });
  Page page{"lessons/" + folder + "/exercises.html",
            lesson->number + " · Exercises: " + lesson->title,
            "",
            {},
            false,
            {},
            ""};
  page.body = "<h1 id=\"exercises\">" + escape(page.title) +
              "</h1>\n<p>Write the functions in your own editor. " +
              "<code>./lessons/heed</code> checks a file each time you save it and names your mistake. The "
              "hints open one "
              "after another; the solution follows the last one. <a href=\"index.html\">Read the lesson</a> "
              "first.</p>\n";
  const Hooks hooks = hooks_for(readme);
  for (const Exercise& exercise : exercises_) {
    if (exercise.folder != folder) continue;
    const Location at{"lessons/" + folder + "/solutions/" + exercise.name + ".cpp", 1};
    const auto render = [&](const std::string& text) { return render_inline(text, at, hooks); };
    const auto mistake_url = [&](const std::string& id) {
      const auto found = mistakes_.find(id);
      return found == mistakes_.end() ? "" : relative_url(page.path, found->second);
    };
    page.body += exercise_html(exercise, render, mistake_url);
    page.sections.push_back({2, exercise.id, exercise.id, exercise.title + "\n" + exercise.stub});
  }
  return page;
}

Page Site::search_page() const {
  Page page{"search.html", "Search", "", {}, false, {"search.js"}, ""};
  page.body =
      "<h1 id=\"search\">Search</h1>\n<noscript><p>The search needs JavaScript. The <a "
      "href=\"lessons/glossary.html\">"
      "glossary</a> and the contents lead to the same pages.</p></noscript>\n"
      "<input type=\"search\" class=\"query\" aria-label=\"Search the book\" placeholder=\"softmax, 쿼리, "
      "causal mask …\">\n"
      "<div id=\"results\" aria-live=\"polite\"></div>\n";
  page.data = "<script type=\"application/json\" id=\"search-index\">" + index_.json() + "</script>\n";
  return page;
}

Page Site::bench_page() const {
  Page page{bench_lesson + "/bench.html", "02 · Attention bench", "", {}, false, {"bench.js"}, ""};
  page.body =
      "<h1 id=\"bench-title\">Attention bench</h1>\n<p>The example of <a href=\"index.html\">lesson 02</a>, "
      "to change. Edit "
      "a query, a key or a value; choose a mask; divide the scores by a temperature: below 1 the weights "
      "become "
      "sharper, above 1 more equal. The buttons make the mistakes that the exercises recognise. Watch the "
      "sums of the "
      "rows: which mistakes can you find by them, and which only by the numbers?</p>\n<noscript><p>The bench "
      "needs "
      "JavaScript. The lesson shows the same steps by hand.</p></noscript>\n<div id=\"bench\"></div>\n";
  page.sections.push_back(
      {1, page.title, "bench-title", "edit queries keys values mask temperature mistakes"});
  std::string urls;
  for (const auto& [id, url] : mistakes_)
    urls += (urls.empty() ? "" : ", ") + json_string(id) + ": " + json_string(relative_url(page.path, url));
  page.data = "<script type=\"application/json\" id=\"bench-mistakes\">{" + urls + "}</script>\n" +
              "<script type=\"application/json\" id=\"bench-cases\">" +
              files_.text("lessons/site/assets/attention_cases.json") + "</script>\n";
  return page;
}

}  // namespace heed::book
