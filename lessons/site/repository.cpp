// repository.cpp — see repository.h.
#include "lessons/site/repository.h"

#include <algorithm>
#include <cctype>

namespace heed::book {

const std::string& Repository::text(const std::string& path) const {
  const auto [entry, is_new] = texts_.try_emplace(path);
  if (is_new) entry->second = read_file(root_ / path);
  return entry->second;
}

std::vector<std::string> Repository::names(const std::string& folder) const {
  std::vector<std::string> names;
  for (const auto& entry : fs::directory_iterator(root_ / folder)) {
    const std::string name = entry.path().filename().string();
    if (!name.starts_with(".")) names.push_back(name + (entry.is_directory() ? "/" : ""));
  }
  std::sort(names.begin(), names.end());
  return names;
}

std::vector<std::string> Repository::lesson_folders() const {
  std::vector<std::string> folders;
  for (const std::string& name : names("lessons")) {
    const bool numbered =
        name.size() > 3 && std::isdigit(static_cast<unsigned char>(name[0])) && name[2] == '_';
    if (numbered && name.ends_with("/")) folders.push_back("lessons/" + name.substr(0, name.size() - 1));
  }
  return folders;
}

std::string page_of(const std::string& path, bool is_folder) {
  if (path == "README.md" || path == ".") return "readme.html";
  if (path == "lessons/site/front.md") return "index.html";
  if (path == "lessons/site/tour.md") return "tour.html";
  std::string page = path;
  if (is_folder)
    page += "/index.html";
  else if (page.ends_with("/README.md"))
    page.replace(page.size() - 9, 9, "index.html");
  else if (page.ends_with(".md"))
    page.replace(page.size() - 3, 3, ".html");
  else
    page += ".html";
  return page.starts_with(".") ? page.substr(1) : page;  // .github would be invisible in most file managers
}

bool is_external(const std::string& link) {
  return link.starts_with("https://") || link.starts_with("http://");
}

Target resolve(const Repository& files, const std::string& link, const Location& at) {
  const std::size_t hash = link.find('#');
  const std::string path = link.substr(0, hash);
  Target target;
  if (hash != std::string::npos) target.anchor = link.substr(hash + 1);
  if (path.starts_with("/") || path.find(':') != std::string::npos)
    throw BookError(at, "expected a relative path or an address that begins with https://, got " + link);
  target.path =
      path.empty() ? at.file : (fs::path(at.file).parent_path() / path).lexically_normal().generic_string();
  if (target.path.ends_with("/")) target.path.pop_back();
  if (target.path.starts_with("..") || !files.exists(target.path))
    throw BookError(at, "the link leads to " + target.path + ", which does not exist");
  return target;
}

}  // namespace heed::book
