// Lesson 10 · DETR: object detection as set prediction
//
//   image → features (B, C, 4, 4) → 16 tokens → encoder → decoder of 6 queries → 6 × (class, box)
//
// Which objects are in an image, and where? The answer is a set: it has no order and no fixed size.
// A decoder with six learned queries, and without a mask, predicts a class and a box per query.
// Bipartite matching assigns a query to each object before the loss is computed. There are no
// anchor boxes and no non-maximum suppression. The program draws the images: one to four shapes
// with known boxes. Run it: ./lesson_10_detr (or ./lesson_10_detr --figures figures).
//
// Carion et al., "End-to-end object detection with Transformers", 2020.
#include "lessons/support/lesson.h"

#include <algorithm>
#include <cmath>
#include <iostream>

#include "lessons/10_detr/average_precision.h"
#include "lessons/10_detr/shapes.h"
#include "lessons/10_vit/image_classification.h"
#include "lessons/support/parameter_table.h"
#include "lessons/support/svg.h"
#include "lessons/support/terminal.h"
#include "nn/models/models.h"
#include "optim/optim.h"

using namespace heed;
using namespace heed::lessons;

namespace {

// ---- The model: three convolutions in place of ResNet-50, then DETR ---------------------------------------

struct ShapeDetector : nn::ModuleOf<ShapeDetector> {
  PixelStatistics pixels;  // of the training images
  nn::Conv2d conv1, conv2, conv3;
  nn::GroupNorm norm1, norm2, norm3;
  nn::DetectionTransformer detector;

  ShapeDetector(const PixelStatistics& statistics, Generator& gen)
      : pixels(statistics),
        conv1({.in_channels = 1, .out_channels = 16, .kernel_size = 5, .stride = 2, .padding = 2}, gen),
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
    Tensor x = relu(norm1(conv1((images - pixels.mean) / pixels.deviation)));
    x = relu(norm2(conv2(x)));
    return relu(norm3(conv3(x)));
  }
  nn::Detections forward(const Tensor& images) { return detector(features(images)); }
  void visit(nn::Visitor& v) override {
    v.child("conv1", conv1);
    v.child("norm1", norm1);
    v.child("conv2", conv2);
    v.child("norm2", norm2);
    v.child("conv3", conv3);
    v.child("norm3", norm3);
    v.child("detector", detector);
  }
  std::string type() const override { return "ShapeDetector"; }
};

// ---- 1 ----------------------------------------------------------------------------------------------------

// Returns the cost of greedy matching: repeatedly takes the cheapest pair of a free row and a free
// column.
double greedy_cost(const Tensor& all_costs) {
  Tensor costs = all_costs.clone();
  double total = 0;
  for (index_t i = 0; i < std::min(costs.size(0), costs.size(1)); ++i) {
    const index_t cheapest = argmax(-costs.reshape({-1}), 0).item();
    const index_t row = cheapest / costs.size(1), column = cheapest % costs.size(1);
    total += costs.at({row, column});
    costs.slice(0, row, row + 1).fill_(INFINITY);
    costs.slice(1, column, column + 1).fill_(INFINITY);
  }
  return total;
}

