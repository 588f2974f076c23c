// site.h — the whole book: collects its pages, renders them, checks their links.
#pragma once

#include <map>
#include <set>
#include <string>
#include <vector>

#include "lessons/site/exercise.h"
#include "lessons/site/lesson_page.h"
#include "lessons/site/page.h"
#include "lessons/site/search_index.h"

namespace heed::book {

// The lesson that has an attention bench.
inline const std::string bench_lesson = "lessons/02_scaled_dot_product_attention";

class Site {
 public:
  // `root`: the folder of the project.
  explicit Site(const fs::path& root);

  // The HTML of each page by its path. Throws BookError for an error in a file, and
  // std::runtime_error for links that lead nowhere.
  std::map<std::string, std::string> build();

 private:
  void collect();
  void collect_page(const std::string& path);
  void read_mistakes(const std::string& path);
  Hooks collecting_hooks(const std::string& path);
  Hooks hooks_for(const std::string& path);
  std::string reference_for(const std::string& path, std::string_view code) const;
  std::string image_for(const std::string& path, const std::string& target, const std::string& alt,
                        const Location& at);
  std::string origin_of(const std::string& path, const Block& code, const Location& at) const;

  Page markdown_page(const std::string& path);
  Page source_page(const std::string& path);
  Page folder_page(const std::string& path) const;
  Page exercises_page(const std::string& folder);
  Page search_page() const;
  Page bench_page() const;
  void add(Page page);

  std::vector<Chapter> chapters() const;
  Entry lesson_entry(const Lesson& lesson) const;
  std::vector<Entry> tour_entries() const;

  Repository files_;
  std::vector<Lesson> lessons_;
  std::vector<Exercise> exercises_;
  std::map<std::string, std::string> mistakes_;     // the page and anchor of each mistake, by its id
  std::map<std::string, std::string> exercise_of_;  // the page and anchor of each exercise, by its id
  std::set<std::string> shown_;                     // the files and folders that have a page
  std::vector<std::string> waiting_;                // those whose links were not followed yet
  std::vector<std::string> tour_;                   // sources in reading order
  int figures_ = 0;                                 // on the page that is being rendered
  std::vector<Page> pages_;
  SearchIndex index_;
};

}  // namespace heed::book
