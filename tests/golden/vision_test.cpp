// vision_test.cpp — Swin and ViT, loaded under their published names, against torchvision.
#include "data/pnm.h"
#include "nn/models/models.h"
#include "tests/golden/golden.h"

namespace heed::nn {

// Loads torchvision's parameters into a module, runs it, and compares the output and every
// gradient. A second module is loaded with the expected gradients under the same names.
template <class M>
static void expect_golden(const std::string& name, const M& layer, const PublishedNames& names = {}) {
  const GoldenCase& g = golden("vision", name);
  for (const DType dtype : {f64, f32}) {
    M m = layer.clone(), gradients = layer.clone();
    m.to(dtype);
    gradients.to(dtype);
    m.eval();
    NamedTensors expected;
    for (const auto& [key, t] : g.parameters)
      expected.emplace_back(key, g.has("grad:" + key) ? g["grad:" + key] : t);
    load_published(m, g.parameters, names);
    load_published(gradients, expected, names);
    const Tensor x = g["in:x"].to(dtype).clone().set_requires_grad();
    const Tensor y = m(x);
    expect_agrees(g, "output", y.detach(), g["out:output"]);
    sum(y * g["r"].to(dtype)).backward();
    expect_agrees(g, "gradient of x", x.grad(), g["grad:x"], Quantity::gradient);
    const NamedTensors ours = m.named_parameters(), theirs = gradients.named_parameters();
    for (std::size_t i = 0; i < ours.size(); ++i)
      expect_agrees(g, "gradient of " + ours[i].first, ours[i].second.grad(),
                    theirs[i].second.to(f64).detach(), Quantity::gradient);
  }
}

static ShiftedWindowAttention attention_of(index_t window, index_t shift) {
  Generator gen(0);
  return {{.dim = 4, .nhead = 2, .window_size = window, .shift = shift}, gen};
}

TEST(GoldenVision, ShiftedWindowAttention) {
  expect_golden("window_attention", attention_of(2, 0));
  expect_golden("window_attention_shifted", attention_of(2, 1));
  expect_golden("window_attention_shifted_padded", attention_of(3, 1));
  expect_golden("window_attention_shifted_vertically", attention_of(3, 1));
  expect_golden("window_attention_one_window", attention_of(3, 1));
}

TEST(GoldenVision, SwinBlockAndPatchMerging) {
  Generator gen(0);
  expect_golden("patch_merging", PatchMerging({.dim = 3}, gen));
  expect_golden("patch_merging_odd", PatchMerging({.dim = 3}, gen));
  expect_golden("swin_block",
                SwinBlock({.dim = 4, .nhead = 2, .window_size = 2, .shift = 1, .mlp_ratio = 3}, gen));
}

TEST(GoldenVision, SwinTransformer) {
  Generator gen(0);
  expect_golden("swin", SwinTransformer({.patch_size = 2,
                                         .embed_dim = 4,
                                         .depths = {2, 2},
                                         .num_heads = {1, 2},
                                         .window_size = 3,
                                         .num_classes = 5},
                                        gen));
}

TEST(GoldenVision, ImagePreprocessing) {
  for (const std::string name : {"image_shrunk", "image_enlarged"}) {
    const GoldenCase& g = golden("vision", name);
    const Tensor images = data::for_imagenet(g["in:x"].to(f32), {.resize = 12, .crop = 7});
    expect_agrees(g, "the input", images[0], g["out:output"]);
    const Tensor cubic =
        data::for_imagenet(g["in:x"].to(f32), {.resize = 12, .crop = 7, .filter = data::Filter::cubic});
    expect_agrees(g, "the input, cubic", cubic[0], g["out:cubic"]);
  }
}

TEST(GoldenVision, VisionTransformer) {
  VisionTransformerOptions options = vit_b_16();
  options.img_size = 8;
  options.patch_size = 4;
  options.d_model = 6;
  options.nhead = 2;
  options.num_layers = 2;
  options.dim_feedforward = 8;
  options.num_classes = 5;
  Generator gen(0);
  expect_golden("vit", VisionTransformer(options, gen), VisionTransformer::published_names());
}

}  // namespace heed::nn
