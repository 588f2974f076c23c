// pictures.h — what the lessons on ViT and Swin share: training on pictures, and the classes of a picture from a
// file.
#pragma once

#include <filesystem>
#include <string>
#include <vector>

#include "data/data.h"
#include "data/file_format.h"
#include "data/text/lines.h"
#include "lessons/support/lesson.h"
#include "lessons/support/terminal.h"
#include "nn/nn.h"
#include "optim/optim.h"

namespace heed::lessons {

// The share of pictures whose largest score is at their label.
template <class Model>
double accuracy(Model& model, const data::Dataset& set) {
  const NoGrad no_grad;
  model.eval();
  index_t right = 0;
  for (const auto& [images, labels] : data::DataLoader(set, {.batch_size = 120})) {
    const IntTensor guess = argmax(model.forward(images), -1);
    for (index_t i = 0; i < guess.numel(); ++i) right += guess[i] == labels[i];
  }
  return static_cast<double>(right) / static_cast<double>(set.size());
}

// Swin's published start, N(0, 0.02), is for hundreds of channels: with sixteen, a sublayer says almost nothing for
// the first thousand steps. Here the matrices start by their own width.
inline void start_wide(nn::SwinTransformer& model, Generator& gen) {
  for (auto& [name, p] : model.named_parameters())
    if (p.rank() == 2 && !name.ends_with("bias_table")) nn::init::xavier_uniform(p, gen);
}

struct Training {
  index_t epochs = 1;
  double lr = 2e-3;
  index_t shift = 0;      // pictures are moved by up to so many pixels
  std::string name = {};  // shown with the progress
  bool quiet = false;
};

// AdamW with a warm-up, the same for every model. Returns the seconds of one pass over the data.
template <class Model>
double train(Model& model, const data::Dataset& set, const Training& how, Generator gen) {
  data::DataLoader loader(set, {.batch_size = 32, .shuffle = true, .shift = how.shift}, gen.fork());
  const index_t steps = how.epochs * loader.batches();
  optim::AdamW optimizer(model.parameters(), {.lr = how.lr, .weight_decay = 0.01});
  const optim::WarmupCosine schedule({.peak = how.lr, .warmup = steps * 15 / 100, .total = steps});
  Progress progress(how.name, steps, how.quiet);
  model.train();
  index_t step = 0;
  for (index_t epoch = 0; epoch < how.epochs; ++epoch)
    for (const auto& [images, labels] : loader) {
      const Tensor loss = cross_entropy(model.forward(images), labels);
      optimizer.set_lr(schedule(step++));
      optimizer.zero_grad();
      loss.backward();
      optim::clip_grad_norm(model.parameters(), 1.0);
      optimizer.step();
      progress.update(step, concat("loss ", fixed(loss.item(), 3)));
    }
  return progress.seconds() / static_cast<double>(how.epochs);
}

// The options of classify_file, for About.
inline std::vector<OwnOption> picture_options() {
  return {{"--weights", "DIR", "config.json and model.safetensors as published (classes.txt: a name a line)"},
          {"--image", "FILE", "a PPM or PGM picture to be named by them"}};
}

// Whether --weights was given; then the five best classes of --image, read by the published model, are printed.
template <class Model>
bool classified_file(const Options& options, Page& page, const data::ImageNetTransform& form) {
  const std::string folder = options.given("--weights"), image = options.given("--image");
  if (folder.empty() && image.empty()) return false;
  check(!folder.empty() && !image.empty(), "--weights", "goes together with --image: both, or neither");
  const Tensor pixels = data::for_imagenet(data::read_pnm(image), form);
  const Stopwatch watch;
  Model model = data::from_pretrained<Model>(folder);
  const double loaded = watch.seconds();
  const NoGrad no_grad;
  const Tensor shares = softmax(model.forward(pixels), -1)[0];
  const double answered = watch.seconds() - loaded;

  std::vector<std::string> names;
  const std::string list = (std::filesystem::path(folder) / "classes.txt").string();
  if (std::filesystem::exists(list)) {
    const std::string text = data::read_file_of_format("classes.txt", list, "one name per line");
    for (const std::string_view name : data::lines_of(text)) names.emplace_back(name);
    check(static_cast<index_t>(names.size()) == shares.numel(), "classes.txt", list, ": ", names.size(),
          " names for the ", shares.numel(), " classes of the model");
  }
  page.say(concat(model.parameter_count(), " parameters, loaded in ", fixed(loaded, 2),
                  " s; the picture took ", fixed(answered, 2), " s."));
  const auto best = topk(shares, std::min<index_t>(5, shares.numel()));
  for (index_t i = 0; i < best.indices.numel(); ++i) {
    const index_t label = best.indices[i];
    page.print(concat("  ", cells({percent(best.values.at({i}))}, {8}), "  ",
                      names.empty() ? concat("class ", label) : names[static_cast<std::size_t>(label)]));
  }
  return true;
}

}  // namespace heed::lessons
