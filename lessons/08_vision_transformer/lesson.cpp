// Lesson 08 · Vision Transformer: an image is worth 16 words
//
// An 8 x 8 image of a handwritten digit is cut into 16 patches of 2 x 2 pixels. Each patch is
// embedded as a token, a learned CLS token is prepended, position embeddings are added, and the
// Transformer encoder of lesson 07 processes the 17 tokens as it would process 17 words. A linear
// layer classifies the output of CLS.
//
//   patches (B, 16, 4) → embed (B, 16, C) → [CLS] + positions (B, 17, C) → encoder → row 0 → (B, 10)
//
// Trains on 1,437 real digits and tests on 360 others: ./lesson_08 (or ./lesson_08 --figures
// figures). Dosovitskiy et al., "An image is worth 16x16 words", 2021.
#include "lessons/support/lesson.h"

#include <algorithm>
#include <cmath>
#include <filesystem>
#include <iostream>

#include "data/data.h"
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
    return {std::move(train), std::move(test), "1,797 digits by 43 writers (UCI, CC BY 4.0)"};
  }
  auto [train, test] = data::split(data::read_csv(options.data), 0.8, 1998);
  return {std::move(train), std::move(test), options.data};
}

void show_patches(const Options& options, Page& page, const data::Dataset& train) {
  page.step("A digit becomes 16 tokens");
  const Tensor image = train.images.slice(0, 0, 1);  // (1, 1, 8, 8)
  const Tensor patches = unfold(image, {.kernel_h = 2, .kernel_w = 2, .stride = 2}).transpose(1, 2);
  page.say(concat("The first training image, a ", train.labels[0],
                  ", and the same image cut into patches of 2 x 2 pixels, ordered left to right, then top to "
                  "bottom:"));
  std::string rows;
  for (index_t r = 0; r < 4; ++r) {
    std::vector<std::string> row;
    for (index_t c = 0; c < 4; ++c) row.push_back(text_image(patches[0][r * 4 + c].reshape({2, 2})));
    rows += beside(row, 1) + (r < 3 ? "\n" : "");
  }
  page.print("\n" + beside({text_image(image[0][0]), rows}, 8));
  page.shape("image", image.shape(), "(B, channels, height, width)");
  page.shape("patches", patches.shape(), "16 patches of 2 · 2 · 1 values");
  const index_t side = 224 / 16;
  page.claim("224 x 224 pixels in patches of 16 give 196 tokens",
             concat(side, " · ", side, " = ", side * side, ", and 197 with CLS"), side * side == 196);
  if (!options.figures.empty()) {
    std::vector<SvgImage> panels;
    for (index_t i = 0; i < 5; ++i)
      panels.push_back(
          {.image = train.images[i][0], .caption = concat("label ", train.labels[i]), .grid = 2});
    write_figure(options.figures, "patches.svg", svg_images("Digits, cut into patches of 2 x 2", panels));
  }
}

// Normalises images with the mean and the standard deviation of the training pixels. PyTorch's
// initialisation of a Linear assumes inputs with mean 0 and standard deviation 1.
Tensor normalised(const Tensor& images) { return (images - 0.305) / 0.376; }

nn::VisionTransformer make_model(Generator& gen) {
  nn::VisionTransformer model({.img_size = 8,
                               .patch_size = 2,
                               .channels = 1,
                               .num_classes = 10,
                               .d_model = 64,
                               .nhead = 4,
                               .num_layers = 2,
                               .dim_feedforward = 128,
                               .dropout = 0.1},
                              gen);
  // A patch of four pixels contains little information, so its position embedding must not be
  // much smaller.
  const NoGrad no_grad;
  nn::init::normal(model.pos_embed, gen, 0, 0.3);
  return model;
}

