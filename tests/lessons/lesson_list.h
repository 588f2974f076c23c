// lesson_list.h — all lessons, with the options and the figures of their tests.
#pragma once

#include <string>
#include <vector>

namespace heed::lessons {

// All lessons. Those with a long training are run with --quick.
struct Lesson {
  std::string program, folder, arguments;
  std::vector<std::string> figures;
};
inline const std::string quickly = "--quick --quiet";
inline const std::vector<Lesson>& lessons() {
  static const std::vector<Lesson> all = {
      {"lesson_00", "00_autograd", "--quiet", {"step.svg", "moons.svg", "moons_loss.svg"}},
      {"lesson_01",
       "01_why_attention",
       "--quick --quiet",
       {"by_length.svg", "word_errors.svg", "seq2seq_loss.svg", "alignment.svg"}},
      {"lesson_02",
       "02_scaled_dot_product_attention",
       "--quiet",
       {"weights.svg", "entropy.svg", "padding.svg", "causal.svg"}},
      {"lesson_03", "03_self_attention", "--quiet", {"it.svg", "pronoun_loss.svg"}},
      {"lesson_04",
       "04_multi_head_attention",
       "--quick --quiet",
       {"split_merge.svg", "heads.svg", "heads_loss.svg"}},
      {"lesson_05",
       "05_transformer_architecture",
       "--quick --quiet",
       {"block.svg", "encoder_decoder.svg", "gradients.svg", "own.svg", "one_out.svg",
        "encoder_attention.svg", "decoder_attention.svg", "cross_attention.svg"}},
      {"lesson_06",
       "06_positional_encoding",
       "--quick --quiet",
       {"waves.svg", "distance.svg", "lengths.svg"}},
      {"lesson_07",
       "07_transformer_encoder_and_classifier",
       "--quick --quiet",
       {"reviews_loss.svg", "never.svg"}},
      {"lesson_08",
       "08_vision_transformer",
       "--quick --quiet",
       {"patches.svg", "vit.svg", "loss.svg", "cls_attention.svg", "positions_small.svg", "positions.svg"}},
      {"lesson_09",
       "09_attention_vs_rnn",
       "--quick --quiet",
       {"time.svg", "gradient.svg", "recall.svg", "memory.svg"}},
      {"lesson_10_families", "10_families", "--quick --quiet", {}},
      {"lesson_10_bert", "10_bert", "--quick --quiet", {"masked_words.svg", "few_labels.svg"}},
      {"lesson_10_gpt", "10_gpt", "--quick --quiet", {"kv_cache.svg", "characters_loss.svg"}},
      {"lesson_10_t5", "10_t5", "--quick --quiet", {"bias.svg"}},
      // detections.svg depends on the training and has its own test
      {"lesson_10_detr", "10_detr", "--quick --quiet", {"detr_loss.svg"}},
      {"lesson_10_vit", "10_vit", "--quick --quiet", {"vit_swin_conv.svg"}},
      {"lesson_10_swin",
       "10_swin",
       "--quick --quiet",
       {"shifted_window.svg", "windows.svg", "mask.svg", "somewhere.svg"}},
  };
  return all;
}

}  // namespace heed::lessons
