// weights_test.cpp — lesson_10_bert with files in BERT's format, complete and broken ones.
#include <sys/wait.h>
#include <unistd.h>

#include <cstdio>
#include <filesystem>
#include <fstream>

#include "data/safetensors.h"
#include "tests/testing.h"

namespace heed {
namespace {

namespace fs = std::filesystem;

constexpr const char* words =
    "[PAD]\n[UNK]\n[CLS]\n[SEP]\n[MASK]\nattention\nis\nall\nyou\nneed\nun\n##able\n.\n";
constexpr const char* config =
    R"({"hidden_act": "gelu", "vocab_size": 13, "max_position_embeddings": 10, "type_vocab_size": 2,
        "hidden_size": 4, "num_attention_heads": 2, "num_hidden_layers": 1, "intermediate_size": 8})";

// One layer, and a bias that makes "need" the most probable token everywhere.
NamedTensors weights() {
  NamedTensors all;
  const auto add = [&](const std::string& name, const Shape& shape) {
    all.emplace_back(name, noise(shape) * 0.1);
  };
  const auto layer = [&](const std::string& name, index_t out, index_t in) {
    add(name + ".weight", {out, in});
    add(name + ".bias", {out});
  };
  const auto norm = [&](const std::string& name) {
    all.emplace_back(name + ".gamma", ones({4}));
    all.emplace_back(name + ".beta", zeros({4}));
  };
  add("bert.embeddings.word_embeddings.weight", {13, 4});
  add("bert.embeddings.position_embeddings.weight", {10, 4});
  add("bert.embeddings.token_type_embeddings.weight", {2, 4});
  norm("bert.embeddings.LayerNorm");
  const std::string block = "bert.encoder.layer.0.";
  for (const char* part : {"query", "key", "value"}) layer(block + "attention.self." + part, 4, 4);
  layer(block + "attention.output.dense", 4, 4);
  norm(block + "attention.output.LayerNorm");
  layer(block + "intermediate.dense", 8, 4);
  layer(block + "output.dense", 4, 8);
  norm(block + "output.LayerNorm");
  layer("cls.predictions.transform.dense", 4, 4);
  norm("cls.predictions.transform.LayerNorm");
  Tensor bias = zeros({13});
  bias.set({9}, 20);
  all.emplace_back("cls.predictions.bias", bias);
  return all;
}

// A temporary folder with the files of a small BERT.
struct BertFiles : testing::Test {
  const fs::path folder = fs::temp_directory_path() / concat("heed_bert_", getpid());
  const std::string vocabulary = (folder / "vocab.txt").string(),
                    model = (folder / "model.safetensors").string();
  int status = -1;

  BertFiles() {
    fs::create_directories(folder);
    write("vocab.txt", words);
    write("config.json", config);
    data::save_safetensors(model, weights());
  }
  ~BertFiles() override { fs::remove_all(folder); }
  void write(const char* name, const std::string& text) const { std::ofstream(folder / name) << text; }

  // Returns the output of the lesson; without its title if it failed.
  std::string run(const std::string& arguments) {
    FILE* pipe = popen(("NO_COLOR=1 '" HEED_LESSON "' " + arguments + " 2>&1 </dev/null").c_str(), "r");
    std::string output;
    for (int c; (c = fgetc(pipe)) != EOF;) output += static_cast<char>(c);
    const int ended = pclose(pipe);
    status = WIFEXITED(ended) ? WEXITSTATUS(ended) : -1;
    return status == 0 ? output : output.substr(std::min(output.find("lesson_10_bert: "), output.size()));
  }
  std::string filled(const std::string& prompt = "Attention is all you [MASK].") {
    return run("--weights '" + folder.string() + "' --prompt '" + prompt + "'");
  }
};

TEST_F(BertFiles, FillsInMaskedTokens) {
  const std::string output = filled("Attention [MASK] all you [MASK].");
  EXPECT_EQ(status, 0) << output;
  expect_contains(output, "Tokens: [CLS] attention [MASK] all you [MASK] . [SEP]\n");
  expect_contains(output, "\n  [MASK] 1:  need 1.000  ");
  expect_contains(output, "\n  [MASK] 2:  need 1.000  ");
  EXPECT_EQ(output.find("[UNK] replaces"), std::string::npos) << output;
}

TEST_F(BertFiles, PrintsUnknownWordsAsUnk) {
  const std::string output = filled("Zebras: unable [MASK]");
  EXPECT_EQ(status, 0) << output;
  expect_contains(output, "Tokens: [CLS] [UNK] [UNK] un ##able [MASK] [SEP]\n[UNK] replaces a word that the");
}

TEST_F(BertFiles, APromptThatCannotBeFilledInIsRejected) {
  const auto expect_rejected = [&](const std::string& output, const std::string& error) {
    EXPECT_EQ(status, 1) << output;
    EXPECT_EQ(output, "lesson_10_bert: " + error + "\n");
  };
  expect_rejected(
      filled("All you need."),
      "[--prompt] expected a text with [MASK], got \"All you need.\". Hint: try \"Attention is all you "
      "[MASK].\"");
  expect_rejected(filled("all you need all you need all you [MASK]"),
                  "[Bert] expected at most 10 tokens, the number of positions, got 11");
  expect_rejected(run("--prompt 'All [MASK]'"),
                  "[--prompt] is only used with published weights. Hint: add --weights DIR");
}

TEST_F(BertFiles, AFileThatIsMissingOrAnothersIsNamed) {
  const auto expect_rejected = [&](const std::string& error) {
    const std::string output = filled();
    EXPECT_EQ(status, 1) << output;
    EXPECT_TRUE(output.starts_with("lesson_10_bert: " + error)) << output << "\nand not " << error;
  };
  write("vocab.txt", words + std::string("more\n"));
  expect_rejected(
      "[vocab.txt] " + vocabulary +
      ": 14 tokens, but the weights have 13. Hint: use the vocab.txt and the weights of the same model\n");
  write("vocab.txt", "[UNK]\n[CLS]\n[SEP]\n");
  expect_rejected("[vocab.txt] " + vocabulary +
                  ": no [MASK] among its 3 tokens. Hint: use BERT's vocab.txt\n");
  write("vocab.txt", "all\nyou\n");
  expect_rejected("[wordpiece] " + vocabulary +
                  ": expected a vocabulary with [UNK], got 2 tokens without it\n");
  fs::remove(vocabulary);
  expect_rejected("[wordpiece] " + vocabulary + ": no such file\n");
  write("vocab.txt", words);
  NamedTensors fewer = weights();
  fewer.pop_back();
  data::save_safetensors(model, fewer);
  expect_rejected(
      "[load_published] expected the published weights of this BertForMaskedLM, got:\n  missing: "
      "'cls.predictions.bias'\n");
  const auto whole = fs::file_size(model);
  fs::resize_file(model, whole - 100);
  expect_rejected("[safetensors] " + model + ": ");
  expect_contains(filled(), "; the file is truncated\n");
  fs::resize_file(model, 20);
  expect_rejected("[safetensors] " + model + ": expected a header of ");
  fs::remove(model);
  expect_rejected("[from_pretrained] " + model + ": no such file\n");
  fs::remove_all(folder);
  expect_rejected("[from_pretrained] " + folder.string() +
                  ": expected a folder with config.json and model.safetensors");
}

}  // namespace
}  // namespace heed
