// Lesson 05 · The Transformer block: what each piece is for
//
//   h = norm1(x + attention(x))           words look at each other
//   y = norm2(h + feed_forward(h))        each word thinks for itself
//
// and N of these on top of each other. This program builds the block piece by piece, weighs it, looks at what becomes
// of numbers and gradients in a stack of six, and then takes every piece out in turn and trains what is left.
// Run it: ./lesson_05 (or ./lesson_05 --figures figures).
#include "lessons/support/lesson.h"

#include <algorithm>
#include <cmath>

#include "lessons/support/svg.h"
#include "lessons/support/terminal.h"
#include "nn/nn.h"
#include "optim/optim.h"

using namespace heed;
using namespace heed::lessons;

namespace {

constexpr index_t width = 32, heads = 4, inner = 64;

// Which pieces a block has.
struct Pieces {
  std::string name = "the whole block";
  bool attention = true, feed_forward = true, residual = true, norm = true;
  bool norm_first = false;  // pre-LN: normalise what a sublayer reads, not what it leaves
};

// The block of nn/transformer_encoder.h with switches. x (B, T, C) -> (B, T, C)
struct Block : nn::ModuleOf<Block> {
  Pieces pieces;
  nn::MultiheadAttention self_attn;
  nn::Linear linear1, linear2;
  nn::LayerNorm norm1, norm2;

  Block(Pieces p, Generator& gen)
      : pieces(std::move(p)),
        self_attn({.d_model = width, .nhead = heads, .batch_first = true}, gen),
        linear1({.in = width, .out = inner}, gen),
        linear2({.in = inner, .out = width}, gen),
        norm1({.size = width}),
        norm2({.size = width}) {}

