// Lesson 07 · The encoder, and a classifier of texts
//
//   ids → embedding · √d_model + positions → N blocks → mean over the words → one score a class
//
// The pieces of the last lessons put together. This program builds the course's PyTorch example to the last parameter,
// shows what padding must not do, and trains the course's classifier on reviews in which one small word turns everything
// around. With --data it reads real ones. Run it: ./lesson_07 (or ./lesson_07 --figures figures).
#include "lessons/support/lesson.h"

#include <algorithm>
#include <cmath>
#include <memory>

#include "data/data.h"
#include "data/text/batches.h"
#include "data/text/bpe.h"
#include "data/text/sentences.h"
#include "data/text/table.h"
#include "data/text/tokenizer.h"
#include "lessons/support/svg.h"
#include "lessons/support/terminal.h"
#include "nn/nn.h"
#include "optim/optim.h"

using namespace heed;
using namespace heed::lessons;

namespace {

void the_example(Page& page, Generator& gen) {
  page.step("The example of the course");
  page.say(
      "nn.TransformerEncoderLayer(d_model=512, nhead=8), six of them, and an input of 10 words in a batch of "
      "32. PyTorch's names and defaults, so the same numbers:");
  const nn::TransformerEncoderLayer encoder_layer({.d_model = 512, .nhead = 8}, gen);
  nn::TransformerEncoder encoder(encoder_layer, {.num_layers = 6}, gen);
  encoder.eval();
  const Tensor x = randn({10, 32, 512}, gen);
  const NoGrad no_grad;
  const Tensor y = encoder.forward(x);
  page.shape("input", x.shape(), "(seq, batch, d_model)");
  page.shape("output", y.shape(), "the same: each word, knowing the others");
  page.shape("in_proj_weight", encoder.layers[0].self_attn.in_proj_weight.shape(),
             "W_Q, W_K and W_V of a layer");
  page.shape("linear1.weight", encoder.layers[0].linear1.weight.shape(), "feed-forward, there …");
  page.shape("linear2.weight", encoder.layers[0].linear2.weight.shape(), "… and back");
  const index_t count = encoder.parameter_count();
  page.claim("six layers have 6 · 3,152,384 parameters", concat(count), count == index_t{6} * 3'152'384);
}

// ---- reading ----------------------------------------------------------------------------------------------

// Reviews as ids, and what they say: 1 praise, 0 blame.
struct Reviews {
  std::vector<std::vector<index_t>> texts;
  std::vector<index_t> labels;
};
struct Material {
  Reviews train, test;
  std::shared_ptr<data::Tokenizer> tokenizer;
  std::string source;
  index_t padding = data::pad_id;
};

Material generated(std::uint64_t seed) {
  const auto dealt = data::reviews(data::Language::english, {.seed = seed, .train = 1200, .test = 400});
  std::vector<std::string> texts;
  for (const data::Review& r : dealt.train) texts.push_back(data::join(r.words));
  Material m;
  m.tokenizer = std::make_shared<data::WordTokenizer>(data::WordTokenizer::train(texts));
  m.source = "generated reviews";
  for (const auto* part : {&dealt.train, &dealt.test})
    for (const data::Review& r : *part) {
      Reviews& to = part == &dealt.train ? m.train : m.test;
      to.texts.push_back(m.tokenizer->encode(data::join(r.words)));
      to.labels.push_back(r.label);
    }
  return m;
}

// train.tsv and test.tsv of a folder, in the form of the Naver sentiment movie corpus: id, document, label.
Material from_files(const std::string& folder) {
  const auto train = data::read_labelled_texts(folder + "/train.tsv"),
             test = data::read_labelled_texts(folder + "/test.tsv");
  Material m;
  const auto bpe = std::make_shared<data::BytePairEncoding>(
      data::BytePairEncoding::train(train.texts, {.vocab_size = 4000}));
  m.padding = bpe->end_of_text();  // a token that no text holds
  m.tokenizer = bpe;
  m.source = folder;
  for (const auto* part : {&train, &test})
    for (std::size_t i = 0; i < part->texts.size(); ++i) {
      Reviews& to = part == &train ? m.train : m.test;
      to.texts.push_back(bpe->encode(part->texts[i]));
      to.labels.push_back(part->labels[i]);
    }
  return m;
}

// ---- models -----------------------------------------------------------------------------------------------

nn::TransformerClassifier make_classifier(const Material& m, Generator& gen) {
  nn::TransformerClassifier model({.vocab_size = m.tokenizer->vocabulary().size(),
                                   .d_model = 64,
                                   .nhead = 4,
                                   .num_layers = 2,
                                   .num_classes = 2,
                                   .dim_feedforward = 128,
                                   .dropout = 0.2,
                                   .max_len = 512,
                                   .padding_idx = m.padding},
                                  gen);
  // The factor √d_model is meant for embeddings that start at 1 / √d_model. PyTorch's start at 1: eight times too loud
  // here, positions drown, and the first softmax is sure before it has learned anything.
  const NoGrad no_grad;
  nn::init::normal(model.embedding.weight, gen, 0, 1 / std::sqrt(64.0));
  return model;
}

// The same without the encoder: a score for each word, and their mean.
struct WordCounter : nn::ModuleOf<WordCounter> {
  nn::Embedding embedding;
  nn::Linear fc;
  index_t padding;

