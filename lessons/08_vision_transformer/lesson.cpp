// Lesson 08 · Vision Transformer: an image is worth 16 words
//
// An 8 x 8 picture of a handwritten digit is cut into 16 patches of 2 x 2 pixels. Each patch becomes a
// vector, a learned CLS vector goes in front, positions are added, and the Transformer encoder of lesson 07
// reads the 17 vectors as it would read 17 words. The class is read from what CLS has gathered.
//
//   patches (B, 16, 4) → embed (B, 16, C) → [CLS] + positions (B, 17, C) → encoder → row 0 → (B, 10)
//
// It trains on 1,437 real digits and is tested on 360 others: ./lesson_08 (or ./lesson_08 --figures figures).
// Dosovitskiy et al., "An image is worth 16x16 words", 2021.
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

// The embedded digits, or a file in their form (one row a picture: 64 numbers from 0 to 16, then the label),
// split in the same way.
Digits load(const Options& options) {
  if (options.data.empty()) {
    auto [train, test] = data::digits_split();
    return {std::move(train), std::move(test), "1,797 digits by 43 writers (UCI, CC BY 4.0)"};
  }
  auto [train, test] = data::split(data::read_csv(options.data), 0.8, 1998);
  return {std::move(train), std::move(test), options.data};
}

void a_digit_as_words(const Options& options, Page& page, const data::Dataset& train) {
  page.step("A digit becomes sixteen words");
  const Tensor image = train.images.slice(0, 0, 1);  // (1, 1, 8, 8)
  const Tensor patches = unfold(image, {.kernel_h = 2, .kernel_w = 2, .stride = 2}).transpose(1, 2);
  page.say(concat("The first training picture, a ", train.labels[0],
                  ", and the same picture cut into patches of 2 x 2 pixels, read left to right, then down:"));
  std::string rows;
  for (index_t r = 0; r < 4; ++r) {
    std::vector<std::string> row;
    for (index_t c = 0; c < 4; ++c) row.push_back(picture(patches[0][r * 4 + c].reshape({2, 2})));
    rows += beside(row, 1) + (r < 3 ? "\n" : "");
  }
  page.print("\n" + beside({picture(image[0][0]), rows}, 8));
  page.shape("image", image.shape(), "(B, channels, height, width)");
  page.shape("patches", patches.shape(), "16 words of 2 · 2 · 1 numbers");
  const index_t side = 224 / 16;
  page.claim("224 x 224 pixels in patches of 16 make 196 words",
             concat(side, " · ", side, " = ", side * side, ", and 197 with CLS"), side * side == 196);
  if (!options.figures.empty()) {
    std::vector<SvgPicture> pictures;
    for (index_t i = 0; i < 5; ++i)
      pictures.push_back(
          {.image = train.images[i][0], .caption = concat("label ", train.labels[i]), .grid = 2});
    write_figure(options.figures, "patches.svg", svg_pictures("Digits, cut into patches of 2 x 2", pictures));
  }
}

// Around 0 and about 1 apart: what a Linear with PyTorch's start expects. Mean and
// deviation of the training pixels.
Tensor standardised(const Tensor& images) { return (images - 0.305) / 0.376; }

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
  // Sixteen patches of four pixels say little: where a patch stands must be as loud as what it shows.
  const NoGrad no_grad;
  nn::init::normal(model.pos_embed, gen, 0, 0.3);
  return model;
}

void the_model(Page& page, const nn::VisionTransformer& model) {
  page.step("The model");
  page.shape("embedded", {1, 16, 64}, "each patch by one Linear: 4 numbers to 64");
  page.shape("with CLS", {1, 17, 64}, "a learned vector in front, positions added");
  page.shape("after 2 layers", {1, 17, 64}, "4 heads, feed-forward of 128, post-LN");
  page.shape("scores", {1, 10}, "a Linear reads the CLS row");
  page.say(concat("In all ", model.parameter_count(), " parameters."));
}

// The share of pictures whose largest score is at their label.
double accuracy(nn::VisionTransformer& model, const data::Dataset& set, IntTensor* guesses = nullptr) {
  const NoGrad no_grad;
  model.eval();
  const IntTensor guess = argmax(model.forward(standardised(set.images)), -1);
  index_t right = 0;
  for (index_t i = 0; i < guess.numel(); ++i) right += guess[i] == set.labels[i];
  if (guesses) *guesses = guess;
  return static_cast<double>(right) / static_cast<double>(guess.numel());
}

