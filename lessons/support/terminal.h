// terminal.h — what a terminal can show: weight, colour, pictures of numbers, and progress.
//
// Colour and moving lines are for terminals only, and NO_COLOR (no-color.org) turns colour off. Everything
// here has a plain form that loses no information.
#pragma once

#include <chrono>
#include <string>
#include <vector>

#include "autograd/tensor.h"

namespace heed::lessons {

bool is_terminal();  // standard output is one
bool has_colour();   // ... and NO_COLOR is not set

std::string bold(const std::string& text);
std::string dim(const std::string& text);

// Columns that UTF-8 text takes on the screen: escape sequences none, Hangul two, the rest one.
std::size_t columns(const std::string& text);

// A picture of x (rows, columns), values from 0 (empty) to `top` (full), two characters a cell:
// shades of grey on a terminal, characters of growing weight elsewhere. One line a row, without
// the last newline's indent.
std::string picture(const Tensor& x, double top = 1);

// Numbers in a frame with names for rows and columns; cells shaded by their value from 0 to 1. Masked cells
// (where `allowed` is false) are hatched and carry no number.
struct HeatMap {
  std::vector<std::string> rows = {}, columns = {};  // names; may be empty
  Mask allowed = {};                                 // (rows, columns), or undefined
  int decimals = 2;
};
std::string heat_map(const Tensor& x, const HeatMap& options = {});

// One line of a table: each text in its width (columns on the screen), at the right; negative widths: at the left.
std::string cells(const std::vector<std::string>& texts, const std::vector<int>& widths);
// Every line of a block moved to the right.
std::string indented(const std::string& block, int by);

// Blocks of lines put side by side, `gap` spaces apart.
std::string beside(const std::vector<std::string>& blocks, int gap = 4);

// Seconds since it was made.
class Stopwatch {
 public:
  double seconds() const {
    return std::chrono::duration<double>(std::chrono::steady_clock::now() - start_).count();
  }

 private:
  std::chrono::steady_clock::time_point start_ = std::chrono::steady_clock::now();
};

// Progress of long work: one moving line on a terminal, a plain line each tenth of the way elsewhere, nothing
// when quiet. The destructor leaves the cursor on a fresh line.
class Progress {
 public:
  Progress(std::string name, std::int64_t total, bool quiet);
  ~Progress();
  Progress(const Progress&) = delete;
  Progress& operator=(const Progress&) = delete;
  // `done` of the total; `note` is what is measured now ("loss 0.31  accuracy 90.1 %").
  void update(std::int64_t done, const std::string& note);
  double seconds() const { return since_.seconds(); }

 private:
  std::string name_;
  std::int64_t total_;
  bool quiet_, moving_, drawn_ = false;
  std::int64_t last_tenth_ = 0;
  Stopwatch since_;
  std::chrono::steady_clock::time_point last_drawn_;
};

}  // namespace heed::lessons
