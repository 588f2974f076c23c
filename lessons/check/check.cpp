// The verdict on one exercise, and the main of its program:
//
//   ex_02_softmax_rows                      judges the learner's function; GoogleTest's output, its exit status
//   ex_02_softmax_rows --result FILE        … and writes the verdict there, a "key<TAB>value" a line, for the runner
//   sol_02_softmax_rows --as SD-06          judges that twin in the learner's place
//   sol_02_softmax_rows --twins             lists the twins' ids
//   sol_02_softmax_rows --distances         how far apart the right function and the twins are: exit 1 where too near
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

constexpr double clear_of_tolerance = 20;  // twins must differ by this many tolerances: no naming by chance

// What the questions so far say of one twin.
struct Evidence {
  bool agrees_everywhere = true;   // it gave the subject's answer to every question
  bool agrees_on_mistakes = true;  // … to every question on which the subject is wrong
  // Of the comparisons with inputs as given that tell the known mistakes apart, and on which the subject is wrong:
  bool wrong_with_subject = true;  // it is wrong on all of them
  std::optional<Question> alone;   // the first to which it alone gave the subject's numbers
};

struct Verdict {
  Listed exercise;
  int subject = -1;
  bool wrong = false;
  std::string todo;                // what the stub said, where it was the stub
  std::vector<Evidence> evidence;  // of each twin
  std::vector<std::vector<double>>
      apart;  // [i][j]: largest distance so far, in tolerances; 0 is the right one
  Question worst{"", Answer(0), Answer(0), {}, "", "", true};
  double worst_distance = -1;
  std::string invariant_id, invariant_message;  // the first that failed; the first with an id, if any
  bool invariant_separates = false;             // no other mistake among the twins fails it
  std::string result;                           // the file that the runner reads; "" where nobody does
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
  auto& apart = verdict().apart;
  std::vector<const Answer*> answers = {&q.right};
  for (const Answer& a : q.twins) answers.push_back(&a);
  apart.resize(answers.size(), std::vector<double>(answers.size(), 0));
  for (std::size_t i = 0; i < answers.size(); ++i)
    for (std::size_t j = 0; j < i; ++j)
      apart[i][j] = std::max(apart[i][j], difference(*answers[i], *answers[j]).distance / tolerance);
}

std::string first_of(const std::string& id) {
  for (const Listed::Known& t : verdict().exercise.twins)
    if (t.id == id) return t.same_as.empty() ? id : t.same_as;
  return id;
}

// The only mistake among the twins that pass `holds`, or -1. Twins declared to be the same count as one.
template <class Holds>
int only(const Holds& holds) {
  const Verdict& v = verdict();
  int found = -1;
  for (std::size_t i = 0; i < v.evidence.size(); ++i) {
    if (!holds(v.evidence[i])) continue;
    if (found >= 0 &&
        first_of(v.exercise.twins[i].id) != first_of(v.exercise.twins[static_cast<std::size_t>(found)].id))
      return -1;
    if (found < 0) found = static_cast<int>(i);
  }
  return found;
}

// The twin that the subject is, or -1: it gave the same answers to every question, or it is the only one that did so on
// every question on which the subject is wrong, one of which tells the known mistakes apart.
int named() {
  const Verdict& v = verdict();
  if (!v.wrong) return -1;
  const auto found = std::find_if(v.evidence.begin(), v.evidence.end(),
                                  [](const Evidence& e) { return e.agrees_everywhere; });
  if (found != v.evidence.end()) return static_cast<int>(found - v.evidence.begin());
  return only([](const Evidence& e) { return e.agrees_on_mistakes && e.alone.has_value(); });
}

// If no twin is the subject: the only one that is wrong together with the subject, and that gave the subject's numbers to a
// question to which no other twin gave them; or -1. Such a mistake was made together with another one.
int likely() {
  return only([](const Evidence& e) { return e.wrong_with_subject && e.alone.has_value(); });
}

int print_distances() {
  const Verdict& v = verdict();
  int wrong = 0;
  const auto name = [&](std::size_t i) { return i == 0 ? std::string("right") : v.exercise.twins[i - 1].id; };
  double least = std::numeric_limits<double>::infinity();
  for (std::size_t i = 0; i < v.apart.size(); ++i)
    for (std::size_t j = 0; j < i; ++j) {
      if (j > 0 && first_of(name(i)) == first_of(name(j))) continue;  // declared to be one
      least = std::min(least, v.apart[i][j]);
      if (v.apart[i][j] >= clear_of_tolerance) continue;
      std::cout << v.exercise.id << ": " << name(i) << " and " << name(j) << " are only " << v.apart[i][j]
                << " tolerances apart; " << clear_of_tolerance << " are needed to tell them\n";
      wrong = 1;
    }
  std::cout << v.exercise.id << ": least distance " << least << " tolerances\n";
  return wrong;
}

