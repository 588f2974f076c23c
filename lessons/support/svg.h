// svg.h — figures as SVG files, written whole or not at all.
#pragma once

#include <cmath>
#include <string>
#include <vector>

#include "autograd/mask.h"
#include "autograd/tensor.h"

namespace heed::lessons {

// A heat map on one fixed scale, 0 to 1: rows are queries, columns are keys, both named; every cell has a
// title (shown when the pointer rests on it), numbers up to 8 x 8, masked cells hatched. The colours run from
// white to dark blue, so they also read in grey and for colour-blind eyes.
struct SvgHeatMap {
  std::string title = {};
  std::string row_axis = "queries", column_axis = "keys";
  std::vector<std::string> rows = {}, columns = {};
  Mask allowed = {};  // (rows, columns), or undefined
};
std::string svg_heat_map(const Tensor& x, const SvgHeatMap& options);

// Curves over one x axis, with names and units on the axes and a legend; a baseline
// (NaN: none) is drawn dashed. With logarithmic axes a power is a straight line, and every number must be above 0.
struct SvgCurve {
  std::string name;
  std::vector<double> x, y;
};
struct SvgCurves {
  std::string title = {}, x_axis = {}, y_axis = {};
  double baseline = NAN;
  std::string baseline_name = {};
  bool logarithmic = false;
};
std::string svg_curves(const std::vector<SvgCurve>& curves, const SvgCurves& options);

// A frame over a picture, from one corner to the other in pixels, dashed where it is what was expected.
struct SvgFrame {
  double x0, y0, x1, y1;
  std::string name = {};  // drawn at its upper left
  bool dashed = false;
};

// Pictures with numbers from 0 to `top`, in one row, each with a caption below.
struct SvgPicture {
  Tensor image = {};  // (rows, columns)
  std::string caption = {};
  double top = 1;
  index_t grid = 0;  // draws patch borders each `grid` pixels; 0: none
  std::vector<SvgFrame> frames = {};
};
std::string svg_pictures(const std::string& title, const std::vector<SvgPicture>& pictures);

// Whether a file can be made in DIR: tried, since rights alone do not tell.
bool can_write_into(const std::string& dir);

// Makes DIR where it is missing, and tries whether a file can be made there: before a long training rather than after it.
// Throws Error with the folder, the reason and what is wanted.
void make_figures_folder(const std::string& dir);

// Writes DIR/name, making DIR where it is missing: first to a temporary file beside it, then renamed. Throws
// Error with the path and the reason.
void write_figure(const std::string& dir, const std::string& name, const std::string& svg);

}  // namespace heed::lessons
