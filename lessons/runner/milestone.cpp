// milestone — a lesson's model, built from the learner's own exercises if they pass, else from our
// solutions.
//
// heed_milestone() in CMakeLists.txt lists the exercises; build/…/judged/milestone_NN.txt contains
// the list, and milestone_NN_ID.cpp beside it is compiled for each of them.
#include <iostream>

#include "lessons/runner/commands.h"
#include "lessons/runner/file_lock.h"
#include "lessons/runner/messages.h"
#include "lessons/runner/report.h"
#include "lessons/runner/signals.h"
#include "lessons/runner/text.h"
#include "lessons/support/terminal.h"

namespace heed::runner {

namespace {

struct Part {
  std::string source;
  Line origin;  // whose code it is
};

Part our_part(const Session& session, const Entry& entry, const std::string& reason) {
  return {read_text(entry.solution(session.paths)),
          {concat("  ", tr("ours"), "   ", entry.id, reason), Line::Style::plain}};
}

// Returns nothing if a signal stopped it.
std::optional<Part> part_of(Session& session, const Entry& entry) {
  if (!session.options.mine) return our_part(session, entry, "");
  const bool animated = lessons::is_terminal() && !session.options.plain;
  if (animated) std::cout << "  " << tr("judging {1}…", entry.id) << std::flush;
  const std::string source = learners_text(session, entry);
  const auto verdict =
      judge_and_record(session, entry, source, {.should_stop = [] { return caught_signal() != 0; }});
  if (animated) std::cout << "\r\033[K" << std::flush;
  if (!verdict) return std::nullopt;
  if (verdict->state != State::pass)
    return our_part(session, entry, tr(" (yours: {1})", in_words(verdict->state)));
  return Part{judged_text(session.paths.display(entry.file(session.paths)), source),
              {concat("✓ ", tr("yours"), "  ", entry.id), Line::Style::green}};
}

}  // namespace

int milestone(Session& session) {
  std::string number = session.arguments[0];
  if (number.size() == 1) number = "0" + number;
  const fs::path judged = session.paths.judged(), list = judged / ("milestone_" + number + ".txt");
  if (number.find_first_not_of("0123456789") != std::string::npos || !fs::exists(list))
    throw UsageError(tr("Lesson {1} has no milestone.", session.arguments[0]));
  for (const std::string& id : words_of(read_text(list))) {
    const Entry& entry = session.catalog.find(id);
    const std::optional<Part> part = part_of(session, entry);
    if (!part) return 128 + caught_signal();
    std::cout << styled(part->origin) << std::endl;
    const FileLock lock(session.paths.build_lock());
    const fs::path file = judged / concat("milestone_", number, "_", id, ".cpp");
    if (!fs::exists(file) || read_text(file) != part->source) write_text(file, part->source);
  }
  const std::string target = "milestone_" + number;
  build_program(session, target);
  std::cout << "\n" << std::flush;
  become_program(session, target);
}

}  // namespace heed::runner
