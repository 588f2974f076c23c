// milestone — a lesson's model built from the learner's own parts, where they pass now, and from ours elsewhere.
//
// heed_milestone() in CMakeLists.txt says which exercises are its parts; build/…/judged/milestone_NN.txt lists them, and
// milestone_NN_ID.cpp beside it is what is compiled for each.
#include <iostream>

#include "lessons/runner/file_lock.h"
#include "lessons/runner/messages.h"
#include "lessons/runner/report.h"
#include "lessons/runner/signals.h"
#include "lessons/runner/text.h"
#include "lessons/runner/verbs.h"
#include "lessons/support/terminal.h"

namespace heed::runner {

namespace {

struct Part {
  std::string text;
  Line said;  // whose it is
};

Part our_part(const Session& session, const Entry& entry, const std::string& why) {
  return {read_text(entry.solution(session.places)),
          {concat("  ", tr("ours"), "   ", entry.id, why), Line::Look::plain}};
}

// Nothing where the learner stopped it.
std::optional<Part> part_of(Session& session, const Entry& entry) {
  if (!session.options.mine) return our_part(session, entry, "");
  const bool moving = lessons::is_terminal() && !session.options.plain;
  if (moving) std::cout << "  " << tr("judging {1}…", entry.id) << std::flush;
  const std::string source = learners_text(session, entry);
  const auto verdict =
      judge_and_remember(session, entry, source, {.stop = [] { return caught_signal() != 0; }});
  if (moving) std::cout << "\r\033[K" << std::flush;
  if (!verdict) return std::nullopt;
  if (verdict->state != State::pass)
    return our_part(session, entry, tr(" (yours: {1})", in_words(verdict->state)));
  return Part{judged_text(session.places.shown(entry.file(session.places)), source),
              {concat("✓ ", tr("yours"), "  ", entry.id), Line::Look::green}};
}

}  // namespace

int milestone(Session& session) {
  std::string number = session.arguments[0];
  if (number.size() == 1) number = "0" + number;
  const fs::path judged = session.places.judged(), list = judged / ("milestone_" + number + ".txt");
  if (number.find_first_not_of("0123456789") != std::string::npos || !fs::exists(list))
    throw Usage(tr("Lesson {1} has no milestone.", session.arguments[0]));
  for (const std::string& id : words_of(read_text(list))) {
    const Entry& entry = session.catalog.find(id);
    const std::optional<Part> part = part_of(session, entry);
    if (!part) return 128 + caught_signal();
    std::cout << shown(part->said) << std::endl;
    const FileLock lock(judged / ".lock");
    const fs::path file = judged / concat("milestone_", number, "_", id, ".cpp");
    if (!fs::exists(file) || read_text(file) != part->text) write_text(file, part->text);
  }
  const std::string target = "milestone_" + number;
  build_program(session, target);
  std::cout << "\n" << std::flush;
  std::vector<std::string> command = {(session.places.build / "lessons" / target).string()};
  command.insert(command.end(), session.arguments.begin() + 1, session.arguments.end());
  become(command);
}

}  // namespace heed::runner
