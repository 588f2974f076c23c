// main.cpp — heed_book --source DIR --out DIR: writes the book. ./lessons/book calls it.
#include <exception>
#include <iostream>

#include "lessons/site/site.h"

namespace {

const char* const usage = "Usage: heed_book --source DIR --out DIR\n";

// Writes the pages. Removes pages of an earlier book first: DIR must be new or contain a book.
void write_book(const std::map<std::string, std::string>& pages, const heed::book::fs::path& out) {
  namespace fs = std::filesystem;
  const fs::path mark = out / ".heed-book";
  if (fs::exists(out) && !fs::is_empty(out) && !fs::exists(mark))
    throw std::runtime_error(out.string() +
                             " is not empty and contains no book; choose another folder with --out");
  if (fs::exists(mark)) fs::remove_all(out);
  heed::book::write_file(mark,
                         "This folder is written by ./lessons/book, which first removes its content.\n");
  for (const auto& [path, html] : pages) heed::book::write_file(out / path, html);
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