// The model, the optimizer's state, and a batch with the loss on it (without dropout), so that whoever reads the
// file elsewhere can see that it reads it rightly. lessons/beyond goes on from here.
void save_run(const std::string& path, nn::VisionTransformer& model, const optim::Optimizer& optimizer,
              const data::Dataset& set) {
  const NoGrad no_grad;
  model.eval();
  const Tensor images = standardised(set.images.slice(0, 0, 64));
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
  page.say(concat("AdamW, ", epochs, " passes over ", set.size(),
                  " digits; in three batches of ten every picture is shifted by up to one pixel, so that no "
                  "position is learned by heart."));
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
    index_t right = 0, seen = 0;
    for (const auto& [images, labels] : loader) {
      const Tensor scores = model.forward(standardised(images));
      const Tensor loss = cross_entropy(scores, labels);
      optimizer.set_lr(schedule(step++));
      optimizer.zero_grad();
      loss.backward();
      optim::clip_grad_norm(model.parameters(), 1.0);
      optimizer.step();

      const IntTensor guess = argmax(scores, -1);
      for (index_t i = 0; i < guess.numel(); ++i) right += guess[i] == labels[i];
      seen += guess.numel();
      loss_sum += loss.item() * static_cast<double>(guess.numel());
      progress.update(step, concat("loss ", fixed(loss_sum / static_cast<double>(seen), 3), "  accuracy ",
                                   percent(static_cast<double>(right) / static_cast<double>(seen))));
    }
    history.epoch.push_back(static_cast<double>(epoch + 1));
    history.loss.push_back(loss_sum / static_cast<double>(seen));
  }
  if (!options.save.empty()) {
    save_run(options.save, model, optimizer, set);
    page.say("The trained model is in " + options.save + ".");
  }
  return history;
}

void confusion(Page& page, const IntTensor& labels, const IntTensor& guesses) {
  std::vector<std::vector<index_t>> count(10, std::vector<index_t>(10, 0));
  for (index_t i = 0; i < labels.numel(); ++i)
    ++count[static_cast<std::size_t>(labels[i])][static_cast<std::size_t>(guesses[i])];
  std::string table = "\n  rows: what it was, columns: what the model said\n\n      ";
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
  page.step("The test: digits it has never seen");
  page.say(concat(
      set.size(),
      " digits, held out by a fixed random split over pictures. The writers of the test digits also wrote "
      "training digits, so a new writer's digits would be harder."));
  IntTensor guesses;
  const double share = accuracy(model, set, &guesses);
  confusion(page, set.labels, guesses);
  page.print("");
  page.claim("a picture can be read as a sequence of patches", "test accuracy " + percent(share),
             share >= (options.quick ? 0.5 : 0.975));
}

// What the CLS row of the last layer attends to: the mean over heads of its weights on
// the 16 patches, as (4, 4).
Tensor cls_attention(nn::VisionTransformer& model, const Tensor& image) {
  const auto result = model.forward_with_attention(standardised(image));
  const Tensor last = result.weights.back()[0].mean(0);  // (T, T)
  return last[0].slice(0, 1).reshape({4, 4});
}

void what_cls_sees(const Options& options, Page& page, nn::VisionTransformer& model,
                   const data::Dataset& set) {
  page.step("Where CLS looks");
  page.say(
      "The last layer's attention from CLS to the 16 patches (mean over heads; the brightest patch is the "
      "most attended), beside the digit:");
  const NoGrad no_grad;
  model.eval();
  std::vector<std::string> blocks;
  std::vector<SvgPicture> pictures;
  double mass = 0;
  for (index_t i = 0; i < 3; ++i) {
    const Tensor image = set.images.slice(0, i, i + 1);
    const Tensor attention = cls_attention(model, image);
    const double top = max(attention).item();
    // Each patch's weight drawn over its 2 x 2 pixels, so that both pictures have one size.
    const Tensor wide = attention.reshape({4, 1, 4, 1}).expand({4, 2, 4, 2}).reshape({8, 8});
    if (i < 2) {  // two pairs fill a terminal of 80 columns
      blocks.push_back(picture(image[0][0]));
      blocks.push_back(picture(wide, top));
    }
    pictures.push_back({.image = image[0][0], .caption = concat("label ", set.labels[i]), .grid = 2});
    pictures.push_back(
        {.image = wide, .caption = concat("attention, largest ", fixed(top, 2)), .top = top, .grid = 2});
    mass += attention.sum().item() / 3;
  }
  page.print("\n" + beside(blocks, 3));
  page.say(
      concat("On average ", percent(mass),
             " of CLS's attention goes to the patches, the rest to CLS itself. The picture shows what was "
             "mixed in, not why the model decided: what each patch already knows of the others cannot be "
             "seen here."));
  if (!options.figures.empty())
    write_figure(options.figures, "cls_attention.svg",
                 svg_pictures("Where CLS looks in the last layer", pictures));
}

