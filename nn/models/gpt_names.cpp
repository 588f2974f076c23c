// gpt_names.cpp — the published settings and weight names of GPT-2.
#include "nn/models/gpt.h"
#include "nn/models/pretrained.h"

namespace heed::nn {

// ---- config.json ------------------------------------------------------------------------------------------

static std::span<const ConfigMember> gpt_members() {
  using enum MemberKind;
  static constexpr ConfigMember table[] = {
      {"model_type", fixed, "'gpt2'"},
      {"architectures", fixed, "'GPT2LMHeadModel' | 'GPT2Model' | 'GPT2DoubleHeadsModel' | null"},
      {"vocab_size", size},
      {"n_positions", size},
      {"n_ctx", size},  // the name of n_positions in older files
      {"n_embd", size},
      {"n_head", size},
      {"n_layer", count},
      {"n_inner", size, "null"},
      {"resid_pdrop", rate},
      {"attn_pdrop", rate},
      {"embd_pdrop", rate},
      {"layer_norm_epsilon", epsilon},
      {"hidden_size", alias, "n_embd"},
      {"max_position_embeddings", alias, "n_positions"},
      {"num_attention_heads", alias, "n_head"},
      {"num_hidden_layers", alias, "n_layer"},
      // Four names of one formula, the tanh form of GELU.
      {"activation_function", fixed, "'gelu_new' | 'gelu_pytorch_tanh' | 'gelu_fast' | 'gelu_accurate'"},
      {"scale_attn_weights", fixed, "true"},
      {"scale_attn_by_inverse_layer_idx", fixed, "false | null"},
      {"tie_word_embeddings", fixed, "true"},
      {"reorder_and_upcast_attn", unused},  // heed always computes scores in float32
      // The sequence summary of GPT2DoubleHeadsModel, and members of the first files.
      {"summary_type", unused},
      {"summary_use_proj", unused},
      {"summary_activation", unused},
      {"summary_proj_to_labels", unused},
      {"summary_first_dropout", unused},
      {"classifier_dropout", unused},
      {"n_special", unused},
      {"predict_special_tokens", unused},
  };
  return table;
}

GPTOptions GPT::from_config(const Config& file) {
  const Config config = file.validated({gpt_members()});
  const index_t width = config.integer("n_embd");
  config.require(config.integer_or("n_inner", 4 * width) == 4 * width,
                 "'n_inner' must be 4 · n_embd in this model, got ", config.integer_or("n_inner", 0));
  config.must_divide("n_head", "n_embd");
  return {.vocab_size = config.integer("vocab_size"),
          .context = config.integer_or("n_positions", config.integer_or("n_ctx", 1024)),
          .d_model = width,
          .nhead = config.integer("n_head"),
          .num_layers = config.integer("n_layer"),
          .dropout = config.number_or("resid_pdrop", 0.1),
          .attention_dropout = config.number_or("attn_pdrop", 0.1),
          .embedding_dropout = config.number_or("embd_pdrop", 0.1),
          .layer_norm_eps = config.number_or("layer_norm_epsilon", 1e-5)};
}

// ---- names of the weights ---------------------------------------------------------------------------------

PublishedNames GPT::published_names() {
  // GPT-2 uses one-dimensional convolutions of width 1, whose weights are stored as (in, out).
  static constexpr NameMapping table[] = {
      {"h.*.attn.c_attn.weight", "h.*.attn.c_attn.weight", Transform::transpose},
      {"h.*.attn.c_proj.weight", "h.*.attn.c_proj.weight", Transform::transpose},
      {"h.*.mlp.c_fc.weight", "h.*.mlp.c_fc.weight", Transform::transpose},
      {"h.*.mlp.c_proj.weight", "h.*.mlp.c_proj.weight", Transform::transpose},
  };
  static constexpr const char* prefixes[] = {"transformer."};
  // The causal masks were saved as buffers; the output layer is tied to the embedding.
  // GPT2DoubleHeadsModel has a second head.
  static constexpr const char* ignored[] = {"h.*.attn.bias", "h.*.attn.masked_bias", "lm_head.weight",
                                            "multiple_choice_head.summary.weight",
                                            "multiple_choice_head.summary.bias"};
  return {.table = table, .prefixes = prefixes, .ignored = ignored};
}

}  // namespace heed::nn