// Whether a question tells the known mistakes apart: of the twins that answer it with wrong numbers, at least five in six give
// numbers of their own. On other questions (saturated scores, a sequence of one) different mistakes give the same numbers.
bool tells_mistakes_apart(const Question& q, double tolerance) {
  std::vector<const Answer*> distinct;
  std::size_t wrong = 0;
  for (std::size_t i = 0; i < q.twins.size(); ++i) {
    const Answer& answer = q.twins[i];
    if (!answer.error.empty() || !verdict().exercise.twins[i].same_as.empty()) continue;
    if (difference(answer, q.right).distance <= tolerance) continue;
    ++wrong;
    if (std::none_of(distinct.begin(), distinct.end(),
                     [&](const Answer* other) { return difference(answer, *other).distance <= tolerance; }))
      distinct.push_back(&answer);
  }
  return wrong >= 2 && 6 * distinct.size() >= 5 * wrong;
}

// Whether one of the wrong numbers is no integer. Different mistakes often give the same NaN, infinity, id or index.
bool has_wrong_fraction(const Question& q, double tolerance) {
  if (q.got.parts.size() != q.right.parts.size()) return false;
  for (std::size_t part = 0; part < q.got.parts.size(); ++part) {
    const Tensor &got = q.got.parts[part], &right = q.right.parts[part];
    if (!got.defined() || !right.defined() || got.shape() != right.shape()) continue;
    const std::vector<double> a = got.to_vector(), b = right.to_vector();
    for (std::size_t i = 0; i < a.size(); ++i)
      if (std::isfinite(a[i]) && a[i] != std::round(a[i]) && !(std::abs(a[i] - b[i]) <= tolerance))
        return true;
  }
  return false;
}

// Updates the evidence for every twin with the answers to one more question.
void weigh(const Question& q, double tolerance) {
  Verdict& v = verdict();
  const bool wrong = !(difference(q.got, q.right).distance <= tolerance);
  const bool numbers = q.invariant_message.empty() && q.got.error.empty() && q.right.error.empty();
  const bool telling = wrong && q.as_given && numbers && has_wrong_fraction(q, tolerance) &&
                       tells_mistakes_apart(q, tolerance);
  std::vector<std::size_t> agreeing;
  for (std::size_t i = 0; i < q.twins.size(); ++i) {
    Evidence& e = v.evidence[i];
    const bool agrees = difference(q.got, q.twins[i]).distance <= tolerance;
    const bool twin_wrong = !(difference(q.twins[i], q.right).distance <= tolerance);
    e.agrees_everywhere = e.agrees_everywhere && agrees;
    if (!wrong) continue;
    e.agrees_on_mistakes = e.agrees_on_mistakes && agrees;
    if (telling && !twin_wrong) e.wrong_with_subject = false;
    if (telling && agrees) agreeing.push_back(i);
  }
  const auto of_one_mistake = [&](std::size_t i) {
    return first_of(v.exercise.twins[i].id) == first_of(v.exercise.twins[agreeing[0]].id);
  };
  if (agreeing.empty() || !std::all_of(agreeing.begin(), agreeing.end(), of_one_mistake)) return;
  if (Evidence& e = v.evidence[agreeing[0]]; !e.alone) e.alone = q;
}

// Keeps a failed invariant for the verdict. Its id names the mistake only if no twin with another id fails it, too.
void keep_invariant(const Question& q) {
  Verdict& v = verdict();
  v.invariant_id = q.invariant_id;
  v.invariant_message = q.invariant_message;
  v.invariant_separates = true;
  for (std::size_t i = 0; i < q.twins.size(); ++i) {
    const bool fails = q.twins[i].error.empty() && difference(q.twins[i], Answer(true)).distance > 0;
    if (fails && first_of(v.exercise.twins[i].id) != first_of(q.invariant_id)) v.invariant_separates = false;
  }
}

std::string on_one_line(std::string text) {
  for (const char separator : {'\n', '\r', '\t'}) std::replace(text.begin(), text.end(), separator, ' ');
  return text;
}

// The verdict, for the runner. Its last line is written last: a program that ends early leaves none.
void write_result(int tests) {
  const Verdict& v = verdict();
  std::ofstream out(v.result);
  const auto line = [&](const std::string& key, const std::string& value) {
    if (!value.empty()) out << key << '\t' << on_one_line(value) << '\n';
  };
  line("exercise", v.exercise.id);
  line("tests", std::to_string(tests));
  line("state", !v.todo.empty()                                           ? "todo"
                : v.wrong || ::testing::UnitTest::GetInstance()->Failed() ? "wrong"
                                                                          : "pass");
  line("todo", v.todo);
  if (v.subject >= 0) line("expected", first_of(v.exercise.twins[static_cast<std::size_t>(v.subject)].id));
  if (v.todo.empty() && v.wrong) {
    const bool certain = named() >= 0;
    const int twin = certain ? named() : likely();
    if (twin >= 0) {
      line("id", first_of(v.exercise.twins[static_cast<std::size_t>(twin)].id));
      line("message", v.exercise.twins[static_cast<std::size_t>(twin)].message);
      line("certain", certain ? "yes" : "no");
    } else if (!v.invariant_id.empty() && v.invariant_separates) {
      line("id", v.invariant_id);
      line("message", v.invariant_message);
      line("certain", "no");
    } else {
      line("broken", v.invariant_message);
    }
    const auto& alone =
        !certain && twin >= 0 ? v.evidence[static_cast<std::size_t>(twin)].alone : std::nullopt;
    if (alone || v.worst_distance >= 0) {
      const Question& shown = alone ? *alone : v.worst;
      const Difference d = difference(shown.got, shown.right);
      line("question", shown.text);
      line("place", d.place);
      line("got", d.got);
      line("want", shown.invariant_message.empty() ? d.want : "no error");
    }
  }
  line("end", "yes");
}

}  // namespace

