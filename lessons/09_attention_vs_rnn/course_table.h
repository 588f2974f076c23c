// course_table.h — the course's table, and how many measurements agree with each of its rows.
#pragma once

#include <string>
#include <thread>
#include <vector>

#include "lessons/09_attention_vs_rnn/measures.h"
#include "lessons/support/lesson.h"
#include "lessons/support/terminal.h"

namespace heed::lessons {

// Whether a claim, if it holds, confirms the course's row.
enum class Course { confirmed, contradicted };

// The rows of the course's table, with the number of measurements of each that agree with it.
struct Table {
  struct Row {
    std::string name, rnn, transformer;
    int agreeing = 0, total = 0;
  };
  Page& page;
  std::vector<Row> rows = {};

  void row(const std::string& heading, const Row& row) {
    page.step(heading);
    page.say(
        concat("The course: ", row.rnn, " for an RNN or LSTM, ", row.transformer, " for a Transformer."));
    rows.push_back(row);
  }
  void claim(const std::string& id, const std::string& text, const Measurement& measured, bool holds,
             Course course = Course::confirmed) {
    page.claim(id, text, measured, holds);
    rows.back().agreeing += holds == (course == Course::confirmed);
    ++rows.back().total;
  }
  // A claim about times, which a busy machine cannot measure.
  void timed(const std::string& id, const std::string& text, const Measurement& measured, bool holds,
             const Disturbance& disturbance, Course course = Course::confirmed) {
    if (std::thread::hardware_concurrency() < 2)
      page.not_measured(id, text, "this machine has a single processor");
    else if (disturbance.load() > largest_load)
      page.not_measured(id, text,
                        concat("the machine is busy: other programs use more than ", percent(largest_load, 0),
                               " of two processors"));
    else if (disturbance.spread > largest_spread)
      page.not_measured(id, text,
                        concat("the machine is busy: half of the repeated timings are more than ",
                               percent(largest_spread / 2, 0), " from their median"));
    else
      claim(id, text, measured, holds, course);
  }
  void print() const {
    const std::vector<int> widths = {-14, -14, -14, -16};
    page.step("Summary");
    page.say("The course's table, and how many of the measurements agree with each row:");
    page.print("");
    page.print("    " + cells({"", "RNN / LSTM", "Transformer", "agree with it"}, widths));
    for (const Row& r : rows)
      page.print("    " + cells({r.name, r.rnn, r.transformer, concat(r.agreeing, " of ", r.total)}, widths));
  }
};

}  // namespace heed::lessons
