// lesson_page.h — what the page of a lesson says about the lesson: its number, goals, minutes.
#pragma once

#include <string>
#include <vector>

#include "lessons/site/markdown.h"
#include "lessons/site/repository.h"

namespace heed::book {

struct Lesson {
  std::string folder;              // "lessons/02_scaled_dot_product_attention"
  std::string page;                // "lessons/02_…/index.html"
  std::string number;              // "02"
  std::string title;               // "Scaled dot-product attention"
  std::vector<std::string> goals;  // Markdown
  std::vector<std::string> after;  // the folders of the lessons that come before
  int minutes = 0;                 // 0 if the page does not say it
};

// Reads the title and the list below it: Goals, Prerequisites, Minutes. A part that is missing stays
// empty.
Lesson read_lesson(const std::string& folder, const std::vector<Block>& page);

std::vector<Lesson> read_lessons(const Repository& files);

// The map of the lessons for the front page: a card for each.
std::string lesson_cards(const std::vector<Lesson>& lessons);

}  // namespace heed::book
