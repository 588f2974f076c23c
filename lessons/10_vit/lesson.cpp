// Lesson 10 · ViT: one model for words and pictures, and what it has to learn that others are told
//
// A Vision Transformer is section 5's encoder and nothing else: it is not told that pixels have neighbours. A Swin
// Transformer is told that what is near belongs together first, a convolutional net is told that and nothing else.
// Here all three get the same number of parameters, the same pictures and the same training.
//
//   ViT-B/16: conv 16 x 16, stride 16 → 196 words + [CLS] → 12 pre-LN blocks → LayerNorm → row 0 → 1,000 classes
//
// With published weights it names what is in a picture:
//
//   ./lesson_10_vit --weights vit_b_16/ --image cat.ppm
//
// Dosovitskiy et al., "An image is worth 16x16 words", 2021; Liu et al., "Swin Transformer", 2021.
#include "lessons/support/lesson.h"

#include <algorithm>

#include "lessons/10_vit/pictures.h"
#include "lessons/support/svg.h"

using namespace heed;
using namespace heed::lessons;

namespace {

// 16 words of 2 x 2 pixels, as lesson 08's, in the published form: pre-LN and GELU.
nn::VisionTransformer make_vit(Generator& gen) {
  nn::VisionTransformer model({.img_size = 8,
                               .patch_size = 2,
                               .channels = 1,
                               .num_classes = 10,
                               .d_model = 44,
                               .nhead = 4,
                               .num_layers = 2,
                               .dim_feedforward = 96,
                               .dropout = 0.1,
                               .activation = nn::Activation::gelu,
                               .norm_first = true},
                              gen);
  const NoGrad no_grad;
  nn::init::normal(model.pos_embed, gen, 0, 0.3);  // four pixels say little: where they stand must be heard
  return model;
}

// 16 patches of 2 x 2 in four windows of 2 x 2; then 4 words in one window.
nn::SwinTransformer make_swin(Generator& gen) {
  nn::SwinTransformer model({.channels = 1,
                             .patch_size = 2,
                             .embed_dim = 16,
                             .depths = {2, 2},
                             .num_heads = {2, 4},
                             .window_size = 2,
                             .num_classes = 10,
                             .dropout = 0.1},
                            gen);
  start_wide(model, gen);
  return model;
}

// 3 x 3 pixels, 3 x 3 of those, halved twice, and a line.
struct ConvNet : nn::ModuleOf<ConvNet> {
  nn::Conv2d conv1, conv2, conv3;
  nn::MaxPool2d pool{{.kernel_size = 2}};
  nn::Linear fc;

  explicit ConvNet(Generator& gen)
      : conv1({.in_channels = 1, .out_channels = 24, .kernel_size = 3, .padding = 1}, gen),
        conv2({.in_channels = 24, .out_channels = 44, .kernel_size = 3, .padding = 1}, gen),
        conv3({.in_channels = 44, .out_channels = 56, .kernel_size = 3, .padding = 1}, gen),
        fc({.in = 224, .out = 10}, gen) {}
  Tensor forward(const Tensor& images) {
    const Tensor x = pool(relu(conv2(relu(conv1(images)))));  // (B, 44, 4, 4)
    return fc(pool(relu(conv3(x))).reshape({images.size(0), -1}));
  }
  void visit(nn::Visitor& v) override {
    v.child("conv1", conv1), v.child("conv2", conv2), v.child("conv3", conv3), v.child("fc", fc);
  }
  std::string type() const override { return "ConvNet"; }
};

// Around 0 and about 1 apart: mean and deviation of the training pixels.
data::Dataset standardised(data::Dataset set) {
  set.images = (set.images - 0.305) / 0.376;
  return set;
}

void the_published_model(Page& page) {
  page.step("The published model");
  Generator gen(0);
  const nn::NoInit no_init;
  const index_t count = nn::VisionTransformer(nn::vit_b_16(), gen).parameter_count();
  page.claim("ViT-B/16 is section 5's encoder on 16 x 16 pixels",
             concat(count, " parameters here, 86567656 published"), count == 86567656);
  page.say(
      "What it changed about section 5's block: the norms stand before the sublayers and once more at the "
      "end, the feed-forward has GELU, positions are learned, and the words are patches.");
}

struct Measured {
  std::string name;
  index_t parameters;
  double seconds, test;
};

template <class Make>
Measured measure(const Options& options, const std::string& name, Make make, const data::Dataset& train_set,
                 const data::Dataset& test_set, index_t epochs, double lr) {
  Generator gen(options.seed);
  auto model = make(gen);
  const double seconds =
      train(model, train_set, {.epochs = epochs, .lr = lr, .name = name, .quiet = options.quiet}, gen.fork());
  return {name, model.parameter_count(), seconds, accuracy(model, test_set)};
}

std::vector<Measured> all_three(const Options& options, const data::Dataset& train_set,
                                const data::Dataset& test_set, index_t epochs) {
  return {measure(options, "ViT", make_vit, train_set, test_set, epochs, 2e-3),
          measure(options, "Swin", make_swin, train_set, test_set, epochs, 2e-3),
          measure(
              options, "conv net", [](Generator& gen) { return ConvNet(gen); }, train_set, test_set, epochs,
              2e-3)};
}

// A quick run tells no times: the same seed prints the same lines.
void print_table(Page& page, const std::vector<Measured>& rows, bool quick) {
  const std::vector<int> widths{-12, 12, 14, 14};
  page.print("  " + dim(cells({"model", "parameters", "s per pass", "test"}, widths)));
  for (const Measured& m : rows)
    page.print("  " + cells({m.name, std::to_string(m.parameters), quick ? "-" : fixed(m.seconds, 2),
                             percent(m.test)},
                            widths));
}

}  // namespace

