// repository.h — the files of the project that the book shows, and the pages that show them.
#pragma once

#include <map>
#include <string>
#include <vector>

#include "lessons/site/text.h"

namespace heed::book {

// Paths are relative to the project's folder and use /: "autograd/graph.h".
class Repository {
 public:
  explicit Repository(fs::path root) : root_(std::move(root)) {}

  bool exists(const std::string& path) const { return fs::exists(root_ / path); }
  bool is_folder(const std::string& path) const { return fs::is_directory(root_ / path); }
  // The content of a file. Each file is read once.
  const std::string& text(const std::string& path) const;
  // The names in a folder in alphabetical order, without hidden files. A folder's name ends with /.
  std::vector<std::string> names(const std::string& folder) const;
  // The folders of the lessons in order: "lessons/00_autograd", ….
  std::vector<std::string> lesson_folders() const;
  const fs::path& root() const { return root_; }

 private:
  fs::path root_;
  mutable std::map<std::string, std::string> texts_;
};

// The page that shows a file or a folder: "nn/README.md" and "nn" give "nn/index.html",
// "lessons/glossary.md" gives "lessons/glossary.html", "nn/rnn.h" gives "nn/rnn.h.html". The page
// index.html is the front of the book, so the project's README is readme.html.
std::string page_of(const std::string& path, bool is_folder);

// A link of a page, resolved: the path relative to the project's folder, and the part after #.
struct Target {
  std::string path, anchor;
};

// Resolves a link relative to the file that contains it. Throws BookError if there is no such file.
Target resolve(const Repository& files, const std::string& link, const Location& at);

bool is_external(const std::string& link);

}  // namespace heed::book
