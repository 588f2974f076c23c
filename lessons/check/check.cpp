// The verdict on an exercise, and the main() of its program:
//
//   ex_02_softmax_rows                      judges the learner's function; prints GoogleTest's output
//   ex_02_softmax_rows --result FILE        … and writes the verdict to FILE, for the runner
//   sol_02_softmax_rows --as SD-06          judges that twin as if it were the learner's function
//   sol_02_softmax_rows --twins             lists the ids of the twins
//   sol_02_softmax_rows --distances         prints the smallest distance between the reference
//                                           function and the twins; exit status 1 if it is too small
#include "lessons/check/check.h"

#include <algorithm>
#include <cmath>
#include <cstdio>
#include <cstring>
#include <fstream>
#include <iostream>
#include <optional>

namespace heed::checks {

namespace {

// The reference function and the twins must differ from each other by this many tolerances, so that
// a mistake is never named by chance.
constexpr double min_distance = 20;

// The evidence for one twin after all questions so far.
struct Evidence {
  bool agrees_everywhere = true;   // it gave the subject's answer to every question
  bool agrees_on_mistakes = true;  // … to every question on which the subject is wrong
  // About questions with inputs as given that distinguish the known mistakes and that the subject
  // answers wrongly:
  bool wrong_with_subject = true;  // it answers all of them wrongly
  std::optional<Question> alone;   // the first that only it answers with the subject's numbers
};

struct Verdict {
  ExerciseInfo exercise;
  int subject = -1;
  bool wrong = false;
  std::string todo;                // the text of todo("…") if the subject is a stub
  std::vector<Evidence> evidence;  // of each twin
  // [i][j]: the largest distance so far between two functions, in tolerances. 0 is the reference
  // function, i > 0 twin i - 1.
  std::vector<std::vector<double>> distances;
  Question worst{"", Answer(0), Answer(0), {}, "", "", true};
  double worst_distance = -1;
  std::string invariant_id, invariant_message;  // the first that failed; prefers one with an id
  bool invariant_separates = false;             // no twin with another mistake fails it
  std::string result;                           // the path of the result file; "" if none is written
};

Verdict& verdict() {
  static Verdict v;
  return v;
}

double tolerance_of(const Answer& want) {
  double largest = 1;
  for (const Tensor& t : want.parts)
    if (t.defined())
      for (const double x : t.to_vector())
        if (std::isfinite(x)) largest = std::max(largest, std::abs(x));
  return verdict().exercise.tolerance * largest;
}

void measure_distances(const Question& q, double tolerance) {
  auto& distances = verdict().distances;
  std::vector<const Answer*> answers = {&q.reference};
  for (const Answer& a : q.twins) answers.push_back(&a);
  distances.resize(answers.size(), std::vector<double>(answers.size(), 0));
  for (std::size_t i = 0; i < answers.size(); ++i)
    for (std::size_t j = 0; j < i; ++j)
      distances[i][j] = std::max(distances[i][j], difference(*answers[i], *answers[j]).distance / tolerance);
}

// The id by which a twin is named: its own, or that of the twin that it declares to be equal to.
std::string name_for(const std::string& id) {
  for (const ExerciseInfo::TwinInfo& t : verdict().exercise.twins)
    if (t.id == id) return t.same_as.empty() ? id : t.same_as;
  return id;
}

// The index of the only mistake for which `holds` is true, or -1. Twins that are declared to be
// equal count as one.
template <class Holds>
int unique(const Holds& holds) {
  const Verdict& v = verdict();
  int found = -1;
  for (std::size_t i = 0; i < v.evidence.size(); ++i) {
    if (!holds(v.evidence[i])) continue;
    if (found >= 0 &&
        name_for(v.exercise.twins[i].id) != name_for(v.exercise.twins[static_cast<std::size_t>(found)].id))
      return -1;
    if (found < 0) found = static_cast<int>(i);
  }
  return found;
}

// The twin that is equal to the subject, or -1. It gave the same answers to all questions, or it is
// the only one that gave the same answers to all questions that the subject answers wrongly, and
// one of these distinguishes the known mistakes.
int named() {
  const Verdict& v = verdict();
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

int print_distances() {
  const Verdict& v = verdict();
  int status = 0;
  const auto name = [&](std::size_t i) {
    return i == 0 ? std::string("reference") : v.exercise.twins[i - 1].id;
  };
  double smallest = std::numeric_limits<double>::infinity();
  for (std::size_t i = 0; i < v.distances.size(); ++i)
    for (std::size_t j = 0; j < i; ++j) {
      if (j > 0 && name_for(name(i)) == name_for(name(j))) continue;  // declared to be equal
      smallest = std::min(smallest, v.distances[i][j]);
      if (v.distances[i][j] >= min_distance) continue;
      std::cout << v.exercise.id << ": " << name(i) << " and " << name(j) << " are only " << v.distances[i][j]
                << " tolerances apart, expected at least " << min_distance << "\n";
      status = 1;
    }
  std::cout << v.exercise.id << ": least distance " << smallest << " tolerances\n";
  return status;
}

// Whether a question distinguishes the known mistakes: at least five in six of the twins that
// answer it wrongly give different numbers. On other questions (saturated scores, a sequence of
// length 1) many mistakes give the same numbers.
bool distinguishes_mistakes(const Question& q, double tolerance) {
  std::vector<const Answer*> distinct;
  std::size_t wrong = 0;
  for (std::size_t i = 0; i < q.twins.size(); ++i) {
    const Answer& answer = q.twins[i];
    if (!answer.error.empty() || !verdict().exercise.twins[i].same_as.empty()) continue;
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
  Verdict& v = verdict();
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
    return name_for(v.exercise.twins[i].id) == name_for(v.exercise.twins[agreeing[0]].id);
  };
  if (agreeing.empty() || !std::all_of(agreeing.begin(), agreeing.end(), of_one_mistake)) return;
  if (Evidence& e = v.evidence[agreeing[0]]; !e.alone) e.alone = q;
}

// Stores a failed invariant for the verdict. Its id names the mistake only if no twin with another
// id fails it, too.
void store_invariant(const Question& q) {
  Verdict& v = verdict();
  v.invariant_id = q.invariant_id;
  v.invariant_message = q.invariant_message;
  v.invariant_separates = true;
  for (std::size_t i = 0; i < q.twins.size(); ++i) {
    const bool fails = q.twins[i].error.empty() && difference(q.twins[i], Answer(true)).distance > 0;
    if (fails && name_for(v.exercise.twins[i].id) != name_for(q.invariant_id)) v.invariant_separates = false;
  }
}

std::string on_one_line(std::string text) {
  for (const char separator : {'\n', '\r', '\t'}) std::replace(text.begin(), text.end(), separator, ' ');
  return text;
}

// The result file, "key<TAB>value" per line. The line "end" comes last: if a program ends early,
// its file has none.
class ResultFile {
 public:
  explicit ResultFile(const std::string& path) : out_(path) {}
  void add(const std::string& key, const std::string& value) {
    if (!value.empty()) out_ << key << '\t' << on_one_line(value) << '\n';
  }

 private:
  std::ofstream out_;
};

// Writes the mistake if it is known, else the invariant that failed, and the question that showed
// it.
void write_mistake(ResultFile& file) {
  const Verdict& v = verdict();
  const bool certain = named() >= 0;
  const int twin = certain ? named() : likely();
  std::optional<Question> shown;
  if (twin >= 0) {
    const auto index = static_cast<std::size_t>(twin);
    file.add("id", name_for(v.exercise.twins[index].id));
    file.add("message", v.exercise.twins[index].message);
    file.add("certain", certain ? "yes" : "no");
    if (!certain) shown = v.evidence[index].alone;
  } else if (!v.invariant_id.empty() && v.invariant_separates) {
    file.add("id", v.invariant_id);
    file.add("message", v.invariant_message);
    file.add("certain", "no");
  } else {
    file.add("broken", v.invariant_message);
  }
  if (!shown && v.worst_distance >= 0) shown = v.worst;
  if (!shown) return;
  const Difference d = difference(shown->got, shown->reference);
  file.add("question", shown->text);
  file.add("index", d.index);
  file.add("got", d.got);
  file.add("want", shown->invariant_message.empty() ? d.want : "no error");
}

void write_result(int tests) {
  const Verdict& v = verdict();
  ResultFile file(v.result);
  file.add("exercise", v.exercise.id);
  file.add("tests", std::to_string(tests));
  const bool wrong = v.wrong || ::testing::UnitTest::GetInstance()->Failed();
  file.add("state", !v.todo.empty() ? "todo" : wrong ? "wrong" : "pass");
  file.add("todo", v.todo);
  if (v.subject >= 0)
    file.add("expected", name_for(v.exercise.twins[static_cast<std::size_t>(v.subject)].id));
  if (v.todo.empty() && v.wrong) write_mistake(file);
  file.add("end", "yes");
}

}  // namespace

void register_exercise(const ExerciseInfo& exercise) {
  verdict().exercise = exercise;
  verdict().evidence.assign(exercise.twins.size(), {});
}

int subject() { return verdict().subject; }

void announce(const std::string& question) {
  if (verdict().result.empty()) return;
  std::ofstream(verdict().result) << "asking\t" << on_one_line(question) << std::endl;
}

Answer answer_of(const std::function<Answer()>& probe) {
  try {
    return probe();
  } catch (const Todo& todo) {
    verdict().todo = todo.what();
    return Answer::thrown(std::string("not written yet: ") + todo.what());
  } catch (const std::exception& error) {
    return Answer::thrown(error.what());
  } catch (...) {
    return Answer::thrown("an exception that is not a std::exception");
  }
}

void judge(const Question& q) {
  Verdict& v = verdict();
  const double tolerance = tolerance_of(q.reference);
  measure_distances(q, tolerance);
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

namespace {

using namespace heed::checks;

struct Arguments {
  bool twins = false, distances = false;
  std::string result, as;
};

// Returns false after printing an error if an argument is unknown.
bool parse(int argc, char** argv, Arguments& arguments) {
  for (int i = 1; i < argc; ++i) {
    const std::string option = argv[i];
    const bool has_value = i + 1 < argc;
    if (option == "--twins") {
      arguments.twins = true;
    } else if (option == "--distances") {
      arguments.distances = true;
    } else if (option == "--result" && has_value) {
      arguments.result = argv[++i];
    } else if (option == "--as" && has_value) {
      arguments.as = argv[++i];
    } else {
      std::cerr << "unknown option " << option
                << "; expected --result FILE, --as ID, --twins or --distances\n";
      return false;
    }
  }
  return true;
}

}  // namespace

int main(int argc, char** argv) {
  ::testing::InitGoogleTest(&argc, argv);
  Arguments arguments;
  if (!parse(argc, argv, arguments)) return 2;
  const auto& twins = verdict().exercise.twins;
  if (arguments.twins) {
    for (const auto& t : twins) std::cout << t.id << "\n";
    return 0;
  }
  if (!arguments.as.empty()) {
    const auto found =
        std::find_if(twins.begin(), twins.end(), [&](const auto& t) { return t.id == arguments.as; });
    if (found == twins.end()) {
      std::cerr << verdict().exercise.id << ": unknown twin " << arguments.as << "\n";
      return 2;
    }
    verdict().subject = static_cast<int>(found - twins.begin());
  }
  verdict().result = arguments.result;
  const bool for_runner = !arguments.result.empty();
  auto& unit = *::testing::UnitTest::GetInstance();
  // The runner shows only the learner's own output. It is buffered by line, so lines that were
  // printed before a crash are not lost.
  std::setvbuf(stdout, nullptr, _IOLBF, 0);
  if (for_runner || arguments.distances)
    delete unit.listeners().Release(unit.listeners().default_result_printer());
  const int failed = RUN_ALL_TESTS();
  if (for_runner) {
    write_result(unit.successful_test_count() + unit.failed_test_count());
  } else if (const int twin = named(); twin >= 0) {
    const auto& mistake = twins[static_cast<std::size_t>(twin)];
    std::cout << "\n" << mistake.id << ": " << mistake.message << "\n";
  }
  return arguments.distances ? print_distances() : failed;
}
