// Lesson 08 · Vision Transformer: an image is worth 16 words
//
// An 8 x 8 image of a handwritten digit is cut into 16 patches of 2 x 2 pixels. Each patch is
// embedded as a token, a learned CLS token is prepended, position embeddings are added, and the
// Transformer encoder of lesson 07 processes the 17 tokens as it would process 17 words. A linear
// layer classifies the output of CLS.
//
//   patches (B, 16, 4) → embed (B, 16, C) → [CLS] + positions (B, 17, C) → encoder → row 0 → (B, 10)
//
// Trains on 1,437 real digits and tests on 360 others. Usage: ./lesson_08 [--figures DIR]
// [--pos-init X]. Dosovitskiy et al., "An image is worth 16x16 words", 2021.
#include "lessons/support/lesson.h"

#include <algorithm>
#include <cmath>
#include <filesystem>
#include <iostream>

#include "data/data.h"
#include "lessons/08_vision_transformer/attention_of_cls.h"
#include "lessons/08_vision_transformer/confusion.h"
#include "lessons/08_vision_transformer/course_example.h"
#include "lessons/08_vision_transformer/position_similarity.h"
#include "lessons/08_vision_transformer/vit_diagram.h"
#include "lessons/support/parameter_table.h"
#include "lessons/support/svg.h"
#include "lessons/support/terminal.h"
#include "nn/models/models.h"
#include "optim/optim.h"

using namespace heed;
using namespace heed::lessons;

