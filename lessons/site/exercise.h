// exercise.h — the exercises of a lesson as a page, from solutions/NAME.cpp and checks/NAME.cpp.
//
// lessons/runner/exercise_file.h describes the form of a solution's file. The generator depends only
// on the standard library, so that it compiles in seconds; therefore it reads the file itself.
#pragma once

#include <array>
#include <functional>
#include <string>
#include <utility>
#include <vector>

#include "lessons/site/text.h"

namespace heed::book {

struct Exercise {
  std::string id;      // "02_sdpa"
  std::string folder;  // "02_scaled_dot_product_attention"
  std::string name;    // "sdpa"
  std::string title;
  std::string facts;  // "Exercise 6 · 20 minutes · ●●○ · after 02_scaled_scores"
  int number = 0;
  std::string stub;      // what a learner starts from
  std::string solution;  // without the hints
  std::array<std::string, 3> hints;
  std::vector<std::pair<std::string, std::string>> mistakes;  // id and message of each wrong twin
};

// Reads one exercise. `check` is the text of checks/NAME.cpp. Throws BookError if the solution does
// not have the expected form.
Exercise parse_exercise(const std::string& folder, const std::string& name, const std::string& solution,
                        const std::string& check);

// The exercises of all lessons, by folder and number. `lessons` is the folder of the lessons.
std::vector<Exercise> read_exercises(const fs::path& lessons);

// The exercise with its stub, its hints, which open one after another, its mistakes and its
// solution, as HTML. `render` renders a text with inline Markdown; `mistake_url` gives the URL of a
// mistake.
using RenderText = std::function<std::string(const std::string& text)>;
std::string exercise_html(const Exercise& exercise, const RenderText& render,
                          const std::function<std::string(const std::string& id)>& mistake_url);

}  // namespace heed::book
