// Lesson 10 · ViT: one architecture for text and images, and the effect of inductive biases
//
// A Vision Transformer is the encoder of section 5; its architecture does not encode which pixels
// are neighbours. A Swin Transformer restricts attention to local windows, and a convolutional
// network to small neighbourhoods. This program compares the three with about the same number of
// parameters, the same images and the same training.
//
//   ViT-B/16: conv 16 x 16, stride 16 → 196 tokens + [CLS] → 12 pre-norm layers → LayerNorm
//             → row 0 → 1,000 classes
//
// With published weights, it classifies an image file:
//
//   ./lesson_10_vit --weights vit_b_16/ --image cat.ppm
//
// Dosovitskiy et al., "An image is worth 16x16 words", 2021; Liu et al., "Swin Transformer", 2021.
#include "lessons/support/lesson.h"

#include <algorithm>

#include "lessons/10_vit/image_classification.h"
#include "lessons/support/svg.h"

using namespace heed;
using namespace heed::lessons;

namespace {

// 16 patches of 2 x 2 pixels, as in lesson 08, in the published form: pre-norm and GELU.
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
  // A patch of four pixels contains little information, so its position embedding must not be
  // much smaller.
  nn::init::normal(model.pos_embed, gen, 0, 0.3);
  return model;
}

// 16 patches of 2 x 2 pixels in four windows of 2 x 2 patches; then 4 merged patches in one window.
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
  init_by_width(model, gen);
  return model;
}

// Three convolutions of 3 x 3, two poolings that halve the size, and a linear classifier.
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
    v.child("conv1", conv1);
    v.child("conv2", conv2);
    v.child("conv3", conv3);
    v.child("fc", fc);
  }
  std::string type() const override { return "ConvNet"; }
};

// Normalises the images with the mean and standard deviation of the training pixels.
data::Dataset normalised(data::Dataset set) {
  set.images = (set.images - 0.305) / 0.376;
  return set;
}

void show_published_model(Page& page) {
  page.step("The published model");
  Generator gen(0);
  const nn::NoInit no_init;
  const index_t count = nn::VisionTransformer(nn::vit_b_16(), gen).parameter_count();
  page.claim("ViT-B/16 is the encoder of section 5 on 16 x 16 patches",
             concat(count, " parameters here, 86567656 published"), count == 86567656);
  page.say(
      "It differs from section 5 in four points: the layer norms come before the sublayers, with one more at "
      "the end; the activation is GELU; positions are learned; and the tokens are patches.");
}

struct Result {
  std::string name;
  index_t parameters;
  double seconds, test;
};

template <class Make>
Result measure(const Options& options, const std::string& name, Make make, const data::Dataset& train_set,
               const data::Dataset& test_set, index_t epochs, double lr) {
  Generator gen(options.seed);
  auto model = make(gen);
  const double seconds =
      train(model, train_set, {.epochs = epochs, .lr = lr, .name = name, .quiet = options.quiet}, gen.fork());
  return {name, model.parameter_count(), seconds, accuracy(model, test_set)};
}

std::vector<Result> compare_models(const Options& options, const data::Dataset& train_set,
                                   const data::Dataset& test_set, index_t epochs) {
  return {measure(options, "ViT", make_vit, train_set, test_set, epochs, 2e-3),
          measure(options, "Swin", make_swin, train_set, test_set, epochs, 2e-3),
          measure(
              options, "conv net", [](Generator& gen) { return ConvNet(gen); }, train_set, test_set, epochs,
              2e-3)};
}

// A quick run prints no times, so that its output depends only on the seed.
void print_table(Page& page, const std::vector<Result>& rows, bool quick) {
  const std::vector<int> widths{-12, 12, 14, 14};
  page.print("  " + dim(cells({"model", "parameters", "s per epoch", "test"}, widths)));
  for (const Result& m : rows)
    page.print("  " + cells({m.name, std::to_string(m.parameters), quick ? "-" : fixed(m.seconds, 2),
                             percent(m.test)},
                            widths));
}

}  // namespace

int main(int argc, char** argv) {
  const About about{.program = "lesson_10_vit",
                    .title = "Lesson 10 · ViT: one architecture for text and images",
                    .trains = true,
                    .more = image_options()};
  return run(argc, argv, about, [](const Options& options, Page& page) {
    if (classify_file<nn::VisionTransformer>(options, page, data::vit_b_16_transform)) return;
    show_published_model(page);

    page.step("Three architectures");
    page.say(
        "ViT: 16 patches, each attends to all others from the first layer on; nothing encodes which are "
        "neighbours. Swin: each patch attends to its window of 2 x 2 patches; the windows are shifted, then "
        "four "
        "patches are merged into one. Conv net: three convolutions of 3 x 3. All have about the same size.");
    auto [train_set, test_set] = data::digits_split();
    const data::Dataset train = normalised(train_set), test = normalised(test_set);
    const index_t epochs = options.epochs > 0 ? options.epochs : options.quick ? 1 : 15;

    page.step("The same training");
    page.say(concat("AdamW, ", epochs, epochs == 1 ? " epoch" : " epochs", " on ", train.size(),
                    " digits, tested on ", test.size(), " others:"));
    const std::vector<Result> all = compare_models(options, train, test, epochs);
    print_table(page, all, options.quick);
    const auto [smallest, largest] = std::minmax({all[0].parameters, all[1].parameters, all[2].parameters});
    page.claim("the models have about the same size",
               concat("from ", smallest, " to ", largest, " parameters"), 100 * largest < 103 * smallest);
    page.claim("with all digits, all three are accurate",
               concat("ViT ", percent(all[0].test), ", Swin ", percent(all[1].test), ", conv net ",
                      percent(all[2].test)),
               std::min({all[0].test, all[1].test, all[2].test}) >= (options.quick ? 0.1 : 0.95));

    page.step("Few images");
    const data::Dataset few = train.select(IntTensor::arange(0, 150));
    const index_t few_epochs = options.epochs > 0 ? options.epochs : options.quick ? 2 : 60;
    page.say(concat("The same models, trained on the first ", few.size(), " digits only, ", few_epochs,
                    " epochs:"));
    const std::vector<Result> with_few = compare_models(options, few, test, few_epochs);
    print_table(page, with_few, options.quick);
    page.claim("models with a locality bias need fewer images",
               concat("conv net ", percent(with_few[2].test), ", Swin ", percent(with_few[1].test), ", ViT ",
                      percent(with_few[0].test)),
               with_few[2].test > with_few[0].test && with_few[1].test > with_few[0].test);
    if (!options.figures.empty()) {
      std::vector<SvgCurve> curves;
      for (std::size_t i = 0; i < 3; ++i)
        curves.push_back({all[i].name,
                          {static_cast<double>(few.size()), static_cast<double>(train.size())},
                          {100 * with_few[i].test, 100 * all[i].test}});
      write_figure(options.figures, "vit_swin_conv.svg",
                   svg_curves(curves, {.title = "Test accuracy with few and with many training digits",
                                       .x_axis = "training digits",
                                       .y_axis = "test accuracy (%)"}));
      page.say("The figure was written to " + options.figures + ": vit_swin_conv.svg.");
    }
    page.say(
        "--weights DIR --image FILE classifies an image with published weights; --help lists all options.");
    page.say("Next: ./lesson_10_swin, attention in shifted windows.");
  });
}
