// link_check.cpp — see link_check.h.
#include "lessons/site/link_check.h"

#include <set>

#include "lessons/site/text.h"

namespace heed::book {

namespace {

// The values of an attribute in the elements of a page. Scripts are skipped.
std::vector<std::string> attribute_values(const std::string& html, const std::string& name) {
  std::vector<std::string> values;
  const std::size_t end_of_body = std::min(html.find("<script"), html.size());
  const std::string open = " " + name + "=\"";
  for (std::size_t i = html.find(open); i < end_of_body; i = html.find(open, i + 1)) {
    const std::size_t begin = i + open.size();
    values.push_back(replace_all(html.substr(begin, html.find('"', begin) - begin), "&amp;", "&"));
  }
  return values;
}

}  // namespace

std::vector<std::string> link_errors(const std::map<std::string, std::string>& pages) {
  std::vector<std::string> errors;
  std::map<std::string, std::set<std::string>> ids;
  for (const auto& [path, html] : pages)
    for (const std::string& id : attribute_values(html, "id"))
      if (!ids[path].insert(id).second) errors.push_back(concat(path, ": the id ", id, " occurs twice"));
  for (const auto& [path, html] : pages) {
    for (const std::string& link : attribute_values(html, "href")) {
      if (link.starts_with("https://") || link.starts_with("http://") || link.starts_with("data:")) continue;
      const std::size_t hash = link.find('#');
      const std::string file = link.substr(0, hash);
      const std::string page =
          file.empty() ? path : (fs::path(path).parent_path() / file).lexically_normal().generic_string();
      const std::string anchor = hash == std::string::npos ? "" : link.substr(hash + 1);
      if (!pages.contains(page))
        errors.push_back(concat(path, ": the link ", link, " leads to no page"));
      else if (!anchor.empty() && !ids[page].contains(anchor))
        errors.push_back(concat(path, ": the link ", link, " leads to an anchor that does not exist"));
    }
  }
  return errors;
}

}  // namespace heed::book