void list(const Listed& exercise) {
  verdict().exercise = exercise;
  verdict().evidence.assign(exercise.twins.size(), {});
}

int subject() { return verdict().subject; }

void asking(const std::string& text) {
  if (!verdict().result.empty())
    std::ofstream(verdict().result) << "asking\t" << on_one_line(text) << std::endl;
}

Answer ask(const std::function<Answer()>& probe) {
  try {
    return probe();
  } catch (const exercise::Todo& todo) {
    verdict().todo = todo.what();
    return Answer::thrown(std::string("not written yet: ") + todo.what());
  } catch (const std::exception& error) {
    return Answer::thrown(error.what());
  } catch (...) {
    return Answer::thrown("something that is no std::exception");
  }
}

void judge(const Question& q) {
  Verdict& v = verdict();
  const double tolerance = tolerance_of(q.right);
  measure_distances(q, tolerance);
  weigh(q, tolerance);
  if (!q.invariant_message.empty() && difference(q.right, Answer(true)).distance > 0)
    ADD_FAILURE() << "this check is at fault, the right function fails it too: " << q.invariant_message;
  const Difference d = difference(q.got, q.right);
  if (d.distance <= tolerance) return;
  v.wrong = true;
  if (!q.invariant_message.empty()) {
    // What throws names nothing, and its error says more than that something did not hold.
    if (!q.got.error.empty() && v.worst_distance < 0) v.worst = q, v.worst_distance = d.distance;
    if (q.got.error.empty() &&
        (v.invariant_message.empty() || (v.invariant_id.empty() && !q.invariant_id.empty())))
      keep_invariant(q);
    ADD_FAILURE() << q.invariant_message << (q.got.error.empty() ? "" : "\n  it threw: " + q.got.error);
    return;
  }
  ADD_FAILURE() << q.text << (d.place.empty() ? "" : "  at " + d.place) << "\n  got   " << d.got
                << "\n  want  " << d.want;
  // The first question whose numbers differ is shown, unless a later one differs only in numbers.
  if (v.worst_distance < 0 || (std::isinf(v.worst_distance) && std::isfinite(d.distance)))
    v.worst = q, v.worst_distance = d.distance;
}

}  // namespace heed::checks

int main(int argc, char** argv) {
  using namespace heed::checks;
  ::testing::InitGoogleTest(&argc, argv);
  std::string& result = verdict().result;
  bool distances = false;
  const auto& twins = verdict().exercise.twins;
  for (int i = 1; i < argc; ++i) {
    const std::string option = argv[i];
    if (option == "--twins") {
      for (const auto& t : twins) std::cout << t.id << "\n";
      return 0;
    }
    if (option == "--distances") {
      distances = true;
    } else if (option == "--result" && i + 1 < argc) {
      result = argv[++i];
    } else if (option == "--as" && i + 1 < argc) {
      const auto found =
          std::find_if(twins.begin(), twins.end(), [&](const auto& t) { return t.id == argv[i + 1]; });
      if (found == twins.end()) {
        std::cerr << verdict().exercise.id << ": no twin " << argv[i + 1] << "\n";
        return 2;
      }
      verdict().subject = static_cast<int>(found - twins.begin());
      ++i;
    } else {
      std::cerr << "unknown option " << option
                << "; there are --result FILE, --as ID, --twins, --distances\n";
      return 2;
    }
  }
  auto& unit = *::testing::UnitTest::GetInstance();
  // The learner's own output is all that is to be seen where the runner reads the verdict from a file.
  // It comes through a pipe, and line by line, so that what was printed before a crash is not lost.
  std::setvbuf(stdout, nullptr, _IOLBF, 0);
  if (!result.empty() || distances)
    delete unit.listeners().Release(unit.listeners().default_result_printer());
  const int failed = RUN_ALL_TESTS();
  if (const int twin = named(); result.empty() && twin >= 0)
    std::cout << "\n"
              << twins[static_cast<std::size_t>(twin)].id << ": "
              << twins[static_cast<std::size_t>(twin)].message << "\n";
  if (!result.empty()) write_result(unit.successful_test_count() + unit.failed_test_count());
  return distances ? print_distances() : failed;
}