void matching(Page& page, Generator& gen) {
  page.step("Bipartite matching");
  page.say(
      "Three predictions, two objects, and the cost of matching each prediction (row) with each object "
      "(column). Every object is matched with a different prediction:");
  const Tensor costs = tensor({{.1, .2}, {.15, .9}, {.8, .7}}, f64);
  const std::vector<int> widths = {-14, 10, 10};
  page.print("\n  " + cells({"", "object 0", "object 1"}, widths));
  for (index_t row = 0; row < costs.size(0); ++row)
    page.print("  " +
               cells({concat("prediction ", row), fixed(costs.at({row, 0}), 2), fixed(costs.at({row, 1}), 2)},
                     widths));
  page.print("");
  const nn::Assignment best = nn::assign(costs);
  const double greedy = greedy_cost(costs);
  std::string pairs;
  for (std::size_t i = 0; i < best.rows.size(); ++i)
    pairs +=
        concat(i > 0 ? " and prediction " : "prediction ", best.rows[i], " with object ", best.columns[i]);
  page.say("The least total cost matches " + pairs + ".");
  page.claim("greedy", "greedy matching is not optimal",
             {"total cost ", number(greedy, 2), ", optimal ", number(best.cost, 2)},
             best.cost < greedy - 1e-9);

  const Tensor logits = randn({1, 1, 6, 5}, gen, f64), boxes = sigmoid(randn({1, 1, 6, 4}, gen, f64));
  const IntTensor labels{0, 3, 1};
  const Tensor three = tensor({{.2, .3, .2, .2}, {.7, .3, .4, .3}, {.5, .8, .2, .3}}, f64);
  const double one_way = nn::detection_loss({logits, boxes}, {{labels, three}}).total.item();
  const double other_way =
      nn::detection_loss({logits, boxes}, {{IntTensor{1, 3, 0}, flip(three, {0})}}).total.item();
  page.claim("order", "the loss does not depend on the order of the objects",
             {"the loss differs by ", power(std::abs(one_way - other_way))},
             std::abs(one_way - other_way) < 1e-12);
}

// ---- 2, 3 -------------------------------------------------------------------------------------------------

std::string describe(const nn::Objects& of, index_t i) {
  const auto pixels = [&](index_t c) { return fixed(of.boxes.at({i, c}) * static_cast<double>(side), 1); };
  return concat(shape_names[of.labels[i]], ", centre (", pixels(0), ", ", pixels(1), "), ", pixels(2),
                " wide and ", pixels(3), " high");
}

void example_image(Page& page, const LabelledImages& test) {
  page.step("An image and its objects");
  page.print("\n" + text_image(test.images[0][0]));
  std::string list;
  for (index_t i = 0; i < test.objects[0].labels.numel(); ++i) list += "\n  " + describe(test.objects[0], i);
  page.print(list);
  page.say("These numbers are in pixels; the model's boxes are relative to the image, from 0 to 1.");
}

void describe_model(Page& page, ShapeDetector& model, const LabelledImages& test) {
  page.step("The model");
  const NoGrad no_grad;
  const Tensor image = test.images.slice(0, 0, 1), features = model.features(image);
  const nn::Detections predicted = model(image);
  page.shape("features", features.shape(), "three convolutions of stride 2");
  page.shape("tokens", features.reshape({1, features.size(1), -1}).transpose(1, 2).shape(),
             "the pixels of the feature map");
  page.shape("queries", model.detector.query_embed.shape(), "learned vectors");
  page.shape("classes", predicted.logits.shape(), "(layers, B, queries, 4 classes + none)");
  page.shape("boxes", predicted.boxes.shape(), "(layers, B, queries, centre and size)");
  page.say(concat("The model has ", model.parameter_count(), " parameters:"));
  page.print("\n" + parameter_table(model.named_parameters()) + "\n");
  page.say(concat("It normalises the pixels with the mean ", fixed(model.pixels.mean, 3),
                  " and the standard deviation ", fixed(model.pixels.deviation, 3), " of 400 other images."));
  Generator unused;
  const nn::NoInit no_init;
  const nn::DETR full(nn::detr_resnet50(), unused);
  index_t trained = 0;
  for (const Tensor& p : full.parameters()) trained += p.requires_grad() ? p.numel() : 0;
  page.claim("published_size", "DETR with ResNet-50 has its published size",
             {number(static_cast<double>(full.parameter_count())), " parameters, of which ",
              number(static_cast<double>(trained)), " are trained"},
             full.parameter_count() == 41'524'768 && trained == 41'302'368);
}

// ---- 4 ----------------------------------------------------------------------------------------------------

struct History {
  std::vector<double> step, classes, box, giou;
};

