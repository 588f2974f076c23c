#include "lessons/runner/verdict.h"

#include <cstdlib>
#include <map>

#include "lessons/runner/messages.h"
#include "lessons/runner/text.h"

namespace heed::runner {

namespace {

const char* const names[] = {"todo", "compile", "crash", "timeout", "wrong", "pass"};

std::map<std::string, std::string> parsed(const std::string& text) {
  std::map<std::string, std::string> result;
  for (const std::string& line : lines_of(text)) {
    const std::size_t tab = line.find('\t');
    if (tab != std::string::npos) result[line.substr(0, tab)] = printable(line.substr(tab + 1));
  }
  return result;
}

// Describes why the check did not finish properly. `complete`: the result file is complete.
void describe_end(const ProcessResult& process, bool complete, double limit, Verdict& verdict) {
  verdict.state = State::crash;
  switch (process.outcome) {
    case ProcessResult::Outcome::timed_out:
      verdict.state = State::timeout;
      verdict.ended = tr("did not finish within {1} seconds", limit);
      break;
    case ProcessResult::Outcome::too_much_output:
      verdict.state = State::timeout;
      verdict.ended = tr("printed too much output");
      break;
    case ProcessResult::Outcome::signalled:
      verdict.ended = signal_in_words(process.code);
      break;
    default:
      verdict.ended = complete ? tr("exited with status {1} after its last answer", process.code)
                               : tr("exited with status {1} before the check finished (does it call exit?)",
                                    process.code);
  }
}

}  // namespace

const char* name_of(State state) { return names[static_cast<int>(state)]; }

std::optional<State> state_of(const std::string& name) {
  for (int i = 0; i < 6; ++i)
    if (name == names[i]) return static_cast<State>(i);
  return std::nullopt;
}

void read_result(const Entry& entry, const ProcessResult& process, const std::string& text, double limit,
                 Verdict& verdict) {
  auto result = parsed(text);
  verdict.run_seconds = process.seconds;
  verdict.output = printable(process.output);
  verdict.output_cut = process.cut;
  const bool complete = result["end"] == "yes";
  const int expected_status = result["state"] == "pass" ? 0 : 1;
  const bool exited = process.outcome == ProcessResult::Outcome::exited && process.code == expected_status;
  if (!complete || !exited) {
    verdict.question = result["asking"];
    describe_end(process, complete, limit, verdict);
    return;
  }
  verdict.tests = std::atoi(result["tests"].c_str());
  if (verdict.tests != entry.tests || result["exercise"] != entry.id)
    throw EnvironmentError(tr("The check of {1}: expected {2} tests, got {3} of \"{4}\".", entry.id,
                              entry.tests, verdict.tests, result["exercise"]));
  verdict.state = state_of(result["state"]).value_or(State::crash);
  verdict.todo = result["todo"];
  verdict.id = result["id"];
  verdict.message = verdict.id.empty() ? result["broken"] : result["message"];
  verdict.certain = result["certain"] == "yes";
  verdict.question = result["question"];
  verdict.index = result["index"];
  verdict.got = result["got"];
  verdict.want = result["want"];
}

}  // namespace heed::runner
