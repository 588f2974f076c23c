#include "lessons/site/math.h"

#include <gtest/gtest.h>

using namespace heed::book;

namespace {

std::string inner(const std::string& latex) {
  const std::string html = math_to_html(latex, false, {"page.md", 3});
  return html.substr(12, html.size() - 12 - 14);  // without <math><mrow> and </mrow></math>
}

std::string error_of(const std::string& latex) {
  try {
    math_to_html(latex, false, {"page.md", 3});
  } catch (const BookError& error) {
    return error.what();
  }
  return "none";
}

TEST(Math, RendersSymbolsAndScripts) {
  EXPECT_EQ(inner("x"), "<mi>x</mi>");
  EXPECT_EQ(inner("2.5"), "<mn>2.5</mn>");
  EXPECT_EQ(inner("a-b"), "<mi>a</mi><mo>−</mo><mi>b</mi>");
  EXPECT_EQ(inner("d_k"), "<msub><mi>d</mi><mrow><mi>k</mi></mrow></msub>");
  EXPECT_EQ(inner("x^2_i"), "<msubsup><mi>x</mi><mrow><mi>i</mi></mrow><mrow><mn>2</mn></mrow></msubsup>");
  EXPECT_EQ(inner("\\alpha \\cdot \\infty"), "<mi>α</mi><mo>·</mo><mi>∞</mi>");
}

TEST(Math, RendersCommandsWithArguments) {
  EXPECT_EQ(inner("\\frac{a}{b}"), "<mfrac><mrow><mi>a</mi></mrow><mrow><mi>b</mi></mrow></mfrac>");
  EXPECT_EQ(inner("\\sqrt d"), "<msqrt><mi>d</mi></msqrt>");
  EXPECT_EQ(inner("\\mathrm{softmax}"), "<mi mathvariant=\"normal\">softmax</mi>");
  EXPECT_EQ(inner("\\sum_i"), "<munder><mo>∑</mo><mrow><mi>i</mi></mrow></munder>");
  EXPECT_EQ(inner("\\left(x\\right)"),
            "<mrow><mo stretchy=\"true\">(</mo><mi>x</mi><mo stretchy=\"true\">)</mo></mrow>");
}

TEST(Math, EscapesText) { EXPECT_EQ(inner("\\text{a<b}"), "<mtext>a&lt;b</mtext>"); }

TEST(Math, ErrorsNameTheFileTheLineAndTheFormula) {
  EXPECT_EQ(error_of("\\foo"), "page.md:3: in the formula \\foo: unknown command \\foo");
  EXPECT_EQ(error_of("{a"), "page.md:3: in the formula {a: a } is missing");
  EXPECT_EQ(error_of("a}"), "page.md:3: in the formula a}: unexpected }");
  EXPECT_EQ(error_of("\\frac{a}"), "page.md:3: in the formula \\frac{a}: an argument is missing");
  EXPECT_EQ(error_of("x_1_2"), "page.md:3: in the formula x_1_2: two _ after one symbol");
  EXPECT_EQ(error_of("^2"), "page.md:3: in the formula ^2: nothing precedes ^");
  EXPECT_EQ(error_of("\\left(x"), "page.md:3: in the formula \\left(x: \\left without \\right");
  EXPECT_EQ(error_of(" "), "page.md:3: empty formula");
}

}  // namespace