  Tensor forward(const Tensor& x) {
    Tensor y = x;
    if (pieces.attention)
      y = sublayer(y, norm1, [&](const Tensor& t) { return self_attn.forward(t, t, t).output; });
    if (pieces.feed_forward)
      y = sublayer(y, norm2, [&](const Tensor& t) { return linear2(relu(linear1(t))); });
    return y;
  }
  template <class F>
  Tensor sublayer(const Tensor& x, const nn::LayerNorm& norm, F f) {
    const auto normed = [&](const Tensor& t) { return pieces.norm ? norm(t) : t; };
    const auto added = [&](const Tensor& t) { return pieces.residual ? x + t : t; };
    return pieces.norm_first ? added(f(normed(x))) : normed(added(f(x)));
  }
  void visit(nn::Visitor& v) override {
    v.child("self_attn", self_attn), v.child("linear1", linear1), v.child("linear2", linear2);
    v.child("norm1", norm1), v.child("norm2", norm2);
  }
  std::string type() const override { return "Block"; }
};

void piece_by_piece(Page& page, Generator& gen) {
  page.step("Piece by piece");
  page.say(
      "Two sublayers. In the first, words look at each other; in the second, each word is worked on alone, "
      "by the same two matrices. Each is added to what it was given (residual), and the sum is normalised "
      "(LayerNorm).");
  Block block({}, gen);
  const Tensor x = randn({1, 8, width}, gen);
  const Tensor looked = block.self_attn.forward(x, x, x).output, h = block.norm1(x + looked);
  const Tensor wide = relu(block.linear1(h)), thought = block.linear2(wide), y = block.norm2(h + thought);
  page.shape("x", x.shape(), "8 words of 32 numbers (B, T, C)");
  page.shape("attention(x)", looked.shape(), "what each word found in the others");
  page.shape("norm1(x + …)", h.shape(), "added to what it was, normalised");
  page.shape("relu(linear1)", wide.shape(), "each word alone, twice as wide");
  page.shape("linear2", thought.shape(), "and back");
  page.shape("norm2(h + …)", y.shape(), "the same shape as x: blocks can be stacked");
  nn::TransformerEncoderLayer theirs(
      {.d_model = width, .nhead = heads, .dim_feedforward = inner, .dropout = 0, .batch_first = true}, gen);
  theirs.load_state_dict(block.state_dict());
  page.claim("this is the block of the library", "the same weights give the same numbers within 1e-6",
             max_abs_difference(y, theirs.forward(x)) < 1e-6);
}

void weigh(Page& page, Generator& gen) {
  page.step("Where the parameters are");
  nn::TransformerEncoderLayer layer({.d_model = 512, .nhead = 8, .dim_feedforward = 2048, .dropout = 0.1},
                                    gen);
  const index_t attention = layer.self_attn.parameter_count(),
                forward = layer.linear1.parameter_count() + layer.linear2.parameter_count(),
                norms = layer.norm1.parameter_count() + layer.norm2.parameter_count();
  page.say("The block of the course, 512 channels, 2048 inside the feed-forward:");
  page.print("\n    " + cells({"attention", concat(attention), "4 C² + 4 C"}, {-14, 10, 26}));
  page.print("    " + cells({"feed-forward", concat(forward), "2 C F + F + C"}, {-14, 10, 26}));
  page.print("    " + cells({"two norms", concat(norms), "4 C"}, {-14, 10, 26}));
  const double share = static_cast<double>(forward) / static_cast<double>(layer.parameter_count());
  page.claim("most of a Transformer is feed-forward", percent(share) + " of the block's parameters",
             share > 0.5);
}

// ---- a stack of six ---------------------------------------------------------------------------------------

// Words 0 … 7, eight of them. The answer at place t is the sum of the word there and the word at the mirrored place,
// modulo 8: to find the other word takes attention and positions, to add the two takes a feed-forward.
constexpr index_t words = 8, length = 8;
struct Batch {
  IntTensor ids, answers;  // (B, T)
};
Batch make_batch(index_t size, Generator& gen) {
  std::vector<index_t> ids, answers;
  for (index_t b = 0; b < size; ++b) {
    std::vector<index_t> text;
    for (index_t t = 0; t < length; ++t) text.push_back(static_cast<index_t>(gen.below(words)));
    for (std::size_t t = 0; t < text.size(); ++t)
      answers.push_back((text[t] + text[text.size() - 1 - t]) % words);
    ids.insert(ids.end(), text.begin(), text.end());
  }
  return {IntTensor(ids, {size, length}), IntTensor(answers, {size, length})};
}

struct Stack : nn::ModuleOf<Stack> {
  static constexpr index_t depth = 6;
  nn::Embedding embedding;
  nn::PositionalEncoding positions;
  std::vector<Block> blocks;
  nn::LayerNorm last;  // pre-LN leaves a sum that nobody has normalised
  nn::Linear answer;