void describe_model(Page& page, const nn::VisionTransformer& model) {
  page.step("The model");
  page.shape("embedded", {1, 16, 64}, "each patch by a Linear, 4 to 64 values");
  page.shape("with CLS", {1, 17, 64}, "CLS prepended, position embeddings added");
  page.shape("after 2 layers", {1, 17, 64}, "4 heads, feed-forward width 128, post-norm");
  page.shape("logits", {1, 10}, "a Linear applied to the CLS row");
  page.say(concat("The model has ", model.parameter_count(), " parameters."));
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

History train(const Options& options, Page& page, nn::VisionTransformer& model, const data::Dataset& set,
              Generator& gen) {
  const index_t epochs = options.epochs > 0 ? options.epochs : options.quick ? 3 : 40, batch = 32;
  page.step("Training");
  page.say(concat("AdamW, ", epochs, " epochs on ", set.size(),
                  " digits. In 30 % of the batches, every image is shifted by up to one pixel, which reduces "
                  "overfitting to exact positions."));
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
  if (!options.save.empty()) {
    save_run(options.save, model, optimizer, set);
    page.say("The trained model was saved to " + options.save + ".");
  }
  return history;
}

void print_confusion(Page& page, const IntTensor& labels, const IntTensor& predictions) {
  std::vector<std::vector<index_t>> count(10, std::vector<index_t>(10, 0));
  for (index_t i = 0; i < labels.numel(); ++i)
    ++count[static_cast<std::size_t>(labels[i])][static_cast<std::size_t>(predictions[i])];
  std::string table = "\n  rows: label, columns: prediction\n\n      ";
  for (int digit = 0; digit < 10; ++digit) table += concat("   ", digit);
  for (std::size_t row = 0; row < 10; ++row) {
    table += concat("\n    ", row, " ");
    for (std::size_t column = 0; column < 10; ++column) {
      char cell[16];
      std::snprintf(cell, sizeof cell, "%4d", static_cast<int>(count[row][column]));
      const std::string text = count[row][column] == 0 ? "   ·" : cell;
      table += row == column ? bold(text) : text;
    }
  }
  page.print(table);
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
  page.claim("an image can be classified as a sequence of patches", "test accuracy " + percent(test_accuracy),
             test_accuracy >= (options.quick ? 0.5 : 0.975));
}

// Returns the attention weights of CLS on the 16 patches in the last layer, averaged over the
// heads, (4, 4).
Tensor cls_attention(nn::VisionTransformer& model, const Tensor& image) {
  const auto result = model.forward_with_attention(normalised(image));
  const Tensor last = result.weights.back()[0].mean(0);  // (T, T)
  return last[0].slice(0, 1).reshape({4, 4});
}

void show_cls_attention(const Options& options, Page& page, nn::VisionTransformer& model,
                        const data::Dataset& set) {
  page.step("Attention of CLS");
  page.say(
      "The digit, and the attention weights of CLS on the 16 patches in the last layer (mean over heads; the "
      "brightest patch has the largest weight):");
  const NoGrad no_grad;
  model.eval();
  std::vector<std::string> blocks;
  std::vector<SvgImage> panels;
  double mass = 0;
  for (index_t i = 0; i < 3; ++i) {
    const Tensor image = set.images.slice(0, i, i + 1);
    const Tensor attention = cls_attention(model, image);
    const double top = max(attention).item();
    // Each weight covers the 2 x 2 pixels of its patch, so that both images have the same size.
    const Tensor wide = attention.reshape({4, 1, 4, 1}).expand({4, 2, 4, 2}).reshape({8, 8});
    if (i < 2) {  // two pairs fit into 80 columns
      blocks.push_back(text_image(image[0][0]));
      blocks.push_back(text_image(wide, top));
    }
    panels.push_back({.image = image[0][0], .caption = concat("label ", set.labels[i]), .grid = 2});
    panels.push_back(
        {.image = wide, .caption = concat("attention, maximum ", fixed(top, 2)), .top = top, .grid = 2});
    mass += attention.sum().item() / 3;
  }
  page.print("\n" + beside(blocks, 3));
  page.say(
      concat("On average ", percent(mass),
             " of the attention of CLS goes to the patches, the rest to CLS itself. The map shows which "
             "patches were mixed in, not why the model decided: at this layer, each patch already contains "
             "information from the others."));
  if (!options.figures.empty())
    write_figure(options.figures, "cls_attention.svg",
                 svg_images("Attention of CLS in the last layer", panels));
}

// Attention rollout: how much each token contributes to CLS through all layers, if every layer
// passes half of its input through the residual connection and mixes the other half by its
// attention weights. Abnar, Zuidema, "Quantifying attention flow in Transformers", 2020.
Tensor rollout(nn::VisionTransformer& model, const Tensor& image) {
  Tensor flow = eye(17);
  for (const Tensor& weights : model.forward_with_attention(normalised(image)).weights)
    flow = matmul((weights[0].mean(0) + eye(17)) / 2.0, flow);
  return flow[0].slice(0, 1).reshape({4, 4});  // the weights of CLS on the patches
}

// Returns the cosine similarities between the position embeddings of the 16 patches, (16, 16).
Tensor position_similarity(const nn::VisionTransformer& model) {
  const Tensor p = model.pos_embed.detach()[0].slice(0, 1);  // (16, C)
  const Tensor unit = p / sqrt((p * p).sum({-1}, true));
  return matmul(unit, unit.transpose(0, 1));
}

void show_rollout_and_positions(const Options& options, Page& page, nn::VisionTransformer& model,
                                const data::Dataset& set) {
  page.step("Attention rollout and position embeddings");
  const NoGrad no_grad;
  model.eval();
  page.say(
      "Attention rollout multiplies the attention weights of all layers and shows how much each patch "
      "contributes to CLS. Two digits, each with its rollout:");
  std::vector<std::string> blocks;
  for (index_t i = 0; i < 2; ++i) {
    const Tensor image = set.images.slice(0, i, i + 1), flow = rollout(model, image);
    blocks.push_back(text_image(image[0][0]));
    blocks.push_back(
        text_image(flow.reshape({4, 1, 4, 1}).expand({4, 2, 4, 2}).reshape({8, 8}), max(flow).item()));
  }
  page.print("\n" + beside(blocks, 3));

  const Tensor similarity = position_similarity(model);
  double near = 0, far = 0;
  index_t near_pairs = 0, far_pairs = 0;
  for (index_t a = 0; a < 16; ++a)
    for (index_t b = 0; b < a; ++b) {
      const index_t apart = std::abs(a / 4 - b / 4) + std::abs(a % 4 - b % 4);
      if (apart == 1) {
        near += similarity.at({a, b});
        ++near_pairs;
      }
      if (apart >= 4) {
        far += similarity.at({a, b});
        ++far_pairs;
      }
    }
  near /= static_cast<double>(near_pairs);
  far /= static_cast<double>(far_pairs);
  page.say(
      "Nothing in the model encodes which patches are neighbours. Are the position embeddings of neighbours "
      "more "
      "similar (cosine) than those of patches at least four steps apart?");
  page.claim("position embeddings reflect the image grid",
             "cosine " + fixed(near, 2) + " for neighbours, " + fixed(far, 2) + " far apart",
             near > far + 0.1);  // random vectors differ by less than 0.1
  if (!options.figures.empty())
    write_figure(
        options.figures, "positions.svg",
        svg_heat_map((similarity + 1.0) / 2.0, {.title = "Similarity of position embeddings (dark: equal)",
                                                .row_axis = "patch 0 … 15",
                                                .column_axis = "patch 0 … 15"}));
}

}  // namespace