namespace {

struct Digits {
  data::Dataset train, test;
  std::string source;
};

// Loads the embedded digits, or a file in the same format (one row per image: 64 numbers from 0
// to 16, then the label), with the same split.
Digits load(const Options& options) {
  if (options.data.empty()) {
    auto [train, test] = data::digits_split();
    return {std::move(train), std::move(test), "1,797 digits by 13 writers (UCI, CC BY 4.0)"};
  }
  auto [train, test] = data::split(data::read_csv(options.data), 0.8, 1998);
  return {std::move(train), std::move(test), options.data};
}

// The side of a patch in pixels.
index_t patch_size(const Options& options) { return std::stoi(options.value("--patch", "2")); }

void show_patches(const Options& options, Page& page, const data::Dataset& train) {
  const index_t p = patch_size(options), side = 8 / p;
  page.step(concat("A digit becomes ", side * side, " tokens"));
  const Tensor image = train.images.slice(0, 0, 1);  // (1, 1, 8, 8)
  const Tensor patches = unfold(image, {.kernel_h = p, .kernel_w = p, .stride = p}).transpose(1, 2);
  page.say(concat("The first training image, a ", train.labels[0],
                  ", and the same image cut into patches of ", p, " x ", p,
                  " pixels, ordered left to right, then top to bottom:"));
  std::string rows;
  for (index_t r = 0; r < side; ++r) {
    std::vector<std::string> row;
    for (index_t c = 0; c < side; ++c) row.push_back(text_image(patches[0][r * side + c].reshape({p, p})));
    rows += beside(row, 1) + (r + 1 < side ? "\n" : "");
  }
  page.print("\n" + beside({text_image(image[0][0]), rows}, 8));
  page.shape("image", image.shape(), "(B, channels, height, width)");
  page.shape("patches", patches.shape(), concat(side * side, " patches of ", p, " · ", p, " · 1 values"));
  if (!options.figures.empty()) {
    std::vector<SvgImage> panels;
    for (index_t i = 0; i < 5; ++i)
      panels.push_back(
          {.image = train.images[i][0], .caption = concat("label ", train.labels[i]), .grid = p});
    write_figure(options.figures, "patches.svg",
                 svg_images(concat("Digits, cut into patches of ", p, " x ", p), panels));
  }
}

// Normalises images with the mean and the standard deviation of the training pixels, which
// describe_model prints. PyTorch's initialisation of a Linear assumes inputs with mean 0 and standard
// deviation 1.
Tensor normalised(const Tensor& images) { return (images - 0.305) / 0.376; }

// The standard deviation of the initial position embeddings: of this lesson, the library, and the
// course's sketch.
constexpr double lesson_scale = 0.3, library_scale = 0.02, sketch_scale = 1;

nn::VisionTransformer make_model(const Options& options, double pos_init, Generator& gen) {
  nn::VisionTransformer model({.img_size = 8,
                               .patch_size = patch_size(options),
                               .channels = 1,
                               .num_classes = 10,
                               .d_model = 64,
                               .nhead = 4,
                               .num_layers = 2,
                               .dim_feedforward = 128,
                               .dropout = 0.1},
                              gen);
  const NoGrad no_grad;
  nn::init::normal(model.pos_embed, gen, 0, pos_init);
  return model;
}

double rms(const Tensor& x) { return std::sqrt(mean(x * x).item()); }

void describe_model(const Options& options, Page& page, nn::VisionTransformer& model,
                    const data::Dataset& train) {
  page.step("The model");
  const NoGrad no_grad;
  model.eval();
  const Tensor image = normalised(train.images.slice(0, 0, 1)), tokens = model.tokens(image),
               patches = model.patches(image), embedded = model.patch_embed(patches);
  page.shape("patches", patches.shape(), concat(patches.size(2), " pixels each"));
  page.shape("embedded", embedded.shape(),
             concat("each patch by a Linear, ", patches.size(2), " to 64 values"));
  page.shape("with CLS", tokens.shape(), "CLS prepended, position embeddings added");
  page.shape("after 2 layers", model.transformer(tokens).shape(),
             "4 heads, feed-forward width 128, post-norm");
  page.shape("logits", model.forward(image).shape(), "a Linear applied to the CLS row");
  const double mean_pixel = mean(train.images).item(), deviation = rms(train.images - mean_pixel);
  page.say(concat("The training pixels have mean ", fixed(mean_pixel, 3), " and standard deviation ",
                  fixed(deviation, 3), "; the images are normalised with these numbers. The model has ",
                  model.parameter_count(), " parameters:"));
  page.print("\n" + parameter_table(model.named_parameters()));
  if (!options.figures.empty()) write_figure(options.figures, "vit.svg", vit_diagram(model, image));
}

// Returns the fraction of images that are classified correctly; writes the predictions to
// `predictions`, if given.
double accuracy(nn::VisionTransformer& model, const data::Dataset& set, IntTensor* predictions = nullptr) {
  const NoGrad no_grad;
  model.eval();
  const IntTensor predicted = argmax(model.forward(normalised(set.images)), -1);
  index_t correct = 0;
  for (index_t i = 0; i < predicted.numel(); ++i) correct += predicted[i] == set.labels[i];
  if (predictions) *predictions = predicted;
  return static_cast<double>(correct) / static_cast<double>(predicted.numel());
}

// Saves the model, the optimizer's state, and a batch with its loss (without dropout), so that a
// program that loads the file can verify it. lessons/beyond continues from this file.
void save_run(const std::string& path, nn::VisionTransformer& model, const optim::Optimizer& optimizer,
              const data::Dataset& set) {
  const NoGrad no_grad;
  model.eval();
  const Tensor images = normalised(set.images.slice(0, 0, 64));
  const IntTensor labels = set.labels.slice(0, 0, 64);
  const std::vector<double> numbers(labels.values().begin(), labels.values().end());
  data::Checkpoint checkpoint;
  checkpoint.put("model", model.state_dict());
  checkpoint.put("optimizer", optimizer.state_dict());
  checkpoint.put("batch", {{"images", images},
                           {"labels", from_vector(numbers, {labels.numel()})},
                           {"loss", cross_entropy(model.forward(images), labels)}});
  checkpoint.write(path);
}

struct History {
  std::vector<double> epoch, loss;
};

index_t epochs_of(const Options& options) {
  return options.epochs > 0 ? options.epochs : options.quick ? 3 : 40;
}

History train(const Options& options, nn::VisionTransformer& model, const data::Dataset& set, Generator& gen,
              const std::string& save) {
  const index_t epochs = epochs_of(options), batch = 32;
  data::DataLoader loader(set, {.batch_size = batch, .shuffle = true, .shift = 1, .shift_probability = 0.3},
                          gen.fork());
  const index_t steps = epochs * loader.batches();
  optim::AdamW optimizer(model.parameters(), {.lr = 2e-3, .weight_decay = 0.01});
  const optim::WarmupCosine schedule({.peak = 2e-3, .warmup = steps * 15 / 100, .total = steps});
  Progress progress("training", steps, options.quiet);
  History history;
  model.train();
  index_t step = 0;
  for (index_t epoch = 0; epoch < epochs; ++epoch) {
    double loss_sum = 0;
    index_t correct = 0, seen = 0;
    for (const auto& [images, labels] : loader) {
      const Tensor logits = model.forward(normalised(images));
      const Tensor loss = cross_entropy(logits, labels);
      optimizer.set_lr(schedule(step++));
      optimizer.zero_grad();
      loss.backward();
      optim::clip_grad_norm(model.parameters(), 1.0);
      optimizer.step();

      const IntTensor predicted = argmax(logits, -1);
      for (index_t i = 0; i < predicted.numel(); ++i) correct += predicted[i] == labels[i];
      seen += predicted.numel();
      loss_sum += loss.item() * static_cast<double>(predicted.numel());
      progress.update(step, concat("loss ", fixed(loss_sum / static_cast<double>(seen), 3), "  accuracy ",
                                   percent(static_cast<double>(correct) / static_cast<double>(seen))));
    }
    history.epoch.push_back(static_cast<double>(epoch + 1));
    history.loss.push_back(loss_sum / static_cast<double>(seen));
  }
  if (!save.empty()) save_run(save, model, optimizer, set);
  return history;
}

void test(const Options& options, Page& page, nn::VisionTransformer& model, const data::Dataset& set) {
  page.step("Test on held-out digits");
  page.say(concat(
      set.size(),
      " digits, held out by a fixed random split of the images. The writers of the test digits also wrote "
      "training digits, so the accuracy on digits by new writers would be lower."));
  IntTensor predictions;
  const double test_accuracy = accuracy(model, set, &predictions);
  print_confusion(page, set.labels, predictions);
  page.print("");
  std::vector<double> count(10);
  for (index_t i = 0; i < set.labels.numel(); ++i) ++count[static_cast<std::size_t>(set.labels[i])];
  const double largest = *std::ranges::max_element(count) / static_cast<double>(set.size());
  page.claim("accuracy", "an image can be classified as a sequence of patches",
             {"test accuracy ", percentage(test_accuracy), " with ",
              number(static_cast<double>(model.parameter_count())),
              " parameters; the most frequent digit has ", percentage(largest)},
             test_accuracy >= (options.quick ? 0.5 : 0.96));
}

void show_cls_attention(const Options& options, Page& page, nn::VisionTransformer& model,
                        const data::Dataset& set) {
  page.step("Attention of CLS");
  const NoGrad no_grad;
  model.eval();
  constexpr index_t shown = 3;
  const index_t grid = model.options.patch_size;
  const Tensor attention = cls_attention(model, normalised(set.images));
  const double top = max(attention.slice(0, 0, shown)).item();  // one scale for all maps
  page.say(concat("The digit, and the attention weights of CLS on the ",
                  attention.size(1) * attention.size(2),
                  " patches in the last layer (mean over "
                  "heads). All maps have one scale, from 0 to ",
                  fixed(top, 2), ":"));
  std::vector<std::string> blocks;
  std::vector<SvgImage> panels;
  for (index_t i = 0; i < shown; ++i) {
    const Tensor image = set.images[i][0], wide = over_pixels(attention[i]);
    if (i < 2) {  // two pairs fit into 80 columns
      blocks.push_back(text_image(image));
      blocks.push_back(text_image(wide, top));
    }
    panels.push_back({.image = image, .caption = concat("label ", set.labels[i]), .grid = grid});
    panels.push_back({.image = attention[i], .caption = "attention of CLS", .grid = 1, .numbers = true});
  }
  page.print("\n" + beside(blocks, 3));
  const double on_patches = attention.sum().item() / static_cast<double>(set.size());
  const auto patches = static_cast<double>(attention.size(1) * attention.size(2));
  const double equal = patches / (patches + 1);
  page.claim("cls", "CLS attends to the patches, hardly to itself",
             {percentage(on_patches), " of its attention, averaged over all test images; equal weights have ",
              percentage(equal)},
             on_patches > equal);
  page.say(
      "The map shows which patches were mixed in, not why the model decided: at this layer, each patch "
      "already contains information from the others.");
  if (!options.figures.empty())
    write_figure(options.figures, "cls_attention.svg",
                 svg_images("Attention weights of CLS in the last layer", panels, "pixel, attention weight"));
}

void show_rollout(Page& page, nn::VisionTransformer& model, const data::Dataset& set) {
  page.step("Attention rollout and position embeddings");
  const NoGrad no_grad;
  model.eval();
  page.say(
      "Attention rollout multiplies the attention weights of all layers and shows how much each patch "
      "contributes to CLS. Two digits, each with its rollout, from 0 to its largest value:");
  std::vector<std::string> blocks;
  for (index_t i = 0; i < 2; ++i) {
    const Tensor image = set.images.slice(0, i, i + 1), flow = rollout(model, normalised(image));
    blocks.push_back(text_image(image[0][0]));
    blocks.push_back(text_image(over_pixels(flow), max(flow).item()));
  }
  page.print("\n" + beside(blocks, 3));
}

// A model trained from one initial scale of its position embeddings.
struct Run {
  double scale = 0;
  double ratio = 0;     // initial size of the position embeddings relative to the embedded patches
  double accuracy = 0;  // on the test set
  Grid grid;            // similarity of the trained embeddings
  Grid change;          // similarity of the differences between trained and initial embeddings
  Tensor similarity;    // (N, N), of N patches
};
Run run_of(double scale, double ratio, const Tensor& initial, nn::VisionTransformer& model,
           const data::Dataset& test) {
  const Tensor trained = patch_positions(model), similarity = similarities(trained);
  const Grid change = grid_of(similarities(trained - initial));
  return {scale, ratio, accuracy(model, test), grid_of(similarity), change, similarity};
}

// The root mean square of the position embeddings relative to that of the embedded patches.
double size_ratio(nn::VisionTransformer& model, const data::Dataset& set) {
  const NoGrad no_grad;
  return rms(patch_positions(model)) / rms(model.patch_embed(model.patches(normalised(set.images))));
}

void draw_similarities(const Options& options, const std::vector<Run>& runs) {
  const std::string axis = concat("patch 0 … ", runs[0].similarity.size(0) - 1);
  for (const auto& [run, name] : {std::pair(&runs[0], "positions_small.svg"), {&runs[1], "positions.svg"}})
    write_figure(options.figures, name,
                 svg_heat_map(run->similarity, {.title = concat("Similarity, initial σ ", run->scale),
                                                .row_axis = axis,
                                                .column_axis = axis,
                                                .diverging = true,
                                                .scale = "cosine similarity"}));
}

// Trains the lesson's model with position embeddings that are initialised at another scale.
Run train_from(double scale, const Options& options, const Digits& digits) {
  Generator gen(options.seed);
  nn::VisionTransformer model = make_model(options, scale, gen);
  const double ratio = size_ratio(model, digits.train);
  const Tensor initial = patch_positions(model).clone();
  train(options, model, digits.train, gen, "");
  return run_of(scale, ratio, initial, model, digits.test);
}

// Trains the same model from other initial scales. `trained` is the lesson's model.
void compare_scales(const Options& options, Page& page, const Digits& digits, const Run& trained) {
  const index_t side = 8 / patch_size(options);
  page.say(concat(
      "Nothing in the model encodes which patches are neighbours. Are the position embeddings of neighbours "
      "more similar (cosine) than those of patches at least ",
      side == 4 ? "four" : concat(side),
      " steps apart? That depends on their initial values. The same model, trained from other scales: 0.02 "
      "as in the library, 0.3 as in this lesson, and "
      "1 as in the course's sketch. \"Size\" is relative to the embedded patches before training; \"near\" "
      "and \"far\" are the similarities of the trained embeddings, and of what training added to the "
      "initial values:"));
  const std::vector<int> widths = {10, 8, 11, 9, 8, 15, 8};
  page.print("\n    " +
             cells({"initial σ", "size", "accuracy", "near", "far", "added: near", "far"}, widths));
  const auto row = [&](const Run& r) {
    page.print("    " +
               cells({fixed(r.scale, 2), fixed(r.ratio, 2), percent(r.accuracy), fixed(r.grid.near, 2),
                      fixed(r.grid.far, 2), fixed(r.change.near, 2), fixed(r.change.far, 2)},
                     widths));
  };
  const std::vector<double> scales = {library_scale, lesson_scale, sketch_scale};
  if (std::ranges::find(scales, trained.scale) == scales.end()) row(trained);  // of --pos-init
  std::vector<Run> runs;
  for (const double scale : scales) {
    runs.push_back(scale == trained.scale ? trained : train_from(scale, options, digits));
    row(runs.back());
  }
  const double two_deviations = 2 * random_deviation(side * side, 64, Generator(options.seed));
  page.print("");
  page.say(concat("For random embeddings, near and far differ by less than ", fixed(two_deviations, 2),
                  " (two standard deviations over random draws)."));
  const auto measured = [&](const Grid& grid) {
    return Measurement{"cosine ",
                       number(grid.near, 2),
                       " for neighbours, ",
                       number(grid.far, 2),
                       " far apart; random embeddings differ by up to ",
                       number(two_deviations, 2)};
  };
  const auto difference = [](const Grid& grid) { return grid.near - grid.far; };
  page.claim("small_scale", "from 0.02, position embeddings reflect the image grid, with most seeds",
             measured(runs[0].grid), difference(runs[0].grid) > two_deviations);
  page.claim("lesson_scale_added", "from 0.3, what training adds reflects the grid", measured(runs[1].change),
             difference(runs[1].change) > two_deviations);
  page.claim("lesson_scale", "next to the initial values, little of it remains visible",
             measured(runs[1].grid), difference(runs[1].grid) < difference(runs[1].change) / 2);
  page.claim("sketch_scale", "from 1, the embeddings do not reflect the grid", measured(runs[2].grid),
             difference(runs[2].grid) < two_deviations);
  const auto [low, high] = std::minmax({runs[0].accuracy, runs[1].accuracy, runs[2].accuracy});
  page.claim("scale_accuracy", "the accuracy hardly depends on the scale",
             {percentage(runs[0].accuracy), " from 0.02, ", percentage(runs[1].accuracy), " from 0.3, ",
              percentage(runs[2].accuracy), " from 1"},
             high - low <= 0.03);
  if (!options.figures.empty()) draw_similarities(options, runs);
}

// Trains the lesson's model and shows its loss.
Run train_model(const Options& options, Page& page, const Digits& digits, nn::VisionTransformer& model,
                Generator& gen) {
  const double scale = options.number("--pos-init", lesson_scale), ratio = size_ratio(model, digits.train);
  page.step("Training");
  page.say(concat("AdamW, ", epochs_of(options), " epochs on ", digits.train.size(),
                  " digits. In 30 % of the batches, every image is shifted by up to one pixel, which reduces "
                  "overfitting to exact positions."));
  const Tensor initial = patch_positions(model).clone();
  const History history = train(options, model, digits.train, gen, options.save);
  if (!options.save.empty()) page.say("The trained model was saved to " + options.save + ".");
  if (!options.figures.empty())
    write_figure(
        options.figures, "loss.svg",
        svg_curves({{"training loss", history.epoch, history.loss}}, {.title = "Training on digits",
                                                                      .x_axis = "epochs",
                                                                      .y_axis = "cross-entropy (nats)",
                                                                      .baseline = std::log(10.0),
                                                                      .baseline_name = "chance level (ln 10)",
                                                                      .points = true}));
  return run_of(scale, ratio, initial, model, digits.test);
}

}  // namespace