  WordCounter(const Material& m, Generator& gen)
      : embedding({.num_embeddings = m.tokenizer->vocabulary().size(),
                   .embedding_dim = 64,
                   .padding_idx = m.padding},
                  gen),
        fc({.in = 64, .out = 2}, gen),
        padding(m.padding) {}
  Tensor forward(const IntTensor& ids) {
    return fc(nn::masked_mean(embedding(ids), not_padding(ids, padding).reshape(ids.shape())));
  }
  void visit(nn::Visitor& v) override { v.child("embedding", embedding), v.child("fc", fc); }
  std::string type() const override { return "WordCounter"; }
};

void padding_does_nothing(Page& page, const Material& m, Generator& gen) {
  page.step("What padding must not do");
  page.say(
      "Texts of different lengths stand in one batch, filled up with [PAD]. The course's sketch takes the "
      "mean over all places, padding included, so what it says of a text depends on its neighbours. Ours "
      "hides padding from attention, and leaves it out of the mean:");
  nn::TransformerClassifier model = make_classifier(m, gen);
  model.eval();
  nn::TransformerClassifier sketch = model.clone();
  sketch.options.padding_idx = -1;  // every id is text
  std::vector<index_t> text = m.train.texts[0];
  text.resize(std::min<std::size_t>(text.size(), 12));
  const auto alone = data::pad_batch({text}, {.pad = m.padding});
  const auto beside =
      data::pad_batch({text, std::vector<index_t>(text.size() + 8, text[0])}, {.pad = m.padding});
  const NoGrad no_grad;
  const auto moved = [&](nn::TransformerClassifier& c) {
    return max_abs_difference(c.forward(alone.ids)[0], c.forward(beside.ids)[0]);
  };
  page.shape("ids", beside.ids.shape(), "the text, and a longer one beside it");
  page.shape("logits", {2, 2}, "two classes");
  const double ours = moved(model), theirs = moved(sketch);
  page.claim("a text does not see its neighbours", "its scores move by less than 1e-6", ours < 1e-6);
  page.claim("in the sketch it does", "its scores move by " + fixed(theirs, 2), theirs > 1e-3);
}

// ---- training ---------------------------------------------------------------------------------------------

struct Batch {
  IntTensor ids, labels;
};
Batch make_batch(const Reviews& reviews, const std::vector<index_t>& which, index_t pad) {
  std::vector<std::vector<index_t>> texts;
  std::vector<index_t> labels;
  for (const index_t i : which) {
    texts.push_back(reviews.texts[static_cast<std::size_t>(i)]);
    labels.push_back(reviews.labels[static_cast<std::size_t>(i)]);
  }
  return {data::pad_batch(texts, {.pad = pad, .max_length = 256}).ids,
          IntTensor(labels, {static_cast<index_t>(which.size())})};
}
std::vector<index_t> lengths_of(const Reviews& reviews) {
  std::vector<index_t> lengths;
  for (const auto& text : reviews.texts) lengths.push_back(static_cast<index_t>(text.size()));
  return lengths;
}

template <class Model>
double accuracy(Model& model, const Reviews& reviews, index_t pad) {
  const NoGrad no_grad;
  model.eval();
  Generator gen(0);
  index_t right = 0;
  for (const auto& which : data::bucket_batches(lengths_of(reviews), 100, gen)) {
    const Batch batch = make_batch(reviews, which, pad);
    const IntTensor guess = argmax(model.forward(batch.ids), -1);
    for (index_t i = 0; i < guess.numel(); ++i) right += guess[i] == batch.labels[i];
  }
  model.train();
  return static_cast<double>(right) / static_cast<double>(reviews.texts.size());
}

template <class Model>
SvgCurve train(const Options& options, const std::string& name, Model& model, const Material& m,
               index_t epochs, Generator& gen) {
  const auto lengths = lengths_of(m.train);
  const index_t total = epochs * static_cast<index_t>(data::bucket_batches(lengths, 32, gen).size());
  optim::AdamW optimizer(model.parameters(), {.lr = 1e-3, .weight_decay = 0.01});
  const optim::WarmupCosine schedule({.peak = 1e-3, .warmup = total / 10, .total = total});
  Progress progress(name, total, options.quiet);
  SvgCurve curve{.name = name, .x = {}, .y = {}};
  index_t step = 0;
  for (index_t epoch = 0; epoch < epochs; ++epoch) {
    double sum = 0;
    const auto batches = data::bucket_batches(lengths, 32, gen);
    for (const auto& which : batches) {
      const Batch batch = make_batch(m.train, which, m.padding);
      const Tensor loss = cross_entropy(model.forward(batch.ids), batch.labels);
      optimizer.set_lr(schedule(std::min(step, total - 1)));
      optimizer.zero_grad();
      loss.backward();
      optim::clip_grad_norm(model.parameters(), 1.0);
      optimizer.step();
      sum += loss.item();
      progress.update(std::min(++step, total), concat("pass ", epoch + 1, "  loss ", fixed(loss.item(), 3)));
    }
    curve.x.push_back(static_cast<double>(epoch + 1)),
        curve.y.push_back(sum / static_cast<double>(batches.size()));
  }
  return curve;
}

void classify(const Options& options, Page& page, const Material& m, Generator& gen) {
  const bool real = !options.data.empty();
  page.step(real ? "Real reviews" : "Reviews that one word turns around");
  page.say(
      real ? concat(m.source, ": ", m.train.texts.size(), " reviews to learn from, ", m.test.texts.size(),
                    " to be tested on, cut into pieces of ", m.tokenizer->vocabulary().size(),
                    " kinds by byte pairs that were counted on the first.")
           : concat(
                 m.train.texts.size(), " reviews to learn from, ", m.test.texts.size(),
                 " others to be tested on, half of them praise. Every word stands in praise and in blame, so "
                 "counting words is not enough:"));
  if (!real) page.print("");
  for (std::size_t i = 0; i < 4 && !real; ++i)
    page.print("    " + m.tokenizer->decode(m.train.texts[i]) +
               (m.train.labels[i] == 1 ? "  (praise)" : "  (blame)"));
  const index_t epochs = options.epochs > 0 ? options.epochs : options.quick ? 1 : real ? 4 : 12;
  nn::TransformerClassifier model = make_classifier(m, gen);
  WordCounter counter(m, gen);
  const SvgCurve curve = train(options, "Transformer", model, m, epochs, gen);
  const SvgCurve counted = train(options, "word counting", counter, m, epochs, gen);
  const double right = accuracy(model, m.test, m.padding), simple = accuracy(counter, m.test, m.padding);
  page.print("");
  page.say(concat("The Transformer has ", model.parameter_count(), " parameters, the word counter ",
                  counter.parameter_count(), "."));
  if (real) {
    page.claim("a small Transformer reads real reviews", "right " + percent(right), right >= 0.78);
    page.claim("better than counting words", percent(simple) + " by counting", right > simple);
  } else {
    page.claim("a Transformer reads what \"not\" does", "right " + percent(right), right >= 0.95);
    page.claim("counting words does not", "right " + percent(simple), simple <= 0.8);
  }
  if (!options.figures.empty())
    write_figure(options.figures, "reviews_loss.svg",
                 svg_curves({curve, counted}, {.title = "Learning to read reviews",
                                               .x_axis = "passes over the reviews",
                                               .y_axis = "cross-entropy (nats)",
                                               .baseline = std::log(2.0),
                                               .baseline_name = "guessing (ln 2)"}));
  if (real) return;

  page.step("Where it looks");
  page.say("The first layer, mean over its four heads, on a review that it has not learned from:");
  const std::vector<std::string> words = {"this", "story", "was", "never", "boring"};
  model.eval();
  const auto ids = m.tokenizer->encode("this story was never boring");
  const NoGrad no_grad;
  const auto result = model.forward_with_attention(IntTensor(ids, {1, static_cast<index_t>(ids.size())}));
  const Tensor weights = result.weights[0][0].mean(0);
  page.print("\n" + indented(heat_map(weights, {.rows = words, .columns = words}), 4));
  const double praise = softmax(result.output, -1).at({0, 1});
  page.say("It says: praise, with probability " + fixed(praise, 2) +
           ". The weights say what was mixed; they do not say that \"never\" was understood.");
  if (!options.figures.empty())
    write_figure(
        options.figures, "never.svg",
        svg_heat_map(weights,
                     {.title = "The first layer reads \"never boring\"", .rows = words, .columns = words}));
}

}  // namespace

int main(int argc, char** argv) {
  const About about{.program = "lesson_07",
                    .title = "Lesson 07 · The encoder, and a classifier of texts",
                    .data = "a folder with train.tsv and test.tsv: id, document, label",
                    .trains = true};
  return run(argc, argv, about, [](const Options& options, Page& page) {
    Generator gen(options.seed);
    the_example(page, gen);
    const Material material = options.data.empty() ? generated(options.seed) : from_files(options.data);
    padding_does_nothing(page, material, gen);
    classify(options, page, material, gen);
    page.print("");
    page.say("Next: ./lesson_08 reads pictures in the same way.");
  });
}
