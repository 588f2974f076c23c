// exercise_file.h — solutions/NAME.cpp, the single source of an exercise, and the parts that are
// derived from it.
//
//   // 02_softmax_rows — Turn each row of scores into a probability distribution.
//   // Exercise 3 · 10 minutes · ●○○ · after 02_dot_scores
//   //
//   // The statement: shapes, the formula, the functions that may be used.
//   #include "lessons/02_scaled_dot_product_attention/exercises.h"
//
//   namespace heed::exercise {
//
//   Tensor softmax_rows(const Tensor& scores) {
//     // solution: normalise each row
//     …
//     // end
//   }
//
//   }  // namespace heed::exercise
//
//   // Hints
//   //
//   // 1. A leading question.
//   // 2. A plan with shapes.
//   // 3. Almost the code.
//
// The number gives the order within the lesson. "after" lists the exercises that should be done
// first; without prerequisites it is left out.
#pragma once

#include <array>
#include <string>
#include <vector>

namespace heed::runner {

// The facts and the hints of an exercise.
struct ExerciseInfo {
  std::string title;
  int number = 0;  // position within the lesson, from 1
  int minutes = 0;
  int difficulty = 1;              // 1 to 3
  std::vector<std::string> after;  // ids of the prerequisites
  std::array<std::string, 3> hints;

  std::string stars() const;  // "●○○"
};

// Reads the facts and hints of exercise `id`. Throws EnvironmentError if the file does not have the
// form above; the message names the line. `shown`: the file's path in that message.
ExerciseInfo read_exercise_info(const std::string& solution, const std::string& id, const std::string& shown);

// The file that a learner starts from: without the hints, and `todo("TEXT");` instead of the lines
// from "// solution: TEXT" to "// end". A solution without these lines is an exercise that is
// solved already. Throws Error if "// end" is missing.
std::string stub_of(const std::string& solution);

std::string without_hints(const std::string& solution);

// The declaration of function `name`: "Tensor softmax_rows(const Tensor& scores);". Throws Error if
// there is none.
std::string declaration_of(const std::string& solution, const std::string& name);

}  // namespace heed::runner
