#include <filesystem>
#include <fstream>

#include "nn/models/gpt.h"
#include "nn/models/pretrained.h"
#include "tests/data/testing.h"

namespace heed::nn {

namespace fs = std::filesystem;

static constexpr const char* tiny_config =
    R"({"model_type": "gpt2", "vocab_size": 7, "n_positions": 6, "n_embd": 8, "n_head": 2, "n_layer": 1, "n_inner": null,
        "task_specific_params": {"text-generation": {"max_length": 50}}, "architectures": ["GPT2LMHeadModel"]})";

struct FromPretrained : data::TemporaryFolder {
  void config(const std::string& text) const { write("config.json", text); }
  GPT write_gpt() const {
    Generator gen(2);
    GPT gpt({.vocab_size = 7, .context = 6, .d_model = 8, .nhead = 2, .num_layers = 1}, gen);
    NamedTensors published;
    for (const auto& [name, t] : gpt.state_dict()) {
      const bool is_conv = name.find(".c_") != std::string::npos && t.rank() == 2;
      published.emplace_back(name, is_conv ? t.transpose(0, 1) : t);
    }
    data::save_safetensors(path("model.safetensors"), published);
    config(tiny_config);
    gpt.eval();
    return gpt;
  }
};

TEST_F(FromPretrained, AFolderOrItsFileBecomesTheModelInEvaluationMode) {
  GPT gpt = write_gpt();
  const IntTensor ids{{1, 2, 3}};
  for (const std::string& input : {path(), path("model.safetensors")}) {
    auto loaded = from_pretrained<GPT>(input);
    EXPECT_FALSE(loaded.training());
    expect_same_bits(loaded(ids), gpt(ids));
  }
}

TEST_F(FromPretrained, MissingAndTruncatedFilesAreRejectedWithTheReason) {
  const auto error = [&](const std::string& input) { return error_of([&] { from_pretrained<GPT>(input); }); };
  EXPECT_EQ(error(path("nowhere")),
            "[from_pretrained] " + path("nowhere") +
                ": expected a folder with config.json and model.safetensors, or a .safetensors "
                "file in the same folder as its config.json");
  EXPECT_EQ(error(path()), "[from_pretrained] " + path("config.json") + ": no such file");
  config("[1]");
  EXPECT_EQ(error(path()), "[from_pretrained] " + path("model.safetensors") + ": no such file");
  write_gpt();
  config("[1]");
  EXPECT_EQ(error(path()), "[config.json] " + path("config.json") + ": expected an object of settings");
  config("{\"vocab_size\": 7");
  expect_contains(error(path()), "[json] " + path("config.json") + ": byte 16");
  config(R"({"vocab_size": 7})");
  EXPECT_EQ(error(path()),
            "[config.json] " + path("config.json") + ": expected 'n_embd', an integer, got no such member");
  config(R"({"vocab_size": 9, "n_positions": 6, "n_embd": 8, "n_head": 2, "n_layer": 1})");
  expect_contains(error(path()),
                  "[load_published] expected the published weights of this GPT, got:\n  wrong shape: "
                  "'wte.weight' expected (9, 8), got (7, 8);\nNothing was loaded. Hint: check that "
                  "config.json and the weights belong to one model.");
  config(tiny_config);
  fs::resize_file(path("model.safetensors"), fs::file_size(path("model.safetensors")) - 1);
  expect_contains(error(path()), "; the file is truncated");
}

TEST_F(FromPretrained, ASettingThatTheModelDoesNotImplementIsRejectedWithTheFile) {
  write_gpt();
  const auto error = [&](const std::string& member) {
    config(R"({"vocab_size": 7, "n_positions": 6, "n_embd": 8, "n_head": 2, "n_layer": 1, )" + member + "}");
    return error_of([&] { from_pretrained<GPT>(path()); });
  };
  const std::string file = "[config.json] " + path("config.json") + ": ";
  EXPECT_EQ(error(R"("scale_attn_by_inverse_layer_idx": true)"),
            file + "'scale_attn_by_inverse_layer_idx' is true; this model computes as if it were false");
  EXPECT_EQ(error(R"("model_type": "bert")"), file + "'model_type' is 'bert'; this model computes 'gpt2'");
  EXPECT_EQ(error(R"("layer_norm_epsilon": "small")"),
            file + "'layer_norm_epsilon' must be a number from 0 to 1, got 'small'");
  EXPECT_EQ(error(R"("layer_norm_epsilon": 1e999)"),
            file + "'layer_norm_epsilon': [json] expected a number in the range of double, got 1e999");
  EXPECT_EQ(error(R"("layer_norm_epsilon": null)"),
            file + "'layer_norm_epsilon' must be a number from 0 to 1, got null");
  EXPECT_EQ(error(R"("activation_function": [])"),
            file + "'activation_function' is an empty list or object; this model computes 'gelu_new'");
  EXPECT_EQ(
      error(R"("rope": {"theta": 10000}, "new": null)"),
      file +
          "unknown member 'rope.theta' = 10000, which may change what is computed. Hint: if it does not, "
          "remove it from config.json");
  EXPECT_EQ(error(R"("pruned_heads": {}, "task_specific_params": {}, "new": null, "n_inner": null)"), "");
  config(R"({"vocab_size": 7, "n_positions": 6, "n_embd": 8, "n_head": 3, "n_layer": 1})");
  EXPECT_EQ(error_of([&] { from_pretrained<GPT>(path()); }),
            file + "'n_head' must divide 'n_embd', got 3 and 8");
}

TEST_F(FromPretrained, ImpossibleSizesAreRejectedWithTheFile) {
  write_gpt();
  for (const char* width : {"16777216", "4194304"}) {
    config(
        concat(R"({"vocab_size": 7, "n_positions": 6, "n_head": 2, "n_layer": 9, "n_embd": )", width, "}"));
    const std::string error = error_of([&] { from_pretrained<GPT>(path()); });
    EXPECT_TRUE(error.starts_with("[config.json] " + path("config.json") + ": ")) << error;
  }
}

TEST_F(FromPretrained, WeightsInAnotherFormatAreNamed) {
  const auto error = [&](const std::string& input) { return error_of([&] { from_pretrained<GPT>(input); }); };
  config(tiny_config);
  std::ofstream(path("pytorch_model.bin"), std::ios::binary) << std::string("PK\3\4\0\0\b\b", 8);
  EXPECT_EQ(error(path()), "[from_pretrained] " + path("model.safetensors") +
                               ": no such file, but pytorch_model.bin. Hint: convert it in Python with "
                               "safetensors.torch.save_file");
  expect_contains(
      error(path("pytorch_model.bin")),
      "[from_pretrained] " + path("pytorch_model.bin") +
          ": expected a .safetensors file, got a zip archive, as torch.save writes it (.pt, .pth, .bin). "
          "Hint: convert it in Python: ");
  std::ofstream(path("model.safetensors.index.json")) << "{}";
  EXPECT_EQ(error(path()), "[from_pretrained] " + path("model.safetensors") +
                               ": no such file, but model.safetensors.index.json. Hint: join its files into "
                               "one");
  std::ofstream(path("model.safetensors")) << "version https://git-lfs.github.com/spec/v1\n";
  expect_contains(error(path()), "expected a safetensors file, got a Git LFS pointer. Hint: ");
  config("version https://git-lfs.github.com/spec/v1\n");
  expect_contains(error(path()), "[config.json] " + path("config.json") +
                                     ": expected a JSON file of settings, got a Git LFS pointer");
}

}  // namespace heed::nn
