// Lesson 10 · ViT: one architecture for text and images, and the effect of inductive biases
//
// A Vision Transformer is the encoder of section 5 with the layer norms before the sublayers and
// GELU, which the first step shows; its architecture does not encode which pixels are neighbours. A
// Swin Transformer restricts attention to local windows, and a convolutional network to small
// neighbourhoods. This program compares the three with about the same number of parameters, the same
// images and the same training.
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
#include <array>
#include <cmath>

#include "lessons/10_vit/image_classification.h"
#include "lessons/support/parameter_table.h"
#include "lessons/support/svg.h"

using namespace heed;
using namespace heed::lessons;

namespace {

index_t patch_size(const Options& options) { return std::stoi(options.value("--patch", "2")); }

// 16 patches of 2 x 2 pixels (--patch: other sizes), as in lesson 08, in the published form: pre-norm
// and GELU.
nn::VisionTransformer make_vit(Generator& gen, index_t patch = 2) {
  nn::VisionTransformer model({.img_size = 8,
                               .patch_size = patch,
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

data::Dataset normalised(data::Dataset set, const PixelStatistics& pixels) {
  set.images = (set.images - pixels.mean) / pixels.deviation;
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

// The results of all models with the first `digits` training images.
struct Comparison {
  index_t digits, epochs;
  std::vector<Result> models;  // ViT, Swin, conv net
};

template <class Make>
Result measure(const Options& options, const std::string& name, Make make, const data::Dataset& train_set,
               const data::Dataset& test_set, index_t epochs) {
  Generator gen(options.seed);
  auto model = make(gen);
  const double seconds = train(
      model, train_set, {.epochs = epochs, .lr = 2e-3, .name = name, .quiet = options.quiet}, gen.fork());
  return {name, model.parameter_count(), seconds, accuracy(model, test_set)};
}

// The number of epochs in which every model is trained for about as many steps, whatever the number
// of images.
index_t epochs_for(const Options& options, index_t digits) {
  constexpr index_t steps = 675, batch = 32;
  if (options.epochs > 0) return options.epochs;
  const index_t batches = (digits + batch - 1) / batch;
  return options.quick ? 1 : (steps + batches - 1) / batches;
}

Comparison compare_models(const Options& options, const data::Dataset& train_set,
                          const data::Dataset& test_set, index_t digits) {
  const data::Dataset part = train_set.select(IntTensor::arange(0, digits));
  const index_t epochs = epochs_for(options, digits);
  const auto vit = [&](Generator& gen) { return make_vit(gen, patch_size(options)); };
  const auto conv_net = [](Generator& gen) { return ConvNet(gen); };
  return {digits,
          epochs,
          {measure(options, "ViT", vit, part, test_set, epochs),
           measure(options, "Swin", make_swin, part, test_set, epochs),
           measure(options, "conv net", conv_net, part, test_set, epochs)}};
}

void all_digits(const Options& options, Page& page, const Comparison& all, double baseline) {
  // A quick run prints no times, so that its output depends only on the seed.
  const std::vector<int> widths{-12, 12, 14, 14};
  page.print("  " + dim(cells({"model", "parameters", "s per epoch", "accuracy"}, widths)));
  for (const Result& m : all.models)
    page.print("  " + cells({m.name, concat(m.parameters), options.quick ? "-" : fixed(m.seconds, 2),
                             percent(m.test)},
                            widths));
  const auto &vit = all.models[0], &swin = all.models[1], &conv = all.models[2];
  const auto [smallest, largest] = std::minmax({vit.parameters, swin.parameters, conv.parameters});
  page.claim("sizes", "the models have about the same size",
             {"from ", number(static_cast<double>(smallest)), " to ", number(static_cast<double>(largest)),
              " parameters"},
             100 * largest < 103 * smallest);
  page.claim("accurate", "with all digits, all three are accurate",
             {"ViT ", percentage(vit.test), ", Swin ", percentage(swin.test), ", conv net ",
              percentage(conv.test), ", most frequent label ", percentage(baseline)},
             std::min({vit.test, swin.test, conv.test}) >= (options.quick ? 0.1 : 0.95));
}

void draw(const Options& options, Page& page, const std::vector<Comparison>& results, double baseline) {
  std::vector<SvgCurve> curves;
  for (std::size_t i = 0; i < results[0].models.size(); ++i) {
    curves.push_back({results[0].models[i].name, {}, {}});
    for (const Comparison& result : results) {
      curves[i].x.push_back(static_cast<double>(result.digits));
      // A logarithmic axis has no 0.
      curves[i].y.push_back(std::max(0.1, 100 * (1 - result.models[i].test)));
    }
  }
  write_figure(options.figures, "vit_swin_conv.svg",
               svg_curves(curves, {.title = "Test error by the number of training digits",
                                   .x_axis = "training digits",
                                   .y_axis = "test error (%)",
                                   .baseline = 100 * (1 - baseline),
                                   .baseline_name = "most frequent label",
                                   .logarithmic = true,
                                   .points = true,
                                   .x_ticks = {50, 150, 500, 1437},
                                   .y_ticks = {1, 2, 5, 10, 20, 50, 100}}));
  page.say("The figure was written to " + options.figures.path + ": vit_swin_conv.svg.");
}

void few_digits_claims(Page& page, const std::vector<Comparison>& results) {
  const auto accuracies = [&](std::size_t size) {
    const std::vector<Result>& models = results[size].models;
    return std::array{models[0].test, models[1].test, models[2].test};
  };
  const auto [vit_50, swin_50, conv_50] = accuracies(0);
  const auto [vit_150, swin_150, conv_150] = accuracies(1);
  const auto [vit, swin, conv] = accuracies(results.size() - 1);
  page.claim("few_conv", "with 50 and with 150 digits, the convolutional network is more accurate than ViT",
             {"with 50, ", percentage(conv_50), ", ViT ", percentage(vit_50), "; with 150, ",
              percentage(conv_150), ", ViT ", percentage(vit_150)},
             conv_50 > vit_50 && conv_150 > vit_150);
  page.claim(
      "lead", "its lead is smaller with all digits than with 50",
      {number(100 * (conv - vit), 1), " percentage points instead of ", number(100 * (conv_50 - vit_50), 1)},
      conv - vit < conv_50 - vit_50);
  page.claim("few_swin", "with few digits, Swin is more accurate than ViT (it depends on the seed)",
             {"with 50, ", percentage(swin_50), ", ViT ", percentage(vit_50), "; with 150, ",
              percentage(swin_150), ", ViT ", percentage(vit_150)},
             swin_50 > vit_50 && swin_150 > vit_150);
}

void few_digits(const Options& options, Page& page, const Comparison& all, const data::Dataset& train_set,
                const data::Dataset& test_set, double baseline) {
  page.step("Few images");
  page.say(
      "The same models, trained for about as many steps on the first digits only. Accuracy on the test "
      "digits:");
  const std::vector<int> widths{8, 8, 12, 12, 12};
  page.print("  " + dim(cells({"digits", "epochs", "ViT", "Swin", "conv net"}, widths)));
  std::vector<Comparison> results;
  for (const index_t digits : {50, 150, 500})
    results.push_back(compare_models(options, train_set, test_set, digits));
  results.push_back(all);
  for (const auto& [digits, epochs, models] : results)
    page.print("  " + cells({concat(digits), concat(epochs), percent(models[0].test), percent(models[1].test),
                             percent(models[2].test)},
                            widths));
  const auto error = [&](double p) {
    return 100 * std::sqrt(p * (1 - p) / static_cast<double>(test_set.size()));
  };
  page.say(concat("On ", test_set.size(), " digits, an accuracy of 80 % has a standard error of ",
                  fixed(error(0.8), 1), " percentage points, one of 97 % of ", fixed(error(0.97), 1), "."));
  few_digits_claims(page, results);
  if (!options.figures.empty()) draw(options, page, results, baseline);
}

}  // namespace

int main(int argc, char** argv) {
  const About about{
      .program = "lesson_10_vit",
      .title = "Lesson 10 · ViT: one architecture for text and images",
      .trains = true,
      .more = image_options({"--patch", "1|2|4", "the side of ViT's patches in pixels (default 2)"})};
  return run(argc, argv, about, [](const Options& options, Page& page) {
    if (classify_file<nn::VisionTransformer>(options, page, data::vit_b_16_transform)) return;
    encoder_of_section_5(page);
    published_size(page);
    page.step("Three architectures");
    page.say(concat(
        "ViT: ", 64 / (patch_size(options) * patch_size(options)),
        " patches, each attends to all others from the first layer on; nothing encodes which are "
        "neighbours. Swin: each patch attends to its window of 2 x 2 patches; the windows are shifted, then "
        "four patches are merged into one. Conv net: three convolutions of 3 x 3. All have about the same "
        "size."));
    auto [train_digits, test_digits] = data::digits_split();
    const PixelStatistics pixels = statistics_of(train_digits.images);
    const data::Dataset train_set = normalised(train_digits, pixels),
                        test_set = normalised(test_digits, pixels);
    const double baseline = most_frequent(test_set);
    page.step("The same training");
    const index_t epochs = epochs_for(options, train_set.size());
    page.say(concat("AdamW, ", epochs, epochs == 1 ? " epoch" : " epochs", " on ", train_set.size(),
                    " digits, tested on ", test_set.size(), " others, of which ", percent(baseline),
                    " have the most frequent label. The pixels are normalised with the mean ",
                    fixed(pixels.mean, 3), " and the standard deviation ", fixed(pixels.deviation, 3),
                    " of the training pixels:"));
    const Comparison all = compare_models(options, train_set, test_set, train_set.size());
    all_digits(options, page, all, baseline);
    few_digits(options, page, all, train_set, test_set, baseline);
    page.say(
        "--weights DIR --image FILE classifies an image with published weights; --help lists all options.");
    page.say("Next: ./lesson_10_detr detects several objects in an image.");
  });
}
