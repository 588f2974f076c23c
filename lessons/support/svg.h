// svg.h — figures as SVG text.
#pragma once

#include <cmath>
#include <string>
#include <vector>

#include "autograd/mask.h"
#include "autograd/tensor.h"
#include "lessons/support/figures.h"

namespace heed::lessons {

// A heat map on a fixed scale from 0 to 1, with a colour bar. Rows are queries and columns are keys,
// both with names. Every cell has a title, which is shown under the pointer; maps of up to 8 x 8
// cells show numbers; masked cells are hatched. The colours range from white to dark blue, which is
// readable in grey and for colour-blind readers. A diverging scale is for signed data: -1 is orange,
// 0 is white and 1 is dark blue. Throws Error if a number that is not masked is outside the scale.
struct SvgHeatMap {
  std::string title = {};
  std::string row_axis = "queries", column_axis = "keys";
  std::vector<std::string> rows = {}, columns = {};
  Mask allowed = {};  // (rows, columns), or undefined
  bool diverging = false;
  std::string scale = "attention weight";  // what is coloured: the name of the colour bar
};
std::string svg_heat_map(const Tensor& x, const SvgHeatMap& options);

// Curves over a common x axis, with axis names, units and a legend. The baseline is dashed; NaN:
// there is none. On logarithmic axes a power law is a straight line; all numbers must be above 0.
// Dashed curves are drawn over solid ones. With `points`, the points of each curve are marked by a
// shape of its own, so that curves that coincide can be distinguished. Of a curve with more than 16
// points, some are marked. Throws Error if a number is not finite.
struct SvgCurve {
  std::string name;
  std::vector<double> x, y;
};
struct SvgCurves {
  std::string title = {}, x_axis = {}, y_axis = {};
  std::string y_unit = {};  // follows each number of the y axis, such as " MB"
  double baseline = NAN;
  std::string baseline_name = {};
  bool logarithmic = false;    // both axes
  bool logarithmic_x = false;  // the x axis
  bool logarithmic_y = false;  // the y axis
  bool points = false;
  bool only_points = false;          // draws points of different forms instead of lines
  std::vector<double> x_ticks = {};  // the labelled numbers, such as 1, 4, 16; empty: round numbers
  std::vector<double> y_ticks = {};  // the same for the y axis
};
std::string svg_curves(const std::vector<SvgCurve>& curves, const SvgCurves& options);

// A bounding box in an image, given by two corners in pixels.
struct SvgBox {
  double x0, y0, x1, y1;
  std::string name = {};  // drawn beside the box unless it is dashed
  bool dashed = false;    // the ground truth
  bool missed = false;    // ground truth that was not detected: its name is drawn, too
  bool centred = false;   // draws the name in the centre of the box
};

// An image with values from 0 to `top`, and a caption below it. With `numbers`, every pixel shows its
// value.
struct SvgImage {
  Tensor image = {};  // (rows, columns)
  std::string caption = {};
  double top = 1;
  index_t grid = 0;  // draws a line every `grid` pixels, for the borders of patches; 0: none
  std::vector<SvgBox> boxes = {};
  bool numbers = false;
};
// Draws the images in one row. `scale` is the name of what is coloured: if it is not empty, a colour
// bar from 0 to 1 follows, and every image must have this scale.
std::string svg_images(const std::string& title, const std::vector<SvgImage>& images,
                       const std::string& scale = "");

}  // namespace heed::lessons
