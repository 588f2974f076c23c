// Lesson 10 · Swin: attention in shifted windows
//
// The cost of attention over all pixels grows with the square of their number. Swin computes
// attention inside windows, so the cost grows linearly. Every second block shifts the windows by
// half, so that pixels of different windows meet, and after each stage four neighbours are merged
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

#include "lessons/10_vit/image_classification.h"
#include "lessons/support/svg.h"

using namespace heed;
using namespace heed::lessons;

namespace {

void cost_of_attention(Page& page) {
  page.step("The cost of attention");
  const index_t side = 224 / 4, patches = side * side, window = 49;
  page.claim("windows of 7 x 7 give 64 times fewer scores",
             concat(patches * window, " instead of ", patches * patches, " for the ", side, " x ", side,
                    " patches of Swin-T's first stage"),
             patches * patches == 64 * patches * window);
  Generator gen(0);
  const nn::NoInit no_init;
  const index_t count = nn::SwinTransformer(nn::swin_t(), gen).parameter_count();
  page.claim("Swin-T has its published size", concat(count, " parameters"), count == 28288354);
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
    layer.forward(randn({1, 8, 8, 8}, gen), &weights);
    const Tensor corner = weights_over_image(weights[0].mean(1), 2)[0].reshape({8, 8});
    to_other_corners.push_back(1 - corner.slice(0, 0, 2).slice(1, 0, 2).sum().item());
    const double top = max(corner).item();
    blocks.push_back(text_image(corner, top));
    panels.push_back(
        {.image = corner, .caption = masked ? "with the mask" : "without the mask", .top = top, .grid = 4});
  }
  page.print("\n" + indented(beside(blocks, 6), 2));
  page.claim(
      "the mask separates the corners",
      concat(percent(to_other_corners[0]), " of the corner's attention goes to the three other corners, ",
             percent(to_other_corners[1]), " without it"),
      to_other_corners[0] == 0 && to_other_corners[1] > 0.5);
  if (options.figures.empty()) return;
  write_figure(options.figures, "mask.svg",
               svg_images("Attention of the upper left pixel, windows shifted by 2", panels));
  std::vector<SvgImage> windows;
  for (const index_t shift : {0, 2}) {
    std::vector<double> parts;
    for (index_t i = 0; i < 64; ++i)
      parts.push_back(static_cast<double>(region_of(i / 8, i % 8, shift) % 5 + 1));
    windows.push_back({.image = from_vector(parts, {8, 8}),
                       .caption = shift > 0 ? "shifted by 2" : "not shifted",
                       .top = 6});
  }
  write_figure(options.figures, "windows.svg",
               svg_images("The windows of two blocks, 4 x 4 pixels each", windows));
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
  return {(stack(rows) - 0.08) / 0.23, digits.labels};  // mean and standard deviation of the images
}

struct Variant {
  std::string name;
  bool shifted, masked;
};

void train_variants(const Options& options, Page& page) {
  page.step("Digits at random positions");
  const auto [train_digits, test_digits] = data::digits_split();
  Generator gen(options.seed);
  const data::Dataset train_set = at_random_positions(train_digits, 4, gen.fork()),
                      test_set = at_random_positions(test_digits, 0, gen.fork());
  const index_t epochs = options.epochs > 0 ? options.epochs : options.quick ? 1 : 24;
  page.say(concat(
      "Images of 32 x 32 pixels have 8 x 8 patches of 4 x 4 pixels, in windows of 4 x 4 patches; after patch "
      "merging, one window covers the image. Trained on ",
      train_set.size(), " images for ", epochs, epochs == 1 ? " epoch" : " epochs", ", tested on ",
      test_set.size(), " others:"));
  if (!options.figures.empty()) {
    std::vector<SvgImage> panels;
    for (index_t i = 0; i < 4; ++i)
      panels.push_back({.image = train_set.images[i][0] * 0.23 + 0.08,
                        .caption = concat("label ", train_set.labels[i]),
                        .grid = 16});
    write_figure(options.figures, "somewhere.svg",
                 svg_images("Digits at random positions; the lines are the windows of block 1", panels));
  }
  std::vector<double> test;
  page.print("  " + dim(cells({"windows", "s per epoch", "accuracy"}, {-28, 12, 12})));
  for (const Variant& variant : {Variant{"not shifted", false, true},
                                 {"shifted, with the mask", true, true},
                                 {"shifted, without the mask", true, false}}) {
    Generator init_gen(options.seed);
    nn::SwinTransformer model({.channels = 1,
                               .patch_size = 4,
                               .embed_dim = 24,
                               .depths = {2, 2},
                               .num_heads = {2, 4},
                               .window_size = 4,
                               .num_classes = 10,
                               .shifted = variant.shifted,
                               .masked = variant.masked},
                              init_gen);
    init_by_width(model, init_gen);
    const double seconds =
        train(model, train_set,
              {.epochs = epochs, .lr = 2e-3, .shift = 4, .name = variant.name, .quiet = options.quiet},
              init_gen.fork());
    test.push_back(accuracy(model, test_set));
    page.print("  " + cells({variant.name, options.quick ? "-" : fixed(seconds, 2), percent(test.back())},
                            {-28, 12, 12}));
  }
  page.claim("the model classifies digits at any position", "accuracy " + percent(test[1]),
             test[1] >= (options.quick ? 0.1 : 0.8));
  page.claim("shifted windows are more accurate", percent(test[1]) + " against " + percent(test[0]),
             test[1] > test[0]);
  page.claim("the mask improves accuracy", percent(test[1]) + " against " + percent(test[2]),
             test[1] > test[2]);
}

}  // namespace

int main(int argc, char** argv) {
  const About about{.program = "lesson_10_swin",
                    .title = "Lesson 10 · Swin: attention in shifted windows",
                    .trains = true,
                    .more = image_options()};
  return run(argc, argv, about, [](const Options& options, Page& page) {
    if (classify_file<nn::SwinTransformer>(options, page, data::swin_t_transform)) return;
    cost_of_attention(page);
    shifted_windows(page);
    attention_mask(options, page);
    train_variants(options, page);
    if (!options.figures.empty())
      page.say("The figures are in " + options.figures + ": windows.svg, mask.svg and somewhere.svg.");
    page.say(
        "With --weights DIR --image FILE, the program classifies an image with published weights; --help "
        "lists all options.");
    page.say("Next: ./lesson_10_detr detects several objects in an image.");
  });
}
