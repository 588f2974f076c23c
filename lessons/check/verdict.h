// verdict.h — the state of a check's program: the exercise, the function that is judged, and the
// evidence so far.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "lessons/check/check.h"

namespace heed::checks {

// The evidence for one twin after all questions so far.
struct Evidence {
  bool agrees_everywhere = true;   // it gave the subject's answer to every question
  bool agrees_on_mistakes = true;  // … to every question on which the subject is wrong
  // About questions with inputs as given that distinguish the known mistakes and that the subject
  // answers wrongly:
  bool wrong_with_subject = true;  // it answers all of them wrongly
  std::optional<Question> alone;   // the first that only it answers with the subject's numbers
};

// What is known about the subject, the function that is judged.
struct Verdict {
  bool wrong = false;
  std::string todo;                // the text of todo("…") if the subject is a stub
  std::vector<Evidence> evidence;  // of each twin
  Question worst{"", Answer(0), Answer(0), {}, "", "", true};
  double worst_distance = -1;
  std::string invariant_id, invariant_message;  // the first that failed; prefers one with an id
  bool invariant_separates = false;             // no twin with another mistake fails it
};

struct Program {
  std::vector<ExerciseInfo> exercises;   // all that are linked
  std::vector<WrittenAnswers*> answers;  // hand-written ones that are linked
  ExerciseInfo exercise;                 // the one that is judged
  int subject = -1;                      // see subject()
  Verdict verdict;
  std::string result;  // the path of the result file; "" if none is written
  // The questions in the order in which they were asked to the first subject, with the answers of
  // the reference function and the twins, and how many were asked to the current one.
  std::vector<Question> questions;
  std::size_t asked = 0;
  // [i][j]: the largest distance so far between two functions, in tolerances. 0 is the reference
  // function, i > 0 twin i - 1. Only measured with --distances.
  bool measures_distances = false;
  std::vector<std::vector<double>> distances;
};
Program& program();

// The id by which a twin is named: its own, or that of the twin that it declares to be equal to.
std::string name_for(const std::string& id);

// The mistake of a wrong subject. The id is "" if it is not a known one; then the message is that
// of an invariant that does not hold, or "".
struct Mistake {
  std::string id, message;
  bool certain = false;
  std::optional<Question> question;  // that shows it
};
Mistake mistake();

}  // namespace heed::checks
