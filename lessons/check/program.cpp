// The main() of a check's program:
//
//   ex_02_softmax_rows                      judges the learner's function; prints GoogleTest's output
//   ex_02_softmax_rows --result FILE        … and writes the verdict to FILE, for the runner
//   ex_02_softmax_rows --as SD-06           judges that twin as if it were the learner's function
//   solutions_02 --exercise 02_softmax_rows required if several exercises are linked
//   solutions_02 … --each                   judges the solution, then every twin, or all hand-written
//                                           answers if they are linked, and prints one line for each:
//                                           expected verdict, verdict, name, separated by tabs
//   solutions_02 … --distances              prints the smallest distance between the reference
//                                           function and the twins; exit status 1 if it is too small
#include <algorithm>
#include <cstdio>
#include <cstring>
#include <fstream>
#include <iostream>
#include <limits>

#include "lessons/check/verdict.h"

namespace heed::checks {

namespace {

// The reference function and the twins must differ from each other by this many tolerances, so that
// a mistake is never named by chance.
constexpr double min_distance = 20;

int print_distances() {
  const Program& p = program();
  int status = 0;
  const auto name = [&](std::size_t i) {
    return i == 0 ? std::string("reference") : p.exercise.twins[i - 1].id;
  };
  double smallest = std::numeric_limits<double>::infinity();
  for (std::size_t i = 0; i < p.distances.size(); ++i)
    for (std::size_t j = 0; j < i; ++j) {
      if (j > 0 && name_for(name(i)) == name_for(name(j))) continue;  // declared to be equal
      smallest = std::min(smallest, p.distances[i][j]);
      if (p.distances[i][j] >= min_distance) continue;
      std::cout << p.exercise.id << ": " << name(i) << " and " << name(j) << " are only " << p.distances[i][j]
                << " tolerances apart, expected at least " << min_distance << "\n";
      status = 1;
    }
  std::cout << p.exercise.id << ": least distance " << smallest << " tolerances\n";
  return status;
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

std::string state() {
  if (!program().verdict.todo.empty()) return "todo";
  return program().verdict.wrong || ::testing::UnitTest::GetInstance()->Failed() ? "wrong" : "pass";
}

int tests_run() {
  const auto& unit = *::testing::UnitTest::GetInstance();
  return unit.successful_test_count() + unit.failed_test_count();
}

// Writes the mistake if it is known, else the invariant that failed, and the question that showed
// it.
void write_mistake(ResultFile& file) {
  const Mistake m = mistake();
  file.add("id", m.id);
  file.add(m.id.empty() ? "broken" : "message", m.message);
  if (!m.id.empty()) file.add("certain", m.certain ? "yes" : "no");
  if (!m.question) return;
  const Difference d = difference(m.question->got, m.question->reference);
  file.add("question", m.question->text);
  file.add("index", d.index);
  file.add("got", d.got);
  file.add("want", m.question->invariant_message.empty() ? d.want : "no error");
}

// The name of the twin that is the subject.
std::string name_of_subject() {
  return name_for(program().exercise.twins[static_cast<std::size_t>(subject())].id);
}

void write_result() {
  const Program& p = program();
  ResultFile file(p.result);
  file.add("exercise", p.exercise.id);
  file.add("tests", std::to_string(tests_run()));
  file.add("state", state());
  file.add("todo", p.verdict.todo);
  if (subject() >= 0) file.add("expected", name_of_subject());
  if (p.verdict.todo.empty() && p.verdict.wrong) write_mistake(file);
  file.add("end", "yes");
}

// The verdict in one word, as hand-written answers declare it: "pass", "SD-06", "likely SD-06",
// "wrong" or "todo".
std::string verdict_text() {
  if (state() != "wrong" || !program().verdict.wrong) return state();
  const Mistake m = mistake();
  return m.id.empty() ? "wrong" : m.certain ? m.id : "likely " + m.id;
}

// GoogleTest repeats the tests for --each. In repetition i this judges function i.
class EachFunction : public ::testing::EmptyTestEventListener {
 public:
  explicit EachFunction(WrittenAnswers* answers) : answers_(answers) {}

  int count() const {
    return static_cast<int>(answers_ ? answers_->list.size() : 1 + program().exercise.twins.size());
  }

 private:
  void OnTestIterationStart(const ::testing::UnitTest&, int i) override {
    Program& p = program();
    if (answers_)
      answers_->chosen = static_cast<std::size_t>(i);
    else
      p.subject = i - 1;
    p.verdict = {};
    p.verdict.evidence.resize(p.exercise.twins.size());
    p.asked = 0;
  }

  void OnTestIterationEnd(const ::testing::UnitTest&, int i) override {
    std::string expected = "pass", name = "the solution";
    if (answers_) {
      expected = answers_->list[static_cast<std::size_t>(i)].verdict;
      name = answers_->list[static_cast<std::size_t>(i)].name;
    } else if (i > 0) {
      expected = name_of_subject();
      name = program().exercise.twins[static_cast<std::size_t>(i) - 1].id;
    }
    std::cout << expected << '\t' << verdict_text() << '\t' << name << std::endl;
  }

  WrittenAnswers* answers_;
};

struct Arguments {
  bool each = false, distances = false;
  std::string exercise, result, as;
};

// Returns false after printing an error if an argument is unknown.
bool parse(int argc, char** argv, Arguments& arguments) {
  for (int i = 1; i < argc; ++i) {
    const std::string option = argv[i];
    const bool has_value = i + 1 < argc;
    if (option == "--each") {
      arguments.each = true;
    } else if (option == "--distances") {
      arguments.distances = true;
    } else if (option == "--exercise" && has_value) {
      arguments.exercise = argv[++i];
    } else if (option == "--result" && has_value) {
      arguments.result = argv[++i];
    } else if (option == "--as" && has_value) {
      arguments.as = argv[++i];
    } else {
      std::cerr << "unknown option " << option
                << "; expected --exercise ID, --result FILE, --as ID, --each or --distances\n";
      return false;
    }
  }
  return true;
}

// Selects the tests of one of several linked exercises: those in …/checks/softmax_rows.cpp for
// 02_softmax_rows.
void select_tests(const std::string& id) {
  const std::string check = "/checks/" + id.substr(3) + ".cpp";
  std::string filter;
  const auto& unit = *::testing::UnitTest::GetInstance();
  for (int s = 0; s < unit.total_test_suite_count(); ++s)
    for (int t = 0; t < unit.GetTestSuite(s)->total_test_count(); ++t) {
      const ::testing::TestInfo& test = *unit.GetTestSuite(s)->GetTestInfo(t);
      if (std::string(test.file()).ends_with(check))
        filter += concat(test.test_suite_name(), ".", test.name(), ":");
    }
  ::testing::FLAGS_gtest_filter = filter;
}

// Returns false after printing an error if there is no such exercise or twin.
bool select(const Arguments& arguments) {
  Program& p = program();
  const auto exercise = std::find_if(p.exercises.begin(), p.exercises.end(), [&](const ExerciseInfo& e) {
    return p.exercises.size() == 1 || e.id == arguments.exercise;
  });
  if (exercise == p.exercises.end()) {
    std::cerr << "unknown exercise \"" << arguments.exercise << "\"; expected --exercise ID\n";
    return false;
  }
  p.exercise = *exercise;
  p.verdict.evidence.resize(p.exercise.twins.size());
  if (p.exercises.size() > 1) select_tests(p.exercise.id);
  if (arguments.as.empty()) return true;
  const auto& twins = p.exercise.twins;
  const auto twin =
      std::find_if(twins.begin(), twins.end(), [&](const auto& t) { return t.id == arguments.as; });
  p.subject = static_cast<int>(twin - twins.begin());
  if (twin == twins.end()) std::cerr << p.exercise.id << ": unknown twin " << arguments.as << "\n";
  return twin != twins.end();
}

WrittenAnswers* answers_to(const std::string& exercise) {
  for (WrittenAnswers* answers : program().answers)
    if (answers->exercise == exercise) return answers;
  return nullptr;
}

}  // namespace

void announce(const std::string& question) {
  if (program().result.empty()) return;
  std::ofstream(program().result) << "asking\t" << on_one_line(question) << std::endl;
}

int run(const Arguments& arguments) {
  auto& unit = *::testing::UnitTest::GetInstance();
  // The runner shows only the learner's own output. It is buffered by line, so lines that were
  // printed before a crash are not lost.
  std::setvbuf(stdout, nullptr, _IOLBF, 0);
  if (!arguments.result.empty() || arguments.each || arguments.distances)
    delete unit.listeners().Release(unit.listeners().default_result_printer());
  if (arguments.each) {
    auto* each = new EachFunction(answers_to(program().exercise.id));
    unit.listeners().Append(each);
    ::testing::FLAGS_gtest_repeat = each->count();
  }
  const int failed = RUN_ALL_TESTS();
  if (arguments.each) {
    std::cout << "tests\t" << tests_run() << "\n";
  } else if (!arguments.result.empty()) {
    write_result();
  } else if (program().verdict.wrong) {
    if (const Mistake m = mistake(); m.certain) std::cout << "\n" << m.id << ": " << m.message << "\n";
  }
  if (arguments.distances) return print_distances();
  return arguments.each ? 0 : failed;
}

}  // namespace heed::checks

int main(int argc, char** argv) {
  ::testing::InitGoogleTest(&argc, argv);
  heed::checks::Arguments arguments;
  if (!heed::checks::parse(argc, argv, arguments) || !heed::checks::select(arguments)) return 2;
  heed::checks::program().result = arguments.result;
  heed::checks::program().measures_distances = arguments.distances;
  return heed::checks::run(arguments);
}
