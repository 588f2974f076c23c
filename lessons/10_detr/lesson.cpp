// Lesson 10 · DETR: a set of questions asked of a picture
//
//   picture → features (B, C, 4, 4) → 16 words → encoder → decoder of 6 queries → 6 × (a class or nothing, a box)
//
// What is in the picture, and where? The answer is a set: it has no order and no fixed size. A decoder asks six learned
// questions at once, without a mask; which answer is meant by which object is settled by the assignment of least cost
// before the loss is counted. No anchors, no suppression of doubles. The pictures are drawn by the lesson: one to four
// shapes, their boxes known. Run it: ./lesson_10_detr (or ./lesson_10_detr --figures figures).
// Carion et al., "End-to-end object detection with Transformers", 2020.
#include "lessons/support/lesson.h"

#include <algorithm>
#include <cmath>
#include <iostream>

#include "lessons/10_detr/average_precision.h"
#include "lessons/10_detr/shapes.h"
#include "lessons/support/svg.h"
#include "lessons/support/terminal.h"
#include "nn/models/models.h"
#include "optim/optim.h"

using namespace heed;
using namespace heed::lessons;

namespace {

// ---- the model: a small convolutional network in the place of ResNet-50, and all of DETR after it --------

struct ShapeDetector : nn::ModuleOf<ShapeDetector> {
  nn::Conv2d conv1, conv2, conv3;
  nn::GroupNorm norm1, norm2, norm3;
  nn::DetectionTransformer detector;

  explicit ShapeDetector(Generator& gen)
      : conv1({.in_channels = 1, .out_channels = 16, .kernel_size = 5, .stride = 2, .padding = 2}, gen),
        conv2({.in_channels = 16, .out_channels = 64, .kernel_size = 3, .stride = 2, .padding = 1}, gen),
        conv3({.in_channels = 64, .out_channels = 64, .kernel_size = 3, .stride = 2, .padding = 1}, gen),
        norm1({.num_groups = 4, .num_channels = 16}),
        norm2({.num_groups = 4, .num_channels = 64}),
        norm3({.num_groups = 4, .num_channels = 64}),
        detector({.in_channels = 64,
                  .d_model = 64,
                  .nhead = 4,
                  .num_encoder_layers = 1,
                  .num_decoder_layers = 2,
                  .dim_feedforward = 128,
                  .dropout = 0,
                  .num_queries = 6,
                  .num_classes = shape_kinds},
                 gen) {}

