// Lesson 07 · The Transformer encoder and a text classifier
//
//   ids → embedding · √d_model + positional encoding → N layers → mean over tokens → logits
//
// Combines the modules of the previous lessons. This program builds the course's PyTorch example
// with the same number of parameters, shows why padding must be masked, and trains the course's
// classifier on reviews in which a single word reverses the sentiment; --data selects real
// reviews instead. Usage: ./lesson_07 [--figures DIR] [--data DIR] [--pool mean|cls] [--layers N]
#include "lessons/support/lesson.h"

#include <algorithm>
#include <cmath>
#include <memory>

#include "data/data.h"
#include "data/text/batches.h"
#include "data/text/bpe.h"
#include "data/text/table.h"
#include "data/text/tokenizer.h"
#include "lessons/07_transformer_encoder_and_classifier/classifier.h"
#include "lessons/07_transformer_encoder_and_classifier/course_sketch.h"
#include "lessons/support/parameter_table.h"
#include "lessons/support/svg.h"
#include "lessons/support/terminal.h"
#include "lessons/support/toy_languages.h"
#include "nn/models/models.h"
#include "optim/optim.h"

using namespace heed;
using namespace heed::lessons;

namespace {

void course_example(Page& page, Generator& gen) {
  page.step("The course's example");
  page.say(
      "Six layers nn.TransformerEncoderLayer(d_model=512, nhead=8), applied to sequences of 10 tokens in a "
      "batch of 32. The names and defaults are PyTorch's, so the shapes are the same:");
  const nn::TransformerEncoderLayer encoder_layer({.d_model = 512, .nhead = 8}, gen);
  nn::TransformerEncoder encoder(encoder_layer, {.num_layers = 6}, gen);
  encoder.eval();
  const Tensor x = randn({10, 32, 512}, gen);
  const NoGrad no_grad;
  const Tensor y = encoder.forward(x);
  page.shape("input", x.shape(), "(seq, batch, d_model)");
  page.shape("output", y.shape(), "unchanged: one vector per token");
  page.shape("in_proj_weight", encoder.layers[0].self_attn.in_proj_weight.shape(),
             "W_Q, W_K and W_V of one layer");
  page.shape("linear1.weight", encoder.layers[0].linear1.weight.shape(), "feed-forward, first linear layer");
  page.shape("linear2.weight", encoder.layers[0].linear2.weight.shape(), "feed-forward, second linear layer");
  // The table of the page: four square matrices of attention, two of the feed-forward network, and
  // the biases and norms.
  constexpr index_t c = 512, f = 2048, per_layer = 4 * c * c + 4 * c + 2 * c * f + f + c + 4 * c;
  const index_t count = encoder.parameter_count();
  page.identity("parameters", "six layers have six times the parameters of one",
                {number(static_cast<double>(count)), " = 6 · ", number(static_cast<double>(per_layer))},
                count == 6 * per_layer);
  training_mode_of_course(page, encoder, x);
}

// ---- data -------------------------------------------------------------------------------------------------

// Tokenised reviews and their labels: 1 positive, 0 negative.
struct Reviews {
  std::vector<std::vector<index_t>> ids;
  std::vector<index_t> labels;
};
struct Dataset {
  Reviews train, test;
  std::shared_ptr<data::Tokenizer> tokenizer;
  std::string source;
  index_t padding = data::pad_id;
};

// With --pool cls, every review begins with [CLS].
std::vector<index_t> encoded(const Dataset& m, const std::string& text, bool cls) {
  std::vector<index_t> ids = m.tokenizer->encode(text);
  if (cls) ids.insert(ids.begin(), cls_id);
  return ids;
}

Dataset generated_reviews(const Options& options) {
  const auto generated =
      toy::reviews(toy::Language::english, {.seed = options.seed, .train = 1200, .test = 400});
  std::vector<std::string> texts;
  for (const toy::Review& r : generated.train) texts.push_back(toy::join(r.words));
  Dataset m;
  m.tokenizer = std::make_shared<data::WordTokenizer>(data::WordTokenizer::train(texts));
  m.source = "generated reviews";
  for (const auto* part : {&generated.train, &generated.test})
    for (const toy::Review& r : *part) {
      Reviews& split = part == &generated.train ? m.train : m.test;
      split.ids.push_back(encoded(m, toy::join(r.words), options.value("--pool") == "cls"));
      split.labels.push_back(r.label);
    }
  return m;
}

// Reads train.tsv and test.tsv from a folder, in the format of the Naver sentiment movie corpus
// (columns: id, document, label).
Dataset reviews_from(const std::string& folder) {
  const auto train = data::read_labelled_texts(folder + "/train.tsv"),
             test = data::read_labelled_texts(folder + "/test.tsv");
  Dataset m;
  const auto bpe = std::make_shared<data::BytePairEncoding>(
      data::BytePairEncoding::train(train.texts, {.vocab_size = 4000}));
  m.padding = bpe->end_of_text();  // a token that never occurs in a text
  m.tokenizer = bpe;
  m.source = folder;
  for (const auto* part : {&train, &test})
    for (std::size_t i = 0; i < part->texts.size(); ++i) {
      Reviews& split = part == &train ? m.train : m.test;
      split.ids.push_back(bpe->encode(part->texts[i]));
      split.labels.push_back(part->labels[i]);
    }
  return m;
}

// ---- models -----------------------------------------------------------------------------------------------

ReviewClassifier make_classifier(const Options& options, const Dataset& m, Generator& gen) {
  const int layers = options.integer("--layers", 2);
  ReviewClassifier model(small_classifier(m.tokenizer->vocabulary().size(), layers, m.padding),
                         options.value("--pool") == "cls", gen);
  // The factor √d_model is meant for embeddings with a standard deviation of 1 / √d_model.
  // PyTorch initialises them with 1: here, that is eight times larger than the positional
  // encoding, and the first softmax is saturated before training begins.
  const NoGrad no_grad;
  nn::init::normal(model.embedding.weight, gen, 0, options.number("--embedding-std", 1 / std::sqrt(64.0)));
  return model;
}

// The baseline: the same model without the encoder and without positions. Its logits are the mean
// of one term per word, so the order of the words has no effect.
struct BagOfWords : nn::ModuleOf<BagOfWords> {
  nn::Embedding embedding;
  nn::Linear fc;
  index_t padding;

