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

// The check came to no end: what happened, in words, and the question that was open.
void explain_end(const Ended& ended, bool whole, double limit, Verdict& verdict) {
  verdict.state = State::crash;
  switch (ended.how) {
    case Ended::How::too_long:
      verdict.state = State::timeout;
      verdict.ended = tr("had not ended after {1} seconds", limit);
      break;
    case Ended::How::too_much_output:
      verdict.state = State::timeout;
      verdict.ended = tr("printed without end");
      break;
    case Ended::How::signalled:
      verdict.ended = signal_in_words(ended.number);
      break;
    default:
      verdict.ended =
          whole ? tr("ended with status {1} after its last answer", ended.number)
                : tr("ended with status {1} before the check was through (does it call exit?)", ended.number);
  }
}

}  // namespace

const char* name_of(State state) { return names[static_cast<int>(state)]; }

std::optional<State> state_of(const std::string& name) {
  for (int i = 0; i < 6; ++i)
    if (name == names[i]) return static_cast<State>(i);
  return std::nullopt;
}

void read_result(const Entry& entry, const Ended& ended, const std::string& text, double limit,
                 Verdict& verdict) {
  auto result = parsed(text);
  verdict.run_seconds = ended.seconds;
  verdict.output = printable(ended.output);
  verdict.output_cut = ended.cut;
  const bool whole = result["end"] == "yes";
  const bool tidy = ended.how == Ended::How::exited && ended.number == (result["state"] == "pass" ? 0 : 1);
  if (!whole || !tidy) {
    verdict.question = result["asking"];
    explain_end(ended, whole, limit, verdict);
    return;
  }
  verdict.tests = std::atoi(result["tests"].c_str());
  if (verdict.tests != entry.tests || result["exercise"] != entry.id)
    throw Environment(tr("The check of {1} ran {2} tests as \"{3}\", and lessons/{4}/hints.md promises {5}.",
                         entry.id, verdict.tests, result["exercise"], entry.folder, entry.tests));
  verdict.state = state_of(result["state"]).value_or(State::crash);
  verdict.todo = result["todo"];
  verdict.id = result["id"];
  verdict.message = verdict.id.empty() ? result["broken"] : result["message"];
  verdict.certain = result["certain"] == "yes";
  verdict.question = result["question"], verdict.place = result["place"];
  verdict.got = result["got"], verdict.want = result["want"];
}

}  // namespace heed::runner
