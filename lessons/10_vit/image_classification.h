// image_classification.h — shared by the lessons on ViT and Swin: training, accuracy, and the
// classification of an image file with published weights.
#pragma once

#include <algorithm>
#include <cmath>
#include <filesystem>
#include <map>
#include <string>
#include <vector>

#include "data/data.h"
#include "data/file_format.h"
#include "data/text/lines.h"
#include "lessons/support/lesson.h"
#include "lessons/support/terminal.h"
#include "nn/models/models.h"
#include "optim/optim.h"

namespace heed::lessons {

// Returns the fraction of images that are classified correctly.
template <class Model>
double accuracy(Model& model, const data::Dataset& set) {
  const NoGrad no_grad;
  model.eval();
  index_t correct = 0;
  for (const auto& [images, labels] : data::DataLoader(set, {.batch_size = 120})) {
    const IntTensor predicted = argmax(model.forward(images), -1);
    for (index_t i = 0; i < predicted.numel(); ++i) correct += predicted[i] == labels[i];
  }
  return static_cast<double>(correct) / static_cast<double>(set.size());
}

// Returns the fraction of images that have the most frequent label: the accuracy of a constant answer.
inline double most_frequent(const data::Dataset& set) {
  std::map<index_t, index_t> counts;
  index_t most = 0;
  for (index_t i = 0; i < set.labels.numel(); ++i) most = std::max(most, ++counts[set.labels[i]]);
  return static_cast<double>(most) / static_cast<double>(set.size());
}

// The mean and the standard deviation of all pixels of the training images, with which the pixels of
// training and test images are normalised.
struct PixelStatistics {
  double mean, deviation;
};
inline PixelStatistics statistics_of(const Tensor& images) {
  return {images.mean().item(), std::sqrt(var(images).item())};
}

// Initialises the matrices by their width (Xavier). Swin's published initialisation, N(0, 0.02),
// is meant for hundreds of channels; with 16 channels, the sublayers have almost no effect for
// the first thousand steps.
inline void init_by_width(nn::SwinTransformer& model, Generator& gen) {
  for (auto& [name, p] : model.named_parameters())
    if (p.rank() == 2 && !name.ends_with("bias_table")) nn::init::xavier_uniform(p, gen);
}

struct TrainingOptions {
  index_t epochs = 1;
  double lr = 2e-3;
  index_t shift = 0;      // images are shifted by up to this many pixels
  std::string name = {};  // label of the progress bar
  bool quiet = false;
};

// Trains with AdamW and warm-up, identically for every model. Returns the seconds per epoch.
template <class Model>
double train(Model& model, const data::Dataset& set, const TrainingOptions& options, Generator gen) {
  data::DataLoader loader(set, {.batch_size = 32, .shuffle = true, .shift = options.shift}, gen.fork());
  const index_t steps = options.epochs * loader.batches();
  optim::AdamW optimizer(model.parameters(), {.lr = options.lr, .weight_decay = 0.01});
  const optim::WarmupCosine schedule({.peak = options.lr, .warmup = steps * 15 / 100, .total = steps});
  Progress progress(options.name, steps, options.quiet);
  model.train();
  index_t step = 0;
  for (index_t epoch = 0; epoch < options.epochs; ++epoch)
    for (const auto& [images, labels] : loader) {
      const Tensor loss = cross_entropy(model.forward(images), labels);
      optimizer.set_lr(schedule(step++));
      optimizer.zero_grad();
      loss.backward();
      optim::clip_grad_norm(model.parameters(), 1.0);
      optimizer.step();
      progress.update(step, concat("loss ", fixed(loss.item(), 3)));
    }
  return progress.seconds() / static_cast<double>(options.epochs);
}

// The command-line options of classify_file, for About.
inline std::vector<OwnOption> image_options(const OwnOption& own) {
  return {
      own,
      {"--weights", "DIR", "config.json and model.safetensors as published (classes.txt: one name per line)"},
      {"--image", "FILE", "a PPM or PGM image to classify with these weights"}};
}

// If --weights is given, prints the five most probable classes of --image according to the
// published model and returns true; otherwise returns false.
template <class Model>
bool classify_file(const Options& options, Page& page, const data::ImageNetTransform& form) {
  const std::string folder = options.value("--weights"), image = options.value("--image");
  if (folder.empty() && image.empty()) return false;
  check(!folder.empty() && !image.empty(), "--weights", "requires --image, and --image requires --weights");
  const Tensor pixels = data::for_imagenet(data::read_pnm(image), form);
  const Stopwatch watch;
  Model model = nn::from_pretrained<Model>(folder);
  const double load_seconds = watch.seconds();
  const NoGrad no_grad;
  const Tensor probabilities = softmax(model.forward(pixels), -1)[0];
  const double forward_seconds = watch.seconds() - load_seconds;

  std::vector<std::string> names;
  const std::string list = (std::filesystem::path(folder) / "classes.txt").string();
  if (std::filesystem::exists(list)) {
    const std::string text = data::read_file_of_format("classes.txt", list, "one name per line");
    for (const std::string_view name : data::lines_of(text)) names.emplace_back(name);
    check(static_cast<index_t>(names.size()) == probabilities.numel(), "classes.txt", list, ": ",
          names.size(), " names for ", probabilities.numel(), " classes of the model");
  }
  page.say(concat(model.parameter_count(), " parameters, loaded in ", fixed(load_seconds, 2),
                  " s; the forward pass took ", fixed(forward_seconds, 2), " s."));
  const auto best = topk(probabilities, std::min<index_t>(5, probabilities.numel()));
  for (index_t i = 0; i < best.indices.numel(); ++i) {
    const index_t label = best.indices[i];
    page.print(concat("  ", cells({percent(best.values.at({i}))}, {8}), "  ",
                      names.empty() ? concat("class ", label) : names[static_cast<std::size_t>(label)]));
  }
  return true;
}

}  // namespace heed::lessons
