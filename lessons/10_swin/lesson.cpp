// Lesson 10 · Swin: windows that move, over a picture that gets smaller
//
// Attention over all pixels grows with the square of their number. Swin attends inside windows, so that the work
// grows with the number itself; every second block moves the windows by half, so that what was cut apart meets; after
// a stage four neighbours become one. Where the picture ends, the moved windows are filled from the other side, and a
// mask keeps what does not belong together apart.
//
//   roll up and left by w/2 → windows → attention where the mask allows, plus a bias for each way → back → roll back
//
// With published weights it names what is in a picture:
//
//   ./lesson_10_swin --weights swin_t/ --image cat.ppm
//
// Liu et al., "Swin Transformer: hierarchical vision transformer using shifted windows", 2021.
#include "lessons/support/lesson.h"

#include "lessons/10_vit/pictures.h"
#include "lessons/support/svg.h"

using namespace heed;
using namespace heed::lessons;

namespace {

void what_windows_save(Page& page) {
  page.step("What windows save");
  const index_t side = 224 / 4, words = side * side, window = 49;
  page.claim("windows of 7 x 7 make 64 times fewer scores",
             concat(words * window, " instead of ", words * words, " for the ", side, " x ", side,
                    " patches of Swin-T's first stage"),
             words * words == 64 * words * window);
  Generator gen(0);
  const nn::NoInit no_init;
  const index_t count = nn::SwinTransformer(nn::swin_t(), gen).parameter_count();
  page.claim("Swin-T is made of these windows", concat(count, " parameters here, 28288354 published"),
             count == 28288354);
}

// The part of an 8 x 8 picture that pixel (row, column) may see, in windows of 4 moved by `shift`, as a number that
// names it.
index_t part_of(index_t row, index_t column, index_t shift) {
  const index_t across = shift > 0 ? 3 : 2;
  return (row + 4 - shift) / 4 * across + (column + 4 - shift) / 4 - (shift > 0 ? 0 : across + 1);
}

std::string letters(index_t shift) {
  std::string map;
  for (index_t row = 0; row < 8; ++row) {
    for (index_t column = 0; column < 8; ++column)
      map += concat(column > 0 ? " " : "", static_cast<char>('A' + part_of(row, column, shift)));
    map += "\n";
  }
  return map;
}

void windows_that_move(Page& page) {
  page.step("Windows that move");
  page.say(
      "An 8 x 8 picture in windows of 4 x 4, and the windows moved by 2; each letter is a window, and what "
      "has one letter may see each other:");
  page.print("\n" + indented(beside({letters(0), letters(2)}, 4), 2));
  page.say(
      "Nine windows of different sizes would be a nuisance. So the picture is rolled up and to the left by "
      "2, and there are four full windows again: the first is E; the second holds F and D, the third H and "
      "B, the last I, G, C and A.");
}

// What the pixel of each place takes of all others in one layer, (64, 64), from the weights inside windows.
Tensor over_the_picture(const Tensor& weights, index_t shift) {  // (nW, N, N)
  const Tensor pixels = nn::window_partition(
      roll(roll(arange(0, 64).reshape({1, 8, 8, 1}), -shift, 1), -shift, 2), 4);  // (1, nW, N, 1)
  const std::vector<double> place = pixels.to_vector(), w = weights.to_vector();
  std::vector<double> all(4096, 0);
  for (std::size_t window = 0; window < 4; ++window)
    for (std::size_t i = 0; i < 16; ++i)
      for (std::size_t j = 0; j < 16; ++j)
        all[static_cast<std::size_t>(place[window * 16 + i]) * 64 +
            static_cast<std::size_t>(place[window * 16 + j])] = w[(window * 16 + i) * 16 + j];
  return from_vector(all, {64, 64});
}

void the_mask(const Options& options, Page& page) {
  page.step("The mask");
  page.say(
      "Attention of a fresh layer over 8 x 8 pixels, windows moved by 2: what the pixel in the upper left "
      "corner takes of all others, with the mask and without:");
  std::vector<std::string> blocks;
  std::vector<SvgPicture> pictures;
  std::vector<double> far;
  for (const bool masked : {true, false}) {
    Generator gen(options.seed);
    nn::ShiftedWindowAttention layer({.dim = 8, .nhead = 2, .window_size = 4, .shift = 2, .masked = masked},
                                     gen);
    layer.eval();
    const NoGrad no_grad;
    Tensor weights;
    layer.forward(randn({1, 8, 8, 8}, gen), &weights);
    const Tensor corner = over_the_picture(weights[0].mean(1), 2)[0].reshape({8, 8});
    far.push_back(1 - corner.slice(0, 0, 2).slice(1, 0, 2).sum().item());
    const double top = max(corner).item();
    blocks.push_back(picture(corner, top));
    pictures.push_back(
        {.image = corner, .caption = masked ? "with the mask" : "without", .top = top, .grid = 4});
  }
  page.print("\n" + indented(beside(blocks, 6), 2));
  page.claim("the mask keeps the corners apart",
             concat(percent(far[0]), " of the corner's attention goes to the three other corners, ",
                    percent(far[1]), " without it"),
             far[0] == 0 && far[1] > 0.5);
  if (options.figures.empty()) return;
  write_figure(options.figures, "mask.svg",
               svg_pictures("What the upper left pixel takes, windows moved by 2", pictures));
  std::vector<SvgPicture> windows;
  for (const index_t shift : {0, 2}) {
    std::vector<double> parts;
    for (index_t i = 0; i < 64; ++i)
      parts.push_back(static_cast<double>(part_of(i / 8, i % 8, shift) % 5 + 1));
    windows.push_back(
        {.image = from_vector(parts, {8, 8}), .caption = shift > 0 ? "moved by 2" : "regular", .top = 6});
  }
  write_figure(options.figures, "windows.svg",
               svg_pictures("The windows of two blocks, 4 x 4 pixels each", windows));
}

// Digits of 16 x 16 pixels (each of 8 x 8 doubled) in 32 x 32, at least `margin` pixels from the border.
data::Dataset somewhere(const data::Dataset& digits, index_t margin, Generator gen) {
  const index_t n = digits.size(), room = 16 - 2 * margin;
  const Tensor wide =
      digits.images.reshape({n, 1, 8, 1, 8, 1}).expand({n, 1, 8, 2, 8, 2}).reshape({n, 1, 16, 16});
  const Tensor places = rand({n, 2}, gen) * static_cast<double>(room + 1);
  std::vector<Tensor> rows;
  for (index_t i = 0; i < n; ++i) {
    const index_t down = margin + static_cast<index_t>(places.at({i, 0})),
                  right = margin + static_cast<index_t>(places.at({i, 1}));
    rows.push_back(pad(wide[i], {right, 16 - right, down, 16 - down}));
  }
  return {(stack(rows) - 0.08) / 0.23, digits.labels};  // mean and deviation of such pictures
}

struct Variant {
  std::string name;
  bool shifted, masked;
};

void a_digit_somewhere(const Options& options, Page& page) {
  page.step("A digit somewhere in 32 x 32 pixels");
  const auto [train_digits, test_digits] = data::digits_split();
  Generator gen(options.seed);
  const data::Dataset train_set = somewhere(train_digits, 4, gen.fork()),
                      test_set = somewhere(test_digits, 0, gen.fork());
  const index_t epochs = options.epochs > 0 ? options.epochs : options.quick ? 1 : 24;
  page.say(concat(
      "Patches of 4 x 4 pixels, 8 x 8 of them in windows of 4 x 4; after a merging one window holds all. ",
      epochs, " passes over ", train_set.size(), " pictures; tested on ", test_set.size(), " others:"));
  if (!options.figures.empty()) {
    std::vector<SvgPicture> pictures;
    for (index_t i = 0; i < 4; ++i)
      pictures.push_back({.image = train_set.images[i][0] * 0.23 + 0.08,
                          .caption = concat("label ", train_set.labels[i]),
                          .grid = 16});
    write_figure(options.figures, "somewhere.svg",
                 svg_pictures("Digits somewhere; the lines are the windows of block 1", pictures));
  }
  std::vector<double> test;
  page.print("  " + dim(cells({"windows", "s per pass", "test"}, {-28, 12, 12})));
  for (const Variant& variant : {Variant{"that stay", false, true},
                                 {"that move, with the mask", true, true},
                                 {"that move, without", true, false}}) {
    Generator start(options.seed);
    nn::SwinTransformer model({.channels = 1,
                               .patch_size = 4,
                               .embed_dim = 24,
                               .depths = {2, 2},
                               .num_heads = {2, 4},
                               .window_size = 4,
                               .num_classes = 10,
                               .shifted = variant.shifted,
                               .masked = variant.masked},
                              start);
    start_wide(model, start);
    const double seconds =
        train(model, train_set,
              {.epochs = epochs, .lr = 2e-3, .shift = 4, .name = variant.name, .quiet = options.quiet},
              start.fork());
    test.push_back(accuracy(model, test_set));
    page.print("  " + cells({variant.name, options.quick ? "-" : fixed(seconds, 2), percent(test.back())},
                            {-28, 12, 12}));
  }
  page.claim("it reads digits wherever they are", percent(test[1]) + " of the test",
             test[1] >= (options.quick ? 0.1 : 0.8));
  page.claim("windows that move read better than windows that stay",
             percent(test[1]) + " against " + percent(test[0]), test[1] > test[0]);
  page.claim("the mask helps", percent(test[1]) + " against " + percent(test[2]), test[1] > test[2]);
}

}  // namespace

int main(int argc, char** argv) {
  const About about{.program = "lesson_10_swin",
                    .title = "Lesson 10 · Swin: windows that move",
                    .trains = true,
                    .more = picture_options()};
  return run(argc, argv, about, [](const Options& options, Page& page) {
    if (classified_file<nn::SwinTransformer>(options, page, data::swin_t_transform)) return;
    what_windows_save(page);
    windows_that_move(page);
    the_mask(options, page);
    a_digit_somewhere(options, page);
    if (!options.figures.empty())
      page.say("The figures are in " + options.figures + ": windows.svg, mask.svg and somewhere.svg.");
    page.say(
        "With --weights DIR --image FILE it names what is in a picture, by published weights; --help lists "
        "all options.");
    page.say("Next: ./lesson_10_detr finds more than one thing in a picture.");
  });
}
