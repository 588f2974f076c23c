#include <gtest/gtest.h>

#include <cmath>
#include <filesystem>
#include <fstream>
#include <functional>
#include <iterator>
#include <sstream>
#include <string>
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
  EXPECT_EQ(svg_heat_map(tensor({{0, 1}}), {.title = "t"}).find("#e6550d"), std::string::npos);
}

TEST(Svg, AHeatMapHasAColourBarOfItsScale) {
  const std::string svg = svg_heat_map(tensor({{1, 0}}), {.title = "t"});
  for (const char* part : {">0<", ">0.5<", ">1<", ">attention weight<", "url(#scale)"})
    EXPECT_NE(svg.find(part), std::string::npos) << part;
  const std::string signed_map =
      svg_heat_map(tensor({{1, -1}}), {.title = "t", .diverging = true, .scale = "similarity"});
  for (const char* part : {">-1<", ">0<", ">1<", ">similarity<", "stop-color=\"#e6550d\""})
    EXPECT_NE(signed_map.find(part), std::string::npos) << part;
}

std::string error_of(const std::function<void()>& f) {
  try {
    f();
  } catch (const Error& e) {
    return e.what();
  }
  return "no error";
}

TEST(Svg, AHeatMapWithNumbersOutsideItsScaleThrows) {
  const Tensor x = tensor({{0, -0.5}});
  EXPECT_EQ(error_of([&] { svg_heat_map(x, {.title = "t"}); }),
            "[svg_heat_map] expected numbers from 0 to 1 in \"t\", got -0.5. Hint: signed numbers need "
            ".diverging = true");
  EXPECT_EQ(error_of([] { svg_heat_map(tensor({{1.5}}), {.title = "t", .diverging = true}); }),
            "[svg_heat_map] expected numbers from -1 to 1 in \"t\", got 1.5");
  EXPECT_EQ(error_of([] { svg_heat_map(tensor({{NAN}}), {.title = "t", .diverging = true}); }),
            "[svg_heat_map] expected numbers from -1 to 1 in \"t\", got nan");
  // What is masked may have any value.
  EXPECT_EQ(error_of([] {
              svg_heat_map(tensor({{1, 7}, {0, 1}}), {.title = "t", .allowed = causal(2)});
            }),
            "no error");
}

TEST(Svg, ALogarithmicXAxisHasTheGivenTicks) {
  const std::vector<SvgCurve> curves = {{"entropy", {1, 4, 16, 64}, {3, 2, 1, 0}}};
  const std::string svg = svg_curves(
      curves, {.title = "t", .logarithmic_x = true, .x_ticks = {1, 4, 16, 64, 256}, .y_ticks = {0, 1.5, 3}});
  for (const char* tick : {">1<", ">4<", ">16<", ">64<", ">256<", ">0<", ">1.5<", ">3<"})
    EXPECT_NE(svg.find(tick), std::string::npos) << tick;
  for (const char* tick : {">2<", ">100<"}) EXPECT_EQ(svg.find(tick), std::string::npos) << tick;
  const auto points = points_of(svg);  // equal ratios have equal distances; the axis ends at 256
  ASSERT_EQ(points.size(), 4U);
  EXPECT_NEAR(points[0].first, 64, 1e-2);
  EXPECT_NEAR(points[1].first, 64 + 460 / 4.0, 1e-2);
  EXPECT_NEAR(points[3].first, 64 + 3 * 460 / 4.0, 1e-2);
  EXPECT_EQ(error_of([&] {
              svg_curves(curves, {.title = "t", .logarithmic_x = true, .x_ticks = {0, 1}});
            }),
            "[svg_curves] expected numbers above 0 on the logarithmic axes of \"t\"");
}

TEST(Svg, NumbersOfTheYAxisMayHaveAUnit) {
  const std::string svg = svg_curves({{"memory", {1, 2}, {0, 4}}},
                                     {.title = "t", .y_unit = " MB", .x_ticks = {1, 2}, .y_ticks = {0, 4}});
  EXPECT_NE(svg.find(">4 MB<"), std::string::npos);
  EXPECT_NE(svg.find(">1<"), std::string::npos) << "the x axis has no unit";
}

TEST(Svg, DashedCurvesAreDrawnOverSolidOnes) {
  std::vector<SvgCurve> curves;
  for (const char* name : {"a", "b", "c", "d", "e"}) curves.push_back({name, {1, 2}, {1, 2}});
  const std::string svg = svg_curves(curves, {.title = "t"});
  EXPECT_LT(svg.find("<title>e<"), svg.find("<title>b<"));  // the fifth curve is solid
}

TEST(Svg, ImagesShareOneLabelledScale) {
  const Tensor image = tensor({{0, 0.25}, {0.75, 1}});
  const std::string svg =
      svg_images("t", {{.image = image, .caption = "a", .numbers = true}}, "attention weight");
  for (const char* part : {">0.25<", ">0.75<", ">attention weight<", "url(#scale)"})
    EXPECT_NE(svg.find(part), std::string::npos) << part;
  EXPECT_EQ(svg_images("t", {{.image = image, .caption = "a", .top = 2}}).find("url(#scale)"),
            std::string::npos);
  EXPECT_EQ(
      error_of([&] { svg_images("t", {{.image = image, .caption = "a", .top = 2}}, "pixel"); }),
      "[svg_images] expected the scale from 0 to 1 of the colour bar in \"t\", got an image from 0 to 2");
}

TEST(Svg, FontsCoverHangul) {
  const std::string svg = svg_images("합", {});
  EXPECT_NE(svg.find("'Noto Sans CJK KR'"), std::string::npos);
  EXPECT_NE(svg.find("'Malgun Gothic', sans-serif\""), std::string::npos);
}

TEST(Figures, NameTheirSource) {
  const std::string dir = testing::TempDir() + "/figures_test";
  write_figure({.path = dir, .source = "seed 3, a < b"}, "a.svg", svg_images("t", {}));
  std::ifstream file(dir + "/a.svg");
  const std::string svg{std::istreambuf_iterator<char>(file), {}};
  EXPECT_NE(svg.find(">seed 3, a &lt; b</text>\n</svg>\n"), std::string::npos) << svg;
  EXPECT_EQ(error_of([&] { write_figure({.path = dir}, "b.svg", "<svg>"); }),
            "[figures] expected a complete figure b.svg, got one without its end");
  std::filesystem::remove_all(dir);
}

TEST(Numbers, AreFixedAndInPercent) {
  EXPECT_EQ(fixed(1.23456, 3), "1.235");
  EXPECT_EQ(fixed(-0.001, 2), "0.00");
  EXPECT_EQ(fixed(-0.01, 2), "-0.01");
  EXPECT_EQ(percent(0.975), "97.5 %");
  EXPECT_EQ(scientific(0.00012), "1.2e-04");
}

}  // namespace
}  // namespace heed::lessons