History train(const Options& options, Page& page, ShapeDetector& model, Generator& gen) {
  const index_t steps = options.quick ? 20 : 2500, batch_size = 16, every = std::max<index_t>(steps / 50, 1);
  page.step("Training");
  page.say(concat(steps, " steps of ", batch_size,
                  " images, which are drawn for that step and used once. Each decoder layer is matched "
                  "separately and has its own loss; the total is the sum over both."));
  const double lr = options.number("--lr", 1.5e-3), clip = options.number("--clip", 0.3);
  optim::AdamW optimizer(model.parameters(), {.lr = lr, .weight_decay = 1e-4});
  const optim::WarmupCosine schedule({.peak = lr, .warmup = steps / 10, .total = steps});
  Progress progress("training", steps, options.quiet);
  History history;
  double classes = 0, box = 0, giou = 0;
  model.train();
  for (index_t step = 1; step <= steps; ++step) {
    const LabelledImages batch = draw_images(batch_size, gen);
    const nn::DetectionLoss loss = nn::detection_loss(model(batch.images), batch.objects);
    optimizer.set_lr(schedule(step - 1));
    optimizer.zero_grad();
    loss.total.backward();
    optim::clip_grad_norm(model.parameters(), clip);
    optimizer.step();
    classes += loss.classes.item();
    box += loss.box.item();
    giou += loss.giou.item();
    progress.update(step, concat("loss ", fixed(loss.total.item(), 3)));
    if (step % every != 0) continue;
    const auto n = static_cast<double>(every);
    history.step.push_back(static_cast<double>(step));
    history.classes.push_back(classes / n);
    history.box.push_back(box / n);
    history.giou.push_back(giou / n);
    classes = box = giou = 0;
  }
  page.say(concat("Mean losses of the last layer over the last ", every, " steps: classes ",
                  fixed(history.classes.back(), 2), ", L1 of boxes ", fixed(history.box.back(), 3),
                  ", 1 - GIoU ", fixed(history.giou.back(), 2), "."));
  return history;
}

// ---- 5, 6 -------------------------------------------------------------------------------------------------

// The score above which a detection is shown. "No object" has a weight of a tenth in the loss, so
// the predicted odds of an object are ten times too high: 10 : 1 are even odds.
constexpr double score_threshold = 10.0 / 11;

std::vector<double> precision_by_class(const std::vector<Detection>& detections,
                                       const std::vector<nn::Objects>& objects) {
  std::vector<double> each;
  for (index_t kind = 0; kind < shape_kinds; ++kind)
    each.push_back(average_precision(detections, objects, kind));
  return each;
}

double mean_of(const std::vector<double>& x) {
  double total = 0;
  for (const double v : x) total += v;
  return total / static_cast<double>(x.size());
}

// Returns the part of the shown detections that are duplicates: another detection of the same class
// with a higher score overlaps them by an IoU of at least 0.5.
double duplicates(const std::vector<Detection>& detections) {
  double all = 0, duplicate = 0;
  for (const Detection& a : detections) {
    if (a.score < score_threshold) continue;
    ++all;
    duplicate += std::any_of(detections.begin(), detections.end(), [&](const Detection& b) {
      return b.image == a.image && b.label == a.label && b.score > a.score &&
             nn::iou(a.corners, b.corners).item() >= 0.5;
    });
  }
  return all > 0 ? duplicate / all : 0;
}

// Returns whether a shown detection has the class of object i of image b and overlaps it by an IoU of
// at least 0.5.
bool is_detected(const LabelledImages& test, const std::vector<Detection>& detections, index_t b, index_t i) {
  const nn::Objects& of = test.objects[static_cast<std::size_t>(b)];
  return std::ranges::any_of(detections, [&](const Detection& a) {
    if (a.image != b || a.score < score_threshold) return false;
    const BestOverlap best = best_overlap(a.corners, of, a.label);
    return best.object == i && best.iou >= 0.5;
  });
}

