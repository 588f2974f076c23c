// dropout.inl — which elements dropout keeps, and what it leaves of them.

// Philox (random.cpp) for eight counters at a time, each 32-bit number in a lane of 64 bits.
typedef uint64_t Wide __attribute__((vector_size(64)));

// For counters `first` … `first` + 7: four bits each, of which bit j says that element j of the counter is kept.
INLINE uint32_t keep_of_eight(const KeepSource& source, uint64_t first) {
  const uint64_t low = 0xFFFFFFFF;
  const Wide none = {}, counter = Wide{0, 1, 2, 3, 4, 5, 6, 7} + first;
  Wide x0 = counter & low, x1 = counter >> 32, x2 = none + (source.stream & low),
       x3 = none + (source.stream >> 32);
  uint64_t key0 = source.seed & low, key1 = source.seed >> 32;
  for (int round = 0; round < 10; ++round) {
    const Wide product0 = x0 * uint64_t{0xD2511F53}, product1 = x2 * uint64_t{0xCD9E8D57};
    x0 = (product1 >> 32) ^ x1 ^ key0;
    x2 = (product0 >> 32) ^ x3 ^ key1;
    x1 = product1 & low, x3 = product0 & low;
    key0 = (key0 + 0x9E3779B9) & low, key1 = (key1 + 0xBB67AE85) & low;
  }
  // A number of 64 bits serves two elements, its low half first; comparisons give all ones.
  const Wide place = {0, 4, 8, 12, 16, 20, 24, 28}, threshold = none + source.threshold;
  const Wide bits = (((Wide)(x1 >= threshold) & 1) | ((Wide)(x0 >= threshold) & 2) |
                     ((Wide)(x3 >= threshold) & 4) | ((Wide)(x2 >= threshold) & 8))
                    << place;
  uint64_t all = 0;
  for (int i = 0; i < 8; ++i) all |= bits[i];
  return static_cast<uint32_t>(all);
}

inline void keep_bits(const KeepSource& source, index_t first_word, uint64_t* words, index_t count) {
  const uint64_t first = source.start + static_cast<uint64_t>(first_word) * 32;  // number of 64 bits
  const auto word = [&](uint64_t counter) INLINE_LAMBDA {
    return keep_of_eight(source, counter) | uint64_t{keep_of_eight(source, counter + 8)} << 32;
  };
  uint64_t counter = first / 2;
  if (first % 2 == 0) {
    for (index_t i = 0; i < count; ++i, counter += 16) words[i] = word(counter);
    return;
  }
  // The stretch begins in the middle of a counter: each word is the end of one and the beginning of the next.
  uint64_t now = word(counter);
  for (index_t i = 0; i < count; ++i) {
    counter += 16;
    const uint64_t next = word(counter);
    words[i] = now >> 2 | next << 62;
    now = next;
  }
}

template <class T>
void drop(const uint64_t* words, index_t first, const T* x, T scale, T* y, index_t n) {
  using V = Vec<T>;
  const V s = V::all(scale);
  for (index_t i = 0; i < n; i += V::lanes) {
    const int count = n - i < V::lanes ? static_cast<int>(n - i) : V::lanes;
    const uint64_t at = static_cast<uint64_t>(first + i), word = at / 64, shift = at % 64;
    uint64_t bits = words[word] >> shift;
    if (shift + static_cast<uint64_t>(count) > 64) bits |= words[word + 1] << (64 - shift);
    select(V::truth(bits), V::load_n(x + i, count) * s, V::all(0)).store_n(y + i, count);
  }
}
