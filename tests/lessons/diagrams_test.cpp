// diagrams_test.cpp — the diagrams of the lessons show the shapes of the tensors of their models, also of
// other models than those of the pages.
#include "lessons/05_transformer_architecture/diagrams.h"

#include <gtest/gtest.h>

#include <map>

#include "lessons/04_multi_head_attention/split_merge_diagram.h"
#include "lessons/08_vision_transformer/vit_diagram.h"
#include "lessons/10_gpt/cache_diagram.h"
#include "lessons/10_swin/shifted_window_diagram.h"
#include "lessons/support/diagram.h"

namespace heed::lessons {
namespace {

// The texts of a drawing that are shapes, with the number of times that each occurs.
std::map<std::string, int> shapes_in(const std::string& svg) {
  std::map<std::string, int> shapes;
  for (std::size_t at = svg.find(">("); at != std::string::npos; at = svg.find(">(", at + 1)) {
    const std::string text = svg.substr(at + 1, svg.find('<', at) - at - 1);
    if (text.find_first_not_of("(), 0123456789") == std::string::npos) ++shapes[text];
  }
  return shapes;
}
using Shapes = std::map<std::string, int>;

TEST(Diagram, HasItsElementsAndItsDescription) {
  Diagram diagram("a < b", "x & y", 300);
  DiagramColumn column(diagram, 150, 60, 120);
  const DiagramBox x = column.tensor("x", {2, 3});
  column.op("LayerNorm\nlinear");
  const DiagramBox sum = column.sum();
  diagram.residual(x, sum, 60);
  diagram.frame(x, sum, 200, "× 2");
  const std::string svg = diagram.svg();
  for (const char* part : {"<title>a &lt; b</title>", "<desc>x &amp; y</desc>", ">x</text>", ">(2, 3)</text>",
                           ">LayerNorm</text>", ">linear</text>", "class=\"around\"", ">× 2</text>",
                           "prefers-color-scheme:dark", "'Noto Sans KR'"})
    EXPECT_NE(svg.find(part), std::string::npos) << part;
  EXPECT_TRUE(svg.ends_with("</svg>\n"));
}

TEST(Diagram, ElementsOutsideItsWidthThrow) {
  Diagram diagram("t", "d", 100);
  try {
    diagram.tensor(90, 10, 40, "x", {1});
    FAIL();
  } catch (const Error& e) {
    EXPECT_STREQ(e.what(),
                 "[diagram] expected elements within the width 100 of \"t\", got one from 70 to 110");
  }
}

TEST(Diagrams, TheHeadsAreThoseOfTheLayer) {
  Generator gen(0);
  const auto drawn = [&](index_t heads) {
    nn::MultiheadAttention layer({.d_model = 24, .nhead = heads, .batch_first = true}, gen);
    return shapes_in(split_merge_diagram(layer, randn({1, 7, 24}, gen), arange(0, 12).reshape({1, 2, 6})));
  };
  // x, q, merged and output; q after the reshape; q and the heads; the weights
  EXPECT_EQ(drawn(3),
            (Shapes{{"(1, 7, 24)", 4}, {"(1, 7, 3, 8)", 1}, {"(1, 3, 7, 8)", 2}, {"(1, 3, 7, 7)", 1}}));
  EXPECT_EQ(drawn(2),
            (Shapes{{"(1, 7, 24)", 4}, {"(1, 7, 2, 12)", 1}, {"(1, 2, 7, 12)", 2}, {"(1, 2, 7, 7)", 1}}));
}

TEST(Diagrams, TheEncoderBlockHasItsNormsBeforeOrAfter) {
  Generator gen(0);
  for (const bool norm_first : {false, true}) {
    nn::TransformerEncoderLayer layer({.d_model = 12,
                                       .nhead = 3,
                                       .dim_feedforward = 20,
                                       .activation = nn::Activation::gelu,
                                       .batch_first = true,
                                       .norm_first = norm_first},
                                      gen);
    const std::string svg = block_diagram(layer, randn({1, 5, 12}, gen));
    EXPECT_EQ(shapes_in(svg), (Shapes{{"(1, 5, 12)", 5}, {"(1, 5, 20)", 1}, {"(1, 3, 5, 5)", 1}}));
    EXPECT_EQ(svg.find(">LayerNorm<") < svg.find(">self-attention<"), norm_first);
    EXPECT_NE(svg.find(">GELU<"), std::string::npos);
    EXPECT_TRUE(layer.training()) << "the mode is restored";
  }
}

TEST(Diagrams, EncoderAndDecoderHaveSequencesOfDifferentLengths) {
  Generator gen(0);
  translation::Translator model({.source_vocab = 9,
                                 .target_vocab = 11,
                                 .d_model = 12,
                                 .nhead = 2,
                                 .dim_feedforward = 16,
                                 .num_layers = 3},
                                gen);
  const std::string svg = encoder_decoder_diagram(model, IntTensor::arange(0, 4).reshape({1, 4}),
                                                  IntTensor::arange(0, 6).reshape({1, 6}));
  EXPECT_EQ(shapes_in(svg), (Shapes{{"(1, 4)", 1},
                                    {"(1, 6)", 1},
                                    {"(1, 4, 12)", 2},    // embedded, memory
                                    {"(1, 6, 12)", 1},    // embedded
                                    {"(1, 6, 11)", 1}}))  // logits
      << svg;
  for (const char* text : {">self (1, 2, 4, 4)<", ">causal (1, 2, 6, 6)<", ">cross (1, 2, 6, 4)<", ">× 3<"})
    EXPECT_NE(svg.find(text), std::string::npos) << text;
}

TEST(Diagrams, TheCacheHasTheKeysOfAllTokensAndOneQuery) {
  Generator gen(0);
  nn::GPT gpt({.vocab_size = 9, .context = 10, .d_model = 12, .nhead = 3, .num_layers = 2}, gen);
  const std::string svg =
      cache_diagram(gpt, IntTensor::arange(0, 5).reshape({1, 5}), {"a", "b", "c", "d", "e"});
  EXPECT_EQ(shapes_in(svg), (Shapes{{"(1, 1, 12)", 2},      // x, output
                                    {"(1, 3, 1, 4)", 4},    // q, k, v, heads
                                    {"(1, 3, 5, 4)", 2},    // keys, values
                                    {"(1, 3, 1, 5)", 1}}))  // weights
      << svg;
  for (const char* text : {">e<", ">4 tokens with cached keys and values, and a new one<",
                           ">Without the cache, x has all tokens: (1, 5, 12)<", ">softmax(q · keysᵀ / √4)<"})
    EXPECT_NE(svg.find(text), std::string::npos) << text;
}

TEST(Diagrams, TheVisionTransformerHasOneTokenMoreThanPatches) {
  Generator gen(0);
  nn::VisionTransformer model({.img_size = 12,
                               .patch_size = 4,
                               .channels = 3,
                               .num_classes = 7,
                               .d_model = 10,
                               .nhead = 2,
                               .num_layers = 3,
                               .dim_feedforward = 16},
                              gen);
  const std::string svg = vit_diagram(model, randn({1, 3, 12, 12}, gen));
  EXPECT_EQ(shapes_in(svg), (Shapes{{"(1, 3, 12, 12)", 1},
                                    {"(1, 9, 48)", 1},
                                    {"(1, 9, 10)", 1},
                                    {"(1, 1, 10)", 1},
                                    {"(1, 10, 10)", 3},  // tokens, their positions, and the encoder's output
                                    {"(1, 7)", 1}}));
  EXPECT_NE(svg.find(">patches of 4 × 4 pixels<"), std::string::npos);
  EXPECT_NE(svg.find(">encoder: 3 blocks<"), std::string::npos);
}

TEST(Diagrams, ShiftedWindowsHaveAMaskPerWindow) {
  Generator gen(0);
  nn::ShiftedWindowAttention layer({.dim = 6, .nhead = 2, .window_size = 3, .shift = 1}, gen);
  const std::string svg = shifted_window_diagram(layer, randn({1, 12, 12, 6}, gen));
  EXPECT_EQ(shapes_in(svg), (Shapes{{"(1, 12, 12, 6)", 4},
                                    {"(1, 16, 9, 6)", 2},
                                    {"(2, 9, 9)", 1},   // the bias of each head
                                    {"(16, 9, 9)", 1},  // the mask of each window
                                    {"(1, 16, 2, 9, 9)", 1}}));
  EXPECT_NE(svg.find(">roll by −1, −1<"), std::string::npos);
}

}  // namespace
}  // namespace heed::lessons