int main(int argc, char** argv) {
  const About about{.program = "lesson_10_vit",
                    .title = "Lesson 10 · ViT: one model for words and pictures",
                    .trains = true,
                    .more = picture_options()};
  return run(argc, argv, about, [](const Options& options, Page& page) {
    if (classified_file<nn::VisionTransformer>(options, page, data::vit_b_16_transform)) return;
    the_published_model(page);

    page.step("Three ways to look at a digit");
    page.say(
        "ViT: 16 patches, each may look at all others from the first layer on; nothing says which are "
        "neighbours. Swin: 64 pixels, each looks at its window of 4 x 4, the windows move, then four pixels "
        "become one. Conv net: each pixel sees the 3 x 3 around it, three times. All are of one size:");
    auto [train_set, test_set] = data::digits_split();
    const data::Dataset train = standardised(train_set), test = standardised(test_set);
    const index_t epochs = options.epochs > 0 ? options.epochs : options.quick ? 1 : 15;

    page.step("The same training");
    page.say(concat("AdamW, ", epochs, " passes over ", train.size(), " digits; tested on ", test.size(),
                    " others:"));
    const std::vector<Measured> all = all_three(options, train, test, epochs);
    print_table(page, all, options.quick);
    const auto [least, most] = std::minmax({all[0].parameters, all[1].parameters, all[2].parameters});
    page.claim("the three are equally large", concat("from ", least, " to ", most), 100 * most < 103 * least);
    page.claim("with all digits, all three read",
               concat("ViT ", percent(all[0].test), ", Swin ", percent(all[1].test), ", conv net ",
                      percent(all[2].test)),
               std::min({all[0].test, all[1].test, all[2].test}) >= (options.quick ? 0.1 : 0.95));

    page.step("Few pictures");
    const data::Dataset few = train.select(IntTensor::arange(0, 150));
    const index_t many = options.epochs > 0 ? options.epochs : options.quick ? 2 : 60;
    page.say(concat("The same models on the first ", few.size(), " digits alone, ", many, " passes:"));
    const std::vector<Measured> little = all_three(options, few, test, many);
    print_table(page, little, options.quick);
    page.claim("who is told about neighbours needs fewer pictures",
               concat("conv net ", percent(little[2].test), ", Swin ", percent(little[1].test), ", ViT ",
                      percent(little[0].test)),
               little[2].test > little[0].test && little[1].test > little[0].test);
    if (!options.figures.empty()) {
      std::vector<SvgCurve> curves;
      const auto share = [](double x) { return 100 * x; };
      for (std::size_t i = 0; i < 3; ++i)
        curves.push_back({all[i].name,
                          {static_cast<double>(few.size()), static_cast<double>(train.size())},
                          {share(little[i].test), share(all[i].test)}});
      write_figure(options.figures, "vit_swin_conv.svg",
                   svg_curves(curves, {.title = "What each model learns from few digits and from many",
                                       .x_axis = "digits to learn from",
                                       .y_axis = "right on the test, %"}));
      page.say("The figure is in " + options.figures + ": vit_swin_conv.svg.");
    }
    page.say(
        "With --weights DIR --image FILE it names what is in a picture, by published weights; --help lists "
        "all options.");
    page.say("Next: ./lesson_10_swin looks into the windows.");
  });
}
