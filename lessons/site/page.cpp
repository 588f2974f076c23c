// page.cpp — see page.h.
#include "lessons/site/page.h"

#include <algorithm>

#include "lessons/site/sha256.h"

namespace heed::book {

namespace {

// Removes comments and indentation, because every page contains the style sheet.
std::string compact_style(const std::string& css) {
  std::string compact;
  for (std::size_t i = 0; i < css.size();) {
    const std::size_t begin = css.find("/*", i);
    compact += css.substr(i, begin - i);
    if (begin == std::string::npos) break;
    i = std::min(css.find("*/", begin), css.size() - 2) + 2;
  }
  std::string lines;
  for (const std::string& line : split_lines(compact)) {
    if (!trim(line).empty()) lines += std::string(trim(line)) + "\n";
  }
  return lines;
}

void add_entries(const std::vector<Entry>& entries, std::vector<std::pair<std::string, std::string>>& order) {
  for (const Entry& entry : entries) {
    order.emplace_back(entry.path, entry.title);
    add_entries(entry.entries, order);
  }
}

bool contains_page(const Entry& entry, const std::string& path) {
  if (entry.path == path) return true;
  return std::any_of(entry.entries.begin(), entry.entries.end(),
                     [&](const Entry& e) { return contains_page(e, path); });
}

std::string entry_link(const Page& page, const Entry& entry) {
  const bool current = entry.path == page.path;
  return "<a href=\"" + (current ? "#" : escape(relative_url(page.path, entry.path))) + "\"" +
         (current ? " aria-current=\"page\"" : "") + ">" + escape(entry.title) + "</a>";
}

// The sections of the page that is being read.
std::string section_links(const Page& page) {
  std::string html;
  for (const Section& section : page.sections)
    if (section.level == 2)
      html += "<li><a href=\"#" + section.anchor + "\">" + escape(section.title) + "</a></li>\n";
  return html;
}

std::string entry_html(const Page& page, const Entry& entry) {
  std::string html = "<li>" + entry_link(page, entry);
  if (contains_page(entry, page.path)) {
    std::string inside = entry.path == page.path && page.sections.size() < 40 ? section_links(page) : "";
    for (const Entry& below : entry.entries) inside += "<li>" + entry_link(page, below) + "</li>\n";
    if (!inside.empty()) html += "\n<ul>\n" + inside + "</ul>\n";
  }
  return html + "</li>\n";
}

}  // namespace

Frame::Frame(const fs::path& assets, std::vector<Chapter> chapters)
    : assets_(assets), chapters_(std::move(chapters)) {
  style_ = compact_style(read_file(assets / "base.css") + read_file(assets / "code.css"));
  for (const Chapter& chapter : chapters_) add_entries(chapter.entries, order_);
}

std::string policy_for(const std::vector<std::string>& scripts) {
  std::string sources;
  for (const std::string& script : scripts) sources += " '" + sha256_source(script) + "'";
  return "default-src 'none'; base-uri 'none'; img-src data:; style-src 'unsafe-inline'; script-src" +
         (sources.empty() ? " 'none'" : sources);
}

std::string Frame::head(const Page& page, const std::vector<std::string>& scripts) const {
  return "<!doctype html>\n<html lang=\"en\">\n<head>\n<meta charset=\"utf-8\">\n"
         "<meta http-equiv=\"Content-Security-Policy\" content=\"" +
         policy_for(scripts) +
         "\">\n"
         "<meta name=\"viewport\" content=\"width=device-width, initial-scale=1\">\n"
         "<meta name=\"referrer\" content=\"no-referrer\">\n"
         "<link rel=\"icon\" href=\"data:,\">\n<title>" +
         escape(page.title) + " · heed</title>\n<style>\n" + style_ + "</style>\n</head>\n";
}

std::string Frame::contents(const Page& page) const {
  std::string html =
      "<nav class=\"contents\" id=\"contents\" aria-label=\"Contents\">\n<a class=\"close\" "
      "href=\"#top\">Close</a>\n";
  for (const Chapter& chapter : chapters_) {
    html += "<h2>" + escape(chapter.title) + "</h2>\n<ul>\n";
    for (const Entry& entry : chapter.entries) html += entry_html(page, entry);
    html += "</ul>\n";
  }
  return html + "</nav>\n";
}

std::string Frame::turn(const Page& page) const {
  const auto at =
      std::find_if(order_.begin(), order_.end(), [&](const auto& entry) { return entry.first == page.path; });
  if (at == order_.end()) return "";
  const auto link = [&](const std::pair<std::string, std::string>& to, const char* name, const char* label) {
    return "<a class=\"" + std::string(name) + "\" rel=\"" + name + "\" href=\"" +
           escape(relative_url(page.path, to.first)) + "\"><span>" + label + "</span>" + escape(to.second) +
           "</a>\n";
  };
  std::string html = "<nav class=\"turn\" aria-label=\"Previous and next page\">\n";
  if (at != order_.begin()) html += link(*(at - 1), "prev", "Previous");
  if (at + 1 != order_.end()) html += link(*(at + 1), "next", "Next");
  return html + "</nav>\n";
}

std::string Frame::html(const Page& page) const {
  std::vector<std::string> scripts;
  for (const char* name : {"theme.js", "contents.js"}) scripts.push_back("\n" + read_file(assets_ / name));
  for (const std::string& name : page.scripts) scripts.push_back("\n" + read_file(assets_ / name));

  const std::string front = relative_url(page.path, "index.html"),
                    search = relative_url(page.path, "search.html");
  std::string html = head(page, scripts);
  html +=
      "<body id=\"top\">\n<a class=\"skip\" href=\"#main\">Skip to the text</a>\n<header class=\"bar\">\n"
      "<a class=\"brand\" href=\"" +
      front +
      "\">heed <span>· attention from scratch</span></a>\n"
      "<a class=\"menu\" href=\"#contents\">Contents</a>\n"
      "<form action=\"" +
      search +
      "\" method=\"get\" role=\"search\"><input type=\"search\" name=\"q\" "
      "placeholder=\"Search ( / )\" aria-label=\"Search the book\"></form>\n</header>\n<div "
      "class=\"layout\">\n";
  html += contents(page);
  html += "<main id=\"main\">\n<article class=\"" + std::string(page.is_source ? "source" : "text") +
          "\">\n" + page.body + "</article>\n" + turn(page) + "</main>\n</div>\n";
  html += page.data;
  for (const std::string& script : scripts) html += "<script>" + script + "</script>\n";
  return html + "</body>\n</html>\n";
}

}  // namespace heed::book
