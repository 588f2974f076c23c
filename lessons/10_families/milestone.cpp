// Milestone 10 · A Swin whose parts you wrote
//
//   ./heed milestone 10 --mine
//
// Pictures are normalised and cut (your exercises on ViT), looked at through windows that move, and merged (yours on Swin).
// The weights are those of an nn::SwinTransformer, so that your model can be held to it before it learns to read digits.
#include "lessons/10_swin/exercises.h"
#include "lessons/10_swin/window_parts.h"
#include "lessons/10_vit/exercises.h"
#include "lessons/10_vit/pictures.h"

using namespace heed;
using namespace heed::lessons;

namespace {

constexpr double mean_of_digits = 0.305, deviation_of_digits = 0.376;

// The attention of one window, with a number for each way from a key to a query: (B, nW, N, C) -> the same.
Tensor look(const Tensor& windows, const Mask& mask, const nn::ShiftedWindowAttention& layer) {
  const index_t b = windows.size(0), count = windows.size(1), n = windows.size(2), c = windows.size(3),
                heads = layer.options.nhead;
  const Tensor all =
      layer.qkv(windows).reshape({b, count, n, 3, heads, c / heads}).permute({3, 0, 1, 4, 2, 5});
  const IntTensor ways = exercise::relative_index(layer.options.window_size);
  const Tensor bias = embedding(layer.relative_position_bias_table, ways).permute({2, 0, 1});  // (H, N, N)
  const Tensor found =
      scaled_dot_product_attention(all.select(0, 0), all.select(0, 1), all.select(0, 2),
                                   {.mask = mask.defined() ? mask.unsqueeze(1).unsqueeze(0) : mask,
                                    .bias = bias.unsqueeze(0).unsqueeze(0)});
  return layer.proj(found.transpose(2, 3).reshape(windows.shape()));
}

// x (B, height, width, C) -> the same. Where one window is the whole picture, it does not move.
Tensor through_windows(const Tensor& x, nn::SwinBlock& block) {
  const index_t w = block.options.window_size, shift = x.size(1) > w ? block.options.shift : 0;
  const exercise::WindowParts parts{
      .partition = exercise::window_partition,
      .reverse = exercise::window_reverse,
      .mask = exercise::shift_mask,
      .attend = [&](const Tensor& windows, const Mask& mask) { return look(windows, mask, block.attn); }};
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
    start_wide(weights, gen);
  }
  Tensor forward(const Tensor& images) {  // (B, 1, height, width) -> (B, 10)
    const index_t b = images.size(0), p = weights.options.patch_size;
    auto& first = dynamic_cast<nn::Sequential&>(weights.features[0]);
    const auto& cut = dynamic_cast<nn::Conv2d&>(first[0]);
    const Tensor scaled =
        exercise::normalise_pictures(images, tensor({mean_of_digits}), tensor({deviation_of_digits}));
    Tensor x = dynamic_cast<nn::LayerNorm&>(first[2])(exercise::patch_conv(scaled, cut.weight, cut.bias));
    x = x.reshape({b, images.size(2) / p, images.size(3) / p, x.size(2)});
    for (index_t stage = 0; stage < 2; ++stage) {
      if (stage > 0) {
        const auto& merging = dynamic_cast<nn::PatchMerging&>(weights.features[2]);
        x = merging.reduction(merging.norm(exercise::merge_patches(x)));
      }
      for (index_t i = 0; i < 2; ++i) x = through_windows(x, weights.block(stage, i));
    }
    return weights.head(mean(weights.norm(x), {1, 2}));
  }
  void visit(nn::Visitor& v) override { v.child("weights", weights); }
  std::string type() const override { return "YourSwin"; }
};

// Before anything is learned: nothing is lost in windows, and both models say the same.
void compare(Page& page, YourSwin& model, const Tensor& images, Generator& gen) {
  const NoGrad no_grad;
  const Tensor x = randn({2, 6, 4, 3}, gen);
  const double lost =
      max_abs_difference(exercise::window_reverse(exercise::window_partition(x, 2), 2, 6, 4), x);
  page.claim("windows put together are the picture", concat("pixels differ by at most ", lost), lost == 0);
  const Tensor wanted = model.weights.forward((images - mean_of_digits) / deviation_of_digits);
  const double apart = max_abs_difference(model.forward(images), wanted);
  page.claim("your parts are nn::SwinTransformer", "the largest difference is " + scientific(apart),
             apart < 1e-4);
}

}  // namespace

int main(int argc, char** argv) {
  const About about{
      .program = "milestone_10", .title = "Milestone 10 · A Swin whose parts you wrote", .trains = true};
  return run(argc, argv, about, [](const Options& options, Page& page) {
    const auto [digits, unseen] = data::digits_split();
    Generator gen(options.seed);
    YourSwin model(gen);
    page.step("The same numbers, before anything is learned");
    compare(page, model, unseen.images.slice(0, 0, 32), gen);

    page.step("Learning to read digits");
    const index_t epochs = options.epochs > 0 ? options.epochs : options.quick ? 2 : 10;
    train(model, digits, {.epochs = epochs, .name = "training", .quiet = options.quiet}, gen.fork());
    const double share = accuracy(model, unseen);
    page.claim("your parts read digits they have never seen",
               concat("test accuracy ", percent(share), " of ", unseen.size()),
               share >= (options.quick ? 0.5 : 0.9));
  });
}