int main(int argc, char** argv) {
  const About about{.program = "lesson_08",
                    .title = "Lesson 08 · Vision Transformer: an image is worth 16 words",
                    .data = "a CSV of digits: 64 numbers from 0 to 16, then the label",
                    .trains = true,
                    .saves = true,
                    .more = {{"--patch", "1|2|4", "the side of a patch in pixels (default 2)"},
                             {"--pos-init", "X",
                              "standard deviation of the initial position embeddings (default 0.3)", 0}}};
  return run(argc, argv, about, [](const Options& options, Page& page) {
    const Stopwatch watch;
    const Digits digits = load(options);
    page.say(digits.source + concat(": ", digits.train.size(), " training, ", digits.test.size(), " test."));
    show_patches(options, page, digits.train);
    Generator gen(options.seed);
    nn::VisionTransformer model = make_model(options, options.number("--pos-init", lesson_scale), gen);
    course_example(page, digits.train, Generator(options.seed));
    describe_model(options, page, model, digits.train);
    const Run trained = train_model(options, page, digits, model, gen);
    test(options, page, model, digits.test);
    show_cls_attention(options, page, model, digits.test);
    show_rollout(page, model, digits.test);
    compare_scales(options, page, digits, trained);
    page.print(concat("\nDone in ", fixed(watch.seconds(), 1), " s on ", num_threads(),
                      num_threads() == 1 ? " thread." : " threads."));
    if (!options.figures.empty())
      page.say("The figures were written to " + options.figures.path +
               ": patches.svg, vit.svg, loss.svg, cls_attention.svg, positions_small.svg and positions.svg.");
    page.say("--seed 1 uses other random numbers; --help lists all options.");
    page.say("Next: ./lesson_09 compares attention with recurrent networks.");
  });
}