// Attention rollout: what has come from which word after all layers, if half of a word is passed by each of them (the
// residual) and half is mixed by the weights. Abnar, Zuidema, "Quantifying attention flow in Transformers", 2020.
Tensor rollout(nn::VisionTransformer& model, const Tensor& image) {
  Tensor flow = eye(17);
  for (const Tensor& weights : model.forward_with_attention(standardised(image)).weights)
    flow = matmul((weights[0].mean(0) + eye(17)) / 2.0, flow);
  return flow[0].slice(0, 1).reshape({4, 4});  // the CLS row, on the patches
}

// Cosines between the positions of the 16 patches, (16, 16).
Tensor likeness(const nn::VisionTransformer& model) {
  const Tensor p = model.pos_embed.detach()[0].slice(0, 1);  // (16, C)
  const Tensor unit = p / sqrt((p * p).sum({-1}, true));
  return matmul(unit, unit.transpose(0, 1));
}

void through_all_layers(const Options& options, Page& page, nn::VisionTransformer& model,
                        const data::Dataset& set) {
  page.step("Through all layers, and what positions have become");
  const NoGrad no_grad;
  model.eval();
  page.say(
      "Attention rollout multiplies the layers: how much of each patch has reached CLS. Two digits, each "
      "with its rollout:");
  std::vector<std::string> blocks;
  for (index_t i = 0; i < 2; ++i) {
    const Tensor image = set.images.slice(0, i, i + 1), flow = rollout(model, image);
    blocks.push_back(picture(image[0][0]));
    blocks.push_back(
        picture(flow.reshape({4, 1, 4, 1}).expand({4, 2, 4, 2}).reshape({8, 8}), max(flow).item()));
  }
  page.print("\n" + beside(blocks, 3));

  const Tensor alike = likeness(model);
  double near = 0, far = 0;
  index_t near_pairs = 0, far_pairs = 0;
  for (index_t a = 0; a < 16; ++a)
    for (index_t b = 0; b < a; ++b) {
      const index_t apart = std::abs(a / 4 - b / 4) + std::abs(a % 4 - b % 4);
      if (apart == 1) near += alike.at({a, b}), ++near_pairs;
      if (apart >= 4) far += alike.at({a, b}), ++far_pairs;
    }
  near /= static_cast<double>(near_pairs), far /= static_cast<double>(far_pairs);
  page.say(
      "Nobody told the model which patches lie side by side. Are the positions of neighbours more alike (by "
      "their cosine) than those of patches four steps apart or more?");
  page.claim("positions learn who is whose neighbour",
             "cosine " + fixed(near, 2) + " of neighbours, " + fixed(far, 2) + " far apart",
             near > far + 0.1);  // less than a tenth is what random vectors show
  if (!options.figures.empty())
    write_figure(
        options.figures, "positions.svg",
        svg_heat_map((alike + 1.0) / 2.0, {.title = "How alike positions are: white opposite, dark the same",
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
    page.say(digits.source +
             concat(": ", digits.train.size(), " to train, ", digits.test.size(), " to test."));
    a_digit_as_words(options, page, digits.train);
    Generator gen(options.seed);
    nn::VisionTransformer model = make_model(gen);
    the_model(page, model);
    const History history = train(options, page, model, digits.train, gen);
    if (!options.figures.empty())
      write_figure(options.figures, "loss.svg",
                   svg_curves({{"training loss", history.epoch, history.loss}},
                              {.title = "Learning to read digits",
                               .x_axis = "passes over the data",
                               .y_axis = "cross-entropy (nats)",
                               .baseline = std::log(10.0),
                               .baseline_name = "guessing (ln 10)"}));
    test(options, page, model, digits.test);
    what_cls_sees(options, page, model, digits.test);
    through_all_layers(options, page, model, digits.test);
    page.print(concat("\nDone in ", fixed(watch.seconds(), 1), " s on ", num_threads(),
                      num_threads() == 1 ? " thread." : " threads."));
    if (!options.figures.empty())
      page.say("The figures are in " + options.figures +
               ": patches.svg, loss.svg, cls_attention.svg and positions.svg.");
    page.say("With --seed 1 it starts from other random numbers; --help lists all options.");
    page.say("Next: ./lesson_09 measures attention against recurrent nets.");
  });
}
