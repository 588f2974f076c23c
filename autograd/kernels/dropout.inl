// dropout.inl — the random bits of dropout, and its application.

// Philox (philox.cpp) for the 16 counters of a word at once, with each 32-bit number in a 64-bit
// lane. The counters' rounds are interleaved because each round waits for the previous round of its
// counter.
constexpr int counters = sizeof(Words) / sizeof(uint64_t), groups = 16 / counters;

// Returns four bits for each of the counters first … first + 15. Bit j of a counter is 1 if its
// element j is kept.
INLINE uint64_t keep_word(const KeepSource& source, uint64_t first) {
  const Words none = {}, low = none + 0xFFFFFFFF, a = none + 0xD2511F53, b = none + 0xCD9E8D57;
  Words lane;
  for (int i = 0; i < counters; ++i) lane[i] = static_cast<uint64_t>(i);
  Words x0[groups], x1[groups], x2[groups], x3[groups];
  HEED_UNROLL(8)
  for (int g = 0; g < groups; ++g) {
    const Words counter = lane + (first + static_cast<uint64_t>(g * counters));
    x0[g] = counter & low;
    x1[g] = counter >> 32;
    x2[g] = none + (source.stream & 0xFFFFFFFF);
    x3[g] = none + (source.stream >> 32);
  }
  uint64_t key0 = source.seed & 0xFFFFFFFF, key1 = source.seed >> 32;
  HEED_UNROLL(10)
  for (int round = 0; round < 10; ++round) {
    HEED_UNROLL(8)
    for (int g = 0; g < groups; ++g) {
      const Words product0 = multiply_low(x0[g], a), product1 = multiply_low(x2[g], b);
      x0[g] = (product1 >> 32) ^ x1[g] ^ key0;
      x2[g] = (product0 >> 32) ^ x3[g] ^ key1;
      x1[g] = product1 & low;
      x3[g] = product0 & low;
    }
    key0 = (key0 + 0x9E3779B9) & 0xFFFFFFFF;
    key1 = (key1 + 0xBB67AE85) & 0xFFFFFFFF;
  }
  // Each 64-bit number serves two elements, its low half first. A comparison sets all bits of a
  // lane. All numbers are below 2³³, so a signed comparison, which every instruction set has, is
  // correct.
  typedef int64_t Signed __attribute__((vector_size(sizeof(Words))));
  const auto at_least = [threshold = (Signed)(none + source.threshold)](Words x)
                            INLINE_LAMBDA { return (Words)((Signed)x >= threshold); };
  Words bits = none;
  HEED_UNROLL(8)
  for (int g = 0; g < groups; ++g)
    bits |= ((at_least(x1[g]) & 1) | (at_least(x0[g]) & 2) | (at_least(x3[g]) & 4) | (at_least(x2[g]) & 8))
            << (lane + static_cast<uint64_t>(g * counters)) * 4;
  uint64_t word = 0;
  for (int i = 0; i < counters; ++i) word |= bits[i];
  return word;
}

inline void keep_bits(const KeepSource& source, index_t first_word, uint64_t* words, index_t count) {
  const uint64_t first = source.start + static_cast<uint64_t>(first_word) * 32;  // the first 64-bit number
  uint64_t counter = first / 2;
  if (first % 2 == 0) {
    for (index_t i = 0; i < count; ++i, counter += 16) words[i] = keep_word(source, counter);
    return;
  }
  // The source begins in the middle of a counter: each word is the end of one group of counters and
  // the beginning of the next.
  uint64_t current = keep_word(source, counter);
  for (index_t i = 0; i < count; ++i) {
    counter += 16;
    const uint64_t next = keep_word(source, counter);
    words[i] = current >> 2 | next << 62;
    current = next;
  }
}

template <class T>
void drop(const uint64_t* words, index_t first, const T* x, T scale, T* y, index_t n) {
  using V = Vec<T>;
  const V s = V::all(scale);
  for (index_t i = 0; i < n; i += V::lanes) {
    const int count = n - i < V::lanes ? static_cast<int>(n - i) : V::lanes;
    const uint64_t position = static_cast<uint64_t>(first + i), word = position / 64, shift = position % 64;
    uint64_t bits = words[word] >> shift;
    if (shift + static_cast<uint64_t>(count) > 64) bits |= words[word + 1] << (64 - shift);
    const V v = count == V::lanes ? V::load(x + i) : V::load_n(x + i, count);
    select(V::lane_mask(bits), v * s, V::all(0)).store_n(y + i, count);
  }
}
