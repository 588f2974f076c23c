#include "lessons/support/attention_maps.h"

#include <algorithm>
#include <charconv>
#include <cmath>
#include <filesystem>
#include <sstream>

#include "lessons/support/svg.h"
#include "lessons/support/terminal.h"

namespace heed::lessons {

// ---- files ------------------------------------------------------------------------------------------------

index_t SavedModel::integer(const std::string& setting, index_t high) const {
  const auto found = settings.find(setting);
  const std::string text = found == settings.end() ? "" : found->second;
  index_t value = 0;
  const char* stop = text.data() + text.size();
  const auto [end, error] = std::from_chars(text.data(), stop, value);
  if (error != std::errc() || end != stop || value < 1 || value > high)
    throw ModelFileError(concat("[model] expected the setting \"", setting, "\" to be an integer from 1 to ",
                                high, ", got \"", text, "\""));
  return value;
}

bool SavedModel::is(const std::string& setting, const std::string& value) const {
  const auto found = settings.find(setting);
  return found != settings.end() && found->second == value;
}

void save_model(const Options& options, const About& about, const SavedModel& model) {
  data::Metadata metadata = model.settings;
  metadata["seed"] = concat(options.seed);
  metadata["lesson"] = about.program;
  for (const std::string& word : model.words) metadata["words"] += word + "\n";
  data::save_safetensors(options.save, model.parameters, metadata);
}

SavedModel load_model(const std::string& path, const About& about) {
  try {
    const data::SafeTensors file(path);
    SavedModel model{file.all(), {}, file.metadata()};
    const std::string lesson = model.settings["lesson"];
    check(lesson == about.program, "model", path, ": expected a model that was saved by ", about.program,
          ", got ", lesson.empty() ? "a file that no lesson saved" : "one of " + lesson, ". Hint: ./",
          about.program, " --save FILE");
    std::istringstream words(model.settings["words"]);
    for (std::string word; std::getline(words, word);) model.words.push_back(word);
    check(!model.words.empty(), "model", path, ": expected the vocabulary in the metadata, \"words\"");
    const data::Vocabulary unique(model.words);  // throws for equal words
    return model;
  } catch (const Error& error) {
    throw ModelFileError(error.what());
  }
}

// ---- sentences --------------------------------------------------------------------------------------------

static toy::Words words_of(const std::string& sentence, std::size_t special_tokens) {
  toy::Words words;
  std::istringstream in(sentence);
  for (std::string word; in >> word;) words.push_back(word);
  const std::size_t most = max_tokens - special_tokens;
  check(!words.empty(), "look", "expected a sentence, got no words");
  check(words.size() <= most, "look", "expected at most ", most, " words, which fit into 80 columns, got ",
        words.size());
  return words;
}

std::vector<index_t> ids_of(const toy::Words& words, const data::Vocabulary& vocabulary) {
  const auto known = [&](const std::string& word) {
    return vocabulary.find(word).has_value() && (!word.starts_with('[') || word == "[MASK]");
  };
  std::string unknown, all;
  std::vector<index_t> ids;
  for (const std::string& word : words) {
    if (known(word))
      ids.push_back(vocabulary.id(word));
    else
      unknown += (unknown.empty() ? "\"" : ", \"") + word + "\"";
  }
  if (unknown.empty()) return ids;
  constexpr int listed = 100;
  int count = 0;
  for (const std::string& word : vocabulary.words())
    if (known(word) && ++count <= listed) all += (all.empty() ? "" : " ") + word;
  check(false, "look", "the vocabulary of the model does not contain ", unknown, ". Its ", count,
        " words are: ", all, count > listed ? " …" : "");
  return ids;
}

// ---- maps -------------------------------------------------------------------------------------------------

std::vector<OwnOption> with_map_options(std::vector<OwnOption> own) {
  own.push_back({"--look", "SENTENCE", "show the attention weights of a saved model, without training"});
  own.push_back({"--model", "FILE", "with --look: a file that --save wrote"});
  own.push_back({"--layer", "N", "with --look: only this layer (from 1)", 1});
  own.push_back({"--head", "N", "with --look: only this head (from 1)", 1});
  own.push_back({"--svg", "PATH", "with --look: write a FILE.svg, or a folder of one file per head"});
  return own;
}

bool shows_maps(const Options& options) {
  if (options.has("--look")) return true;
  for (const char* option : {"--model", "--layer", "--head", "--svg"})
    if (options.has(option)) throw UsageError(concat(option, ": expected together with --look"));
  return false;
}

// The layers or heads to show: all, or the one that was chosen.
static std::vector<index_t> chosen(const Options& options, const std::string& option, index_t count) {
  if (options.has(option)) return {options.integer(option, 1, 1, static_cast<int>(count)) - 1};
  std::vector<index_t> all;
  for (index_t i = 0; i < count; ++i) all.push_back(i);
  return all;
}

static void check_maps(const SentenceAttention& maps, const std::string& path) {
  const auto t = static_cast<index_t>(maps.tokens.size());
  for (const Tensor& w : maps.weights) {
    check(w.shape() == Shape({w.size(0), t, t}), "look", "expected weights (H, ", t, ", ", t, "), got ",
          w.shape());
    if (!std::isfinite(w.sum().item()))
      throw ModelFileError(concat("[model] ", path, ": its attention weights are not finite"));
  }
}

// Maps side by side, as many as fit into 80 columns.
static std::string side_by_side(const std::vector<std::string>& maps) {
  std::size_t width = 0;
  std::istringstream lines(maps[0]);
  for (std::string line; std::getline(lines, line);) width = std::max(width, columns(line));
  const std::size_t per_row = std::max<std::size_t>(1, (80 + 3) / (width + 3));
  std::string out;
  for (std::size_t i = 0; i < maps.size(); i += per_row) {
    const auto begin = maps.begin() + static_cast<std::ptrdiff_t>(i);
    const auto end = maps.begin() + static_cast<std::ptrdiff_t>(std::min(i + per_row, maps.size()));
    out += beside({begin, end}, 3) + (end == maps.end() ? "" : "\n");
  }
  return out;
}

static void write_maps(const FigureFolder& figures, const SentenceAttention& maps,
                       const std::vector<index_t>& layers, const std::vector<index_t>& heads) {
  const std::filesystem::path path = figures.path;
  const bool one_file = path.extension() == ".svg";
  if (one_file && layers.size() * heads.size() != 1)
    throw UsageError(concat("--svg: a file shows one head, got ", layers.size() * heads.size(),
                            ". Hint: add --layer and --head, or give a folder"));
  FigureFolder folder = figures;
  if (one_file) folder.path = path.has_parent_path() ? path.parent_path().string() : ".";
  make_figures_folder(folder.path);
  for (const index_t layer : layers)
    for (const index_t head : heads) {
      const std::string svg = svg_heat_map(maps.weights[static_cast<std::size_t>(layer)][head],
                                           {.title = concat("Layer ", layer + 1, ", head ", head + 1),
                                            .rows = maps.tokens,
                                            .columns = maps.tokens});
      const std::string name = concat("layer_", layer + 1, "_head_", head + 1, ".svg");
      write_figure(folder, one_file ? path.filename().string() : name, svg);
    }
}

void show_maps(const About& about, const Options& options, Page& page, const MapSource& source) {
  const std::string path = options.value("--model"), svg = options.value("--svg");
  if (path.empty()) throw UsageError("--look: expected --model FILE, a file that --save wrote");
  if (options.has("--svg") && svg.empty()) throw UsageError("--svg: expected a file or a folder, got \"\"");
  const SavedModel saved = load_model(path, about);
  const toy::Words words = words_of(options.value("--look"), source.special_tokens);
  const NoGrad no_grad;
  const SentenceAttention maps = source.attend(saved, words);
  check_maps(maps, path);
  const auto count = static_cast<index_t>(maps.weights.size());
  const std::vector<index_t> layers = chosen(options, "--layer", count),
                             heads = chosen(options, "--head", maps.weights[0].size(0));
  if (!svg.empty()) {
    const auto seed = saved.settings.find("seed");
    const std::string by = seed == saved.settings.end() ? "" : ", seed " + seed->second;
    write_maps({svg, about.program + by}, maps, layers, heads);
  }
  for (const index_t layer : layers) {
    page.print(concat("\n", bold(concat("Layer ", layer + 1, " of ", count))));
    const Tensor& weights = maps.weights[static_cast<std::size_t>(layer)];
    std::vector<std::string> shown;
    shown.reserve(heads.size());
    for (const index_t head : heads)
      shown.push_back(
          concat("head ", head + 1, " of ", weights.size(0), "\n",
                 heat_map(weights[head], {.rows = maps.tokens, .columns = maps.tokens, .compact = true})));
    page.print(side_by_side(shown));
  }
  page.print("");
  page.say(concat("Rows are queries, columns are keys; each row sums to 1. All maps have one scale: ",
                  has_colour() ? "black is 0, white is 1." : "blank is 0, █ is 1."));
  page.say("The weights show which vectors were mixed; they do not explain the prediction.");
  if (!maps.result.empty()) page.say("The model predicts: " + maps.result);
  if (!svg.empty()) page.say(concat("Figures were written to ", svg, "."));
}

}  // namespace heed::lessons
