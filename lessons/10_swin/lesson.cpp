// Lesson 10 · Swin: attention in shifted windows
//
// The cost of attention over all pixels grows with the square of their number. Swin computes
// attention inside windows, so the cost grows linearly. Every second block shifts the windows by
// half, so that pixels of different windows meet, and between stages four neighbours are merged
// into one. Shifted windows at the border wrap around to the opposite side, and a mask separates
// pixels that are not neighbours.
//
//   roll by w/2 → windows → masked attention with a relative position bias → image → roll back
//
// With published weights the program classifies an image:
//
//   ./lesson_10_swin --weights swin_t/ --image cat.ppm
//
// Liu et al., "Swin Transformer: hierarchical vision transformer using shifted windows", 2021.
#include "lessons/support/lesson.h"

#include <algorithm>
#include <cmath>

#include "lessons/10_swin/shifted_window_diagram.h"
#include "lessons/10_vit/image_classification.h"
#include "lessons/support/parameter_table.h"
#include "lessons/support/svg.h"

using namespace heed;
using namespace heed::lessons;

namespace {

// A stage of Swin-T, or a layer of ViT-B/16: the size of its feature map, and the number of attention
// weights that one head computes, counted in the weights themselves.
struct Stage {
  std::string name;
  index_t side, channels, blocks, weights;
};

// The attention weights of one head in windows of 7 x 7 over a map of side x side pixels. A narrow
// layer has as many per head as Swin-T's wide ones.
index_t window_weights(index_t side) {
  Generator gen(0);
  nn::ShiftedWindowAttention layer({.dim = 4, .nhead = 1, .window_size = 7}, gen);
  const NoGrad no_grad;
  Tensor weights;
  layer.forward(randn({1, side, side, 4}, gen), &weights);
  return weights.numel();
}

// Computes an image of 224 x 224 pixels with an untrained Swin-T, stage by stage.
std::vector<Stage> stages_of_swin_t(Generator& gen) {
  nn::SwinTransformer model(nn::swin_t(), gen);
  model.eval();
  const NoGrad no_grad;
  std::vector<Stage> stages;
  Tensor x = randn({1, 3, 224, 224}, gen);
  for (index_t i = 0; i < model.features.size(); ++i) {
    nn::Module& part = model.features[i];
    if (auto* merging = dynamic_cast<nn::PatchMerging*>(&part)) {
      x = merging->forward(x);
      continue;
    }
    x = dynamic_cast<nn::Sequential&>(part).forward(x);  // the patch embedding, or the blocks of a stage
    if (i > 0)
      stages.push_back({concat("Swin-T, stage ", stages.size() + 1), x.size(1), x.size(3),
                        model.options.depths[stages.size()], window_weights(x.size(1))});
  }
  return stages;
}

// The same for ViT-B/16, whose layers are all alike.
Stage layer_of_vit(Generator& gen) {
  const nn::NoInit no_init;
  nn::VisionTransformer model(nn::vit_b_16(), gen);
  const NoGrad no_grad;
  const Tensor tokens = model.tokens(zeros({1, 3, 224, 224}));
  const Tensor weights = matmul(tokens, tokens.transpose(-2, -1));
  const auto side = static_cast<index_t>(std::lround(std::sqrt(static_cast<double>(model.num_patches()))));
  return {"ViT-B/16", side, tokens.size(2), model.options.num_layers, weights.numel()};
}

void hierarchy(Page& page) {
  page.step("The hierarchy, and the cost of attention");
  page.say(
      "An image of 224 x 224 pixels in an untrained Swin-T. Patch merging halves the sides of the map before "
      "each later stage. ViT-B/16 has the same map in all layers. The last column would be the number of "
      "attention weights if all pixels of the map attended to each other:");
  Generator gen(0);
  std::vector<Stage> all = stages_of_swin_t(gen);
  const std::vector<Stage> swin = all;
  all.push_back(layer_of_vit(gen));
  const std::vector<int> widths{-18, 9, 10, 8, 18, 12};
  page.print("\n  " + dim(cells({"", "map", "channels", "blocks", "weights per head", "global"}, widths)));
  for (const Stage& stage : all)
    page.print("  " + cells({stage.name, concat(stage.side, " x ", stage.side), concat(stage.channels),
                             concat(stage.blocks), concat(stage.weights),
                             concat(stage.side * stage.side * stage.side * stage.side)},
                            widths));
  page.print("");
  const auto count = [](index_t n) { return number(static_cast<double>(n)); };
  bool halves = true;
  for (std::size_t i = 1; i < swin.size(); ++i)
    halves &= swin[i - 1].side == 2 * swin[i].side && 2 * swin[i - 1].channels == swin[i].channels;
  page.claim("hierarchy", "Swin's map shrinks from stage to stage, ViT's does not",
             {"sides ", count(swin[0].side), ", ", count(swin[1].side), ", ", count(swin[2].side), ", ",
              count(swin[3].side), " with ", count(swin[0].channels), " to ", count(swin[3].channels),
              " channels; ViT ", count(all.back().side), " with ", count(all.back().channels)},
             halves);
  const index_t small = window_weights(56), large = window_weights(112);
  const double global = 56.0 * 56 * 56 * 56;
  page.identity("linear", "the cost of attention in windows grows linearly with the number of pixels",
                {"4 times the pixels, ", number(static_cast<double>(large) / static_cast<double>(small), 1),
                 " times the weights"},
                large == 4 * small);
  page.identity("fewer_weights", "windows of 7 x 7 need fewer attention weights in the first stage",
                {count(small), " per head, all pixels ", number(global), ", ",
                 number(global / static_cast<double>(small)), " times as many"},
                static_cast<double>(small) < global);
  const nn::NoInit no_init;
  const index_t parameters = nn::SwinTransformer(nn::swin_t(), gen).parameter_count();
  page.claim("published_size", "Swin-T has its published size", {count(parameters), " parameters"},
             parameters == 28288354);
}

// Returns the index of the region of an 8 x 8 image to which pixel (row, column) belongs, with
// windows of 4 shifted by `shift`. A pixel attends to the pixels of its region.
index_t region_of(index_t row, index_t column, index_t shift) {
  const index_t across = shift > 0 ? 3 : 2;
  return (row + 4 - shift) / 4 * across + (column + 4 - shift) / 4 - (shift > 0 ? 0 : across + 1);
}

std::string letters(index_t shift) {
  std::string map;
  for (index_t row = 0; row < 8; ++row) {
    for (index_t column = 0; column < 8; ++column)
      map += concat(column > 0 ? " " : "", static_cast<char>('A' + region_of(row, column, shift)));
    map += "\n";
  }
  return map;
}

void shifted_windows(Page& page) {
  page.step("Shifted windows");
  page.say(
      "An 8 x 8 image with windows of 4 x 4, and with the windows shifted by 2. Each letter is a window; "
      "pixels with the same letter may attend to each other:");
  page.print("\n" + indented(beside({letters(0), letters(2)}, 4), 2));
  page.say(
      "Nine windows of different sizes cannot be computed as one batch. The image is therefore rolled up and "
      "to the left by 2, which gives four full windows again: the first is E; the second has F and D, the "
      "third H and B, the last I, G, C and A.");
}

// Returns the attention weights between all pixels of the image (64, 64) from those inside windows
// (nW, N, N).
Tensor weights_over_image(const Tensor& weights, index_t shift) {
  const Tensor pixels = nn::window_partition(
      roll(roll(arange(0, 64).reshape({1, 8, 8, 1}), -shift, 1), -shift, 2), 4);  // (1, nW, N, 1)
  const std::vector<double> position = pixels.to_vector(), w = weights.to_vector();
  std::vector<double> all(4096, 0);
  for (std::size_t window = 0; window < 4; ++window)
    for (std::size_t i = 0; i < 16; ++i)
      for (std::size_t j = 0; j < 16; ++j)
        all[static_cast<std::size_t>(position[window * 16 + i]) * 64 +
            static_cast<std::size_t>(position[window * 16 + j])] = w[(window * 16 + i) * 16 + j];
  return from_vector(all, {64, 64});
}

// A map of the windows: each has an outline and its letter, and neighbours have different shades.
SvgImage window_map(index_t shift) {
  std::vector<double> shades;
  std::vector<SvgBox> boxes;
  for (index_t i = 0; i < 64; ++i) {
    const index_t row = i / 8, column = i % 8, region = region_of(row, column, shift);
    const auto name = std::string(1, static_cast<char>('A' + region));
    shades.push_back(static_cast<double>(region) / 9);
    const auto x = static_cast<double>(column), y = static_cast<double>(row);
    const auto found = std::ranges::find(boxes, name, &SvgBox::name);
    if (found == boxes.end()) {
      boxes.push_back({.x0 = x, .y0 = y, .x1 = x + 1, .y1 = y + 1, .name = name, .centred = true});
    } else {
      found->x1 = std::max(found->x1, x + 1);
      found->y1 = std::max(found->y1, y + 1);
    }
  }
  return {.image = from_vector(shades, {8, 8}),
          .caption = shift > 0 ? concat("shifted by ", shift) : "not shifted",
          .top = 2,
          .boxes = boxes};
}

void attention_mask(const Options& options, Page& page) {
  page.step("The attention mask");
  page.say(
      "The attention weights of the upper left pixel in an untrained layer over 8 x 8 pixels, with windows "
      "shifted by 2, with the mask and without it:");
  std::vector<std::string> blocks;
  std::vector<SvgImage> panels;
  std::vector<double> to_other_corners;
  for (const bool masked : {true, false}) {
    Generator gen(options.seed);
    nn::ShiftedWindowAttention layer({.dim = 8, .nhead = 2, .window_size = 4, .shift = 2, .masked = masked},
                                     gen);
    layer.eval();
    const NoGrad no_grad;
    Tensor weights;
    const Tensor x = randn({1, 8, 8, 8}, gen);
    layer.forward(x, &weights);
    if (masked && !options.figures.empty())
      write_figure(options.figures, "shifted_window.svg", shifted_window_diagram(layer, x));
    const Tensor corner = weights_over_image(weights[0].mean(1), 2)[0].reshape({8, 8});
    to_other_corners.push_back(1 - corner.slice(0, 0, 2).slice(1, 0, 2).sum().item());
    blocks.push_back(text_image(corner, max(corner).item()));
    panels.push_back({.image = corner,
                      .caption = masked ? "with the mask" : "without the mask",
                      .grid = 4,
                      .numbers = true});
  }
  page.print("\n" + indented(beside(blocks, 6), 2));
  page.claim("mask", "the mask separates the corners",
             {percentage(to_other_corners[0]), " of the corner's attention goes to the three other corners, ",
              percentage(to_other_corners[1]), " without it"},
             to_other_corners[0] == 0 && to_other_corners[1] > 0.5);
  if (options.figures.empty()) return;
  write_figure(
      options.figures, "mask.svg",
      svg_images("Attention of the upper left pixel, windows shifted by 2", panels, "attention weight"));
  write_figure(options.figures, "windows.svg",
               svg_images("The windows of two blocks, 4 x 4 pixels each", {window_map(0), window_map(2)}));
}

// Returns images of 32 x 32 pixels with a digit (8 x 8, enlarged to 16 x 16) at a random position,
// at least `margin` pixels from the border.
data::Dataset at_random_positions(const data::Dataset& digits, index_t margin, Generator gen) {
  const index_t n = digits.size(), range = 16 - 2 * margin;
  const Tensor enlarged =
      digits.images.reshape({n, 1, 8, 1, 8, 1}).expand({n, 1, 8, 2, 8, 2}).reshape({n, 1, 16, 16});
  const Tensor offsets = rand({n, 2}, gen) * static_cast<double>(range + 1);
  std::vector<Tensor> rows;
  for (index_t i = 0; i < n; ++i) {
    const index_t down = margin + static_cast<index_t>(offsets.at({i, 0})),
                  right = margin + static_cast<index_t>(offsets.at({i, 1}));
    rows.push_back(pad(enlarged[i], {right, 16 - right, down, 16 - down}));
  }
  return {stack(rows), digits.labels};
}

index_t window_size(const Options& options) { return std::stoi(options.value("--window", "4")); }

struct Variant {
  std::string name;
  bool shifted, masked;
};

struct Trained {
  double accuracy, seconds_per_epoch;
  index_t parameters;
};

nn::SwinTransformer make_model(const Options& options, const Variant& variant, Generator& gen) {
  nn::SwinTransformer model({.channels = 1,
                             .patch_size = 4,
                             .embed_dim = 24,
                             .depths = {2, 2},
                             .num_heads = {2, 4},
                             .window_size = window_size(options),
                             .num_classes = 10,
                             .shifted = variant.shifted,
                             .masked = variant.masked},
                            gen);
  init_by_width(model, gen);
  return model;
}

Trained train_variant(const Options& options, const Variant& variant, const data::Dataset& train_set,
                      const data::Dataset& test_set, index_t epochs) {
  Generator init_gen(options.seed);
  nn::SwinTransformer model = make_model(options, variant, init_gen);
  const double seconds =
      train(model, train_set,
            {.epochs = epochs, .lr = 2e-3, .shift = 4, .name = variant.name, .quiet = options.quiet},
            init_gen.fork());
  return {accuracy(model, test_set), seconds, model.parameter_count()};
}

void draw_digits(const Options& options, const data::Dataset& train_set) {
  std::vector<SvgImage> panels;
  for (index_t i = 0; i < 4; ++i)
    panels.push_back(
        {.image = train_set.images[i][0], .caption = concat("label ", train_set.labels[i]), .grid = 16});
  write_figure(options.figures, "somewhere.svg",
               svg_images("Digits at random positions; the lines are the windows of block 1", panels));
}

void train_variants(const Options& options, Page& page) {
  page.step("Digits at random positions");
  const auto [train_digits, test_digits] = data::digits_split();
  Generator gen(options.seed);
  data::Dataset train_set = at_random_positions(train_digits, 4, gen.fork()),
                test_set = at_random_positions(test_digits, 0, gen.fork());
  const index_t epochs = options.epochs > 0 ? options.epochs : options.quick ? 1 : 24;
  page.say(concat("Images of 32 x 32 pixels have 8 x 8 patches of 4 x 4 pixels, in windows of ",
                  window_size(options), " x ", window_size(options), " patches; after patch merging, ",
                  window_size(options) == 4 ? "one window covers" : "four windows cover",
                  " the image. Trained on ", train_set.size(), " images for ", epochs,
                  epochs == 1 ? " epoch" : " epochs", ", tested on ", test_set.size(), " others:"));
  if (!options.figures.empty()) draw_digits(options, train_set);
  // The mean is not subtracted: the background remains 0, with which shifted images are filled.
  const double deviation = statistics_of(train_set.images).deviation;
  for (data::Dataset* set : {&train_set, &test_set}) set->images = set->images / deviation;
  Generator unused;
  page.print("\n" + parameter_table(make_model(options, {"shifted", true, true}, unused).named_parameters()) +
             "\n");
  std::vector<double> test;
  const std::vector<int> widths{-28, 12, 12, 12};
  page.print("  " + dim(cells({"windows", "parameters", "s per epoch", "accuracy"}, widths)));
  for (const Variant& variant : {Variant{"not shifted", false, true},
                                 {"shifted, with the mask", true, true},
                                 {"shifted, without the mask", true, false}}) {
    const Trained trained = train_variant(options, variant, train_set, test_set, epochs);
    test.push_back(trained.accuracy);
    page.print("  " +
               cells({variant.name, concat(trained.parameters),
                      options.quick ? "-" : fixed(trained.seconds_per_epoch, 2), percent(trained.accuracy)},
                     widths));
  }
  const double error = std::sqrt(2 * test[1] * (1 - test[1]) / static_cast<double>(test_set.size()));
  page.say(concat("The standard error of a difference between two of these accuracies is about ",
                  fixed(100 * error, 1), " percentage points."));
  page.claim(
      "any_position", "the model classifies digits at any position",
      {"accuracy ", percentage(test[1]), ", most frequent class ", percentage(most_frequent(test_set))},
      test[1] >= (options.quick ? 0.1 : 0.7));
  page.claim("shift", "shifted windows are more accurate (it depends on the seed)",
             {percentage(test[1]), ", not shifted ", percentage(test[0])}, test[1] > test[0]);
  page.claim("mask_accuracy", "the mask improves accuracy (it depends on the seed)",
             {percentage(test[1]), ", without the mask ", percentage(test[2])}, test[1] > test[2]);
}

}  // namespace

int main(int argc, char** argv) {
  const About about{.program = "lesson_10_swin",
                    .title = "Lesson 10 · Swin: attention in shifted windows",
                    .trains = true,
                    .more = image_options({"--window", "2|4",
                                           "the side of the windows in patches, when training (default 4)"})};
  return run(argc, argv, about, [](const Options& options, Page& page) {
    if (classify_file<nn::SwinTransformer>(options, page, data::swin_t_transform)) return;
    hierarchy(page);
    shifted_windows(page);
    attention_mask(options, page);
    train_variants(options, page);
    if (!options.figures.empty())
      page.say("The figures are in " + options.figures.path +
               ": shifted_window.svg, windows.svg, mask.svg and somewhere.svg.");
    page.say(
        "With --weights DIR --image FILE, the program classifies an image with published weights; --help "
        "lists all options.");
    page.say("This is the last family; ./lesson_10_families lists all of them.");
  });
}
