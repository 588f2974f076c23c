// Lesson 10; covers the mistakes DE-08 and DE-09.
#include "nn/models/detr.h"

#include <cmath>
#include <numbers>

#include "nn/models/pretrained.h"
#include "tests/nn/padding.h"
#include "tests/testing.h"

namespace heed::nn {
namespace {

DetectionTransformerOptions small() {
  return {.in_channels = 3,
          .d_model = 8,
          .nhead = 2,
          .num_encoder_layers = 2,
          .num_decoder_layers = 3,
          .dim_feedforward = 12,
          .dropout = 0,
          .num_queries = 5,
          .num_classes = 4};
}

DetectionTransformer make(DetectionTransformerOptions options = small()) {
  Generator gen(5);
  return {options, gen};
}

index_t count_of_trained(const Module& m) {
  index_t count = 0;
  for (const Tensor& p : m.parameters()) count += p.requires_grad() ? p.numel() : 0;
  return count;
}

// The two published numbers: with and without the stem (9,408) and layer 1 (212,992), which are
// frozen. The frozen norms have 106,240 more values, in buffers, which neither number includes.
TEST(DETR, HasTheParametersOfDetrResnet50) {
  Generator gen(0);
  const NoInit no_init;
  const DETR detr(detr_resnet50(), gen);
  EXPECT_EQ(detr.parameter_count(), 41'524'768);
  EXPECT_EQ(count_of_trained(detr), 41'302'368);
  EXPECT_EQ(detr.parameter_count() - count_of_trained(detr), 9'408 + 212'992);
  EXPECT_EQ(detr.backbone.parameter_count(), 23'454'912);
  EXPECT_EQ(detr.detector.parameter_count(), 18'069'856);
}

TEST(DETR, EveryLayerPredictsABoxAndAClassPerQuery) {
  DetectionTransformer m = make();
  const Detections found = m(noise({2, 3, 3, 4}));
  EXPECT_EQ(found.logits.shape(), (Shape{3, 2, 5, 5}));
  EXPECT_EQ(found.boxes.shape(), (Shape{3, 2, 5, 4}));
  EXPECT_GT(min(found.boxes).item(), 0);
  EXPECT_LT(max(found.boxes).item(), 1);
  EXPECT_GT(max_abs_difference(found.boxes[0], found.boxes[2]), 1e-3);
}

TEST(DETR, QueriesAttendToEachOther) {
  DetectionTransformer m = make();
  const Tensor features = noise({1, 3, 2, 2});
  const Tensor before = m(features).logits;
  {
    const NoGrad no_grad;
    m.query_embed[3].add_(ones({8}));
  }
  const Tensor after = m(features).logits;
  for (index_t n = 0; n < 5; ++n)
    EXPECT_GT(max_abs_difference(before[2][0][n], after[2][0][n]), 1e-5) << "query " << n;
}

// Queries are a set: permuting them permutes the detections.
TEST(DETR, PermutedQueriesGivePermutedDetections) {
  DetectionTransformer m = make();
  const Tensor features = noise({2, 3, 3, 2});
  const Tensor before = m(features).boxes;
  const IntTensor order{4, 2, 0, 1, 3};
  {
    const NoGrad no_grad;
    m.query_embed.copy_(index_select(m.query_embed, 0, order).clone());
  }
  expect_close(m(features).boxes, index_select(before, 2, order), 1e-5);
}

TEST(DETR, PositionsAreAddedToQueriesAndKeysOnly) {
  Generator gen(1);
  DETREncoderLayer layer(small(), gen);
  const Tensor x = noise({1, 4, 8}), p = noise({1, 4, 8}, 2);
  {
    const NoGrad no_grad;  // every score is 0: positions can show only through the values
    layer.self_attn.in_proj_weight.slice(0, 0, 16).zero_();
  }
  expect_close(layer.forward(x, p, {}), layer.forward(x, zeros({1, 4, 8}), {}), 1e-6);

  DETRDecoderLayer decoder(small(), gen);
  {
    const NoGrad no_grad;
    decoder.self_attn.in_proj_weight.slice(0, 0, 16).zero_();
    decoder.multihead_attn.in_proj_weight.slice(0, 0, 16).zero_();
  }
  const Tensor h = noise({1, 5, 8}, 3), nothing = zeros({1, 5, 8});
  expect_close(decoder.forward(h, noise({5, 8}, 4), x, p, {}),
               decoder.forward(h, zeros({5, 8}), x, zeros({1, 4, 8}), {}), 1e-6);
}

TEST(DETR, WithoutPositionsTheOrderOfPixelsDoesNotMatter) {
  DetectionTransformer m = make();
  const Tensor features = noise({1, 3, 3, 4}), turned = flip(features, {2, 3});
  EXPECT_GT(max_abs_difference(m(features).boxes, m(turned).boxes), 1e-3) << "with them it is none";
}

TEST(DETR, NoQueryAttendsToPadding) {
  DetectionTransformer m = make();
  std::vector<std::uint8_t> real;
  for (index_t i = 0; i < 3; ++i)
    for (index_t j = 0; j < 4; ++j) real.push_back(i < 2 && j < 3);
  const Mask mask(real, {1, 3, 4});
  const Tensor image = noise({1, 3, 2, 3});
  const Tensor padded = pad(image, {0, 1, 0, 1}, 7), otherwise = pad(image, {0, 1, 0, 1}, -3);
  expect_same_bits(m.forward(padded, mask).boxes, m.forward(otherwise, mask).boxes);
  expect_close(m.forward(padded, mask).boxes, m.forward(image).boxes, 1e-5);
}

TEST(DETR, PaddingInfluencesNothing) {
  DetectionTransformer m = make();
  std::vector<std::uint8_t> values;
  for (index_t i = 0; i < 3; ++i)
    for (index_t j = 0; j < 4; ++j) values.push_back(i < 2 && j < 3);
  const Mask real(values, {1, 3, 4}), all_channels = real.unsqueeze(1);
  expect_padding_ignored(m, "features", [&](double value) -> PaddedRun {
    const Tensor features = padded({1, 3, 3, 4}, all_channels, value);
    const Detections found = m.forward(features, real);
    return {cat({found.logits, found.boxes}, -1), {features}};
  });

  Generator gen(1);
  DETREncoderLayer layer(small(), gen);
  const Mask pixels = real.reshape({1, 12, 1});
  expect_padding_ignored(layer, "encoder layer", [&](double value) -> PaddedRun {
    const Tensor x = padded({1, 12, 8}, pixels, value);
    return {masked_fill(layer.forward(x, noise({1, 12, 8}, 2), real.reshape({1, 1, 12})), !pixels, 0), {x}};
  });
  DETRDecoderLayer decoder(small(), gen);
  expect_padding_ignored(decoder, "decoder layer", [&](double value) -> PaddedRun {
    const Tensor x = noise({1, 5, 8}, 3).set_requires_grad(), memory = padded({1, 12, 8}, pixels, value);
    return {decoder.forward(x, noise({5, 8}, 4), memory, noise({1, 12, 8}, 2), real.reshape({1, 1, 12})),
            {x, memory}};
  });
}

// Convolutions read beyond the border of an image; values there that are not finite count as zeros.
TEST(DETR, PaddingOfTheImagesInfluencesNothing) {
  Generator gen(3);
  DETR detr({.backbone = {.width = 1, .blocks = {1, 1, 1, 1}}, .detector = small()}, gen);
  std::vector<std::uint8_t> values;
  for (index_t i = 0; i < 64; ++i)
    for (index_t j = 0; j < 40; ++j) values.push_back(i < 50 && j < 31);
  const Mask real(values, {1, 64, 40});
  const auto run = [&](double value) -> PaddedRun {
    const Tensor images = padded({1, 3, 64, 40}, real.unsqueeze(1), value);
    const Detections found = detr.forward(images, real);
    return {cat({found.logits, found.boxes}, -1), {images}};
  };
  const Tensor zero = run(0).output.detach();
  for (const double value : {double{NAN}, double{INFINITY}, 3e38}) {
    for (Tensor& p : detr.parameters()) p.zero_grad();
    const PaddedRun result = run(value);
    expect_same_bits(result.output.detach(), zero);
    sum(result.output).backward();
    for (const auto& [name, p] : detr.named_parameters())
      if (p.grad().defined()) {
        EXPECT_FALSE(std::isnan(sum(p.grad()).item())) << name << value;
      }
    EXPECT_EQ(max(abs(masked_fill(result.inputs[0].grad(), real.unsqueeze(1), 0))).item(), 0);
  }
}

TEST(DETR, AMaskOfPixelsIsDownsampledToTheFeatureMap) {
  Generator gen(3);
  DETR detr({.backbone = {.width = 1, .blocks = {1, 1, 1, 1}}, .detector = small()}, gen);
  const Tensor images = noise({2, 3, 64, 40});
  expect_close(detr.forward(images, Mask::full({2, 64, 40}, true)).boxes, detr.forward(images).boxes, 1e-6);
  EXPECT_EQ(error_of([&] {
              detr.forward(images, Mask::full({2, 2, 2}, true));
            }),
            "[DETR] expected a mask (2, 64, 40), got (2, 2, 2)");
  EXPECT_EQ(error_of([&] {
              detr.forward(images[0], Mask::full({64, 40}, true));
            }),
            "[DETR] expected images (B, C, height, width), got (3, 64, 40)");
}

TEST(DETR, MapsAreTheCrossAttentionWeights) {
  DetectionTransformer m = make();
  std::vector<Tensor> maps;
  const Tensor features = noise({2, 3, 3, 4});
  const Detections found = m.forward(features, {}, &maps);
  ASSERT_EQ(maps.size(), 3U);
  EXPECT_EQ(maps[0].shape(), (Shape{2, 2, 5, 12}));
  expect_close(sum(maps[2], -1), ones({2, 2, 5}), 1e-5);
  expect_close(found.boxes, m(features).boxes, 1e-5);
}

TEST(DETR, EveryParameterIsNamedAndCloned) {
  Generator gen(3);
  DETR detr({.backbone = {.width = 1, .blocks = {1, 1, 1, 1}}, .detector = small()}, gen);
  const Tensor images = noise({1, 3, 33, 40});
  const Detections found = detr(images);
  detr.check_all_named(sum(found.logits) + sum(found.boxes));
  expect_same_bits(detr.clone()(images).boxes, found.boxes);
}

TEST(DETR, InvalidInputsAreRejected) {
  DetectionTransformer m = make();
  EXPECT_EQ(error_of([&] {
              m(zeros({1, 4, 2, 2}));
            }),
            "[DetectionTransformer] expected features (B, 3, height, width), got (1, 4, 2, 2)");
  EXPECT_EQ(error_of([&] {
              m.forward(zeros({1, 3, 2, 2}), Mask::full({1, 2, 3}, true));
            }),
            "[DetectionTransformer] expected a mask (1, 2, 2), got (1, 2, 3)");
  const auto with = [](auto change) {
    DetectionTransformerOptions o = small();
    change(o);
    return error_of([&] { make(o); });
  };
  EXPECT_EQ(with([](auto& o) { o.d_model = 6; }),
            "[DetectionTransformer] expected d_model to be a multiple of 4 and of nhead = 2, got 6");
  EXPECT_EQ(with([](auto& o) { o.d_model = 0; }),
            "[DetectionTransformer] expected d_model and nhead of at least 1, got 0 and 2");
  EXPECT_EQ(with([](auto& o) { o.num_queries = 0; }),
            "[DetectionTransformer] expected in_channels, num_queries and num_classes of at least 1, got 3, "
            "0 and 4");
  EXPECT_EQ(with([](auto& o) { o.num_decoder_layers = 0; }),
            "[DetectionTransformer] expected num_encoder_layers of at least 0 and num_decoder_layers of at "
            "least 1, got 2 and 0");
}

// ---- positions --------------------------------------------------------------------------------------------

TEST(SinePositions, EncodeTheRowThenTheColumn) {
  const Tensor p = sine_positions_2d(Mask::full({1, 2, 4}, true), 8, f64).reshape({2, 4, 8});
  const double turn = 2 * std::numbers::pi;
  for (index_t i = 0; i < 2; ++i)
    for (index_t j = 0; j < 4; ++j) {
      const double row = turn * static_cast<double>(i + 1) / 2,
                   column = turn * static_cast<double>(j + 1) / 4;
      EXPECT_NEAR(p.at({i, j, 0}), std::sin(row), 1e-5);
      EXPECT_NEAR(p.at({i, j, 1}), std::cos(row), 1e-5);
      EXPECT_NEAR(p.at({i, j, 2}), std::sin(row / 100), 1e-5) << "10000^(2/4)";
      EXPECT_NEAR(p.at({i, j, 3}), std::cos(row / 100), 1e-5);
      EXPECT_NEAR(p.at({i, j, 4}), std::sin(column), 1e-5);
      EXPECT_NEAR(p.at({i, j, 7}), std::cos(column / 100), 1e-5);
    }
}

TEST(SinePositions, CountTheRealPixelsOfEachRowAndColumn) {
  const Mask real = noise({2, 5, 7}) > 0;
  const Tensor p = sine_positions_2d(real, 12, f64).reshape({2, 5, 7, 12});
  const auto count = [&](index_t b, index_t rows, index_t columns, bool down) {  // up to this pixel
    double n = 0;
    for (index_t i = 0; i <= (down ? rows : columns); ++i)
      n += down ? real.at({b, i, columns}) : real.at({b, rows, i});
    return n;
  };
  for (index_t b = 0; b < 2; ++b)
    for (index_t i = 0; i < 5; ++i)
      for (index_t j = 0; j < 7; ++j)
        for (index_t pair = 0; pair < 6; pair += 2) {
          const double length = std::pow(10000, static_cast<double>(pair) / 6), turn = 2 * std::numbers::pi;
          const double row = turn * count(b, i, j, true) / (count(b, 4, j, true) + 1e-6);
          const double column = turn * count(b, i, j, false) / (count(b, i, 6, false) + 1e-6);
          EXPECT_EQ(p.at({b, i, j, pair}), std::sin(row / length));
          EXPECT_EQ(p.at({b, i, j, pair + 1}), std::cos(row / length));
          EXPECT_EQ(p.at({b, i, j, 6 + pair}), std::sin(column / length));
          EXPECT_EQ(p.at({b, i, j, 7 + pair}), std::cos(column / length));
        }
}

TEST(DETR, TheCostOfALargeMaskIsThatOfItsFeatureMap) {
  Generator gen(1);
  DETR detr({.backbone = {.width = 1, .blocks = {1, 1, 1, 1}}, .detector = small()}, gen);
  const index_t height = 32, width = 8192;
  const Mask real = Mask::full({1, height, width}, true);
  const Tensor images = noise({1, 3, height, width});
  detr.eval();
  expect_same_bits(detr.forward(images, real).boxes, detr(images).boxes);
}

TEST(SinePositions, TheCostIsThatOfTheResult) {
  const index_t size = 300'000;  // a count for each pair of pixels would take minutes
  const Tensor wide = sine_positions_2d(Mask::full({1, 1, size}, true), 4);
  const Tensor tall = sine_positions_2d(Mask::full({1, size, 1}, true), 4);
  expect_same_bits(wide.slice(2, 2, 4), tall.slice(2, 0, 2));
}

// Only real pixels count, for each line separately.
TEST(SinePositions, CountRealPixelsOnly) {
  const Mask real = Mask::of({{{1, 1, 0}, {1, 0, 0}}, {{0, 1, 1}, {0, 0, 0}}});
  const Tensor p = sine_positions_2d(real, 4, f64);
  for (index_t b = 0; b < 2; ++b)
    for (index_t i = 0; i < 2; ++i)
      for (index_t j = 0; j < 3; ++j) {
        double above = 0, in_column = 0, before = 0, in_row = 0;
        for (index_t k = 0; k < 2; ++k) in_column += real.at({b, k, j});
        for (index_t k = 0; k <= i; ++k) above += real.at({b, k, j});
        for (index_t k = 0; k < 3; ++k) in_row += real.at({b, i, k});
        for (index_t k = 0; k <= j; ++k) before += real.at({b, i, k});
        const double row = 2 * std::numbers::pi * above / (in_column + 1e-6),
                     column = 2 * std::numbers::pi * before / (in_row + 1e-6);
        EXPECT_EQ(p.at({b, i * 3 + j, 0}), std::sin(row));
        EXPECT_EQ(p.at({b, i * 3 + j, 1}), std::cos(row));
        EXPECT_EQ(p.at({b, i * 3 + j, 2}), std::sin(column));
        EXPECT_EQ(p.at({b, i * 3 + j, 3}), std::cos(column));
      }
}

TEST(SinePositions, InvalidMasksAreRejected) {
  EXPECT_EQ(error_of([] {
              sine_positions_2d(Mask::full({2, 2}, true), 8);
            }),
            "[sine_positions_2d] expected a mask (B, height, width), got (2, 2)");
  EXPECT_EQ(error_of([] { sine_positions_2d({}, 8); }),
            "[sine_positions_2d] expected a mask (B, height, width), got an undefined mask");
  EXPECT_EQ(error_of([] {
              sine_positions_2d(Mask::full({1, 2, 2}, true), 6);
            }),
            "[sine_positions_2d] expected d_model to be a multiple of 4, got 6");
}

// ---- published weights ------------------------------------------------------------------------------------

Config::Values published() {
  return {{"backbone", "resnet50"},
          {"position_embedding_type", "sine"},
          {"activation_function", "relu"},
          {"d_model", 256.0},
          {"encoder_attention_heads", 8.0},
          {"decoder_attention_heads", 8.0},
          {"encoder_layers", 6.0},
          {"decoder_layers", 6.0},
          {"encoder_ffn_dim", 2048.0},
          {"decoder_ffn_dim", 2048.0},
          {"dropout", 0.1},
          {"num_queries", 100.0}};
}

TEST(DETR, ReadsThePublishedConfiguration) {
  Config::Values values = published();
  for (int i = 0; i < 91; ++i) values[concat("id2label.", i)] = std::string("N/A");
  Generator gen(0);
  const NoInit no_init;
  EXPECT_EQ(DETR(DETR::from_config(values), gen).parameter_count(), 41'524'768);
  values["num_queries"] = 7.0;
  values.erase("id2label.90");
  EXPECT_EQ(DETR::from_config(values).detector.num_queries, 7);
  EXPECT_EQ(DETR::from_config(values).detector.num_classes, 90);
  values["decoder_attention_heads"] = 4.0;
  EXPECT_EQ(error_of([&] { DETR::from_config(values); }),
            "[config.json] 'decoder_attention_heads' and 'decoder_ffn_dim' must be those of the encoder");
  values["backbone"] = std::string("resnet101");
  EXPECT_EQ(error_of([&] { DETR::from_config(values); }),
            "[config.json] 'backbone' is 'resnet101'; this model computes 'resnet50'");
}

TEST(DETR, MissingWeightsHaveTheirPublishedNames) {
  Generator gen(3);
  DETR detr({.backbone = {.width = 1, .blocks = {1, 1, 1, 1}}, .detector = small()}, gen);
  const std::string error = error_of([&] { load_published(detr, {}, DETR::published_names()); });
  for (const char* name :
       {"model.backbone.conv_encoder.model.layer1.0.downsample.1.running_var",
        "model.encoder.layers.1.self_attn.k_proj.bias", "model.decoder.layers.2.encoder_attn.out_proj.weight",
        "model.query_position_embeddings.weight", "bbox_predictor.layers.2.bias"})
    expect_contains(error, concat("'", name, "'"));
  EXPECT_EQ(error.find("detector."), std::string::npos);
}

TEST(DetectionTransformer, PaddingInfluencesNeitherDetectionsNorGradients) {
  DetectionTransformer model = make();
  const Mask real = Mask::of({{{1, 1, 1}, {1, 1, 1}}, {{1, 1, 0}, {0, 0, 0}}});
  const auto run = [&](double padding) {
    model.zero_grad();
    const Tensor x =
        masked_fill(noise({2, 3, 2, 3}), !real.unsqueeze(1), padding).detach().set_requires_grad();
    const Detections found = model.forward(x, real);
    (sum(found.logits * found.logits) + sum(found.boxes * found.boxes)).backward();
    std::vector<Tensor> all{found.logits.detach(), found.boxes.detach(), x.grad()};
    for (const Tensor& p : model.parameters()) all.push_back(p.grad());
    return all;
  };
  const auto want = run(0), got = run(std::nan(""));
  for (std::size_t i = 0; i < want.size(); ++i) expect_same_bits(got[i], want[i]);
  EXPECT_EQ(max(abs(masked_fill(got[2], real.unsqueeze(1), 0))).item(), 0);
}

TEST(DETR, PaddedPixelsThatAreNotFiniteCountAsZeros) {
  Generator gen(5);
  DetectionTransformerOptions detector = small();
  DETR model({.backbone = {.width = 1, .blocks = {1, 1, 1, 1}}, .detector = detector}, gen);
  std::vector<std::uint8_t> pixels;
  for (index_t i = 0; i < 2 * 40 * 40; ++i) pixels.push_back(i < 40 * 40 || i % 40 < 20);
  const Mask real(pixels, {2, 40, 40});
  const auto run = [&](double padding) {
    model.zero_grad();
    const Tensor x =
        masked_fill(noise({2, 3, 40, 40}), !real.unsqueeze(1), padding).detach().set_requires_grad();
    const Detections found = model.forward(x, real);
    (sum(found.logits * found.logits) + sum(found.boxes * found.boxes)).backward();
    std::vector<Tensor> all{found.logits.detach(), masked_fill(x.grad(), !real.unsqueeze(1), 0)};
    for (const Tensor& p : model.parameters())
      if (p.requires_grad()) all.push_back(p.grad());
    return all;
  };
  const auto want = run(0);
  for (const double padding : {std::nan(""), double{INFINITY}}) {
    const auto got = run(padding);
    for (std::size_t i = 0; i < want.size(); ++i) expect_same_bits(got[i], want[i]);
  }
}

TEST(DETR, AnEmptyBatchHasNoDetections) {
  DetectionTransformer model = make();
  const Detections found = model.forward(zeros({0, 3, 2, 3}), Mask::full({0, 2, 3}, true));
  EXPECT_EQ(found.logits.shape(), (Shape{3, 0, 5, 5}));
  EXPECT_EQ(found.boxes.shape(), (Shape{3, 0, 5, 4}));
}

}  // namespace
}  // namespace heed::nn
