// pretrained_test.cpp — config.json as flat settings, and the files of a published model.
#include "data/pretrained.h"

#include <filesystem>
#include <fstream>

#include "data/safetensors.h"
#include "tests/testing.h"

namespace heed::data {

namespace fs = std::filesystem;

// Each test has a temporary folder.
struct Pretrained : testing::Test {
  fs::path folder = fs::temp_directory_path() /
                    concat("heed_pretrained_", testing::UnitTest::GetInstance()->current_test_info()->name());
  Pretrained() {
    fs::remove_all(folder);
    fs::create_directory(folder);
  }
  ~Pretrained() override { fs::remove_all(folder); }
  std::string path(const std::string& name = "") const { return (folder / name).string(); }
  void write(const std::string& name, const std::string& text) const { std::ofstream(path(name)) << text; }
};

TEST_F(Pretrained, NestedMembersAndListsAreFlattened) {
  write("config.json",
        R"({"n_inner": null, "task_specific_params": {"text-generation": {"max_length": 50}},
            "architectures": ["GPT2LMHeadModel"]})");
  const FlatJson flat = read_config(path("config.json"));
  EXPECT_EQ(std::get<double>(flat.at("task_specific_params.text-generation.max_length")), 50);
  EXPECT_EQ(std::get<std::string>(flat.at("architectures.0")), "GPT2LMHeadModel");
  EXPECT_TRUE(std::holds_alternative<std::nullptr_t>(flat.at("n_inner")));
}

TEST_F(Pretrained, AFolderAndItsWeightsFileNameTheSameFiles) {
  write("config.json", "{}");
  write("model.safetensors", "");
  for (const std::string& location : {path(), path("model.safetensors")}) {
    const PretrainedFiles files = pretrained_files(location);
    EXPECT_TRUE(fs::equivalent(files.config, path("config.json")));
    EXPECT_TRUE(fs::equivalent(files.weights, path("model.safetensors")));
  }
}

TEST_F(Pretrained, ReleasedPagesAreReadAgainFromTheFile) {
  const Tensor large = noise({300, 300});
  save_safetensors(path("large.safetensors"), {{"small", noise({3})}, {"large", large}});
  const SafeTensors file(path("large.safetensors"));
  const Tensor read = file.tensor("large");
  expect_same_bits(read, large);
  file.release(read);
  expect_same_bits(read, large);
  file.release(large);  // not a view of the file, so nothing happens
  expect_same_bits(file.tensor("small"), noise({3}));
}

}  // namespace heed::data
