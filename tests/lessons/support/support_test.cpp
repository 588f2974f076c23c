#include <gtest/gtest.h>

#include <sstream>
#include <utility>
#include <vector>

#include "lessons/support/lesson.h"
#include "lessons/support/svg.h"
#include "lessons/support/terminal.h"

namespace heed::lessons {
namespace {

// Tests run without a terminal, so they see the plain forms.
TEST(Terminal, ATextImageHasTwoCharactersPerElement) {
  EXPECT_EQ(text_image(tensor({{0, 0.25}, {0.5, 1}})), "  ░░\n▒▒██");
  EXPECT_EQ(text_image(tensor({{8, 16}}), 16), "▒▒██");
}

TEST(Terminal, AHeatMapHasNamesAndHatchesMaskedCells) {
  const std::string map = heat_map(tensor({{1, 0}, {0.25, 0.75}}),
                                   {.rows = {"a", "bb"}, .columns = {"x", "y"}, .allowed = causal(2)});
  EXPECT_EQ(map,
            "        x     y \n"
            " a   1.00   ╱╱╱ \n"
            "bb   0.25  0.75 \n");
}

TEST(Terminal, BlocksOfDifferentHeightsStandSideBySide) {
  EXPECT_EQ(beside({"ab\nc", "x"}, 1), "ab x\nc  \n");
}

TEST(Terminal, CellsAreAlignedForEveryAlphabet) {
  EXPECT_EQ(cells({"학교에", "1.5", "x"}, {-8, 5, -4}), "학교에    1.5x");
  EXPECT_EQ(cells({"longer than its width", "1"}, {-4, 3}), "longer than its width  1");
  EXPECT_EQ(indented("a\nb", 2), "  a\n  b\n");
}

TEST(Svg, AHeatMapHasATitledCellForEveryPair) {
  const std::string svg =
      svg_heat_map(tensor({{1, 0}, {0.5, 0.5}}),
                   {.title = "a < b", .rows = {"q0", "q1"}, .columns = {"k0", "k1"}, .allowed = causal(2)});
  EXPECT_NE(svg.find("<title>a &lt; b</title>"), std::string::npos);
  EXPECT_NE(svg.find("<title>q0 → k0: 1.000</title>"), std::string::npos);
  EXPECT_NE(svg.find("<title>q0 → k1: masked</title>"), std::string::npos);
  EXPECT_NE(svg.find("url(#masked)"), std::string::npos);
}

TEST(Svg, CurvesThatAreNotFiniteThrow) {
  try {
    svg_curves({{"loss", {0, 1}, {1, INFINITY}}}, {.title = "t"});
    FAIL();
  } catch (const Error& e) {
    EXPECT_STREQ(e.what(), "[svg_curves] expected at least one point and finite values in \"t\"");
  }
  EXPECT_NE(svg_curves({{"flat", {1}, {2}}}, {.title = "t"}).find("flat"), std::string::npos);
}

// The points of the first curve in the drawing.
std::vector<std::pair<double, double>> points_of(const std::string& svg) {
  std::istringstream numbers(svg.substr(svg.find("points=\"") + 8));
  std::vector<std::pair<double, double>> points;
  char comma = 0;
  for (double x = 0, y = 0; numbers >> x >> comma >> y;) points.emplace_back(x, y);
  return points;
}

TEST(Svg, APowerLawIsAStraightLineOnLogarithmicAxes) {
  const SvgCurves options{.title = "t", .logarithmic = true};
  const std::string svg = svg_curves({{"cubes", {3, 6, 12, 24}, {27, 216, 1728, 13824}}}, options);
  const auto points = points_of(svg);
  ASSERT_EQ(points.size(), 4U);
  for (std::size_t i = 1; i < 3; ++i) {
    EXPECT_NEAR(points[i + 1].first - points[i].first, points[i].first - points[i - 1].first, 1e-2);
    EXPECT_NEAR(points[i + 1].second - points[i].second, points[i].second - points[i - 1].second, 1e-2);
  }
  for (const char* tick : {">2<", ">5<", ">10<", ">20<", ">50<"})  // the x axis, from 2 to 50
    EXPECT_NE(svg.find(tick), std::string::npos) << tick;
  for (const char* tick : {">20<", ">100<", ">20000<"})  // the y axis, from 20 to 20000
    EXPECT_NE(svg.find(tick), std::string::npos) << tick;
  EXPECT_EQ(svg.find(">1<"), std::string::npos);
  EXPECT_NE(svg_curves({{"flat", {1, 2}, {3, 3}}}, options).find("flat"), std::string::npos);
  try {
    svg_curves({{"loss", {0, 1}, {1, 2}}}, options);
    FAIL();
  } catch (const Error& e) {
    EXPECT_STREQ(e.what(), "[svg_curves] expected numbers above 0 on the logarithmic axes of \"t\"");
  }
}

TEST(Svg, ALogarithmicYAxisHasAtMostAboutTenPowers) {
  const std::string svg =
      svg_curves({{"gradient", {1, 2}, {1e-22, 1}}}, {.title = "t", .logarithmic_y = true});
  for (const char* tick : {">1<", ">1e-12<", ">1e-24<"}) EXPECT_NE(svg.find(tick), std::string::npos) << tick;
  EXPECT_EQ(svg.find(">1e-22<"), std::string::npos);
}

TEST(Svg, TheNumbersOfTheYAxisHaveAUnit) {
  const std::string svg =
      svg_curves({{"memory", {1, 2}, {0.1, 10}}}, {.title = "t", .y_unit = " MB", .logarithmic_y = true});
  for (const char* tick : {">0.1 MB<", ">1 MB<", ">10 MB<"})
    EXPECT_NE(svg.find(tick), std::string::npos) << tick;
  EXPECT_EQ(svg.find(">2 MB<"), svg.rfind(">2 MB<"));
  EXPECT_NE(svg.find(">2.0<"), std::string::npos);  // the x axis has none
}

TEST(Svg, ALongNameInTheLegendMakesTheFigureWider) {
  const auto width = [](const std::string& name) {
    const std::string svg = svg_curves({{name, {1, 2}, {3, 4}}}, {.title = "t"});
    return std::stod(svg.substr(svg.find("width=\"") + 7));
  };
  EXPECT_EQ(width("loss"), width("l"));
  EXPECT_GT(width(std::string(60, 'm')), width("loss") + 100);
}

TEST(Svg, PointsAreMarkedByAShapePerCurve) {
  const std::vector<SvgCurve> curves = {{"a", {1, 2}, {3, 4}}, {"b", {1, 2}, {3, 4}}};
  const auto markers = [](const std::string& svg) {
    std::size_t count = 0;
    for (std::size_t at = svg.find("<path"); at != std::string::npos; at = svg.find("<path", at + 1)) ++count;
    return count;
  };
  EXPECT_EQ(markers(svg_curves(curves, {.title = "t"})), 0U);
  EXPECT_EQ(markers(svg_curves(curves, {.title = "t", .points = true})), 6U);  // with the legend's
}

TEST(Svg, ADivergingScaleSeparatesTheSigns) {
  const Tensor x = tensor({{-1, 0, 1}});
  const std::string svg = svg_heat_map(x, {.title = "t", .diverging = true});
  for (const char* fill : {"#e6550d", "#ffffff", "#08306b"})
    EXPECT_NE(svg.find(fill), std::string::npos) << fill;
  EXPECT_EQ(svg_heat_map(x, {.title = "t"}).find("#e6550d"), std::string::npos);
}

TEST(Numbers, AreFixedAndInPercent) {
  EXPECT_EQ(fixed(1.23456, 3), "1.235");
  EXPECT_EQ(percent(0.975), "97.5 %");
  EXPECT_EQ(scientific(0.00012), "1.2e-04");
}

}  // namespace
}  // namespace heed::lessons