int main(int argc, char** argv) {
  const About about{.program = "lesson_08",
                    .title = "Lesson 08 · Vision Transformer: an image is worth 16 words",
                    .data = "a CSV of digits: 64 numbers from 0 to 16, then the label",
                    .trains = true,
                    .saves = true};
  return run(argc, argv, about, [](const Options& options, Page& page) {
    const Stopwatch watch;
    const Digits digits = load(options);
    page.say(digits.source + concat(": ", digits.train.size(), " training, ", digits.test.size(), " test."));
    show_patches(options, page, digits.train);
    Generator gen(options.seed);
    nn::VisionTransformer model = make_model(gen);
    describe_model(page, model);
    const History history = train(options, page, model, digits.train, gen);
    if (!options.figures.empty())
      write_figure(options.figures, "loss.svg",
                   svg_curves({{"training loss", history.epoch, history.loss}},
                              {.title = "Training on digits",
                               .x_axis = "epochs",
                               .y_axis = "cross-entropy (nats)",
                               .baseline = std::log(10.0),
                               .baseline_name = "chance level (ln 10)"}));
    test(options, page, model, digits.test);
    show_cls_attention(options, page, model, digits.test);
    show_rollout_and_positions(options, page, model, digits.test);
    page.print(concat("\nDone in ", fixed(watch.seconds(), 1), " s on ", num_threads(),
                      num_threads() == 1 ? " thread." : " threads."));
    if (!options.figures.empty())
      page.say("The figures were written to " + options.figures +
               ": patches.svg, loss.svg, cls_attention.svg and positions.svg.");
    page.say("--seed 1 uses other random numbers; --help lists all options.");
    page.say("Next: ./lesson_09 compares attention with recurrent networks.");
  });
}