  BagOfWords(const Dataset& m, Generator& gen)
      : embedding({.num_embeddings = m.tokenizer->vocabulary().size(),
                   .embedding_dim = 64,
                   .padding_idx = m.padding},
                  gen),
        fc({.in = 64, .out = 2}, gen),
        padding(m.padding) {}
  Tensor forward(const IntTensor& ids) {
    return fc(nn::masked_mean(embedding(ids), not_padding(ids, padding).reshape(ids.shape())));
  }
  void visit(nn::Visitor& v) override {
    v.child("embedding", embedding);
    v.child("fc", fc);
  }
  std::string type() const override { return "BagOfWords"; }
};

void mask_padding(const Options& options, Page& page, const Dataset& m, Generator& gen) {
  page.step("Padding must not change the logits");
  page.say(
      "Sequences of different lengths are padded with [PAD] to form a batch. The course's sketch attends to "
      "padding and includes it in the mean, so the logits of a sequence depend on its neighbours in the "
      "batch. Our classifier masks padding in the attention and excludes it from the mean:");
  nn::TransformerClassifier model = make_classifier(options, m, gen);
  model.eval();
  nn::TransformerClassifier sketch = model.clone();
  sketch.options.padding_idx = -1;  // treat every id as a real token
  std::vector<index_t> review = m.train.ids[0];
  review.resize(std::min<std::size_t>(review.size(), 12));
  const auto alone = data::pad_batch({review}, {.pad = m.padding});
  const auto padded =
      data::pad_batch({review, std::vector<index_t>(review.size() + 8, review[0])}, {.pad = m.padding});
  const NoGrad no_grad;
  const auto change = [&](nn::TransformerClassifier& c) {
    return max_abs_difference(c.forward(alone.ids)[0], c.forward(padded.ids)[0]);
  };
  page.shape("ids", padded.ids.shape(), "a review and a longer one");
  page.shape("logits", model.forward(padded.ids).shape(), "two classes");
  const double ours = change(model), theirs = change(sketch);
  page.claim("padding", "logits do not depend on the batch",
             {"beside a longer review they change by ", power(ours)}, ours < 1e-6);
  page.claim("sketch_padding", "in the course's sketch they do", {"they change by ", number(theirs, 2)},
             theirs > 1e-3);
  positions_of_course(page);
}

// ---- training ---------------------------------------------------------------------------------------------

struct Batch {
  IntTensor ids, labels;
};
Batch make_batch(const Reviews& reviews, const std::vector<index_t>& indices, index_t pad) {
  std::vector<std::vector<index_t>> ids;
  std::vector<index_t> labels;
  for (const index_t i : indices) {
    ids.push_back(reviews.ids[static_cast<std::size_t>(i)]);
    labels.push_back(reviews.labels[static_cast<std::size_t>(i)]);
  }
  return {data::pad_batch(ids, {.pad = pad, .max_length = 256}).ids,
          IntTensor(labels, {static_cast<index_t>(indices.size())})};
}
std::vector<index_t> lengths_of(const Reviews& reviews) {
  std::vector<index_t> lengths;
  for (const auto& ids : reviews.ids) lengths.push_back(static_cast<index_t>(ids.size()));
  return lengths;
}

template <class Model>
double accuracy(Model& model, const Reviews& reviews, index_t pad) {
  const NoGrad no_grad;
  model.eval();
  Generator gen(0);
  index_t correct = 0;
  for (const auto& indices : data::bucket_batches(lengths_of(reviews), 100, gen)) {
    const Batch batch = make_batch(reviews, indices, pad);
    const IntTensor predicted = argmax(model.forward(batch.ids), -1);
    for (index_t i = 0; i < predicted.numel(); ++i) correct += predicted[i] == batch.labels[i];
  }
  model.train();
  return static_cast<double>(correct) / static_cast<double>(reviews.ids.size());
}

template <class Model>
SvgCurve train(const Options& options, const std::string& name, Model& model, const Dataset& m,
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
    for (const auto& indices : batches) {
      const Batch batch = make_batch(m.train, indices, m.padding);
      const Tensor loss = cross_entropy(model.forward(batch.ids), batch.labels);
      optimizer.set_lr(schedule(std::min(step, total - 1)));
      optimizer.zero_grad();
      loss.backward();
      optim::clip_grad_norm(model.parameters(), 1.0);
      optimizer.step();
      sum += loss.item();
      progress.update(std::min(++step, total), concat("epoch ", epoch + 1, "  loss ", fixed(loss.item(), 3)));
    }
    curve.x.push_back(static_cast<double>(epoch + 1));
    curve.y.push_back(sum / static_cast<double>(batches.size()));
  }
  return curve;
}

