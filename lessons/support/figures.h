// figures.h — the folder of a program's figures.
#pragma once

#include <string>

namespace heed::lessons {

// The folder for SVG files, and how they are computed.
struct FigureFolder {
  std::string path = {};    // empty: no figures are written
  std::string source = {};  // "seed 0, avx512": every figure names it in small grey letters

  bool empty() const { return path.empty(); }
};

// Whether a file can be created in DIR. Creates and removes one, because permissions alone are not
// sufficient.
bool can_write_into(const std::string& dir);

// Creates DIR if it does not exist and checks that it is writable, before a long training instead
// of after it. Throws Error if that fails.
void make_figures_folder(const std::string& dir);

// Writes the figure `name` with its source into the folder, which is created if it does not exist.
// Writes the whole file or nothing. Throws Error if that fails.
void write_figure(const FigureFolder& folder, const std::string& name, const std::string& svg);

}  // namespace heed::lessons
