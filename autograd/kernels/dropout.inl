// dropout.inl — the random bits of dropout, and its application.

// Philox (philox.cpp) for the 32 counters of two words at once, with each 32-bit number in the low
// half of a 64-bit lane. The high half of x0 … x3 holds other bits, which no multiplication reads.
// The counters' rounds are interleaved because each round waits for the previous round of its
// counter.
constexpr int counters = sizeof(Words) / sizeof(uint64_t), groups_per_word = 16 / counters,
              groups = 2 * groups_per_word;

// Computes four bits for each of the counters first … first + 31. Bit j of a counter is 1 if its
// element j is kept.
INLINE void keep_two_words(const KeepSource& source, uint64_t first, uint64_t* words) {
  const Words none = {}, a = none + 0xD2511F53, b = none + 0xCD9E8D57;
  Words lane;
  for (int i = 0; i < counters; ++i) lane[i] = static_cast<uint64_t>(i);
  Words x0[groups], x1[groups], x2[groups], x3[groups];
  HEED_UNROLL(16)
  for (int g = 0; g < groups; ++g) {
    const Words counter = lane + (first + static_cast<uint64_t>(g * counters));
    x0[g] = counter;
    x1[g] = counter >> 32;
    x2[g] = none + source.stream;
    x3[g] = none + (source.stream >> 32);
  }
  uint64_t key0 = source.seed, key1 = source.seed >> 32;
  HEED_UNROLL(10)
  for (int round = 0; round < 10; ++round) {
    HEED_UNROLL(16)
    for (int g = 0; g < groups; ++g) {
      const Words product0 = multiply_low(x0[g], a), product1 = multiply_low(x2[g], b);
      x0[g] = (product1 >> 32) ^ x1[g] ^ key0;
      x2[g] = (product0 >> 32) ^ x3[g] ^ key1;
      x1[g] = product1;
      x3[g] = product0;
    }
    key0 += 0x9E3779B9;
    key1 += 0xBB67AE85;
  }
  // Each 64-bit number serves two elements, its low half first. A comparison sets all bits of a
  // lane. Both sides are at most 2³², so a signed comparison, which every instruction set has, is
  // correct.
  typedef int64_t Signed __attribute__((vector_size(sizeof(Words))));
  const auto at_least = [low = none + 0xFFFFFFFF, threshold = (Signed)(none + source.threshold)](Words x)
                            INLINE_LAMBDA { return (Words)((Signed)(x & low) >= threshold); };
  Words bits[2] = {none, none};
  HEED_UNROLL(16)
  for (int g = 0; g < groups; ++g) {
    const uint64_t position = static_cast<uint64_t>(g % groups_per_word * counters);
    bits[g / groups_per_word] |=
        ((at_least(x1[g]) & 1) | (at_least(x0[g]) & 2) | (at_least(x3[g]) & 4) | (at_least(x2[g]) & 8))
        << (lane + position) * 4;
  }
  words[0] = words[1] = 0;
  for (int i = 0; i < counters; ++i) {
    words[0] |= bits[0][i];
    words[1] |= bits[1][i];
  }
}

inline void keep_bits(const KeepSource& source, index_t first_word, uint64_t* words, index_t count) {
  const uint64_t first = source.start + static_cast<uint64_t>(first_word) * 32;  // the first 64-bit number
  // If the source begins in the middle of a counter, each word is the end of one group of counters
  // and the beginning of the next.
  const bool is_shifted = first % 2 != 0;
  uint64_t two[2], previous = 0;
  for (index_t i = 0; i < count + is_shifted; ++i) {
    if (i % 2 == 0) keep_two_words(source, first / 2 + static_cast<uint64_t>(i) * 16, two);
    const uint64_t word = two[i % 2];
    if (!is_shifted) words[i] = word;
    if (is_shifted && i > 0) words[i - 1] = previous >> 2 | word << 62;
    previous = word;
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
