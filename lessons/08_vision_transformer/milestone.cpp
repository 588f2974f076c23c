// Milestone 08 · A Vision Transformer built from your functions
//
//   ./heed milestone 08 --mine
//
// Builds the model of lesson 08 from its exercises; only the two Linears and the encoder come
// from nn.
#include "data/data.h"
#include "lessons/08_vision_transformer/exercises.h"
#include "lessons/08_vision_transformer/vit_parts.h"
#include "lessons/support/lesson.h"
#include "lessons/support/terminal.h"
#include "nn/models/models.h"
#include "optim/optim.h"

using namespace heed;
using namespace heed::lessons;

namespace {

constexpr index_t patch = 2, side = 4, count = 16, width = 64;  // 4 x 4 patches of 2 x 2 pixels; C = 64

Tensor normalised(const Tensor& images) { return (images - 0.305) / 0.376; }

struct DigitClassifier : nn::ModuleOf<DigitClassifier> {
  Tensor cls = nn::parameter({1, 1, width}), positions = nn::parameter({1, count + 1, width});
  nn::Linear embed, head;
  nn::TransformerEncoder encoder;

  explicit DigitClassifier(Generator& gen)
      : embed({.in = patch * patch, .out = width}, gen),
        head({.in = width, .out = 10}, gen),
        encoder({.layer = {.d_model = width, .nhead = 4, .dim_feedforward = 128, .batch_first = true},
                 .num_layers = 2},
                gen) {
    nn::init::normal(cls, gen, 0, 0.02);
    nn::init::normal(positions, gen, 0, 0.3);
  }
  exercise::VitParts parts() {
    return {.patchify = [](const Tensor& images) { return exercise::patchify(images, patch); },
            .embed = embed,
            .prepend_cls = [this](const Tensor& x) { return exercise::prepend_cls(x, cls); },
            .add_positions = [this](const Tensor& x) { return exercise::add_positions(x, positions); },
            .encoder = encoder,
            .head = head};
  }
  Tensor forward(const Tensor& images) { return exercise::vit_forward(images, parts()); }
  void visit(nn::Visitor& v) override {
    v.parameter("cls", cls);
    v.parameter("positions", positions);
    v.child("embed", embed);
    v.child("encoder", encoder);
    v.child("head", head);
  }
  std::string type() const override { return "DigitClassifier"; }
};

double accuracy(DigitClassifier& model, const data::Dataset& set) {
  const NoGrad no_grad;
  model.eval();
  const IntTensor predicted = argmax(model.forward(normalised(set.images)), -1);
  index_t correct = 0;
  for (index_t i = 0; i < predicted.numel(); ++i) correct += predicted[i] == set.labels[i];
  return static_cast<double>(correct) / static_cast<double>(predicted.numel());
}

void train(const Options& options, DigitClassifier& model, const data::Dataset& set, Generator& gen) {
  const index_t epochs = options.epochs > 0 ? options.epochs : options.quick ? 2 : 10;
  data::DataLoader loader(set, {.batch_size = 32, .shuffle = true}, gen.fork());
  const index_t steps = epochs * loader.batches();
  optim::AdamW optimizer(model.parameters(), {.lr = 2e-3, .weight_decay = 0.01});
  const optim::WarmupCosine schedule({.peak = 2e-3, .warmup = steps * 15 / 100, .total = steps});
  Progress progress("training", steps, options.quiet);
  index_t step = 0;
  for (index_t epoch = 0; epoch < epochs; ++epoch)
    for (const auto& [images, labels] : loader) {
      const Tensor loss = cross_entropy(model.forward(normalised(images)), labels);
      optimizer.set_lr(schedule(step++));
      optimizer.zero_grad();
      loss.backward();
      optim::clip_grad_norm(model.parameters(), 1.0);
      optimizer.step();
      progress.update(step, concat("loss ", fixed(loss.item(), 3)));
    }
}

void show_cls_attention(Page& page, DigitClassifier& model, const Tensor& image) {
  const NoGrad no_grad;
  const exercise::VitParts vit = model.parts();
  const Tensor tokens = vit.add_positions(vit.prepend_cls(vit.embed(vit.patchify(normalised(image)))));
  const auto maps = model.encoder.forward_with_attention(tokens).weights;
  // Each weight covers all pixels of its patch, so that both images have the same size.
  const Tensor weights = exercise::cls_attention(maps.back(), side, side).reshape({1, count, 1});
  const Tensor wide = exercise::unpatchify(weights.expand({1, count, patch * patch}), patch, 8, 8);
  page.print("\n" + beside({text_image(image[0][0]), text_image(wide[0][0], max(wide).item())}, 8));
}

}  // namespace

int main(int argc, char** argv) {
  const About about{.program = "milestone_08",
                    .title = "Milestone 08 · A Vision Transformer built from your functions",
                    .trains = true};
  return run(argc, argv, about, [](const Options& options, Page& page) {
    const auto [digits, test] = data::digits_split();
    page.step("Patches and back");
    const Tensor patches = exercise::patchify(digits.images, patch);
    page.shape("patches", patches.shape(), concat(digits.size(), " digits of 16 patches"));
    const Tensor restored = exercise::unpatchify(patches, patch, 8, 8);
    const double difference = max(abs(restored - digits.images)).item();
    page.claim("inverse", "unpatchify inverts patchify", {"pixels differ by at most ", power(difference)},
               difference == 0);

    page.step("Training on digits");
    Generator gen(options.seed);
    DigitClassifier model(gen);
    train(options, model, digits, gen);
    const double test_accuracy = accuracy(model, test);
    page.claim("accuracy", "your functions classify held-out digits",
               {"accuracy ", percentage(test_accuracy), concat(" of ", test.size(), " digits")},
               test_accuracy >= (options.quick ? 0.5 : 0.9));

    page.step("A digit and the attention of CLS (mean over heads)");
    show_cls_attention(page, model, test.images.slice(0, 0, 1));
  });
}
