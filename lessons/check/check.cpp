// The verdict on an exercise, from the answers to its questions.
#include <algorithm>
#include <cmath>
#include <optional>

#include "lessons/check/verdict.h"

namespace heed::checks {

namespace {

double tolerance_of(const Answer& want) {
  double largest = 1;
  for (const Tensor& t : want.parts)
    if (t.defined())
      for (const double x : t.to_vector())
        if (std::isfinite(x)) largest = std::max(largest, std::abs(x));
  return program().exercise.tolerance * largest;
}

void measure_distances(const Question& q, double tolerance) {
  auto& distances = program().distances;
  std::vector<const Answer*> answers = {&q.reference};
  for (const Answer& a : q.twins) answers.push_back(&a);
  distances.resize(answers.size(), std::vector<double>(answers.size(), 0));
  for (std::size_t i = 0; i < answers.size(); ++i)
    for (std::size_t j = 0; j < i; ++j)
      distances[i][j] = std::max(distances[i][j], difference(*answers[i], *answers[j]).distance / tolerance);
}

// The index of the only mistake for which `holds` is true, or -1. Twins that are declared to be
// equal count as one.
template <class Holds>
int unique(const Holds& holds) {
  const Verdict& v = program().verdict;
  int found = -1;
  for (std::size_t i = 0; i < v.evidence.size(); ++i) {
    if (!holds(v.evidence[i])) continue;
    if (found >= 0 && name_for(program().exercise.twins[i].id) !=
                          name_for(program().exercise.twins[static_cast<std::size_t>(found)].id))
      return -1;
    if (found < 0) found = static_cast<int>(i);
  }
  return found;
}

// The twin that is equal to the subject, or -1. It gave the same answers to all questions, or it is
// the only one that gave the same answers to all questions that the subject answers wrongly, and
// one of these distinguishes the known mistakes.
int named() {
  const Verdict& v = program().verdict;
  if (!v.wrong) return -1;
  const auto found = std::find_if(v.evidence.begin(), v.evidence.end(),
                                  [](const Evidence& e) { return e.agrees_everywhere; });
  if (found != v.evidence.end()) return static_cast<int>(found - v.evidence.begin());
  return unique([](const Evidence& e) { return e.agrees_on_mistakes && e.alone.has_value(); });
}

// If no twin is equal to the subject: the only one that is wrong whenever the subject is, and whose
// numbers equal the subject's on a question on which those of no other twin do; or -1. The subject
// then makes this mistake and another one.
int likely() {
  return unique([](const Evidence& e) { return e.wrong_with_subject && e.alone.has_value(); });
}

// Whether a question distinguishes the known mistakes: at least five in six of the twins that
// answer it wrongly give different numbers. On other questions (saturated scores, a sequence of
// length 1) many mistakes give the same numbers.
bool distinguishes_mistakes(const Question& q, double tolerance) {
  std::vector<const Answer*> distinct;
  std::size_t wrong = 0;
  for (std::size_t i = 0; i < q.twins.size(); ++i) {
    const Answer& answer = q.twins[i];
    if (!answer.error.empty() || !program().exercise.twins[i].same_as.empty()) continue;
    if (difference(answer, q.reference).distance <= tolerance) continue;
    ++wrong;
    if (std::none_of(distinct.begin(), distinct.end(),
                     [&](const Answer* other) { return difference(answer, *other).distance <= tolerance; }))
      distinct.push_back(&answer);
  }
  return wrong >= 2 && 6 * distinct.size() >= 5 * wrong;
}

// Whether one of the wrong numbers is finite and not an integer. Different mistakes often give the
// same NaN, infinity, id or index.
bool has_wrong_fraction(const Question& q, double tolerance) {
  if (q.got.parts.size() != q.reference.parts.size()) return false;
  for (std::size_t part = 0; part < q.got.parts.size(); ++part) {
    const Tensor &got = q.got.parts[part], &reference = q.reference.parts[part];
    if (!got.defined() || !reference.defined() || got.shape() != reference.shape()) continue;
    const std::vector<double> a = got.to_vector(), b = reference.to_vector();
    for (std::size_t i = 0; i < a.size(); ++i)
      if (std::isfinite(a[i]) && a[i] != std::round(a[i]) && !(std::abs(a[i] - b[i]) <= tolerance))
        return true;
  }
  return false;
}

// Updates the evidence for every twin after one more question.
void update_evidence(const Question& q, double tolerance) {
  Verdict& v = program().verdict;
  const bool wrong = !(difference(q.got, q.reference).distance <= tolerance);
  const bool numbers = q.invariant_message.empty() && q.got.error.empty() && q.reference.error.empty();
  const bool telling = wrong && !q.repeats && numbers && has_wrong_fraction(q, tolerance) &&
                       distinguishes_mistakes(q, tolerance);
  std::vector<std::size_t> agreeing;
  for (std::size_t i = 0; i < q.twins.size(); ++i) {
    Evidence& e = v.evidence[i];
    const bool agrees = difference(q.got, q.twins[i]).distance <= tolerance;
    const bool twin_wrong = !(difference(q.twins[i], q.reference).distance <= tolerance);
    e.agrees_everywhere = e.agrees_everywhere && agrees;
    if (!wrong) continue;
    e.agrees_on_mistakes = e.agrees_on_mistakes && agrees;
    if (telling && !twin_wrong) e.wrong_with_subject = false;
    if (telling && agrees) agreeing.push_back(i);
  }
  const auto of_one_mistake = [&](std::size_t i) {
    return name_for(program().exercise.twins[i].id) == name_for(program().exercise.twins[agreeing[0]].id);
  };
  if (agreeing.empty() || !std::all_of(agreeing.begin(), agreeing.end(), of_one_mistake)) return;
  if (Evidence& e = v.evidence[agreeing[0]]; !e.alone) e.alone = q;
}

// Stores a failed invariant for the verdict. Its id names the mistake only if no twin with another
// id fails it, too.
void store_invariant(const Question& q) {
  Verdict& v = program().verdict;
  v.invariant_id = q.invariant_id;
  v.invariant_message = q.invariant_message;
  v.invariant_separates = true;
  for (std::size_t i = 0; i < q.twins.size(); ++i) {
    const bool fails = q.twins[i].error.empty() && difference(q.twins[i], Answer(true)).distance > 0;
    if (fails && name_for(program().exercise.twins[i].id) != name_for(q.invariant_id))
      v.invariant_separates = false;
  }
}

}  // namespace

Program& program() {
  static Program p;
  return p;
}

std::string name_for(const std::string& id) {
  for (const ExerciseInfo::TwinInfo& t : program().exercise.twins)
    if (t.id == id) return t.same_as.empty() ? id : t.same_as;
  return id;
}

Mistake mistake() {
  const Verdict& v = program().verdict;
  const bool certain = named() >= 0;
  const int twin = certain ? named() : likely();
  std::optional<Question> question;
  if (v.worst_distance >= 0) question = v.worst;
  if (twin >= 0) {
    const auto index = static_cast<std::size_t>(twin);
    if (!certain) question = v.evidence[index].alone;
    return {name_for(program().exercise.twins[index].id), program().exercise.twins[index].message, certain,
            question};
  }
  const bool named_by_invariant = !v.invariant_id.empty() && v.invariant_separates;
  return {named_by_invariant ? v.invariant_id : "", v.invariant_message, false, question};
}

int subject() { return program().subject; }

void register_exercise(const ExerciseInfo& exercise) { program().exercises.push_back(exercise); }

void register_answers(WrittenAnswers& answers) { program().answers.push_back(&answers); }

bool recall(Question& question) {
  Program& p = program();
  const std::size_t index = p.asked++;
  if (index >= p.questions.size() || p.questions[index].text != question.text) return false;
  question.reference = p.questions[index].reference;
  question.twins = p.questions[index].twins;
  return true;
}

Answer answer_of(const std::function<Answer()>& probe) {
  try {
    return probe();
  } catch (const Todo& todo) {
    program().verdict.todo = todo.what();
    return Answer::thrown(std::string("not written yet: ") + todo.what());
  } catch (const std::exception& error) {
    return Answer::thrown(error.what());
  } catch (...) {
    return Answer::thrown("an exception that is not a std::exception");
  }
}

void judge(const Question& q) {
  Verdict& v = program().verdict;
  const double tolerance = tolerance_of(q.reference);
  if (program().questions.size() < program().asked) {
    program().questions.push_back(q);
    if (program().measures_distances) measure_distances(q, tolerance);
  }
  update_evidence(q, tolerance);
  if (!q.invariant_message.empty() && difference(q.reference, Answer(true)).distance > 0)
    ADD_FAILURE() << "this check is wrong, the reference function fails it: " << q.invariant_message;
  const Difference d = difference(q.got, q.reference);
  if (d.distance <= tolerance) return;
  v.wrong = true;
  const auto store_question = [&] {
    v.worst = q;
    v.worst_distance = d.distance;
  };
  if (!q.invariant_message.empty()) {
    // An exception does not name a mistake, and its message is more informative than a failed
    // invariant.
    const bool threw = !q.got.error.empty();
    const bool better = v.invariant_message.empty() || (v.invariant_id.empty() && !q.invariant_id.empty());
    if (threw && v.worst_distance < 0) store_question();
    if (!threw && better) store_invariant(q);
    ADD_FAILURE() << q.invariant_message << (threw ? "\n  it threw: " + q.got.error : "");
    return;
  }
  ADD_FAILURE() << q.text << (d.index.empty() ? "" : "  at " + d.index) << "\n  got   " << d.got
                << "\n  want  " << d.want;
  // Shows the first question with a difference, but prefers different numbers to different shapes
  // or an exception.
  if (v.worst_distance < 0 || (std::isinf(v.worst_distance) && std::isfinite(d.distance))) store_question();
}

}  // namespace heed::checks
