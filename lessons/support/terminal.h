// terminal.h — output for a terminal: bold text, colour, images of numbers, and progress.
//
// Colour and lines that are overwritten are used only on a terminal. NO_COLOR (no-color.org)
// disables colour. Every function also has a plain form with the same information.
#pragma once

#include <chrono>
#include <string>
#include <vector>

#include "autograd/tensor.h"

namespace heed::lessons {

bool is_terminal();  // whether standard output is a terminal
bool has_colour();   // … and NO_COLOR is not set

std::string bold(const std::string& text);
std::string dim(const std::string& text);

// The width of UTF-8 text on the screen: 2 columns per Hangul syllable, 1 per other character, 0
// for escape sequences.
std::size_t columns(const std::string& text);

// An image of x (rows, columns) with values from 0 (empty) to `top` (full), two characters per
// element: shades of grey on a terminal, else characters of increasing weight. One line per row;
// the last one has no newline.
std::string text_image(const Tensor& x, double top = 1);

// A table of numbers with names for rows and columns. Cells are shaded by their value from 0 to 1.
// Masked cells, for which `allowed` is false, are hatched and show no number.
struct HeatMap {
  std::vector<std::string> rows = {}, columns = {};  // names; may be empty
  Mask allowed = {};                                 // (rows, columns), or undefined
  int decimals = 2;
  // Two decimals and a shade in 4 columns, " .07" or "█.93". Names of columns that need more space are
  // written downwards, and names of more than 12 columns are cut off: 16 keys fit into 80 columns.
  bool compact = false;
};
std::string heat_map(const Tensor& x, const HeatMap& options = {});

// A line of a table: each cell padded to its width, right-aligned; left-aligned if the width is
// negative.
std::string cells(const std::vector<std::string>& texts, const std::vector<int>& widths);
// Indents every line of a block.
std::string indented(const std::string& block, int by);

// Puts blocks of lines side by side, `gap` spaces apart.
std::string beside(const std::vector<std::string>& blocks, int gap = 4);

// Measures the seconds since its construction.
class Stopwatch {
 public:
  double seconds() const {
    return std::chrono::duration<double>(std::chrono::steady_clock::now() - start_).count();
  }

 private:
  std::chrono::steady_clock::time_point start_ = std::chrono::steady_clock::now();
};

// Progress of a long computation: a line that is overwritten on a terminal, else a line per tenth;
// nothing if quiet. The destructor ends the line.
class Progress {
 public:
  Progress(std::string name, std::int64_t total, bool quiet);
  ~Progress();
  Progress(const Progress&) = delete;
  Progress& operator=(const Progress&) = delete;
  // `note`: the current measurements ("loss 0.31  accuracy 90.1 %").
  void update(std::int64_t done, const std::string& note);
  double seconds() const { return since_.seconds(); }

 private:
  std::string name_;
  std::int64_t total_;
  bool quiet_, animated_, drawn_ = false;
  std::int64_t last_tenth_ = 0;
  Stopwatch since_;
  std::chrono::steady_clock::time_point last_drawn_;
};

}  // namespace heed::lessons
