// bpe.h — byte-level byte-pair encoding: GPT-2's tokenizer, read from its files or trained here.
//
//   const auto bpe = BytePairEncoding::load("vocab.bpe", "encoder.json");
//   const auto own = BytePairEncoding::train(texts, {.vocab_size = 1000});
//   own.decode(own.encode(bytes)) == bytes                                  // for any bytes, UTF-8 or not
//
// A text is cut into words (each with the space before it), a word into its 256 possible bytes, and the pairs that
// were most frequent in training are merged, in the order in which training found them. Sennrich, Haddow, Birch,
// 2016; over bytes: Radford et al., 2019, section 2.2.
#pragma once

#include <string>
#include <string_view>
#include <unordered_map>
#include <vector>

#include "data/text/tokenizer.h"

namespace heed::data {

struct BpeTrainOptions {
  index_t vocab_size = 1000;  // 256 bytes, the merges and <|endoftext|>; fewer where nothing is left to merge
  index_t min_count = 2;      // a pair that is rarer is not merged
};

class BytePairEncoding : public Tokenizer {
 public:
  // GPT-2's two files, in which bytes are written as printable characters ("Ġ" is a space). Throws "[bpe] PATH: …" with
  // the line or the token. Lines end in LF, CR LF or CR.
  static BytePairEncoding load(const std::string& vocab_bpe, const std::string& encoder_json);
  // Of equally frequent pairs, the one of smaller ids: the same texts give the same merges.
  static BytePairEncoding train(const std::vector<std::string>& texts, const BpeTrainOptions& options = {});
  // Writes the two files, each whole or not at all.
  void save(const std::string& vocab_bpe, const std::string& encoder_json) const;

  std::vector<index_t> encode(std::string_view text) const override;
  std::string decode(const std::vector<index_t>& ids) const override;
  index_t end_of_text() const { return vocabulary_.id("<|endoftext|>"); }

  // The words that are encoded one by one: GPT-2's pattern. They cover the text.
  static std::vector<std::string_view> split(std::string_view text);

 private:
  struct Merge {
    index_t rank, merged;
  };
  using Merges = std::vector<std::pair<index_t, index_t>>;  // by rank
  BytePairEncoding(Vocabulary vocabulary, const Merges& merges, const std::string& name);
  void encode_word(std::string_view word, std::vector<index_t>& ids) const;
  const Merge* merge_of(index_t left, index_t right) const;

  Merges merges_;
  std::unordered_map<std::uint64_t, Merge> by_pair_;
  std::vector<index_t> of_byte_;  // 256
};

}  // namespace heed::data
