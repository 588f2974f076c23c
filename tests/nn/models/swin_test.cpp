// Lesson 10; covers the mistakes SW-01 … SW-07. tests/golden compares the numbers with torchvision.
#include "nn/models/swin.h"

#include <map>
#include <utility>

#include "autograd/kernels/sanitizers.h"
#include "nn/models/pretrained.h"
#include "tests/testing.h"

namespace heed::nn {

static SwinOptions small() {
  return {.channels = 2,
          .patch_size = 2,
          .embed_dim = 4,
          .depths = {2, 2},
          .num_heads = {1, 2},
          .window_size = 3,
          .num_classes = 5};
}
static SwinTransformer make(const SwinOptions& o) {
  Generator gen(3);
  SwinTransformer model(o, gen);
  model.eval();
  return model;
}
static ShiftedWindowAttention attention_of(SwinBlockOptions o) {
  Generator gen(3);
  o.dim = 4;
  o.nhead = 2;
  ShiftedWindowAttention layer(o, gen);
  layer.eval();
  return layer;
}

TEST(Swin, HasThePublishedNumberOfParameters) {
  Generator gen(0);
  const NoInit no_init;
  EXPECT_EQ(SwinTransformer(swin_t(), gen).parameter_count(), 28288354);
}

TEST(Swin, AShiftMaskThatDoesNotFitInMemoryIsReported) {
  if (HEED_ADDRESS_SANITIZER || HEED_THREAD_SANITIZER)
    GTEST_SKIP() << "a sanitizer ends the process when so much is allocated by new";
  expect_contains(
      error_of([] { shift_mask(1000, 1000, 1000, 1, 1); }),
      "[shift_mask] cannot allocate 1000000000000 bytes for a mask of shape (1, 1000000, 1000000)");
}

TEST(Swin, HasTorchvisionsNames) {
  std::string names;
  for (const auto& [name, t] : make(small()).state_dict())
    if (!name.starts_with("features.1.1") && !name.starts_with("features.3")) names += name + " ";
  EXPECT_EQ(
      names,
      "features.0.0.weight features.0.0.bias features.0.2.weight features.0.2.bias "
      "features.1.0.norm1.weight features.1.0.norm1.bias features.1.0.attn.relative_position_bias_table "
      "features.1.0.attn.relative_position_index "
      "features.1.0.attn.qkv.weight features.1.0.attn.qkv.bias features.1.0.attn.proj.weight "
      "features.1.0.attn.proj.bias features.1.0.norm2.weight features.1.0.norm2.bias "
      "features.1.0.mlp.0.weight features.1.0.mlp.0.bias features.1.0.mlp.3.weight "
      "features.1.0.mlp.3.bias features.2.reduction.weight features.2.norm.weight features.2.norm.bias "
      "norm.weight norm.bias head.weight head.bias ");
}

TEST(Swin, WindowsGoLeftToRightThenDownAndBack) {
  const Tensor x = arange(0, 16).reshape({1, 4, 4, 1});
  expect_same_bits(window_partition(x, 2).reshape({4, 4}),
                   tensor({{0, 1, 4, 5}, {2, 3, 6, 7}, {8, 9, 12, 13}, {10, 11, 14, 15}}));
  const Tensor wide = noise({2, 6, 9, 5});
  expect_same_bits(window_reverse(window_partition(wide, 3), 3, 6, 9), wide);
}

// The definition of the paper: the regular partition, displaced by (down, right). Two pixels of the
// image may attend to each other if they are in one window of that partition. Pixels are tracked by
// number through the roll.
static void expect_displaced_windows(index_t height, index_t width, index_t w, index_t down, index_t right) {
  const Mask mask = shift_mask(height, width, w, down, right);
  const Tensor rolled =
      roll(roll(arange(0, static_cast<double>(height * width)).reshape({1, height, width, 1}), -down, 1),
           -right, 2);
  const std::vector<double> pixels = window_partition(rolled, w).to_vector();  // (1, nW, N, 1)
  // ⌊(coordinate - shift) / side⌋ + 1
  const auto cut = [](index_t coordinate, index_t shift, index_t side) {
    return (coordinate - shift + side) / side;
  };
  const auto window_of = [&](index_t pixel) {
    return std::pair(cut(pixel / width, down, w), cut(pixel % width, right, w));
  };
  const index_t n = w * w;
  for (index_t window = 0; window < height * width / n; ++window)
    for (index_t i = 0; i < n; ++i)
      for (index_t j = 0; j < n; ++j) {
        const auto pixel = [&](index_t at) {
          return static_cast<index_t>(pixels[static_cast<std::size_t>(window * n + at)]);
        };
        ASSERT_EQ(mask.data()[(window * n + i) * n + j], window_of(pixel(i)) == window_of(pixel(j)))
            << window << " " << i << " " << j;
      }
}

TEST(Swin, TheMaskIsThatOfTheShiftedWindows) {
  for (const index_t w : {2, 3, 4, 7})
    for (index_t down = 0; down < w; ++down)
      for (const index_t right : {index_t{0}, w / 2}) expect_displaced_windows(2 * w, 3 * w, w, down, right);
  // The masked pairs of each window of a 4 x 4 image with windows of side 2, shifted by 1.
  const Mask mask = shift_mask(4, 4, 2, 1, 1);
  std::vector<index_t> hidden;
  for (index_t window = 0; window < 4; ++window) {
    hidden.push_back(16);
    for (index_t i = 0; i < 16; ++i) hidden.back() -= mask.at({window, i / 4, i % 4});
  }
  EXPECT_EQ(hidden, (std::vector<index_t>{0, 8, 8, 12}));
}

TEST(Swin, TheIndexIsTheRelativePosition) {
  EXPECT_EQ(relative_position_index(2), (IntTensor{{4, 3, 1, 0}, {5, 4, 2, 1}, {7, 6, 4, 3}, {8, 7, 5, 4}}));
  for (const index_t w : {1, 3, 7}) {
    const IntTensor index = relative_position_index(w);
    std::map<index_t, std::pair<index_t, index_t>>
        way_of;  // each row of the table has one way, and all are used
    for (index_t i = 0; i < w * w; ++i)
      for (index_t j = 0; j < w * w; ++j) {
        const std::pair way(i / w - j / w, i % w - j % w);
        EXPECT_EQ(way_of.try_emplace(index.at({i, j}), way).first->second, way);
      }
    EXPECT_EQ(way_of.size(), static_cast<std::size_t>((2 * w - 1) * (2 * w - 1)));
    EXPECT_EQ(way_of.begin()->first, 0);
    EXPECT_EQ(way_of.rbegin()->first, (2 * w - 1) * (2 * w - 1) - 1);
  }
}

TEST(Swin, MergesInTorchvisionsOrderAndPadsOddSides) {
  const Tensor x = arange(0, 16).reshape({1, 4, 4, 1});
  expect_same_bits(PatchMerging::neighbours(x)[0][0][0], tensor({0, 4, 1, 5}));
  const Tensor odd = PatchMerging::neighbours(arange(1, 10).reshape({1, 3, 3, 1}));
  EXPECT_EQ(odd.shape(), (Shape{1, 2, 2, 4}));
  expect_same_bits(odd[0][1][1], tensor({9, 0, 0, 0}));
}

// The pixels whose outputs change with the input pixel (row, column).
template <class Layer>
static std::string moved_by(Layer& layer, index_t row, index_t column, index_t height = 4,
                            index_t width = 4) {
  const Tensor x = noise({1, height, width, 4});
  Tensor touched = x.clone();
  touched.slice(1, row, row + 1).slice(2, column, column + 1).add_(noise({1, 1, 1, 4}, 2));
  const Tensor difference = sum(abs(layer(touched) - layer(x)), {0, 3});
  std::string map;
  for (index_t y = 0; y < height; ++y, map += "\n")
    for (index_t at = 0; at < width; ++at) map += difference.at({y, at}) > 0 ? '#' : '.';
  return map;
}

TEST(Swin, APixelInfluencesOnlyItsWindow) {
  auto still = attention_of({.window_size = 2}), moved = attention_of({.window_size = 2, .shift = 1});
  EXPECT_EQ(moved_by(still, 0, 0), "##..\n##..\n....\n....\n");
  EXPECT_EQ(moved_by(still, 1, 1), "##..\n##..\n....\n....\n");
  EXPECT_EQ(moved_by(moved, 1, 1), "....\n.##.\n.##.\n....\n");
  EXPECT_EQ(moved_by(moved, 0, 0), "#...\n....\n....\n....\n");  // the corner is a separate window
  EXPECT_EQ(moved_by(moved, 0, 1), ".##.\n....\n....\n....\n");
  auto open = attention_of({.window_size = 2, .shift = 1, .masked = false});
  // Without a mask, the four corners of the image attend to each other.
  EXPECT_EQ(moved_by(open, 0, 0), "#..#\n....\n....\n#..#\n");
}

TEST(Swin, AWindowThatCoversAWholeSideIsNotShiftedAlongIt) {
  auto layer = attention_of({.window_size = 4, .shift = 2});
  EXPECT_EQ(moved_by(layer, 0, 0), "####\n####\n####\n####\n");
  auto wide = attention_of({.window_size = 2, .shift = 1});
  EXPECT_EQ(moved_by(wide, 0, 0, 2, 4), "#...\n#...\n");
}

TEST(Swin, ReturnsItsWeights) {
  auto layer = attention_of({.window_size = 2, .shift = 1});
  const Tensor x = noise({3, 4, 6, 4});
  Tensor weights;
  expect_same_bits(layer.forward(x, &weights), layer(x));
  EXPECT_EQ(weights.shape(), (Shape{3, 6, 2, 4, 4}));
  expect_close(sum(weights, {-1}), ones({3, 6, 2, 4}), 1e-6);
}

TEST(Swin, AcceptsImagesOfAnySize) {
  SwinTransformer model = make(small());
  for (const auto& [height, width] : {std::pair{2, 2}, {7, 19}, {24, 12}})
    EXPECT_EQ(model(noise({2, 2, height, width})).shape(), (Shape{2, 5}));
}

TEST(Swin, EveryParameterGetsAGradient) {
  SwinTransformer model = make(small());
  const Tensor y = model(noise({3, 2, 14, 10}));
  model.check_all_named(y);
  cross_entropy(y, IntTensor({0, 1, 2})).backward();
  for (const auto& [name, p] : model.named_parameters()) EXPECT_TRUE(p.grad().defined()) << name;
}

TEST(Swin, BlocksAreFoundByStage) {
  SwinTransformer model = make(small());
  EXPECT_EQ(model.block(0, 1).options.shift, 1);
  EXPECT_EQ(model.block(1, 0).options.dim, 8);
  EXPECT_EQ(error_of([&] { model.block(2, 0); }), "[Swin] expected a stage in [0, 2), got 2");
  SwinOptions o = small();
  o.shifted = false;
  o.masked = false;
  SwinTransformer bare = make(o);
  EXPECT_EQ(bare.block(0, 1).options.shift, 0);
  EXPECT_FALSE(bare.block(0, 1).options.masked);
}

TEST(Swin, StochasticDepthSkipsWholeImagesInTrainingOnly) {
  Generator gen(0);
  SwinBlock block({.dim = 4, .nhead = 2, .window_size = 2, .stochastic_depth = 0.5}, gen);
  const Tensor x = noise({400, 2, 2, 4});
  block.eval();
  expect_same_bits(block(x), block(x));
  block.train();
  const Tensor y = block(x);
  index_t untouched = 0;
  for (index_t b = 0; b < 400; ++b) untouched += max_abs_difference(y[b], x[b]) == 0;
  // Both sublayers are skipped for a quarter of the images.
  EXPECT_NEAR(static_cast<double>(untouched), 100, 25);
  SwinOptions o = small();
  o.stochastic_depth = 0.3;
  SwinTransformer model = make(o);
  EXPECT_EQ(model.block(0, 0).options.stochastic_depth, 0);
  EXPECT_NEAR(model.block(0, 1).options.stochastic_depth, 0.1, 1e-12);
  EXPECT_NEAR(model.block(1, 1).options.stochastic_depth, 0.3, 1e-12);
}

TEST(Swin, ClonesAndPrints) {
  SwinTransformer model = make(small());
  SwinTransformer twin = model.clone();
  expect_same_bits(twin(noise({1, 2, 12, 12})), model(noise({1, 2, 12, 12})));
  EXPECT_TRUE(concat(model).starts_with("SwinTransformer(patch_size=2, window_size=3  # ")) << model;
}

TEST(Swin, ReadsAConfig) {
  const Config config({{"patch_size.0", 4.0},
                       {"patch_size.1", 4.0},
                       {"embed_dim", 96.0},
                       {"depths.0", 2.0},
                       {"depths.1", 6.0},
                       {"num_heads.0", 3.0},
                       {"num_heads.1", 6.0},
                       {"window_size", 7.0}});
  const SwinOptions o = SwinTransformer::from_config(config);
  EXPECT_EQ(o.patch_size, 4);
  EXPECT_EQ(o.depths, (std::vector<index_t>{2, 6}));
  EXPECT_EQ(o.num_classes, 1000);
  EXPECT_EQ(error_of([] {
              SwinTransformer::from_config(Config({{"patch_size.0", 4.0}, {"patch_size.1", 2.0}}));
            }),
            "[config.json] 'patch_size' must be a square, got 4 x 2");
}

TEST(Swin, ErrorsNameTheCause) {
  const auto error_with = [](auto&& change) {
    SwinOptions o = small();
    change(o);
    return error_of([&] { make(o); });
  };
  EXPECT_EQ(error_with([](auto& o) {
              o.num_heads = {3, 2};
            }),
            "[Swin] expected the heads of a stage to divide its channels, got 3 and 4");
  EXPECT_EQ(error_with([](auto& o) {
              o.num_heads = {0, 2};
            }),
            "[Swin] expected at least one channel and one head per stage, got 4 and 0");
  EXPECT_EQ(error_with([](auto& o) { o.num_heads = {1}; }),
            "[Swin] expected depths and num_heads for the same number of stages, got 2 and 1");
  EXPECT_EQ(error_with([](auto& o) {
              o.depths = {2, 0};
            }),
            "[Swin] expected at least one block per stage, got none");
  EXPECT_EQ(error_with([](auto& o) { o.embed_dim = 0; }),
            "[Swin] expected channels, patch_size and embed_dim of at least 1, got 2, 2 and 0");
  EXPECT_EQ(error_with([](auto& o) {
              o.depths = std::vector<index_t>(70, 1);
              o.num_heads = o.depths;
            }),
            "[Swin] expected at most 2^24 channels in the last stage, got 70 stages from embed_dim = 4; each "
            "stage doubles the channels");
  EXPECT_EQ(error_with([](auto& o) { o.embed_dim = (index_t{1} << 23) + 1; }),
            "[Swin] expected at most 2^24 channels in the last stage, got 2 stages from embed_dim = 8388609; "
            "each stage doubles the channels");
  EXPECT_EQ(error_with([](auto& o) { o.window_size = 0; }),
            "[Swin] expected a shift in [0, 0), the window side, got 0");
  EXPECT_EQ(error_with([](auto& o) { o.stochastic_depth = 1; }),
            "[Swin] expected a stochastic_depth probability in [0, 1), got 1");
  EXPECT_EQ(error_with([](auto& o) { o.mlp_ratio = 0; }), "[Swin] expected mlp_ratio of at least 1, got 0");
  SwinTransformer model = make(small());
  EXPECT_EQ(error_of([&] {
              model(zeros({1, 3, 8, 8}));
            }),
            "[Swin] expected images (B, 2, height, width) with sides of at least 2, got (1, 3, 8, 8)");
  auto layer = attention_of({.window_size = 2});
  EXPECT_EQ(error_of([&] {
              layer(zeros({1, 4, 4, 3}));
            }),
            "[ShiftedWindowAttention] expected x (B, height, width, 4), got (1, 4, 4, 3)");
  EXPECT_EQ(error_of([] {
              window_partition(zeros({1, 4, 5, 1}), 2);
            }),
            "[window_partition] expected x (B, height, width, C) with height and width divisible by the "
            "window side 2, got (1, 4, 5, 1)");
  EXPECT_EQ(error_of([] {
              window_reverse(zeros({1, 4, 4, 1}), 2, 4, 6);
            }),
            "[window_reverse] expected windows (B, nW, 4, C) that cover an image of 4 x 6, got (1, 4, 4, 1)");
  EXPECT_EQ(error_of([] { shift_mask(4, 5, 2, 1, 1); }),
            "[shift_mask] expected an image that windows of 2 x 2 cover exactly, got 4 x 5");
  EXPECT_EQ(error_of([] { shift_mask(4, 4, 2, 2, 0); }),
            "[shift_mask] expected shifts in [0, 2), the window side, got 2 and 0");
  EXPECT_EQ(error_of([] { relative_position_index(0); }),
            "[relative_position_index] expected a window side of at least 1, got 0");
  EXPECT_EQ(error_of([] {
              PatchMerging::neighbours(zeros({2, 2}));
            }),
            "[PatchMerging] expected x (B, height, width, C), got (2, 2)");
}

TEST(ShiftedWindowAttention, NeedsPixelsAndAcceptsAnEmptyBatch) {
  Generator gen(1);
  ShiftedWindowAttention attention({.dim = 4, .nhead = 2, .window_size = 4, .shift = 2}, gen);
  EXPECT_EQ(error_of([&] {
              attention(zeros({2, 8, 0, 4}));
            }),
            "[ShiftedWindowAttention] expected sides of at least one pixel, got (2, 8, 0, 4)");
  EXPECT_EQ(attention(zeros({0, 8, 6, 4})).shape(), (Shape{0, 8, 6, 4}));
}

}  // namespace heed::nn
