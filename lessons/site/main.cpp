// main.cpp — heed_book --source DIR --out DIR: writes the book. ./lessons/book calls it.
#include <exception>
#include <filesystem>
#include <iostream>

#include "lessons/site/site.h"

namespace {

const char* const usage = "Usage: heed_book --source DIR --out DIR\n";

namespace fs = std::filesystem;

constexpr const char* mark = ".heed-book";  // a file in every folder that this program wrote

// Throws unless the folder is new, empty, or contains a book.
void check_replaceable(const fs::path& folder) {
  if (!fs::exists(folder)) return;
  if (!fs::is_directory(folder))
    throw std::runtime_error(folder.string() + " is not a folder; choose another one with --out");
  if (!fs::is_empty(folder) && !fs::exists(folder / mark))
    throw std::runtime_error(folder.string() +
                             " is not empty and contains no book; choose another folder with --out");
}

// Writes the pages to a new folder, which then replaces that of an earlier book. If a page cannot be
// written, the earlier book remains.
void write_book(const std::map<std::string, std::string>& pages, const fs::path& folder) {
  fs::path out = fs::absolute(folder).lexically_normal();
  if (!out.has_filename()) out = out.parent_path();  // "book/"
  fs::path partial = out;
  partial += ".partial";
  check_replaceable(out);
  check_replaceable(partial);
  fs::remove_all(partial);
  try {
    heed::book::write_file(partial / mark,
                           "This folder is written by ./lessons/book, which first removes its content.\n");
    for (const auto& [path, html] : pages) heed::book::write_file(partial / path, html);
  } catch (...) {
    std::error_code ignored;
    fs::remove_all(partial, ignored);
    throw;
  }
  fs::remove_all(out);
  fs::rename(partial, out);
}

}  // namespace

int main(int count, char** arguments) {
  std::string source, out;
  for (int i = 1; i < count; ++i) {
    const std::string option = arguments[i];
    const bool known = option == "--source" || option == "--out";
    if (!known || i + 1 == count) {
      std::cerr << (known ? option + " expects a folder" : "unknown option " + option) << "\n" << usage;
      return 2;
    }
    (option == "--source" ? source : out) = arguments[++i];
  }
  if (source.empty() || out.empty()) {
    std::cerr << usage;
    return 2;
  }
  try {
    const std::map<std::string, std::string> pages = heed::book::Site(source).build();
    write_book(pages, out);
    std::cout << pages.size() << " pages\n";
  } catch (const std::exception& error) {
    std::cerr << "The book was not written:\n" << error.what() << "\n";
    return 1;
  }
}