  Tensor features(const Tensor& images) const {  // (B, 1, 32, 32) -> (B, 64, 4, 4)
    Tensor x = relu(norm1(conv1((images - 0.2) / 0.3)));
    x = relu(norm2(conv2(x)));
    return relu(norm3(conv3(x)));
  }
  nn::Detections forward(const Tensor& images) { return detector(features(images)); }
  void visit(nn::Visitor& v) override {
    v.child("conv1", conv1), v.child("norm1", norm1);
    v.child("conv2", conv2), v.child("norm2", norm2);
    v.child("conv3", conv3), v.child("norm3", norm3);
    v.child("detector", detector);
  }
  std::string type() const override { return "ShapeDetector"; }
};

// ---- 1 ----------------------------------------------------------------------------------------------------

// What a hurried matcher does: the cheapest pair of all, then the cheapest of what is left, …
double greedy_cost(const Tensor& given) {
  Tensor costs = given.clone();
  double total = 0;
  for (index_t i = 0; i < std::min(costs.size(0), costs.size(1)); ++i) {
    const index_t at = argmax(-costs.reshape({-1}), 0).item();
    const index_t row = at / costs.size(1), column = at % costs.size(1);
    total += costs.at({row, column});
    costs.slice(0, row, row + 1).fill_(INFINITY), costs.slice(1, column, column + 1).fill_(INFINITY);
  }
  return total;
}

void matching(Page& page, Generator& gen) {
  page.step("Which answer is meant by which object?");
  page.say(
      "Three answers, two objects, and what it costs that an answer (row) is an object (column). Every "
      "object needs an answer of its own:");
  const Tensor costs = tensor({{.1, .2}, {.15, .9}, {.8, .7}}, f64);
  page.print(
      "\n            object 0   object 1\n  answer 0      0.10       0.20\n  answer 1      0.15       "
      "0.90\n  answer 2      0.80       0.70\n");
  const nn::Assignment best = nn::assign(costs);
  const double greedy = greedy_cost(costs);
  std::string pairs;
  for (std::size_t i = 0; i < best.rows.size(); ++i)
    pairs += concat(i > 0 ? " and answer " : "answer ", best.rows[i], " to object ", best.columns[i]);
  page.say("Least in sum: " + pairs + ".");
  page.claim("taking the cheapest pair first is not the cheapest",
             concat(fixed(greedy, 2), " against ", fixed(best.cost, 2)), best.cost < greedy - 1e-9);

  const Tensor logits = randn({1, 1, 6, 5}, gen, f64), boxes = sigmoid(randn({1, 1, 6, 4}, gen, f64));
  const IntTensor labels{0, 3, 1};
  const Tensor three = tensor({{.2, .3, .2, .2}, {.7, .3, .4, .3}, {.5, .8, .2, .3}}, f64);
  const double one_way = nn::detection_loss({logits, boxes}, {{labels, three}}).total.item();
  const double other_way =
      nn::detection_loss({logits, boxes}, {{IntTensor{1, 3, 0}, flip(three, {0})}}).total.item();
  page.claim("the order in which objects are listed means nothing",
             "the loss differs by " + scientific(std::abs(one_way - other_way)),
             std::abs(one_way - other_way) < 1e-12);
}

// ---- 2, 3 -------------------------------------------------------------------------------------------------

std::string described(const nn::Objects& of, index_t i) {
  const auto pixels = [&](index_t c) { return fixed(of.boxes.at({i, c}) * static_cast<double>(side), 1); };
  return concat(shape_names[of.labels[i]], ", middle (", pixels(0), ", ", pixels(1), "), ", pixels(2),
                " wide and ", pixels(3), " high");
}

void a_picture(Page& page, const Pictures& test) {
  page.step("A picture, and what is in it");
  page.print("\n" + picture(test.images[0][0]));
  std::string list;
  for (index_t i = 0; i < test.objects[0].labels.numel(); ++i) list += "\n  " + described(test.objects[0], i);
  page.print(list);
  page.say("Numbers are pixels here; the model sees parts of the picture, from 0 to 1.");
}

void the_model(Page& page, ShapeDetector& model, const Pictures& test) {
  page.step("The model");
  const NoGrad no_grad;
  const Tensor image = test.images.slice(0, 0, 1), features = model.features(image);
  const nn::Detections found = model(image);
  page.shape("features", features.shape(), "three convolutions, each halving");
  page.shape("words", {1, features.size(2) * features.size(3), 64}, "the map's pixels, with their places");
  page.shape("queries", model.detector.query_embed.shape(), "learned: what they ask");
  page.shape("classes", found.logits.shape(), "(layers, B, queries, four kinds and none)");
  page.shape("boxes", found.boxes.shape(), "(layers, B, queries, middle and size)");
  page.say(concat("In all ", model.parameter_count(), " parameters."));
  Generator unused;
  const nn::NoInit no_init;
  const nn::DETR full(nn::detr_resnet50(), unused);
  index_t trained = 0;
  for (const Tensor& p : full.parameters()) trained += p.requires_grad() ? p.numel() : 0;
  page.claim("DETR with ResNet-50 has its published size",
             concat(full.parameter_count(), " parameters, of which ", trained, " are trained"),
             full.parameter_count() == 41'524'768 && trained == 41'302'368);
}

// ---- 4 ----------------------------------------------------------------------------------------------------

struct History {
  std::vector<double> step, classes, box, giou;
};

History train(const Options& options, Page& page, ShapeDetector& model, Generator& gen) {
  const index_t steps = options.quick ? 20 : 2500, batch = 16, every = std::max<index_t>(steps / 50, 1);
  page.step("Training");
  page.say(concat(steps, " steps of ", batch,
                  " pictures that are drawn for that step and never seen again. Each decoder "
                  "layer is matched and judged by itself: the loss is the sum over both."));
  optim::AdamW optimizer(model.parameters(), {.lr = 1.5e-3, .weight_decay = 1e-4});
  const optim::WarmupCosine schedule({.peak = 1.5e-3, .warmup = steps / 10, .total = steps});
  Progress progress("training", steps, options.quiet);
  History history;
  double classes = 0, box = 0, giou = 0;
  model.train();
  for (index_t step = 1; step <= steps; ++step) {
    const Pictures pictures = draw_pictures(batch, gen);
    const nn::DetectionLoss loss = nn::detection_loss(model(pictures.images), pictures.objects);
    optimizer.set_lr(schedule(step - 1));
    optimizer.zero_grad();
    loss.total.backward();
    optim::clip_grad_norm(model.parameters(), 0.3);
    optimizer.step();
    classes += loss.classes.item(), box += loss.box.item(), giou += loss.giou.item();
    progress.update(step, concat("loss ", fixed(loss.total.item(), 3)));
    if (step % every != 0) continue;
    const auto n = static_cast<double>(every);
    history.step.push_back(static_cast<double>(step));
    history.classes.push_back(classes / n), history.box.push_back(box / n), history.giou.push_back(giou / n);
    classes = box = giou = 0;
  }
  page.say(concat("The last layer, in the last ", every, " steps: classes ", fixed(history.classes.back(), 2),
                  ", L1 of boxes ", fixed(history.box.back(), 3), ", 1 - GIoU ",
                  fixed(history.giou.back(), 2), "."));
  return history;
}

// ---- 5, 6 -------------------------------------------------------------------------------------------------

// An answer that is shown. "No object" counted a tenth in the loss, so the odds of being an object are told ten times too
// high: even odds are 10 : 1.
constexpr double sure = 10.0 / 11;

std::vector<double> precisions(const std::vector<Answer>& answers, const std::vector<nn::Objects>& objects) {
  std::vector<double> each;
  for (index_t kind = 0; kind < shape_kinds; ++kind)
    each.push_back(average_precision(answers, objects, kind));
  return each;
}

double mean_of(const std::vector<double>& x) {
  double total = 0;
  for (const double v : x) total += v;
  return total / static_cast<double>(x.size());
}

// The share of sure answers about something that a surer one of the same class is about already.
double doubles(const std::vector<Answer>& answers) {
  double all = 0, second = 0;
  for (const Answer& a : answers) {
    if (a.score < sure) continue;
    ++all;
    second += std::any_of(answers.begin(), answers.end(), [&](const Answer& b) {
      return b.picture == a.picture && b.label == a.label && b.score > a.score &&
             nn::iou(a.corners, b.corners).item() >= 0.5;
    });
  }
  return all > 0 ? second / all : 0;
}

SvgPicture with_frames(const Pictures& test, const std::vector<Answer>& answers, index_t b) {
  SvgPicture drawn{.image = test.images[b][0], .caption = concat("picture ", b), .frames = {}};
  const auto frame = [](const Tensor& corners, const std::string& name, bool dashed) {
    const auto c = (corners * static_cast<double>(side)).to_vector();
    return SvgFrame{c[0], c[1], c[2], c[3], name, dashed};
  };
  const nn::Objects& of = test.objects[static_cast<std::size_t>(b)];
  for (index_t i = 0; i < of.labels.numel(); ++i)
    drawn.frames.push_back(frame(nn::center_to_corners(of.boxes)[i], shape_names[of.labels[i]], true));
  for (const Answer& a : answers)
    if (a.picture == b && a.score >= sure)
      drawn.frames.push_back(frame(a.corners, concat(shape_names[a.label], " ", percent(a.score, 0)), false));
  return drawn;
}

void unseen(const Options& options, Page& page, ShapeDetector& model, const Pictures& test,
            const History& history) {
  page.step("Pictures it has never seen");
  const NoGrad no_grad;
  model.eval();
  const nn::Detections found = model(test.images);
  const std::vector<Answer> answers = answers_of(found.logits[1], found.boxes[1]);
  const std::vector<double> each = precisions(answers, test.objects);
  page.say(concat("Average precision on ", test.images.size(0),
                  " pictures: a box is right where it overlaps the object's by half (IoU 0.5)."));
  std::string table = "\n";
  for (std::size_t kind = 0; kind < each.size(); ++kind)
    table += concat("  ", cells({shape_names[kind], fixed(each[kind], 3)}, {-10, 8}), "\n");
  page.print(table);
  const double mean_precision = mean_of(each);
  const double first = mean_of(precisions(answers_of(found.logits[0], found.boxes[0]), test.objects));
  page.claim("a set of queries finds what is there", "mean AP at IoU 0.5 " + fixed(mean_precision, 3),
             mean_precision >= 0.8);
  page.say(concat("After the first decoder layer it is ", fixed(first, 3),
                  ": every layer has been taught to answer, by a loss of its own."));
  if (options.figures.empty()) return;
  std::vector<SvgPicture> pictures;
  for (index_t b = 0; b < 3; ++b) pictures.push_back(with_frames(test, answers, b));
  write_figure(options.figures, "detections.svg",
               svg_pictures("Unseen pictures: what is there (dashed) and what was said (surer than 10 : 1)",
                            pictures));
  write_figure(
      options.figures, "detr_loss.svg",
      svg_curves({{"classes", history.step, history.classes},
                  {"5 · L1 of boxes", history.step,
                   [&] {
                     std::vector<double> five = history.box;
                     for (double& x : five) x *= 5;
                     return five;
                   }()},
                  {"2 · (1 - GIoU)", history.step,
                   [&] {
                     std::vector<double> two = history.giou;
                     for (double& x : two) x *= 2;
                     return two;
                   }()}},
                 {.title = "The three parts of the loss (last layer)", .x_axis = "step", .y_axis = "loss"}));
}

void each_other(Page& page, ShapeDetector& model, const Pictures& test) {
  page.step("What the queries know of each other");
  const NoGrad no_grad;
  model.eval();
  const auto measured = [&](ShapeDetector& m) {
    const nn::Detections found = m(test.images);
    const std::vector<Answer> answers = answers_of(found.logits[1], found.boxes[1]);
    return std::pair{doubles(answers), mean_of(precisions(answers, test.objects))};
  };
  const auto [with, precision] = measured(model);
  for (auto& layer : model.detector.decoder)
    layer.self_attn.out_proj.weight.zero_(), layer.self_attn.out_proj.bias.zero_();
  const auto [without, blind] = measured(model);
  page.say(
      "Nothing suppresses doubles afterwards: the queries must agree who speaks for what. Their attention to "
      "each other is switched off in the trained model (it adds zeros):");
  page.print(concat("\n  ", cells({"", "said twice", "mean AP"}, {-24, 12, 10}), "\n  ",
                    cells({"as trained", percent(with), fixed(precision, 3)}, {-24, 12, 10}), "\n  ",
                    cells({"blind to each other", percent(without), fixed(blind, 3)}, {-24, 12, 10}), "\n"));
  page.claim("queries need to see each other",
             concat("mean AP falls from ", fixed(precision, 3), " to ", fixed(blind, 3)),
             blind < precision - 0.05);
  page.claim("an object is seldom found twice", percent(with) + " of the sure answers are doubles",
             with < 0.1);
}

}  // namespace

int main(int argc, char** argv) {
  const About about{.program = "lesson_10_detr",
                    .title = "Lesson 10 · DETR: a set of questions asked of a picture"};
  return run(argc, argv, about, [](const Options& options, Page& page) {
    Generator gen(options.seed), drawing(options.seed + 1000);
    const Pictures test = draw_pictures(options.quick ? 40 : 400, drawing);
    matching(page, gen);
    a_picture(page, test);
    ShapeDetector model(gen);
    the_model(page, model, test);
    const History history = train(options, page, model, gen);
    unseen(options, page, model, test, history);
    each_other(page, model, test);
    page.say("Next: ./lesson_10_swin looks through windows.");
  });
}