// Returns the part of objects that no shown detection finds.
double missed_objects(const LabelledImages& test, const std::vector<Detection>& detections) {
  double objects = 0, missed = 0;
  for (index_t b = 0; b < test.images.size(0); ++b)
    for (index_t i = 0; i < test.objects[static_cast<std::size_t>(b)].labels.numel(); ++i, ++objects)
      missed += !is_detected(test, detections, b, i);
  return missed / objects;
}

SvgImage draw_boxes(const LabelledImages& test, const std::vector<Detection>& detections, index_t b) {
  SvgImage drawn{.image = test.images[b][0], .caption = concat("image ", b), .boxes = {}};
  const auto frame = [](const Tensor& corners, const std::string& name, bool dashed) {
    const auto c = (corners * static_cast<double>(side)).to_vector();
    return SvgBox{.x0 = c[0], .y0 = c[1], .x1 = c[2], .y1 = c[3], .name = name, .dashed = dashed};
  };
  const nn::Objects& of = test.objects[static_cast<std::size_t>(b)];
  for (index_t i = 0; i < of.labels.numel(); ++i)
    drawn.boxes.push_back(frame(nn::center_to_corners(of.boxes)[i], shape_names[of.labels[i]], true));
  for (index_t i = 0; i < of.labels.numel(); ++i)
    if (!is_detected(test, detections, b, i)) {
      drawn.boxes.push_back(
          frame(nn::center_to_corners(of.boxes)[i], concat(shape_names[of.labels[i]], ", missed"), true));
      drawn.boxes.back().missed = true;
    }
  for (const Detection& a : detections)
    if (a.image == b && a.score >= score_threshold)
      drawn.boxes.push_back(frame(a.corners, concat(shape_names[a.label], " ", percent(a.score, 0)), false));
  return drawn;
}

void write_figures(const Options& options, const LabelledImages& test,
                   const std::vector<Detection>& detections, const History& history) {
  std::vector<SvgImage> panels;
  for (index_t b = 0; b < 3; ++b) panels.push_back(draw_boxes(test, detections, b));
  write_figure(
      options.figures, "detections.svg",
      svg_images("Held-out images: ground truth (dashed) and detections (odds above 10 : 1)", panels));
  const auto scaled = [](std::vector<double> values, double factor) {
    for (double& x : values) x *= factor;
    return values;
  };
  write_figure(options.figures, "detr_loss.svg",
               svg_curves({{"classes", history.step, history.classes},
                           {"5 · L1 of boxes", history.step, scaled(history.box, 5)},
                           {"2 · (1 - GIoU)", history.step, scaled(history.giou, 2)}},
                          {.title = "The three parts of the loss (last layer)",
                           .x_axis = "step",
                           .y_axis = "loss",
                           .points = true}));
}

// The mean average precision of one decoder layer's predictions.
double mean_precision(const nn::Detections& predicted, index_t layer, const LabelledImages& test) {
  return mean_of(
      precision_by_class(detections_of(predicted.logits[layer], predicted.boxes[layer]), test.objects));
}

