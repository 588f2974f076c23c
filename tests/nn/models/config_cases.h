// config_cases.h — checks each member of a family's config.json: it changes the model, it is
// rejected by name, or it has no influence.
#pragma once

#include <functional>
#include <string>
#include <utility>
#include <vector>

#include "nn/models/config.h"
#include "nn/module.h"
#include "tests/testing.h"

namespace heed::nn {

using Values = Config::Values;
using Value = Config::Value;

inline Value text(const char* value) { return std::string(value); }

// Members and values; each pair is one separate change.
using Changes = std::vector<std::pair<std::string, Value>>;

// Builds a model from the configuration with a fixed seed in training mode; returns its output and
// the sizes of its parameters.
using Build = std::function<std::vector<double>(const Values&)>;

inline std::vector<double> described(const Module& module, const Tensor& output) {
  std::vector<double> numbers = output.to_vector();
  for (const auto& [name, parameter] : module.named_parameters())
    for (const index_t size : parameter.shape()) numbers.push_back(static_cast<double>(size));
  return numbers;
}

inline Values with(Values values, const std::string& name, const Value& value) {
  values[name] = value;
  return values;
}

inline void expect_each_changes_the_model(const Build& build, const Values& values, const Changes& changes) {
  const std::vector<double> before = build(values);
  EXPECT_EQ(build(values), before);
  for (const auto& [name, value] : changes) EXPECT_NE(build(with(values, name, value)), before) << name;
}

inline void expect_none_changes_the_model(const Build& build, const Values& values, const Changes& changes) {
  const std::vector<double> before = build(values);
  for (const auto& [name, value] : changes) EXPECT_EQ(build(with(values, name, value)), before) << name;
}

inline void expect_each_is_rejected(const Build& build, const Values& values, const Changes& changes) {
  for (const auto& [name, value] : changes) {
    const std::string error =
        error_of([&, &name = name, &value = value] { build(with(values, name, value)); });
    EXPECT_TRUE(error.starts_with("[config.json] ")) << name << ": " << error;
    expect_contains(error, concat("'", name, "'"));
  }
}

// Values of a wrong type or out of range are rejected for a size.
inline void expect_sizes_are_checked(const Build& build, const Values& values,
                                     const std::vector<std::string>& sizes) {
  for (const std::string& name : sizes)
    for (const Value& wrong :
         {text("8"), Value(-1.0), Value(1.5), Value(1e30), Value(true), Value(std::monostate())})
      expect_each_is_rejected(build, values, {{name, wrong}});
}

// Members that every published configuration may have.
inline const Changes common_rejected{{"is_decoder", true},
                                     {"add_cross_attention", true},
                                     {"cross_attention_hidden_size", 8.0},
                                     {"tie_encoder_decoder", true},
                                     {"pruned_heads.0.0", 1.0},
                                     {"quantization_config.load_in_8bit", true},
                                     {"auto_map.AutoModel", text("modeling.Other")},
                                     {"per_layer_config.0.num_heads", 1.0},
                                     {"model_type", text("llama")},
                                     {"architectures.0", text("LlamaForCausalLM")},
                                     {"rope_theta", 10000.0},
                                     {"attention_bias", false}};
inline const Changes common_unused{{"transformers_version", text("4.57.1")},
                                   {"_name_or_path", text("model")},
                                   {"_attn_implementation", text("sdpa")},
                                   {"_num_labels", 2.0},
                                   {"torch_dtype", text("float16")},
                                   {"dtype", text("float32")},
                                   {"use_cache", false},
                                   {"chunk_size_feed_forward", 4.0},
                                   {"problem_type", text("regression")},
                                   {"label2id.A", 0.0},
                                   {"pruned_heads", std::monostate()},
                                   {"quantization_config", nullptr},
                                   {"task_specific_params.summarization.max_length", 200.0},
                                   {"bos_token_id", 3.0},
                                   {"temperature", 0.7},
                                   {"num_beams", 4.0},
                                   {"initializer_range", 0.5},
                                   {"new_member", nullptr},
                                   {"new_list", std::monostate()}};

}  // namespace heed::nn