void show_attention(const Options& options, Page& page, const Dataset& m, ReviewClassifier& model) {
  page.step("Attention weights");
  page.say(
      "The weights of the first layer, averaged over its four heads, for a review that is not in the "
      "training set:");
  std::vector<std::string> words = {"this", "story", "was", "never", "boring"};
  model.eval();
  const auto ids = encoded(m, "this story was never boring", model.cls);
  if (model.cls) words.insert(words.begin(), "[CLS]");
  const NoGrad no_grad;
  nn::AttentionMaps maps;
  const Tensor logits =
      model.forward_with_attention(IntTensor(ids, {1, static_cast<index_t>(ids.size())}), &maps);
  const Tensor weights = maps[0][0].mean(0);
  page.print("\n" + indented(heat_map(weights, {.rows = words, .columns = words}), 4));
  const double positive = softmax(logits, -1).at({0, 1});
  page.claim("never_boring", "\"never boring\" is usually recognised as positive",
             {"probability ", number(positive, 2)}, positive > 0.5);
  page.say(
      "The weights show which vectors were mixed; they do not show that the model understood \"never\".");
  if (!options.figures.empty())
    write_figure(
        options.figures, "never.svg",
        svg_heat_map(weights,
                     {.title = "Attention weights of \"never boring\"", .rows = words, .columns = words}));
}

// The fraction of the reviews in the larger class: the accuracy of always predicting it.
double majority(const Reviews& reviews) {
  const auto positive = static_cast<double>(std::ranges::count(reviews.labels, 1));
  const double fraction = positive / static_cast<double>(reviews.labels.size());
  return std::max(fraction, 1 - fraction);
}

