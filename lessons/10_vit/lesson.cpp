// Lesson 10 · ViT: one architecture for text and images, and the effect of inductive biases
//
// A Vision Transformer is the encoder of section 5 with the layer norms before the sublayers and
// GELU, which the first step shows; its architecture does not encode which pixels
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
#include "lessons/support/parameter_table.h"
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

// Compares ViT with the encoder of section 5, nn::TransformerEncoder, given ViT's weights and tokens.
void encoder_of_section_5(Page& page) {
  page.step("ViT and the encoder of section 5");
  page.say(
      "A ViT, and the encoder of section 5 with the ViT's weights: once with the layer norms before the "
      "sublayers, one more norm at the end, and GELU; once as in section 5, with the norms after the "
      "sublayers and ReLU. Both start from the ViT's tokens, and the ViT's linear layer computes the logits "
      "from row 0:");
  Generator gen(0);
  nn::VisionTransformer vit = make_vit(gen);
  vit.eval();
  const NoGrad no_grad;
  const Tensor images = randn({4, 1, 8, 8}, gen), tokens = vit.tokens(images), expected = vit.forward(images);
  page.shape("images", images.shape(), "four random images");
  page.shape("tokens", tokens.shape(), "[CLS] and 16 patches");
  page.shape("logits", expected.shape(), "scores of ten classes");
  page.print("\n" + parameter_table(vit.named_parameters()) + "\n");
  nn::TransformerEncoderOptions options{.layer = {.d_model = vit.options.d_model,
                                                  .nhead = vit.options.nhead,
                                                  .dim_feedforward = vit.options.dim_feedforward,
                                                  .activation = nn::Activation::gelu,
                                                  .batch_first = true,
                                                  .norm_first = true},
                                        .num_layers = vit.options.num_layers,
                                        .norm = true};
  const auto difference = [&] {
    nn::TransformerEncoder encoder(options, gen);
    encoder.load_state_dict(vit.transformer.state_dict());
    encoder.eval();
    return max_abs_difference(vit.fc(encoder(tokens).select(1, 0)), expected);
  };
  const double pre_norm = difference();
  options.layer.activation = nn::Activation::relu;
  options.layer.norm_first = false;
  const double post_norm = difference();
  page.claim("encoder", "the encoder of section 5 computes ViT's logits if it is pre-LN with GELU",
             {"logits differ by ", power(pre_norm), "; post-LN with ReLU, by ", number(post_norm, 2)},
             pre_norm < 1e-5 && post_norm > 0.05);
}

void published_size(Page& page) {
  Generator gen(0);
  const nn::NoInit no_init;
  const index_t count = nn::VisionTransformer(nn::vit_b_16(), gen).parameter_count();
  page.claim("published_size", "ViT-B/16 has its published size",
             {number(static_cast<double>(count)), " parameters"}, count == 86'567'656);
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

// The results of all models with few and with many training images.
struct Comparison {
  std::vector<Result> few, all;  // ViT, Swin, conv net
  double few_images, all_images, baseline;
};

void many_images(const Options& options, Page& page, Comparison& results, const data::Dataset& train_set,
                 const data::Dataset& test) {
  page.step("The same training");
  const index_t epochs = options.epochs > 0 ? options.epochs : options.quick ? 1 : 15;
  page.say(concat("AdamW, ", epochs, epochs == 1 ? " epoch" : " epochs", " on ", train_set.size(),
                  " digits, tested on ", test.size(), " others, of which ", percent(results.baseline),
                  " have the most frequent label:"));
  const std::vector<Result>& all = results.all = compare_models(options, train_set, test, epochs);
  print_table(page, all, options.quick);
  const auto [smallest, largest] = std::minmax({all[0].parameters, all[1].parameters, all[2].parameters});
  page.claim("sizes", "the models have about the same size",
             {"from ", number(static_cast<double>(smallest)), " to ", number(static_cast<double>(largest)),
              " parameters"},
             100 * largest < 103 * smallest);
  page.claim("accurate", "with all digits, all three are accurate",
             {"ViT ", percentage(all[0].test), ", Swin ", percentage(all[1].test), ", conv net ",
              percentage(all[2].test), ", most frequent label ", percentage(results.baseline)},
             std::min({all[0].test, all[1].test, all[2].test}) >= (options.quick ? 0.1 : 0.95));
}

void few_images(const Options& options, Page& page, Comparison& results, const data::Dataset& few,
                const data::Dataset& test) {
  page.step("Few images");
  const index_t epochs = options.epochs > 0 ? options.epochs : options.quick ? 2 : 60;
  page.say(
      concat("The same models, trained on the first ", few.size(), " digits only, ", epochs, " epochs:"));
  const std::vector<Result>& models = results.few = compare_models(options, few, test, epochs);
  print_table(page, models, options.quick);
  const double vit = models[0].test, swin = models[1].test, conv = models[2].test;
  page.claim("few_conv", "with 150 digits, the convolutional network is more accurate than ViT",
             {percentage(conv), ", ViT ", percentage(vit)}, conv > vit);
  page.claim("few_swin", "with 150 digits, Swin is more accurate than ViT (it depends on the seed)",
             {percentage(swin), ", ViT ", percentage(vit)}, swin > vit);
}

void draw(const Options& options, Page& page, const Comparison& results) {
  std::vector<SvgCurve> points;
  for (std::size_t i = 0; i < results.all.size(); ++i)
    points.push_back({results.all[i].name,
                      {results.few_images, results.all_images},
                      {100 * results.few[i].test, 100 * results.all[i].test}});
  write_figure(options.figures, "vit_swin_conv.svg",
               svg_curves(points, {.title = "Test accuracy with few and with many training digits",
                                   .x_axis = "training digits",
                                   .y_axis = "test accuracy (%)",
                                   .only_points = true}));
  page.say("The figure was written to " + options.figures.path + ": vit_swin_conv.svg.");
}

}  // namespace

int main(int argc, char** argv) {
  const About about{.program = "lesson_10_vit",
                    .title = "Lesson 10 · ViT: one architecture for text and images",
                    .trains = true,
                    .more = image_options()};
  return run(argc, argv, about, [](const Options& options, Page& page) {
    if (classify_file<nn::VisionTransformer>(options, page, data::vit_b_16_transform)) return;
    encoder_of_section_5(page);
    published_size(page);
    page.step("Three architectures");
    page.say(
        "ViT: 16 patches, each attends to all others from the first layer on; nothing encodes which are "
        "neighbours. Swin: each patch attends to its window of 2 x 2 patches; the windows are shifted, then "
        "four patches are merged into one. Conv net: three convolutions of 3 x 3. All have about the same "
        "size.");
    auto [train_set, test_set] = data::digits_split();
    const data::Dataset train = normalised(train_set), test = normalised(test_set);
    const data::Dataset few = train.select(IntTensor::arange(0, 150));
    Comparison results{.few = {},
                       .all = {},
                       .few_images = static_cast<double>(few.size()),
                       .all_images = static_cast<double>(train.size()),
                       .baseline = most_frequent(test)};
    many_images(options, page, results, train, test);
    few_images(options, page, results, few, test);
    if (!options.figures.empty()) draw(options, page, results);
    page.say(
        "--weights DIR --image FILE classifies an image with published weights; --help lists all options.");
    page.say("Next: ./lesson_10_swin, attention in shifted windows.");
  });
}
