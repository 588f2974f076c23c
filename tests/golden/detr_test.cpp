// detr_test.cpp — DETR against a plain PyTorch implementation, its backbone against torchvision,
// and assignments against SciPy.
#include <cmath>

#include "nn/models/models.h"
#include "tests/golden/golden.h"

namespace heed::nn {

static const GoldenCase& golden(const std::string& name) { return heed::golden("detr", name); }

// If costs are equal, SciPy may choose other pairs with the same total cost.
TEST(GoldenDetr, AssignmentsEqualSciPy) {
  int cases = 0;
  for (const auto& [name, g] : golden_file("detr")) {
    if (!name.starts_with("assign_")) continue;
    ++cases;
    const Assignment ours = assign(g["in:costs"]);
    EXPECT_NEAR(ours.cost, g["out:cost"].item(), 1e-9) << name;
    expect_agrees(g, "cost", full(g["out:cost"].shape(), ours.cost, f64), g["out:cost"]);
    if (name.starts_with("assign_ties")) continue;
    const auto as_numbers = [](const std::vector<index_t>& list) {
      return std::vector<double>(list.begin(), list.end());
    };
    EXPECT_EQ(as_numbers(ours.rows), g["out:rows"].to_vector()) << name;
    EXPECT_EQ(as_numbers(ours.columns), g["out:columns"].to_vector()) << name;
  }
  EXPECT_EQ(cases, 30);
}

TEST(GoldenDetr, OverlapOfBoxes) {
  const GoldenCase& g = golden("boxes");
  for (const DType dtype : {f64, f32})
    for (const std::string kind : {"iou", "giou"}) {
      const Tensor a = g["in:a"].to(dtype).clone().set_requires_grad();
      const Tensor b = g["in:b"].to(dtype).clone().set_requires_grad();
      const Tensor y = (kind == "iou" ? iou : giou)(a.unsqueeze(1), b.unsqueeze(0));
      expect_agrees(g, kind, y.detach(), g["out:" + kind]);
      sum(y * g["r"].to(dtype)).backward();
      expect_agrees(g, "gradient of " + kind + ".a", a.grad(), g["grad:" + kind + ".a"], Quantity::gradient);
      expect_agrees(g, "gradient of " + kind + ".b", b.grad(), g["grad:" + kind + ".b"], Quantity::gradient);
    }
}

TEST(GoldenDetr, PositionsInTwoDimensions) {
  const GoldenCase& g = golden("positions");
  for (const DType dtype : {f64, f32}) {
    expect_agrees(g, "whole", sine_positions_2d(Mask::full({1, 3, 5}, true), 12, dtype), g["out:whole"]);
    expect_agrees(g, "padded", sine_positions_2d(g.mask(), 12, dtype), g["out:padded"]);
  }
}

// ---- ResNet-50 --------------------------------------------------------------------------------------------

// Numbers in [-1, 1) that depend on the index and the seed alone, as in cases_detr.py.
static Tensor hashed(const Shape& shape, std::uint64_t seed) {
  constexpr std::uint64_t low = 0xFFFFFFFF;
  std::vector<double> values(static_cast<std::size_t>(shape.numel()));
  for (std::size_t i = 0; i < values.size(); ++i) {
    std::uint64_t x = (i * 2654435761 + seed * 40503 + 7) & low;
    x = ((x ^ (x >> 15)) * 2246822519) & low;
    x = ((x ^ (x >> 13)) * 3266489917) & low;
    values[i] = static_cast<double>(x ^ (x >> 16)) / 0x1p31 - 1;
  }
  return from_vector(values, shape, f64);
}

// In the order of torchvision's modules: convolutions and norms alternate, and a block ends with
// its downsampling.
static void fill(ResNet& net) {
  const NoGrad no_grad;
  std::uint64_t seed = 0;
  for (auto& [name, t] : net.state_dict()) {
    if (t.rank() == 4) {
      const double fan_in = static_cast<double>(t.numel() / t.size(0));
      t.copy_(hashed(t.shape(), ++seed) * std::sqrt(6 / fan_in));
    } else if (name.ends_with("weight")) {
      t.copy_(hashed(t.shape(), ++seed) * 0.25 + 0.5);
    } else if (name.ends_with("running_var")) {
      t.copy_(hashed(t.shape(), seed) * 0.5 + 1.0);
    } else {
      t.copy_(hashed(t.shape(), seed) * 0.1);
    }
  }
}

static Tensor sample(const Tensor& x) { return x.detach().reshape({-1}).slice(0, 0, to_end, 16); }

TEST(GoldenDetr, ResNet50) {
  const GoldenCase& g = golden("resnet50");
  Generator gen(0);
  const NoInit no_init;
  ResNet net(resnet50(), gen);
  net.to(f64);
  fill(net);
  for (const DType dtype : {f64, f32}) {
    net.zero_grad();
    net.to(dtype);
    const Tensor x = hashed({1, 3, 40, 32}, 0).to(dtype).set_requires_grad();
    const Tensor y = net(x);
    expect_agrees(g, "sample", sample(y), g["out:sample"]);
    sum(y * hashed(y.shape(), 1000).to(dtype)).backward();
    expect_agrees(g, "gradient of x", sample(x.grad()), g["grad:x"], Quantity::gradient);
    const auto parameters = net.named_parameters();
    ASSERT_EQ(parameters.size(), 53U);
    for (std::size_t i = 0; i < parameters.size(); ++i) {
      const Tensor gradient = parameters[i].second.grad().reshape({-1});
      const Tensor some = cat({gradient.slice(0, 0, 4), sqrt(sum(gradient * gradient)).reshape({1})});
      expect_agrees(g, "gradient of " + parameters[i].first, some, g["grad:weights"][static_cast<index_t>(i)],
                    Quantity::gradient);
    }
  }
}

// ---- the model and its loss -------------------------------------------------------------------------------

static DETR small_detr() {
  Generator gen(0);
  return {{.backbone = {.width = 1, .blocks = {1, 1, 1, 1}},
           .detector = {.d_model = 8,
                        .nhead = 2,
                        .num_encoder_layers = 2,
                        .num_decoder_layers = 2,
                        .dim_feedforward = 12,
                        .dropout = 0,
                        .num_queries = 5,
                        .num_classes = 3}},
          gen};
}

static std::vector<Objects> objects_of(const GoldenCase& g) {
  std::vector<Objects> objects;
  for (const std::string b : {"0", "1"}) {
    std::vector<index_t> labels;
    for (const double label : g["in:labels" + b].to_vector()) labels.push_back(static_cast<index_t>(label));
    objects.push_back({IntTensor(labels, {static_cast<index_t>(labels.size())}), g["in:boxes" + b]});
  }
  return objects;
}

// The second image fills 16 of 33 rows and 30 of 40 columns.
static Mask real_pixels() {
  std::vector<std::uint8_t> values;
  for (index_t b = 0; b < 2; ++b)
    for (index_t i = 0; i < 33; ++i)
      for (index_t j = 0; j < 40; ++j) values.push_back(b == 0 || (i < 16 && j < 30));
  return {values, {2, 33, 40}};
}

// Uses the published names. A second module is loaded with the expected gradients under these names.
TEST(GoldenDetr, TheWholeModelAndItsLoss) {
  const GoldenCase& g = golden("detr");
  for (const DType dtype : {f64, f32}) {
    DETR m = small_detr(), gradients = small_detr();
    m.to(dtype);
    gradients.to(f64);
    NamedTensors expected_gradients;
    for (const auto& [key, t] : g.parameters)
      expected_gradients.emplace_back(key, g.has("grad:" + key) ? g["grad:" + key] : t);
    load_published(m, g.parameters, DETR::published_names());
    load_published(gradients, expected_gradients, DETR::published_names());
    const Tensor x = g["in:x"].to(dtype).clone().set_requires_grad();
    const Detections found = m.forward(x, real_pixels());
    expect_agrees(g, "logits", found.logits.detach(), g["out:logits"]);
    expect_agrees(g, "boxes", found.boxes.detach(), g["out:boxes"]);
    const DetectionLoss loss = detection_loss(found, objects_of(g));
    expect_agrees(g, "total", loss.total.detach(), g["out:total"]);
    expect_agrees(g, "classes", loss.classes.detach(), g["out:classes"]);
    expect_agrees(g, "box", loss.box.detach(), g["out:box"]);
    expect_agrees(g, "giou", loss.giou.detach(), g["out:giou"]);
    loss.total.backward();
    expect_agrees(g, "gradient of x", x.grad(), g["grad:x"], Quantity::gradient);
    const NamedTensors ours = m.named_parameters(), theirs = gradients.named_parameters();
    for (std::size_t i = 0; i < ours.size(); ++i) {
      const Tensor got = ours[i].second.grad(), expected = theirs[i].second.to(f64).detach();
      // The first self-attention of the decoder has equal values at all positions, because its
      // input is 0. Its attention weights have no influence, so some gradients are 0, up to rounding.
      if (max(abs(expected)).item() < 1e-15)
        EXPECT_LE(max(abs(got)).item(), dtype == f64 ? 1e-14 : 1e-6) << ours[i].first;
      else
        expect_agrees(g, "gradient of " + ours[i].first, got, expected, Quantity::gradient);
    }
  }
}

}  // namespace heed::nn