  Stack(const Pieces& pieces, Generator& gen)
      : embedding({.num_embeddings = words, .embedding_dim = width}, gen),
        positions({.d_model = width, .dropout = 0, .max_len = length, .batch_first = true}, gen),
        last({.size = width}),
        answer({.in = width, .out = words}, gen) {
    for (index_t i = 0; i < depth; ++i) blocks.emplace_back(pieces, gen);
  }
  // ids (B, T) -> (B, T, words); `after`, where given, gets what each block leaves.
  Tensor forward(const IntTensor& ids, std::vector<Tensor>* after = nullptr) {
    Tensor x = positions(embedding(ids));
    for (Block& block : blocks) {
      x = block.forward(x);
      if (after) x.retain_grad(), after->push_back(x);
    }
    return answer(blocks[0].pieces.norm_first ? last(x) : x);
  }
  void visit(nn::Visitor& v) override {
    v.child("embedding", embedding), v.child("positions", positions), v.child("blocks", blocks);
    v.child("last", last), v.child("answer", answer);
  }
  std::string type() const override { return "Stack"; }
};

std::vector<Pieces> variants() {
  return {{},
          {.name = "pre-LN", .norm_first = true},
          {.name = "no attention", .attention = false},
          {.name = "no feed-forward", .feed_forward = false},
          {.name = "no residual", .residual = false},
          {.name = "no norm", .norm = false}};
}

double rms(const Tensor& x) { return std::sqrt(mean(x * x).item()); }

// How much of a word is its own: what is left of x (B, T, C) without the mean of its text, as a share.
double own_share(const Tensor& x) { return rms(x - mean(x, 1, true)) / rms(x); }

void by_depth(const Options& options, Page& page, const Generator& gen) {
  page.step("Six blocks before any training");
  page.say(
      "What each block leaves: how large the numbers are (root of the mean square), how large the gradients "
      "that come back, and how much of each word is still its own (1: words of a text have nothing in "
      "common, 0: all are the same).");
  const std::vector<int> widths = {-18, 8, 8, 8, 8, 8, 8};
  const auto heading = [&](const std::string& what) {
    return "\n    " + cells({what, "1", "2", "3", "4", "5", "6"}, widths) + "\n";
  };
  std::string sizes = heading("numbers"), backs = heading("gradients · 10⁶"),
              shares = heading("a word's own");
  std::vector<SvgCurve> gradients, owns;
  const auto add = [&](const std::string& name, std::string& table, std::vector<SvgCurve>& curves,
                       const std::vector<double>& values, int decimals) {
    std::vector<std::string> row = {name};
    for (const double value : values) row.push_back(fixed(value, decimals));
    table += "    " + cells(row, widths) + "\n";
    curves.push_back({.name = name, .x = {1, 2, 3, 4, 5, 6}, .y = values});
  };
  auto all = variants();
  all.push_back({.name = "neither of these", .residual = false, .norm = false});
  for (const Pieces& pieces : all) {
    Generator own = gen;  // the same start for all
    Stack stack(pieces, own);
    const Batch batch = make_batch(64, own);
    std::vector<Tensor> after;
    cross_entropy(stack.forward(batch.ids, &after), batch.answers).backward();
    std::vector<double> size, back, share;
    for (const Tensor& x : after) {
      size.push_back(rms(x.detach()));
      back.push_back(1e6 * rms(x.grad()));
      share.push_back(own_share(x.detach()));
    }
    std::vector<SvgCurve> unused;
    add(pieces.name, sizes, unused, size, 2);
    add(pieces.name, backs, gradients, back, 1);
    add(pieces.name, shares, owns, share, 3);
  }
  page.print(sizes + backs + shares);
  const auto last = [](const SvgCurve& curve) { return curve.y.back(); };
  page.claim(
      "the residual keeps words apart",
      "own share after six blocks " + fixed(last(owns[0]), 2) + ", without it " + fixed(last(owns[4]), 3),
      last(owns[4]) < last(owns[0]) / 3);
  const auto kept = [](const SvgCurve& curve) { return curve.y.front() / curve.y.back(); };
  page.claim("residual or norm keeps gradients alive",
             "block 1 gets " + fixed(kept(gradients[0]), 2) + " of block 6's gradient, " +
                 fixed(kept(gradients[4]), 2) + " without the residual, " + fixed(kept(gradients[5]), 2) +
                 " without the norm, " + scientific(kept(gradients[6])) + " without either",
             kept(gradients[6]) < kept(gradients[0]) / 10);
  if (options.figures.empty()) return;
  for (SvgCurve& curve : gradients)
    for (double& value : curve.y) value = std::log10(value);
  write_figure(options.figures, "gradients.svg",
               svg_curves(gradients, {.title = "Gradients by depth, before training",
                                      .x_axis = "block",
                                      .y_axis = "log10 of the gradient's size (millionths)"}));
  write_figure(
      options.figures, "own.svg",
      svg_curves(owns,
                 {.title = "How much of a word is its own, by depth", .x_axis = "block", .y_axis = "share"}));
}

double accuracy(Stack& model, const Batch& test) {
  const NoGrad no_grad;
  const IntTensor guess = argmax(model.forward(test.ids), -1);
  index_t right = 0;
  for (index_t i = 0; i < guess.numel(); ++i) right += guess[i] == test.answers[i];
  return static_cast<double>(right) / static_cast<double>(guess.numel());
}

struct Trained {
  double right = 0;  // on 500 texts that it has not seen
  double loss = 0;   // of the last steps
  SvgCurve curve;
};
Trained train(const Options& options, const Pieces& pieces, double rate, Generator gen) {
  const int steps = options.quick ? 20 : 800;
  Stack model(pieces, gen);
  const Batch test = make_batch(500, gen);
  optim::Adam optimizer(model.parameters(), {.lr = rate});
  Progress progress(pieces.name, steps, options.quiet);
  Trained result;
  result.curve.name = pieces.name;
  for (int step = 1; step <= steps; ++step) {
    const Batch batch = make_batch(32, gen);
    const Tensor loss = cross_entropy(model.forward(batch.ids), batch.answers);
    optimizer.zero_grad();
    loss.backward();
    optim::clip_grad_norm(model.parameters(), 1.0);
    optimizer.step();
    result.loss = step == 1 ? loss.item() : 0.9 * result.loss + 0.1 * loss.item();
    if (step % 20 == 0) result.curve.x.push_back(step), result.curve.y.push_back(result.loss);
    progress.update(step, "loss " + fixed(result.loss, 3));
  }
  result.right = accuracy(model, test);
  return result;
}

void one_out(const Options& options, Page& page, const Generator& gen) {
  page.step("One piece out at a time");
  page.say(
      "A task that asks for all of it: eight words 0 … 7, and at each place the sum, modulo 8, of the word "
      "there and the word at the mirrored place. The same start, the same texts, the same number of steps "
      "for all.");
  std::vector<SvgCurve> curves;
  std::vector<double> right;
  std::string table = "\n    " + cells({"", "right", "last loss"}, {-18, 9, 11}) + "\n";
  for (const Pieces& pieces : variants()) {
    const Trained result = train(options, pieces, 1e-3, gen);
    right.push_back(result.right);
    table += "    " + cells({pieces.name, percent(result.right), fixed(result.loss, 3)}, {-18, 9, 11}) + "\n";
    curves.push_back(result.curve);
  }
  page.print(table);
  page.claim("the whole block learns it", percent(right[0]) + " right", right[0] >= 0.95);
  page.claim("so does pre-LN", percent(right[1]) + " right", right[1] >= 0.95);
  const std::vector<std::string> needed = {"attention is needed", "the feed-forward is needed",
                                           "the residual is needed", "the norm is needed"};
  for (std::size_t i = 0; i < needed.size(); ++i)
    page.claim(needed[i], percent(right[i + 2]) + " right without it", right[i + 2] < right[0] - 0.05);
  if (!options.figures.empty())
    write_figure(options.figures, "one_out.svg",
                 svg_curves(curves, {.title = "One piece out at a time, six blocks",
                                     .x_axis = "step",
                                     .y_axis = "cross-entropy (nats)",
                                     .baseline = std::log(8.0),
                                     .baseline_name = "guessing (ln 8)"}));

  page.step("The same at other rates");
  page.say(
      "One learning rate is one experiment. Taking larger steps, other pieces are missed: told as it comes "
      "out.");
  page.print("\n    " + cells({"learning rate", "0.001", "0.003", "0.006"}, {-18, 9, 9, 9}));
  const auto all = variants();
  std::vector<double> at_large;
  for (const std::size_t i : {0U, 1U, 3U, 5U}) {
    std::vector<std::string> row = {all[i].name, percent(right[i])};
    double last = 0;
    for (const double rate : {0.003, 0.006})
      row.push_back(percent(last = train(options, all[i], rate, gen).right));
    at_large.push_back(last);
    page.print("    " + cells(row, {-18, 9, 9, 9}));
  }
  page.claim("pre-LN bears larger steps than post-LN",
             "at 0.006 " + percent(at_large[1]) + " right, post-LN " + percent(at_large[0]),
             at_large[1] > at_large[0] + 0.05);
}

}  // namespace

int main(int argc, char** argv) {
  const About about{.program = "lesson_05",
                    .title = "Lesson 05 · The Transformer block: what each piece is for"};
  return run(argc, argv, about, [](const Options& options, Page& page) {
    Generator gen(options.seed);
    piece_by_piece(page, gen);
    weigh(page, gen);
    by_depth(options, page, gen);
    one_out(options, page, gen);
    page.print("");
    page.say("Next: ./lesson_06 gives the words their places.");
  });
}
