// Lesson 00 · Autograd
//
//   y = f(x)                      each op computes its result and records a node
//   dL/dx += dL/dy · dy/dx        backward visits the nodes from the newest to the oldest
//
// Every model of this course learns with gradients. The program builds a graph small enough to check
// by hand, continues with tensors, compares the gradients with numerical differences, and trains a
// small network. Usage: ./lesson_00 [--figures DIR]
#include "lessons/support/lesson.h"

#include <algorithm>
#include <cmath>
#include <functional>

#include "lessons/support/svg.h"
#include "lessons/support/terminal.h"
#include "nn/nn.h"
#include "optim/optim.h"

using namespace heed;
using namespace heed::lessons;

namespace {

Tensor leaf(double value) { return scalar(value, f64).set_requires_grad(); }

void a_graph_by_hand(Page& page) {
  page.step("A graph by hand");
  page.say(
      "The squared error of a straight line at one data point, (3, 4): loss = (w x + b - t)² with x = 3, "
      "w = 2, b = -1, t = 4. Each op computes its result. If an input requires a gradient, the op also "
      "records "
      "a node with its inputs and a backward function.");
  const Tensor x = leaf(3), w = leaf(2), b = leaf(-1);
  const Tensor y = w * x + b;
  Tensor error = y - 4.0;
  error.retain_grad();  // for the printed gradient; only leaves store theirs
  const Tensor loss = error * error;
  page.print("\n    y = 2 · 3 - 1 = " + fixed(y.item(), 0) + ",  error = " + fixed(error.item(), 0) +
             ",  loss = " + fixed(loss.item(), 0) + "\n\n  The graph, newest op first:\n");
  page.print(indented(graph_text(loss), 4));
  loss.backward();
  page.print("");
  page.say(
      "backward() starts with dloss/dloss = 1 at the newest node and visits the nodes down to the oldest. "
      "Each "
      "node multiplies the incoming gradient by its own derivative and passes the product on:");
  page.print("\n    dloss/derror = 2 · error = " + fixed(error.grad().item(), 0) +
             "\n    dloss/dw = 2 · x = " + fixed(w.grad().item(), 0) + "    dloss/dx = 2 · w = " +
             fixed(x.grad().item(), 0) + "    dloss/db = 2 · 1 = " + fixed(b.grad().item(), 0));

  const auto loss_at = [](double weight) { return std::pow(weight * 3 - 1 - 4, 2); };
  const double h = 1e-6, measured = (loss_at(2 + h) - loss_at(2 - h)) / (2 * h);
  const double gradient = w.grad().item();
  page.claim("slope", "a gradient is the slope of the loss",
             {"w changed by ", power(h), ": slope ", number(measured, 4), ", gradient ", number(gradient, 4)},
             std::abs(measured - gradient) < 1e-6);
}

// The graph of the step below, as a list of edges, so that it can be traversed in a wrong order, too.
// Each edge multiplies the gradient of the node `from` by a local derivative and passes it to `to`.
enum Node { node_x, node_u, node_v, node_w };
struct Edge {
  Node from, to;
  double derivative;
};

// Returns dw/dx if the nodes propagate their gradients in this order, and if a node accumulates its
// gradients or keeps only the last one.
double traverse(const std::vector<Edge>& edges, const std::vector<Node>& order, bool accumulate) {
  double gradients[] = {0, 0, 0, 1};  // dw/dw = 1
  for (const Node node : order)
    for (const Edge& edge : edges) {
      if (edge.from != node) continue;
      const double passed = gradients[node] * edge.derivative;
      gradients[edge.to] = accumulate ? gradients[edge.to] + passed : passed;
    }
  return gradients[node_x];
}

void used_twice(Page& page) {
  page.step("A value that is used twice");
  page.say(
      "u = x · x, v = 3 u, w = u + v, at x = 2. Two ops use u, so u receives two gradients, 1 from w and 3 "
      "from v, and their sum is its gradient. u may propagate it only after both have contributed. Nodes "
      "therefore run from the newest to the oldest: a node is always older than the nodes that use its "
      "output.");
  const Tensor x = leaf(2);
  const Tensor u = x * x;
  const Tensor v = 3.0 * u;
  const Tensor w = u + v;
  w.backward();
  const std::vector<Edge> edges = {
      {node_w, node_u, 1}, {node_w, node_v, 1}, {node_v, node_u, 3}, {node_u, node_x, 2 * x.item()}};
  const double both = traverse(edges, {node_w, node_v, node_u}, true),
               last = traverse(edges, {node_w, node_v, node_u}, false),
               early = traverse(edges, {node_w, node_u, node_v}, true),
               each = traverse(edges, {node_w, node_u, node_v, node_u}, true);
  const auto row = [&](const std::string& name, const std::string& formula, double value) {
    page.print("    " + cells({name, formula + " = " + cells({fixed(value, 0)}, {2})}, {-38, 19}));
  };
  page.print("");
  row("correct: the sum of both", "(1 + 3) · 2x", both);
  row("only the last contribution is kept", "3 · 2x", last);
  row("u propagates before v contributes", "1 · 2x", early);
  row("u propagates after each contribution", "(1 + 4) · 2x", each);
  const double gradient = x.grad().item();
  page.claim("accumulate", "gradients accumulate, and in the correct order",
             {"dw/dx = ", number(gradient), "; the three mistakes give ", number(last), ", ", number(early),
              " and ", number(each)},
             gradient == both && gradient != last && gradient != early && gradient != each);
}

void tensors(Page& page, Generator& gen) {
  page.step("Tensors");
  page.say(
      "With tensors, a matrix product is a single node, not one node per number. A bias of shape (2) is "
      "added "
      "to four rows. Each of its numbers is used four times, so its gradient is the sum of four gradients.");
  const Tensor x = randn({4, 3}, gen, f64).set_requires_grad();
  const Tensor w = randn({3, 2}, gen, f64).set_requires_grad();
  const Tensor b = zeros({2}, f64).set_requires_grad();
  const Tensor y = matmul(x, w) + b;
  y.sum().backward();
  page.shape("x", x.shape(), "4 rows of 3 features");
  page.shape("w", w.shape(), "gradient: xᵀ · dy");
  page.shape("b", b.shape(), "gradient: dy summed over the rows");
  page.shape("x · w + b", y.shape(), "b is broadcast over the rows");
  const bool shapes =
      x.grad().shape() == x.shape() && w.grad().shape() == w.shape() && b.grad().shape() == b.shape();
  page.identity("shapes", "a gradient has the shape of its value",
                {concat("x ", x.grad().shape(), ", w ", w.grad().shape(), ", b ", b.grad().shape())}, shapes);
  const double of_bias = b.grad().at({0});
  page.claim("broadcast", "the gradient of a broadcast value is a sum",
             {"each number of b is added to ", number(static_cast<double>(x.size(0))), " rows: gradient ",
              number(of_bias)},
             of_bias == static_cast<double>(x.size(0)));
}

// Returns the largest difference between the gradient of backward and (s(x + h) - s(x - h)) / 2h over
// all elements of x, relative to the largest gradient. s is the sum of the result times fixed random weights.
using Function = std::function<Tensor(const Tensor&)>;
double worst_difference(const Function& f, const Tensor& start, double h) {
  Tensor x = start.clone().set_requires_grad();
  Generator gen(7);
  const Tensor weights = randn(f(x).shape(), gen, x.dtype());
  (f(x) * weights).sum().backward();
  const Tensor analytic = x.grad().reshape({-1});
  const NoGrad no_grad;
  const auto sum_at = [&](index_t i, double step) {
    Tensor moved = start.clone().reshape({-1});
    moved.set({i}, moved.at({i}) + step);
    return (f(moved.reshape(start.shape())) * weights).sum().item();
  };
  double worst = 0;
  for (index_t i = 0; i < start.numel(); ++i)
    worst = std::max(worst, std::abs((sum_at(i, h) - sum_at(i, -h)) / (2 * h) - analytic.at({i})));
  return worst / max(abs(analytic)).item();
}

// Prints the error of a numerical gradient of f at x by step size.
void step_size(const Options& options, Page& page, const Function& f, const Tensor& x) {
  page.print("");
  page.say(
      "The step size matters. If h is large, the error grows with h², because the function is not linear. If "
      "h is small, rounding errors dominate. float32 has so few digits that no step works well: check "
      "gradients in float64.");
  page.print("\n" + cells({"h", "float64", "float32"}, {8, 12, 12}));
  SvgCurve wide{.name = "float64", .x = {}, .y = {}}, narrow{.name = "float32", .x = {}, .y = {}};
  double best64 = 1, best32 = 1, best_step = 0;
  for (int power = -1; power >= -10; --power) {
    const double h = std::pow(10.0, power);
    const double in64 = worst_difference(f, x, h), in32 = worst_difference(f, x.to(f32), h);
    page.print(cells({concat("1e", power), scientific(in64), scientific(in32)}, {8, 12, 12}));
    for (auto* curve : {&wide, &narrow}) curve->x.push_back(h);
    wide.y.push_back(in64);
    narrow.y.push_back(in32);
    best32 = std::min(best32, in32);
    if (in64 < best64) best_step = h;
    best64 = std::min(best64, in64);
  }
  page.claim("step", "in float64, the best step is neither the largest nor the smallest",
             {"error ", power(best64), " at h = ", power(best_step)}, best_step < 0.05 && best_step > 1e-9);
  page.claim("float32", "float32 is too imprecise to check a gradient",
             {"error at the best step ", power(best32)}, best32 > 1e-6);
  if (!options.figures.empty())
    write_figure(options.figures, "step.svg",
                 svg_curves({wide, narrow}, {.title = "Error of a numerical gradient by step size",
                                             .x_axis = "step h",
                                             .y_axis = "relative error",
                                             .baseline = 1e-6,
                                             .baseline_name = "required accuracy",
                                             .logarithmic = true,
                                             .points = true}));
}

void check_numerically(const Options& options, Page& page, Generator& gen) {
  page.step("Checking gradients numerically");
  page.say(
      "How do we know that a backward function is correct? Change one number by h and compare the gradient "
      "with the difference quotient (f(x + h) - f(x - h)) / 2h. This is slow, but it does not use the "
      "backward function, so it cannot repeat its errors.");
  const Tensor x = randn({5, 6}, gen, f64), w = randn({6, 4}, gen, f64);
  struct Case {
    std::string name;
    Function f;
  };
  const std::vector<Case> cases = {
      {"tanh(x)", [](const Tensor& t) { return tanh(t); }},
      {"x · w", [&](const Tensor& t) { return matmul(t, w); }},
      {"softmax(x)", [](const Tensor& t) { return softmax(t, -1); }},
      {"layer_norm(x)", [](const Tensor& t) { return layer_norm(t); }},
      {"attention(x, x, x)", [](const Tensor& t) { return scaled_dot_product_attention(t, t, t); }},
  };
  page.print("\n    " + cells({"30 elements each", "largest difference"}, {-23, 18}));
  double worst = 0;
  for (const auto& [name, f] : cases) {
    const double difference = worst_difference(f, x, 1e-6);
    worst = std::max(worst, difference);
    page.print("    " + cells({name, difference < 1e-8 ? "below 1e-8" : scientific(difference)}, {-23, 18}));
  }
  page.claim("numerical", "backward agrees with numerical differences",
             {number(static_cast<double>(cases.size())), " ops within ", power(worst),
              ", relative to the largest gradient"},
             worst < 1e-6);
  step_size(options, page, cases[0].f, x);
}

// The two-moons dataset: two interleaved half circles with noise.
struct Moons {
  Tensor points;   // (n, 2)
  IntTensor moon;  // (n), the class of each point: 0 or 1
};
Moons two_moons(index_t n, Generator& gen) {
  std::vector<double> xy;
  std::vector<index_t> moon;
  for (index_t i = 0; i < n; ++i) {
    const double angle = gen.uniform() * M_PI, side = static_cast<double>(i % 2);
    xy.push_back((side == 0 ? std::cos(angle) : 1 - std::cos(angle)) + 0.1 * gen.normal());
    xy.push_back((side == 0 ? std::sin(angle) : 0.5 - std::sin(angle)) + 0.1 * gen.normal());
    moon.push_back(i % 2);
  }
  return {from_vector(xy, {n, 2}), IntTensor(moon, {n})};
}

double accuracy(nn::Sequential& net, const Moons& moons) {
  const NoGrad no_grad;
  const IntTensor predicted = argmax(net(moons.points), -1);
  index_t correct = 0;
  for (index_t i = 0; i < predicted.numel(); ++i) correct += predicted[i] == moons.moon[i];
  return static_cast<double>(correct) / static_cast<double>(predicted.numel());
}

// Returns the probability of the second moon on a grid (rows, columns) over the plane from
// (-1.5, -1) to (2.5, 1.5).
Tensor probability_map(nn::Sequential& net, index_t rows, index_t columns) {
  const NoGrad no_grad;
  std::vector<double> xy;
  for (index_t r = 0; r < rows; ++r)
    for (index_t c = 0; c < columns; ++c) {
      xy.push_back(-1.5 + 4 * (static_cast<double>(c) + 0.5) / static_cast<double>(columns));
      xy.push_back(1.5 - 2.5 * (static_cast<double>(r) + 0.5) / static_cast<double>(rows));
    }
  return softmax(net(from_vector(xy, {rows * columns, 2})), -1).select(1, 1).reshape({rows, columns});
}

// Draws a dot where the network predicts the second moon, and the test points as o and x.
std::string decision_map(nn::Sequential& net, const Moons& moons) {
  constexpr index_t rows = 16, columns = 60;
  const Tensor probability = probability_map(net, rows, columns);
  std::vector<std::string> map(rows, std::string(columns, ' '));
  for (index_t r = 0; r < rows; ++r)
    for (index_t c = 0; c < columns; ++c)
      if (probability.at({r, c}) > 0.5) map[static_cast<std::size_t>(r)][static_cast<std::size_t>(c)] = '.';
  for (index_t i = 0; i < moons.moon.numel(); ++i) {
    const auto r = static_cast<index_t>((1.5 - moons.points.at({i, 1})) / 2.5 * rows);
    const auto c = static_cast<index_t>((moons.points.at({i, 0}) + 1.5) / 4 * columns);
    if (r >= 0 && r < rows && c >= 0 && c < columns)
      map[static_cast<std::size_t>(r)][static_cast<std::size_t>(c)] = moons.moon[i] == 0 ? 'o' : 'x';
  }
  std::string text;
  for (const std::string& line : map) text += "    " + line + "\n";
  return text;
}

// Trains a network on the moons with Adam and returns the training loss of each step.
SvgCurve train(const Options& options, const std::string& name, nn::Sequential& net, const Moons& moons) {
  optim::Adam optimizer(net.parameters(), {.lr = options.number("--lr", 0.03)});
  const int steps = 300;
  Progress progress(name, steps, options.quiet);
  SvgCurve curve{.name = name, .x = {}, .y = {}};
  for (int step = 1; step <= steps; ++step) {
    const Tensor loss = cross_entropy(net(moons.points), moons.moon);
    // Without zero_grad(), the gradients of all steps would accumulate.
    optimizer.zero_grad();
    loss.backward();
    optimizer.step();
    curve.x.push_back(step);
    curve.y.push_back(loss.item());
    progress.update(step, "loss " + fixed(loss.item(), 3));
  }
  return curve;
}

void train_network(const Options& options, Page& page, Generator& gen) {
  page.step("Training a network");
  const int hidden = options.integer("--hidden", 16);
  page.say(concat("No straight line separates the two moons. A network of two linear layers, 2 to ", hidden,
                  " units, tanh, and ", hidden,
                  " to 2 units, is trained for 300 steps with Adam. The baseline is a single linear layer, "
                  "whose classes are separated by a straight line."));
  const Moons moons = two_moons(400, gen), test = two_moons(400, gen);
  nn::Sequential net(nn::Linear({.in = 2, .out = hidden}, gen), nn::Tanh(),
                     nn::Linear({.in = hidden, .out = 2}, gen));
  nn::Sequential line(nn::Linear({.in = 2, .out = 2}, gen));
  const SvgCurve curve = train(options, "network", net, moons),
                 linear_curve = train(options, "linear layer", line, moons);
  page.print("\n  Predictions (dots: class x) and 400 held-out points (o and x):\n");
  page.print(decision_map(net, test));
  const double correct = accuracy(net, test), linear = accuracy(line, test);
  const double chance =
      static_cast<double>(std::ranges::count(test.moon.values(), 0)) / static_cast<double>(test.moon.numel());
  page.claim("network", "gradients suffice to train a network",
             {"held-out accuracy ", percentage(correct), " with ",
              number(static_cast<double>(net.parameter_count())), " parameters (chance level ",
              percentage(chance, 0), ")"},
             correct >= 0.98);
  page.claim("line", "a straight line does not separate the moons",
             {"held-out accuracy ", percentage(linear), " with ",
              number(static_cast<double>(line.parameter_count())), " parameters"},
             linear < correct - 0.05);
  if (options.figures.empty()) return;
  write_figure(options.figures, "moons_loss.svg",
               svg_curves({curve, linear_curve}, {.title = "Training loss on two moons",
                                                  .x_axis = "step",
                                                  .y_axis = "cross-entropy (nats)",
                                                  .baseline = std::log(2.0),
                                                  .baseline_name = "chance level (ln 2)",
                                                  .points = true}));
  write_figure(
      options.figures, "moons.svg",
      svg_images("Probability of the lower moon",
                 {{.image = probability_map(net, 25, 40), .caption = "dark: lower moon, white: upper moon"}},
                 "probability"));
}

}  // namespace

int main(int argc, char** argv) {
  const About about{.program = "lesson_00",
                    .title = "Lesson 00 · Autograd",
                    .more = {{"--hidden", "N", "hidden units of the network (default 16)", 1, 4096},
                             {"--lr", "X", "the learning rate (default 0.03)", 0}}};
  return run(argc, argv, about, [](const Options& options, Page& page) {
    Generator gen(options.seed);
    a_graph_by_hand(page);
    used_twice(page);
    tensors(page, gen);
    check_numerically(options, page, gen);
    train_network(options, page, gen);
    page.print("");
    page.say("Next: ./lesson_01 shows why attention is needed.");
  });
}
