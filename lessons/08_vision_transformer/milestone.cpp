// Milestone 08 · A Vision Transformer whose parts you wrote
//
//   ./heed milestone 08 --mine
//
// The model of lesson 08 from its exercises; only what learns (two Linears and the encoder) comes from nn.
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

Tensor standardised(const Tensor& images) { return (images - 0.305) / 0.376; }

struct DigitReader : nn::ModuleOf<DigitReader> {
  Tensor cls = nn::parameter({1, 1, width}), positions = nn::parameter({1, count + 1, width});
  nn::Linear embed, head;
  nn::TransformerEncoder encoder;

  explicit DigitReader(Generator& gen)
      : embed({.in = patch * patch, .out = width}, gen),
        head({.in = width, .out = 10}, gen),
        encoder({.layer = {.d_model = width, .nhead = 4, .dim_feedforward = 128, .batch_first = true},
                 .num_layers = 2},
                gen) {
    nn::init::normal(cls, gen, 0, 0.02);
    nn::init::normal(positions, gen, 0, 0.3);
  }
  exercise::VitParts parts() {
    return {.patches = [](const Tensor& images) { return exercise::patches(images, patch); },
            .embed = embed,
            .prepend_cls = [this](const Tensor& x) { return exercise::prepend_cls(x, cls); },
            .add_positions = [this](const Tensor& x) { return exercise::add_positions(x, positions); },
            .encoder = encoder,
            .head = head};
  }
  Tensor forward(const Tensor& images) { return exercise::vit_forward(images, parts()); }
  void visit(nn::Visitor& v) override {
    v.parameter("cls", cls), v.parameter("positions", positions);
    v.child("embed", embed), v.child("encoder", encoder), v.child("head", head);
  }
  std::string type() const override { return "DigitReader"; }
};

double accuracy(DigitReader& model, const data::Dataset& set) {
  const NoGrad no_grad;
  model.eval();
  const IntTensor guess = argmax(model.forward(standardised(set.images)), -1);
  index_t right = 0;
  for (index_t i = 0; i < guess.numel(); ++i) right += guess[i] == set.labels[i];
  return static_cast<double>(right) / static_cast<double>(guess.numel());
}

void train(const Options& options, DigitReader& model, const data::Dataset& set, Generator& gen) {
  const index_t epochs = options.epochs > 0 ? options.epochs : options.quick ? 2 : 10;
  data::DataLoader loader(set, {.batch_size = 32, .shuffle = true}, gen.fork());
  const index_t steps = epochs * loader.batches();
  optim::AdamW optimizer(model.parameters(), {.lr = 2e-3, .weight_decay = 0.01});
  const optim::WarmupCosine schedule({.peak = 2e-3, .warmup = steps * 15 / 100, .total = steps});
  Progress progress("training", steps, options.quiet);
  index_t step = 0;
  for (index_t epoch = 0; epoch < epochs; ++epoch)
    for (const auto& [images, labels] : loader) {
      const Tensor loss = cross_entropy(model.forward(standardised(images)), labels);
      optimizer.set_lr(schedule(step++));
      optimizer.zero_grad();
      loss.backward();
      optim::clip_grad_norm(model.parameters(), 1.0);
      optimizer.step();
      progress.update(step, concat("loss ", fixed(loss.item(), 3)));
    }
}

void where_it_looks(Page& page, DigitReader& model, const Tensor& image) {
  const NoGrad no_grad;
  const exercise::VitParts vit = model.parts();
  const Tensor tokens = vit.add_positions(vit.prepend_cls(vit.embed(vit.patches(standardised(image)))));
  const auto maps = model.encoder.forward_with_attention(tokens).weights;
  // Each patch's weight on all of its pixels, so that both pictures have one size.
  const Tensor looks = exercise::cls_attention(maps.back(), side, side).reshape({1, count, 1});
  const Tensor wide = exercise::unpatch(looks.expand({1, count, patch * patch}), patch, 8, 8);
  page.print("\n" + beside({picture(image[0][0]), picture(wide[0][0], max(wide).item())}, 8));
}

}  // namespace

int main(int argc, char** argv) {
  const About about{.program = "milestone_08",
                    .title = "Milestone 08 · A Vision Transformer whose parts you wrote",
                    .trains = true};
  return run(argc, argv, about, [](const Options& options, Page& page) {
    const auto [digits, unseen] = data::digits_split();
    page.step("Cut, and put together again");
    const Tensor words = exercise::patches(digits.images, patch);
    page.shape("patches", words.shape(), concat(digits.size(), " digits of 16 words"));
    const Tensor again = exercise::unpatch(words, patch, 8, 8);
    const double apart = max(abs(again - digits.images)).item();
    page.claim("cutting loses nothing", concat("pixels differ by at most ", apart), apart == 0);

    page.step("Learning to read digits");
    Generator gen(options.seed);
    DigitReader model(gen);
    train(options, model, digits, gen);
    const double share = accuracy(model, unseen);
    page.claim("your parts read digits they have never seen",
               concat("test accuracy ", percent(share), " of ", unseen.size()),
               share >= (options.quick ? 0.5 : 0.9));

    page.step("A digit, and where CLS looked (mean over heads)");
    where_it_looks(page, model, unseen.images.slice(0, 0, 1));
  });
}