void evaluate(const Options& options, Page& page, ShapeDetector& model, const LabelledImages& test,
              const History& history, double untrained) {
  page.step("Held-out images");
  const NoGrad no_grad;
  model.eval();
  const nn::Detections predicted = model(test.images);
  const std::vector<Detection> detections = detections_of(predicted.logits[1], predicted.boxes[1]);
  const std::vector<double> each = precision_by_class(detections, test.objects);
  page.say(concat("Average precision on ", test.images.size(0),
                  " images. A detection is correct if it overlaps the object by an IoU of at least 0.5."));
  std::string table = "\n";
  for (std::size_t kind = 0; kind < each.size(); ++kind)
    table += concat("  ", cells({shape_names[kind], fixed(each[kind], 3)}, {-10, 8}), "\n");
  page.print(table);
  const double last = mean_of(each), first = mean_precision(predicted, 0, test);
  page.claim("detects", "a set of queries detects the objects",
             {"mean AP at IoU 0.5 ", number(last, 3), ", before training ", number(untrained, 3)},
             last >= 0.7);
  page.claim("first_layer", "the first decoder layer, which has its own loss, is nearly as good as the last",
             {"mean AP ", number(first, 3), " after the first layer, ", number(last, 3), " after the last"},
             std::abs(first - last) < 0.05);
  const double missed = missed_objects(test, detections);
  index_t objects = 0;
  for (const nn::Objects& of : test.objects) objects += of.labels.numel();
  page.claim("missed", "at odds of 10 : 1, most objects are detected, but not all",
             {percentage(missed), " of ", number(static_cast<double>(objects)), " objects are missed"},
             missed > 0 && missed < 0.5);
  if (!options.figures.empty()) write_figures(options, test, detections, history);
}

void query_self_attention(Page& page, ShapeDetector& model, const LabelledImages& test) {
  page.step("Self-attention of the queries");
  const NoGrad no_grad;
  model.eval();
  struct Measured {
    double duplicates, missed, precision;
  };
  const auto measure = [&] {
    const nn::Detections predicted = model(test.images);
    const std::vector<Detection> detections = detections_of(predicted.logits[1], predicted.boxes[1]);
    return Measured{duplicates(detections), missed_objects(test, detections),
                    mean_of(precision_by_class(detections, test.objects))};
  };
  const Measured with = measure();
  for (auto& layer : model.detector.decoder) {
    layer.self_attn.out_proj.weight.zero_();
    layer.self_attn.out_proj.bias.zero_();
  }
  const Measured without = measure();
  page.say(
      "There is no non-maximum suppression, so the queries must not detect the same object twice. Here their "
      "self-attention is removed from the trained model (its output is set to zero):");
  const auto line = [](const std::string& name, const Measured& m) {
    return "\n  " +
           cells({name, percent(m.duplicates), percent(m.missed), fixed(m.precision, 3)}, {-24, 12, 10, 10});
  };
  page.print("\n  " + cells({"", "duplicates", "missed", "mean AP"}, {-24, 12, 10, 10}) +
             line("as trained", with) + line("without self-attention", without) + "\n");
  page.claim("self_attention", "the model uses the self-attention of its queries",
             {"without it, mean AP is ", number(without.precision, 3), " instead of ",
              number(with.precision, 3), ", and ", percentage(without.missed),
              " of the objects are missed instead of ", percentage(with.missed)},
             without.precision < with.precision - 0.01);
  page.claim("duplicates", "fewer than 15 % of the detections are duplicates",
             {percentage(with.duplicates), " of those above the threshold, ", percentage(without.duplicates),
              " without self-attention"},
             with.duplicates < 0.15);
}

}  // namespace

int main(int argc, char** argv) {
  const About about{.program = "lesson_10_detr",
                    .title = "Lesson 10 · DETR: object detection as set prediction",
                    .more = {{"--lr", "X", "the peak of the learning rate (default 0.0015)"},
                             {"--clip", "X", "the largest norm of the gradients (default 0.3)"}}};
  return run(argc, argv, about, [](const Options& options, Page& page) {
    Generator gen(options.seed), drawing(options.seed + 1000);
    const LabelledImages test = draw_images(options.quick ? 40 : 400, drawing);
    matching(page, gen);
    example_image(page, test);
    Generator normalising(options.seed + 2000);
    ShapeDetector model(statistics_of(draw_images(400, normalising).images), gen);
    describe_model(page, model, test);
    const double untrained = [&] {
      const NoGrad no_grad;
      model.eval();
      return mean_precision(model(test.images), 1, test);
    }();
    const History history = train(options, page, model, gen);
    evaluate(options, page, model, test, history, untrained);
    query_self_attention(page, model, test);
    page.say("Next: ./lesson_10_swin attends within windows.");
  });
}
