// text_fuzz.cpp — tokenizes any bytes and parses them as a table. Only an Error may be thrown, and
// decoding with the reversible tokenizers must return the text.
#include <cstdlib>
#include <string_view>

#include "autograd/error.h"
#include "data/text/text.h"

using namespace heed;
using namespace heed::data;

extern "C" int LLVMFuzzerTestOneInput(const unsigned char* bytes, std::size_t size) {
  static const BytePairEncoding bpe = BytePairEncoding::train(
      {"low lower lowest newest widest aaaa aaaa 한국어 한국 it's we'll"}, {.vocab_size = 300});
  static const WordPiece pieces(Vocabulary({"[UNK]", "a", "##a", "low", "##est", "한", "漢"}));
  const std::string_view text(reinterpret_cast<const char*>(bytes), size);

  if (bpe.decode(bpe.encode(text)) != text) std::abort();
  const std::string replaced = to_utf8(code_points(text, InvalidUtf8::replace));
  const WordTokenizer words = WordTokenizer::train({std::string(text)});
  if (words.decode(words.encode(text)) != replaced) std::abort();
  (void)pieces.encode(text);
  for (const TableOptions& options : {TableOptions{}, csv}) try {
      const Table table = parse_table(text, "fuzz", options);
      for (const auto& row : table.rows)
        if (row.size() != table.columns.size()) std::abort();
    } catch (const Error&) {
    }
  return 0;
}
