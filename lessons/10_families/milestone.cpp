// Milestone 10 · A Swin Transformer built from your functions
//
//   ./heed milestone 10 --mine
//
// Your exercises on ViT normalise the images and embed the patches; those on Swin compute
// attention in shifted windows and merge patches. The weights are those of an
// nn::SwinTransformer, so the outputs can be compared before training.
#include "lessons/10_swin/exercises.h"
#include "lessons/10_swin/window_parts.h"
#include "lessons/10_vit/exercises.h"
#include "lessons/10_vit/image_classification.h"

using namespace heed;
using namespace heed::lessons;

namespace {

constexpr double mean_of_digits = 0.305, deviation_of_digits = 0.376;

// Window attention with a relative position bias: (B, nW, N, C) -> (B, nW, N, C).
Tensor attend(const Tensor& windows, const Mask& mask, const nn::ShiftedWindowAttention& layer) {
  const index_t b = windows.size(0), count = windows.size(1), n = windows.size(2), c = windows.size(3),
                heads = layer.options.nhead;
  const Tensor qkv =
      layer.qkv(windows).reshape({b, count, n, 3, heads, c / heads}).permute({3, 0, 1, 4, 2, 5});
  const IntTensor index = exercise::relative_index(layer.options.window_size);
  const Tensor bias = embedding(layer.relative_position_bias_table, index).permute({2, 0, 1});  // (H, N, N)
  const Tensor heads_output =
      scaled_dot_product_attention(qkv.select(0, 0), qkv.select(0, 1), qkv.select(0, 2),
                                   {.mask = mask.defined() ? mask.unsqueeze(1).unsqueeze(0) : mask,
                                    .bias = bias.unsqueeze(0).unsqueeze(0)});
  return layer.proj(heads_output.transpose(2, 3).reshape(windows.shape()));
}

// x (B, height, width, C) -> the same shape. If a single window covers the image, it is not
// shifted.
Tensor apply_block(const Tensor& x, nn::SwinBlock& block) {
  const index_t w = block.options.window_size, shift = x.size(1) > w ? block.options.shift : 0;
  const exercise::WindowParts parts{
      .partition = exercise::window_partition,
      .reverse = exercise::window_reverse,
      .mask = exercise::shift_mask,
      .attend = [&](const Tensor& windows, const Mask& mask) { return attend(windows, mask, block.attn); }};
  const Tensor h = x + exercise::shifted_window_attention(block.norm1(x), w, shift, parts);
  return h + block.mlp(block.norm2(h));
}

struct YourSwin : nn::ModuleOf<YourSwin> {
  nn::SwinTransformer weights;

  explicit YourSwin(Generator& gen)
      : weights({.channels = 1,
                 .patch_size = 2,
                 .embed_dim = 16,
                 .depths = {2, 2},
                 .num_heads = {2, 4},
                 .window_size = 2,
                 .num_classes = 10},
                gen) {
    init_by_width(weights, gen);
  }
  // (B, 1, height, width) -> (B, 10)
  Tensor forward(const Tensor& images) {
    const index_t b = images.size(0), p = weights.options.patch_size;
    auto& first = dynamic_cast<nn::Sequential&>(weights.features[0]);
    const auto& patch_embed = dynamic_cast<nn::Conv2d&>(first[0]);
    const Tensor scaled =
        exercise::normalise_images(images, tensor({mean_of_digits}), tensor({deviation_of_digits}));
    Tensor x = dynamic_cast<nn::LayerNorm&>(first[2])(
        exercise::patch_conv(scaled, patch_embed.weight, patch_embed.bias));
    x = x.reshape({b, images.size(2) / p, images.size(3) / p, x.size(2)});
    for (index_t stage = 0; stage < 2; ++stage) {
      if (stage > 0) {
        const auto& merging = dynamic_cast<nn::PatchMerging&>(weights.features[2]);
        x = merging.reduction(merging.norm(exercise::merge_patches(x)));
      }
      for (index_t i = 0; i < 2; ++i) x = apply_block(x, weights.block(stage, i));
    }
    return weights.head(mean(weights.norm(x), {1, 2}));
  }
  void visit(nn::Visitor& v) override { v.child("weights", weights); }
  std::string type() const override { return "YourSwin"; }
};

// Checks before training that the window functions are inverse and that both models agree.
void compare(Page& page, YourSwin& model, const Tensor& images, Generator& gen) {
  const NoGrad no_grad;
  const Tensor x = randn({2, 6, 4, 3}, gen);
  const double difference =
      max_abs_difference(exercise::window_reverse(exercise::window_partition(x, 2), 2, 6, 4), x);
  page.claim("inverse", "window_reverse inverts window_partition",
             {"values differ by at most ", power(difference)}, difference == 0);
  const Tensor expected = model.weights.forward((images - mean_of_digits) / deviation_of_digits);
  const double error = max_abs_difference(model.forward(images), expected);
  page.claim("equal", "your model equals nn::SwinTransformer", {"the largest difference is ", power(error)},
             error < 1e-4);
}

}  // namespace

int main(int argc, char** argv) {
  const About about{.program = "milestone_10",
                    .title = "Milestone 10 · A Swin Transformer built from your functions",
                    .trains = true};
  return run(argc, argv, about, [](const Options& options, Page& page) {
    const auto [digits, test] = data::digits_split();
    Generator gen(options.seed);
    YourSwin model(gen);
    page.step("Comparison before training");
    compare(page, model, test.images.slice(0, 0, 32), gen);

    page.step("Training on digits");
    const index_t epochs = options.epochs > 0 ? options.epochs : options.quick ? 2 : 10;
    train(model, digits, {.epochs = epochs, .name = "training", .quiet = options.quiet}, gen.fork());
    const double test_accuracy = accuracy(model, test);
    page.claim("accuracy", "your functions classify held-out digits",
               {"accuracy ", percentage(test_accuracy), concat(" of ", test.size(), " digits")},
               test_accuracy >= (options.quick ? 0.5 : 0.9));
  });
}
