// config_text_test.cpp — the published configurations of GPT-2, BERT and T5, member by member.
#include "nn/models/bert.h"
#include "nn/models/gpt.h"
#include "nn/models/t5.h"
#include "tests/nn/models/config_cases.h"

namespace heed::nn {
namespace {

std::vector<double> build_gpt(const Values& values) {
  Generator gen(1);
  GPT gpt(GPT::from_config(values), gen);
  return described(gpt, gpt(IntTensor{{1, 2, 3, 4, 5}}));
}

TEST(FamilyConfig, Gpt2) {
  const Values published{{"model_type", text("gpt2")},
                         {"architectures.0", text("GPT2LMHeadModel")},
                         {"activation_function", text("gelu_new")},
                         {"attn_pdrop", 0.1},
                         {"bos_token_id", 50256.0},
                         {"embd_pdrop", 0.1},
                         {"eos_token_id", 50256.0},
                         {"initializer_range", 0.02},
                         {"layer_norm_epsilon", 1e-5},
                         {"n_ctx", 1024.0},
                         {"n_embd", 768.0},
                         {"n_head", 12.0},
                         {"n_inner", nullptr},
                         {"n_layer", 12.0},
                         {"n_positions", 1024.0},
                         {"resid_pdrop", 0.1},
                         {"reorder_and_upcast_attn", false},
                         {"scale_attn_by_inverse_layer_idx", false},
                         {"scale_attn_weights", true},
                         {"summary_activation", nullptr},
                         {"summary_first_dropout", 0.1},
                         {"summary_proj_to_labels", true},
                         {"summary_type", text("cls_index")},
                         {"summary_use_proj", true},
                         {"task_specific_params.text-generation.do_sample", true},
                         {"task_specific_params.text-generation.max_length", 50.0},
                         {"use_cache", true},
                         {"vocab_size", 50257.0}};
  const GPTOptions o = GPT::from_config(published);
  EXPECT_EQ(o.d_model, 768);
  EXPECT_EQ(o.attention_dropout, 0.1);

  const Values tiny{
      {"vocab_size", 11.0}, {"n_positions", 8.0}, {"n_embd", 8.0}, {"n_head", 2.0}, {"n_layer", 2.0}};
  expect_each_changes_the_model(build_gpt, tiny,
                                {{"vocab_size", 12.0},
                                 {"n_positions", 9.0},
                                 {"n_embd", 4.0},
                                 {"n_head", 4.0},
                                 {"n_layer", 1.0},
                                 {"resid_pdrop", 0.5},
                                 {"attn_pdrop", 0.5},
                                 {"embd_pdrop", 0.5},
                                 {"layer_norm_epsilon", 0.5}});
  expect_none_changes_the_model(build_gpt, tiny, common_unused);
  expect_none_changes_the_model(build_gpt, tiny,
                                {{"n_inner", 32.0},
                                 {"n_ctx", 8.0},
                                 {"hidden_size", 8.0},
                                 {"activation_function", text("gelu_pytorch_tanh")},
                                 {"reorder_and_upcast_attn", true},
                                 {"summary_type", text("mean")},
                                 {"id2label.0", text("A")}});
  expect_each_is_rejected(build_gpt, tiny, common_rejected);
  expect_each_is_rejected(build_gpt, tiny,
                          {{"model_type", text("bert")},
                           {"architectures.0", text("BertModel")},
                           {"activation_function", text("relu")},
                           {"activation_function", text("gelu")},
                           {"scale_attn_weights", false},
                           {"scale_attn_by_inverse_layer_idx", true},
                           {"tie_word_embeddings", false},
                           {"is_encoder_decoder", true},
                           {"n_inner", 16.0},
                           {"n_head", 3.0},
                           {"hidden_size", 16.0},
                           {"num_hidden_layers", 3.0},
                           {"attn_pdrop", 2.0},
                           {"layer_norm_epsilon", nullptr}});
  expect_sizes_are_checked(build_gpt, tiny,
                           {"vocab_size", "n_positions", "n_embd", "n_head", "n_layer", "n_inner"});
}

std::vector<double> build_bert(const Values& values) {
  Generator gen(1);
  Bert bert(Bert::from_config(values), gen);
  return described(bert, bert(IntTensor{{1, 2, 3, 4, 5}}));
}

TEST(FamilyConfig, Bert) {
  const Values published{{"model_type", text("bert")},
                         {"architectures.0", text("BertForMaskedLM")},
                         {"attention_probs_dropout_prob", 0.1},
                         {"classifier_dropout", nullptr},
                         {"directionality", text("bidi")},
                         {"gradient_checkpointing", false},
                         {"hidden_act", text("gelu")},
                         {"hidden_dropout_prob", 0.1},
                         {"hidden_size", 768.0},
                         {"initializer_range", 0.02},
                         {"intermediate_size", 3072.0},
                         {"layer_norm_eps", 1e-12},
                         {"max_position_embeddings", 512.0},
                         {"num_attention_heads", 12.0},
                         {"num_hidden_layers", 12.0},
                         {"pad_token_id", 0.0},
                         {"pooler_fc_size", 768.0},
                         {"pooler_num_attention_heads", 12.0},
                         {"pooler_num_fc_layers", 3.0},
                         {"pooler_size_per_head", 128.0},
                         {"pooler_type", text("first_token_transform")},
                         {"position_embedding_type", text("absolute")},
                         {"type_vocab_size", 2.0},
                         {"use_cache", true},
                         {"vocab_size", 30522.0}};
  EXPECT_EQ(Bert::from_config(published).d_model, 768);
  EXPECT_EQ(BertForMaskedLM::from_config(published).vocab_size, 30522);

  const Values tiny{{"vocab_size", 11.0},       {"max_position_embeddings", 8.0}, {"type_vocab_size", 2.0},
                    {"hidden_size", 8.0},       {"num_attention_heads", 2.0},     {"num_hidden_layers", 2.0},
                    {"intermediate_size", 16.0}};
  expect_each_changes_the_model(build_bert, tiny,
                                {{"vocab_size", 12.0},
                                 {"max_position_embeddings", 9.0},
                                 {"type_vocab_size", 3.0},
                                 {"hidden_size", 4.0},
                                 {"num_attention_heads", 4.0},
                                 {"num_hidden_layers", 1.0},
                                 {"intermediate_size", 8.0},
                                 {"hidden_dropout_prob", 0.5},
                                 {"attention_probs_dropout_prob", 0.5},
                                 {"layer_norm_eps", 0.5}});
  expect_none_changes_the_model(build_bert, tiny, common_unused);
  expect_none_changes_the_model(build_bert, tiny,
                                {{"tie_word_embeddings", false},
                                 {"classifier_dropout", 0.5},
                                 {"hidden_act", text("gelu_python")},
                                 {"pooler_fc_size", 4.0}});
  const Changes rejected{{"model_type", text("roberta")},
                         {"architectures.0", text("RobertaForMaskedLM")},
                         {"hidden_act", text("relu")},
                         {"hidden_act", nullptr},
                         {"position_embedding_type", text("relative_key")},
                         {"directionality", text("uni")},
                         {"pooler_type", text("mean")},
                         {"is_encoder_decoder", true},
                         {"embedding_size", 4.0},
                         {"num_attention_heads", 3.0},
                         {"hidden_dropout_prob", text("0.1")}};
  expect_each_is_rejected(build_bert, tiny, common_rejected);
  expect_each_is_rejected(build_bert, tiny, rejected);
  const Build masked = [](const Values& values) {
    BertForMaskedLM::from_config(values);
    return std::vector<double>();
  };
  expect_each_is_rejected(masked, tiny, rejected);
  expect_each_is_rejected(masked, tiny, {{"tie_word_embeddings", false}});
  expect_sizes_are_checked(build_bert, tiny,
                           {"vocab_size", "max_position_embeddings", "type_vocab_size", "hidden_size",
                            "num_attention_heads", "num_hidden_layers", "intermediate_size"});
}

TEST(FamilyConfig, BertForClassification) {
  const Values tiny{{"vocab_size", 11.0},        {"max_position_embeddings", 8.0}, {"type_vocab_size", 2.0},
                    {"hidden_size", 8.0},        {"num_attention_heads", 2.0},     {"num_hidden_layers", 1.0},
                    {"intermediate_size", 16.0}, {"hidden_dropout_prob", 0.25}};
  const Build build = [](const Values& values) {
    Generator gen(1);
    BertForClassification bert(BertForClassification::from_config(values), gen);
    return described(bert, bert(IntTensor{{1, 2, 3, 4, 5}}));
  };
  EXPECT_EQ(BertForClassification::from_config(tiny).num_classes, 2);
  expect_each_changes_the_model(
      build, tiny, {{"num_labels", 3.0}, {"id2label.0", text("A")}, {"classifier_dropout", 0.75}});
  expect_none_changes_the_model(build, tiny,
                                {{"classifier_dropout", nullptr},
                                 {"num_labels", 2.0},
                                 {"problem_type", text("regression")},
                                 {"tie_word_embeddings", false}});
  expect_each_is_rejected(build, tiny,
                          {{"num_labels", text("2")}, {"id2label", 2.0}, {"classifier_dropout", -1.0}});
}

std::vector<double> build_t5(const Values& values) {
  const T5Options o = T5::from_config(values);
  Generator gen(1);
  T5 t5(o, gen);
  std::vector<index_t> tokens(20, 3);
  std::vector<double> numbers = described(t5, t5(IntTensor(tokens, {1, 20}), IntTensor{{0, 4, 5}}));
  numbers.push_back(static_cast<double>(o.pad));
  numbers.push_back(static_cast<double>(o.eos));
  return numbers;
}

TEST(FamilyConfig, T5) {
  const Values published{{"model_type", text("t5")},
                         {"architectures.0", text("T5ForConditionalGeneration")},
                         {"classifier_dropout", 0.0},
                         {"d_ff", 2048.0},
                         {"d_kv", 64.0},
                         {"d_model", 512.0},
                         {"decoder_start_token_id", 0.0},
                         {"dense_act_fn", text("relu")},
                         {"dropout_rate", 0.1},
                         {"eos_token_id", 1.0},
                         {"feed_forward_proj", text("relu")},
                         {"initializer_factor", 1.0},
                         {"is_encoder_decoder", true},
                         {"is_gated_act", false},
                         {"layer_norm_epsilon", 1e-6},
                         {"n_positions", 512.0},
                         {"num_decoder_layers", 6.0},
                         {"num_heads", 8.0},
                         {"num_layers", 6.0},
                         {"output_past", true},
                         {"pad_token_id", 0.0},
                         {"relative_attention_max_distance", 128.0},
                         {"relative_attention_num_buckets", 32.0},
                         {"task_specific_params.summarization.prefix", text("summarize: ")},
                         {"use_cache", true},
                         {"vocab_size", 32128.0}};
  EXPECT_EQ(T5::from_config(published).d_model, 512);

  const Values tiny{{"vocab_size", 11.0},
                    {"d_model", 8.0},
                    {"d_kv", 4.0},
                    {"d_ff", 16.0},
                    {"num_heads", 2.0},
                    {"num_layers", 2.0},
                    {"relative_attention_num_buckets", 8.0},
                    {"relative_attention_max_distance", 12.0},
                    {"dropout_rate", 0.1},
                    {"layer_norm_epsilon", 1e-6}};
  expect_each_changes_the_model(build_t5, tiny,
                                {{"vocab_size", 12.0},
                                 {"d_model", 4.0},
                                 {"d_kv", 3.0},
                                 {"d_ff", 8.0},
                                 {"num_heads", 1.0},
                                 {"num_layers", 1.0},
                                 {"num_decoder_layers", 1.0},
                                 {"relative_attention_num_buckets", 12.0},
                                 {"relative_attention_max_distance", 20.0},
                                 {"dropout_rate", 0.5},
                                 {"layer_norm_epsilon", 0.5},
                                 {"pad_token_id", 2.0},
                                 {"eos_token_id", 2.0}});
  expect_none_changes_the_model(build_t5, tiny, common_unused);
  expect_none_changes_the_model(build_t5, tiny,
                                {{"num_decoder_layers", nullptr},
                                 {"decoder_start_token_id", 0.0},
                                 {"head_dim", 4.0},
                                 {"scale_decoder_outputs", true},
                                 {"classifier_dropout", 0.5},
                                 {"n_positions", 4.0}});
  expect_each_is_rejected(build_t5, tiny, common_rejected);
  // T5 1.1 and Flan-T5 differ in the first five.
  expect_each_is_rejected(build_t5, tiny,
                          {{"feed_forward_proj", text("gated-gelu")},
                           {"dense_act_fn", text("gelu_new")},
                           {"is_gated_act", true},
                           {"tie_word_embeddings", false},
                           {"scale_decoder_outputs", false},
                           {"model_type", text("mt5")},
                           {"architectures.0", text("T5EncoderModel")},
                           {"decoder_start_token_id", 1.0},
                           {"is_encoder_decoder", false},
                           {"pad_token_id", nullptr},
                           {"eos_token_id.0", 1.0},
                           {"hidden_size", 16.0},
                           {"num_hidden_layers", 3.0}});
  expect_sizes_are_checked(
      build_t5, tiny,
      {"vocab_size", "d_model", "d_kv", "d_ff", "num_heads", "num_layers", "num_decoder_layers",
       "relative_attention_num_buckets", "relative_attention_max_distance", "pad_token_id", "eos_token_id"});
}

}  // namespace
}  // namespace heed::nn
