// bpe.h — byte-level byte-pair encoding: GPT-2's tokenizer, loaded from its files or trained on
// texts.
//
//   const auto gpt2 = BytePairEncoding::load("vocab.bpe", "encoder.json");
//   const auto bpe = BytePairEncoding::train(texts, {.vocab_size = 1000});
//   bpe.decode(bpe.encode(bytes)) == bytes  // for any bytes, even invalid UTF-8
//
// A text is split into words (each with the space before it) and a word into bytes. The pairs that
// were most frequent in training are then merged, in the order in which training found them.
// Sennrich, Haddow, Birch, 2016; over bytes: Radford et al., 2019, section 2.2.
#pragma once

#include <string>
#include <string_view>
#include <unordered_map>
#include <vector>

#include "data/text/tokenizer.h"

namespace heed::data {

struct BpeTrainOptions {
  index_t vocab_size = 1000;  // 256 bytes, the merges and <|endoftext|>; fewer if no pair is left to merge
  index_t min_count = 2;      // rarer pairs are not merged
};

class BytePairEncoding : public Tokenizer {
 public:
  // Reads GPT-2's two files, which represent bytes by printable characters ("Ġ" is a space). Lines
  // end in LF, CR LF or CR. Throws "[bpe] PATH: …" with the line or the token.
  static BytePairEncoding load(const std::string& vocab_bpe, const std::string& encoder_json);
  // Merges the most frequent pair first; of equally frequent pairs, the one with the smaller ids.
  // The result therefore depends only on the texts.
  static BytePairEncoding train(const std::vector<std::string>& texts, const BpeTrainOptions& options = {});
  // Writes both files, each atomically.
  void save(const std::string& vocab_bpe, const std::string& encoder_json) const;

  std::vector<index_t> encode(std::string_view text) const override;
  std::string decode(const std::vector<index_t>& ids) const override;
  index_t end_of_text() const { return vocabulary_.id("<|endoftext|>"); }

  // Uses GPT-2's pattern to split a text into the words that are encoded separately. The words
  // cover the whole text.
  static std::vector<std::string_view> split(std::string_view text);

 private:
  struct Merge {
    index_t rank, merged;
  };
  using Merges = std::vector<std::pair<index_t, index_t>>;  // in the order of their ranks
  BytePairEncoding(Vocabulary vocabulary, const Merges& merges, const std::string& name);
  void encode_word(std::string_view word, std::vector<index_t>& ids) const;
  const Merge* find_merge(index_t left, index_t right) const;

  Merges merges_;
  std::unordered_map<std::uint64_t, Merge> by_pair_;
  std::vector<index_t> of_byte_;  // the id of each of the 256 bytes
};

}  // namespace heed::data
