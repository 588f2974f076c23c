// confusion.h — how many digits of each label were classified as which digit.
#pragma once

#include <cstdio>
#include <string>
#include <vector>

#include "autograd/autograd.h"
#include "lessons/support/lesson.h"
#include "lessons/support/terminal.h"

namespace heed::lessons {

inline void print_confusion(Page& page, const IntTensor& labels, const IntTensor& predictions) {
  std::vector<std::vector<index_t>> count(10, std::vector<index_t>(10, 0));
  for (index_t i = 0; i < labels.numel(); ++i)
    ++count[static_cast<std::size_t>(labels[i])][static_cast<std::size_t>(predictions[i])];
  std::string table = "\n  rows: label, columns: prediction\n\n      ";
  for (int digit = 0; digit < 10; ++digit) table += concat("   ", digit);
  for (std::size_t row = 0; row < 10; ++row) {
    table += concat("\n    ", row, " ");
    for (std::size_t column = 0; column < 10; ++column) {
      char cell[16];
      std::snprintf(cell, sizeof cell, "%4d", static_cast<int>(count[row][column]));
      const std::string text = count[row][column] == 0 ? "   ·" : cell;
      table += row == column ? bold(text) : text;
    }
  }
  page.print(table);
}

}  // namespace heed::lessons
