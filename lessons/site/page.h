// page.h — the frame of every page: head, policy, contents, previous and next.
#pragma once

#include <string>
#include <vector>

#include "lessons/site/inline.h"

namespace heed::book {

struct Page {
  std::string path;   // of the page, relative to the book's folder
  std::string title;  // plain text
  std::string body;   // HTML
  std::vector<Section> sections;
  bool is_source = false;            // two columns
  std::vector<std::string> scripts;  // names in assets/, besides those of every page
  std::string data;                  // an element with data for the scripts
};

// An entry of the contents. Entries below it are shown on its own page and on theirs.
struct Entry {
  std::string path;
  std::string title;
  std::vector<Entry> entries;
};
struct Chapter {
  std::string title;
  std::vector<Entry> entries;
};

// The parts that all pages have in common.
class Frame {
 public:
  // `assets`: the folder with the style sheets and the scripts.
  Frame(const fs::path& assets, std::vector<Chapter> chapters);

  // The complete file. Previous and next follow the order of the contents.
  std::string html(const Page& page) const;

 private:
  std::string head(const Page& page, const std::vector<std::string>& scripts) const;
  std::string contents(const Page& page) const;
  std::string turn(const Page& page) const;

  fs::path assets_;
  std::string style_;
  std::vector<Chapter> chapters_;
  std::vector<std::pair<std::string, std::string>> order_;  // path and title of each entry
};

// The Content-Security-Policy of a page with these inline scripts: nothing is loaded, and no other
// script runs.
std::string policy_for(const std::vector<std::string>& scripts);

}  // namespace heed::book
