// t5_names.cpp — the published settings and weight names of T5.
#include "nn/models/pretrained.h"
#include "nn/models/t5.h"

namespace heed::nn {

// ---- config.json ------------------------------------------------------------------------------------------

static std::span<const ConfigMember> t5_members() {
  using enum MemberKind;
  static constexpr ConfigMember table[] = {
      {"model_type", fixed, "'t5'"},
      {"architectures", fixed, "'T5ForConditionalGeneration' | 'T5WithLMHeadModel' | 'T5Model' | null"},
      {"vocab_size", size},
      {"d_model", size},
      {"d_kv", size},
      {"d_ff", size},
      {"num_heads", size},
      {"num_layers", count},
      {"num_decoder_layers", count, "null"},
      {"relative_attention_num_buckets", size},
      {"relative_attention_max_distance", size},
      {"dropout_rate", rate},
      {"layer_norm_epsilon", epsilon},
      {"pad_token_id", id},
      {"eos_token_id", id},
      {"decoder_start_token_id", id, "null"},
      {"hidden_size", alias, "d_model"},
      {"head_dim", alias, "d_kv"},
      {"num_attention_heads", alias, "num_heads"},
      {"num_hidden_layers", alias, "num_layers"},
      // T5 1.1 and Flan-T5 have a gated feed-forward and a separate output layer, whose input is
      // not scaled.
      {"feed_forward_proj", fixed, "'relu'"},
      {"dense_act_fn", fixed, "'relu'"},
      {"is_gated_act", fixed, "false | null"},
      {"tie_word_embeddings", fixed, "true"},
      {"scale_decoder_outputs", fixed, "true"},
      {"is_encoder_decoder", fixed, "true"},
      {"initializer_factor", unused},
      {"classifier_dropout", unused},
      {"n_positions", unused},  // the training length; relative positions have no limit
  };
  return table;
}

T5Options T5::from_config(const Config& file) {
  const Config c = file.validated({t5_members()});
  const index_t pad = c.integer_or("pad_token_id", 0);
  c.require(c.integer_or("decoder_start_token_id", pad) == pad, "'decoder_start_token_id' is ",
            c.integer_or("decoder_start_token_id", pad), "; this model starts with 'pad_token_id', ", pad);
  const index_t layers = c.integer("num_layers");
  return {.vocab_size = c.integer("vocab_size"),
          .d_model = c.integer("d_model"),
          .d_kv = c.integer("d_kv"),
          .d_ff = c.integer("d_ff"),
          .nhead = c.integer("num_heads"),
          .num_layers = layers,
          .num_decoder_layers = c.integer_or("num_decoder_layers", layers),
          .num_buckets = c.integer("relative_attention_num_buckets"),
          .max_distance = c.integer_or("relative_attention_max_distance", 128),
          .dropout = c.number("dropout_rate"),
          .layer_norm_eps = c.number("layer_norm_epsilon"),
          .pad = pad,
          .eos = c.integer_or("eos_token_id", 1)};
}

// ---- names of the weights ---------------------------------------------------------------------------------

PublishedNames T5::published_names() {
  static constexpr NameMapping table[] = {
      {"encoder.block.*.layer.0.layer_norm.weight", "encoder.block.*.self_norm.weight"},
      {"encoder.block.*.layer.0.SelfAttention.q.weight", "encoder.block.*.self_attn.q.weight"},
      {"encoder.block.*.layer.0.SelfAttention.k.weight", "encoder.block.*.self_attn.k.weight"},
      {"encoder.block.*.layer.0.SelfAttention.v.weight", "encoder.block.*.self_attn.v.weight"},
      {"encoder.block.*.layer.0.SelfAttention.o.weight", "encoder.block.*.self_attn.o.weight"},
      {"encoder.block.0.layer.0.SelfAttention.relative_attention_bias.weight",
       "encoder.relative_attention_bias.weight"},
      {"encoder.block.*.layer.1.layer_norm.weight", "encoder.block.*.ff_norm.weight"},
      {"encoder.block.*.layer.1.DenseReluDense.wi.weight", "encoder.block.*.wi.weight"},
      {"encoder.block.*.layer.1.DenseReluDense.wo.weight", "encoder.block.*.wo.weight"},
      {"encoder.final_layer_norm.weight", "encoder.final_norm.weight"},
      {"decoder.block.*.layer.0.layer_norm.weight", "decoder.block.*.self_norm.weight"},
      {"decoder.block.*.layer.0.SelfAttention.q.weight", "decoder.block.*.self_attn.q.weight"},
      {"decoder.block.*.layer.0.SelfAttention.k.weight", "decoder.block.*.self_attn.k.weight"},
      {"decoder.block.*.layer.0.SelfAttention.v.weight", "decoder.block.*.self_attn.v.weight"},
      {"decoder.block.*.layer.0.SelfAttention.o.weight", "decoder.block.*.self_attn.o.weight"},
      {"decoder.block.0.layer.0.SelfAttention.relative_attention_bias.weight",
       "decoder.relative_attention_bias.weight"},
      {"decoder.block.*.layer.1.layer_norm.weight", "decoder.block.*.cross_norm.weight"},
      {"decoder.block.*.layer.1.EncDecAttention.q.weight", "decoder.block.*.cross_attn.q.weight"},
      {"decoder.block.*.layer.1.EncDecAttention.k.weight", "decoder.block.*.cross_attn.k.weight"},
      {"decoder.block.*.layer.1.EncDecAttention.v.weight", "decoder.block.*.cross_attn.v.weight"},
      {"decoder.block.*.layer.1.EncDecAttention.o.weight", "decoder.block.*.cross_attn.o.weight"},
      {"decoder.block.*.layer.2.layer_norm.weight", "decoder.block.*.ff_norm.weight"},
      {"decoder.block.*.layer.2.DenseReluDense.wi.weight", "decoder.block.*.wi.weight"},
      {"decoder.block.*.layer.2.DenseReluDense.wo.weight", "decoder.block.*.wo.weight"},
      {"decoder.final_layer_norm.weight", "decoder.final_norm.weight"}};
  // Other names of the embedding, and a table in the first published files that the model does not
  // use.
  static constexpr const char* ignored[] = {
      "encoder.embed_tokens.weight", "decoder.embed_tokens.weight", "lm_head.weight",
      "decoder.block.0.layer.1.EncDecAttention.relative_attention_bias.weight"};
  return {.table = table, .ignored = ignored};
}

}  // namespace heed::nn