void compare(Page& page, const Dataset& m, ReviewClassifier& model, BagOfWords& bag, bool real) {
  const double transformer_accuracy = accuracy(model, m.test, m.padding),
               bag_accuracy = accuracy(bag, m.test, m.padding);
  const auto measured = [&](double fraction, index_t parameters) {
    return Measurement{"accuracy ",
                       percentage(fraction),
                       " with ",
                       number(static_cast<double>(parameters)),
                       " parameters; the larger class has ",
                       percentage(majority(m.test))};
  };
  const Measurement transformer = measured(transformer_accuracy, model.parameter_count()),
                    words = measured(bag_accuracy, bag.parameter_count());
  page.print("");
  if (real) {
    page.claim("real_reviews", "a small Transformer classifies real reviews", transformer,
               transformer_accuracy >= 0.78);
    page.claim("real_bag", "it is better than a bag of words", words, transformer_accuracy > bag_accuracy);
  } else {
    page.claim("not", "a Transformer learns the effect of \"not\"", transformer,
               transformer_accuracy >= 0.85);
    page.claim("bag", "a bag of words does not", words, bag_accuracy <= 0.8);
  }
}

void save(const Options& options, const About& about, const Dataset& m, ReviewClassifier& model) {
  save_model(options, about,
             {model.state_dict(),
              m.tokenizer->vocabulary().words(),
              {{"layers", concat(model.options.num_layers)}, {"pool", model.cls ? "cls" : "mean"}}});
}

void classify(const Options& options, const About& about, Page& page, const Dataset& m, Generator& gen) {
  const bool real = !options.data.empty();
  page.step(real ? "Real reviews" : "Reviews in which one word reverses the sentiment");
  page.say(
      real ? concat(m.source, ": ", m.train.ids.size(), " training reviews and ", m.test.ids.size(),
                    " test reviews, tokenised by byte pair encoding with a vocabulary of ",
                    m.tokenizer->vocabulary().size(), " tokens learned from the training reviews.")
           : concat(m.train.ids.size(), " training reviews and ", m.test.ids.size(),
                    " test reviews; half of them are positive. Every word occurs in positive and in negative "
                    "reviews, so a model that adds one score per word cannot separate them:"));
  if (!real) page.print("");
  for (std::size_t i = 0; i < 4 && !real; ++i)
    page.print("    " + m.tokenizer->decode(m.train.ids[i]) +
               (m.train.labels[i] == 1 ? "  (positive)" : "  (negative)"));
  const index_t epochs = options.epochs > 0 ? options.epochs : options.quick ? 1 : real ? 4 : 12;
  ReviewClassifier model = make_classifier(options, m, gen);
  BagOfWords bag(m, gen);
  page.say("The Transformer, module by module:");
  page.print("\n" + parameter_table(model.named_parameters()));
  const SvgCurve curve = train(options, "Transformer", model, m, epochs, gen);
  const SvgCurve bag_curve = train(options, "bag of words", bag, m, epochs, gen);
  if (!options.save.empty()) save(options, about, m, model);
  compare(page, m, model, bag, real);
  if (!options.figures.empty())
    write_figure(options.figures, "reviews_loss.svg",
                 svg_curves({curve, bag_curve}, {.title = "Training on reviews",
                                                 .x_axis = "epochs",
                                                 .y_axis = "cross-entropy (nats)",
                                                 .baseline = std::log(2.0),
                                                 .baseline_name = "chance level (ln 2)",
                                                 .points = true}));
  if (!real) show_attention(options, page, m, model);
}

}  // namespace

int main(int argc, char** argv) {
  const About about{
      .program = "lesson_07",
      .title = "Lesson 07 · The Transformer encoder and a text classifier",
      .data = "a folder with train.tsv and test.tsv (columns: id, document, label)",
      .trains = true,
      .saves = true,
      .more = with_map_options(
          {{"--pool", "mean|cls",
            "the vector that is classified: the mean over all tokens (default), or that of [CLS]"},
           {"--layers", "N", "encoder layers (default 2)", 1, most_layers},
           {"--embedding-std", "X", "standard deviation of the initial embeddings (default 0.125 = 1 / √64)",
            0}})};
  return run(argc, argv, about, [&](const Options& options, Page& page) {
    if (shows_maps(options)) return show_maps(about, options, page, {.special_tokens = 1, .attend = attend});
    if (!options.data.empty() && (options.value("--pool") == "cls" || !options.save.empty()))
      throw UsageError("--data: --pool cls and --save need the generated reviews");
    Generator gen(options.seed);
    course_example(page, gen);
    const Dataset dataset = options.data.empty() ? generated_reviews(options) : reviews_from(options.data);
    mask_padding(options, page, dataset, gen);
    classify(options, about, page, dataset, gen);
    page.print("");
    page.say("Next: ./lesson_08 classifies images in the same way.");
  });
}
