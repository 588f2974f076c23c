#include "lessons/support/parameter_table.h"

#include <gtest/gtest.h>

#include "nn/models/models.h"
#include "nn/nn.h"

namespace heed::lessons {
namespace {

TEST(ParameterTable, HasTheShapesOfEveryModuleAndARunningTotal) {
  Generator gen(0);
  const nn::TransformerEncoderLayer layer({.d_model = 8, .nhead = 2, .dim_feedforward = 16}, gen);
  EXPECT_EQ(parameter_table(layer.named_parameters()),
            "  module                           shapes               parameters running total\n"
            "  self_attn                        (24, 8) + (24)              216           216\n"
            "  self_attn.out_proj               (8, 8) + (8)                 72           288\n"
            "  linear1                          (16, 8) + (16)              144           432\n"
            "  linear2                          (8, 16) + (8)               136           568\n"
            "  norm1                            (8) + (8)                    16           584\n"
            "  norm2                            (8) + (8)                    16           600\n");
}

TEST(ParameterTable, EqualElementsOfAListAreOneRow) {
  Generator gen(0);
  const nn::TransformerEncoder encoder(
      {.layer = {.d_model = 8, .nhead = 2, .dim_feedforward = 16}, .num_layers = 3, .norm = true}, gen);
  const std::string table = parameter_table(encoder.named_parameters());
  EXPECT_NE(table.find("  layers.0\n    self_attn "), std::string::npos) << table;
  EXPECT_NE(table.find("  layers.1 to 2                    each as .0                1,200         1,800\n"),
            std::string::npos)
      << table;
  EXPECT_TRUE(
      table.ends_with("  norm                             (8) + (8)                    16         "
                      "1,816\n"))
      << table;
}

// A weight of another shape, or of another name, is no repetition.
TEST(ParameterTable, DifferentElementsOfAListHaveTheirOwnRows) {
  const auto table = [](const Shape& second) {
    return parameter_table({{"layers.0.weight", zeros({2, 3})}, {"layers.1.weight", zeros(second)}});
  };
  EXPECT_NE(table({2, 3}).find("  layers.1                         as .0"), std::string::npos)
      << table({2, 3});
  EXPECT_NE(table({3, 2}).find("  layers.1                         (3, 2)"), std::string::npos)
      << table({3, 2});
  const std::string named =
      parameter_table({{"layers.0.weight", zeros({2, 3})}, {"layers.1.scale", zeros({2, 3})}});
  EXPECT_NE(named.find("  layers.1.scale                   (2, 3)"), std::string::npos) << named;
}

TEST(ParameterTable, AParameterThatIsNoWeightHasItsName) {
  const std::string table = parameter_table({{"cls_token", zeros({1, 1, 4})},
                                             {"encoder.bias_table", zeros({9, 2})},
                                             {"encoder.proj.weight", zeros({40, 4, 10, 10})},
                                             {"encoder.proj.bias", zeros({4})}});
  for (const char* row :
       {"  cls_token                        (1, 1, 4)                     4             4\n",
        "  encoder.bias_table               (9, 2)                       18            22\n",
        "  encoder.proj                     (40, 4, 10, 10)          16,000        16,022\n",
        "  encoder.proj.bias                (4)                           4        16,026\n"})
    EXPECT_NE(table.find(row), std::string::npos) << row << "\n" << table;
}

TEST(ParameterTable, TheBeginningOfALongNameIsLeftOut) {
  const std::string table =
      parameter_table({{"bert.embeddings.token_type_embeddings.weight", zeros({2, 4})}});
  EXPECT_TRUE(
      table.ends_with("  …token_type_embeddings           (2, 4)                        8             8\n"))
      << table;
}

// The number in the last line.
std::string total_of(const nn::Module& module) {
  const std::string table = parameter_table(module.named_parameters());
  std::string total = table.substr(table.find_last_of(' ') + 1);
  std::erase(total, ',');
  std::erase(total, '\n');
  return total;
}

TEST(ParameterTable, TheLastSumIsTheNumberOfParameters) {
  Generator gen(0);
  const nn::NoInit no_init;
  const nn::SwinTransformer swin(nn::swin_t(), gen);
  EXPECT_EQ(total_of(swin), std::to_string(swin.parameter_count()));
  const nn::GPT gpt({.vocab_size = 50, .context = 8, .d_model = 8, .nhead = 2, .num_layers = 3}, gen);
  EXPECT_EQ(total_of(gpt), std::to_string(gpt.parameter_count())) << "the tied output layer is counted once";
  const nn::DETR detr(nn::detr_resnet50(), gen);
  EXPECT_EQ(total_of(detr), std::to_string(detr.parameter_count()));
  EXPECT_EQ(parameter_table({}).find('\n'), parameter_table({}).size() - 1) << "only the heading";
}

}  // namespace
}  // namespace heed::lessons
