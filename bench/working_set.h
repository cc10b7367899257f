// Working sets of the microbenchmarks, and keys to go through them.
//
// With 16-byte keys and 100-byte values an item takes 144 bytes and its slot about 11: kCached of
// them lie in an L2 cache of 2 MiB, kMany in none but the largest L3. Each visit is to another
// item, in random order, so with kMany it is to memory, as a server's is.

#pragma once

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <cstdio>
#include <numeric>
#include <string>
#include <vector>

#include "base/bytes.h"
#include "base/rng.h"

namespace aegis::bench {

inline constexpr std::int64_t kCached = 10'000;
inline constexpr std::int64_t kMany = 1'000'000;
inline const std::string kValue(100, 'v');

// Keys in random order. They lie one behind the other, so that to read the next is cheap: what is
// measured is what is done with it.
class Keys {
 public:
  static constexpr std::size_t kSize = 16;

  // Of other prefixes, others. REQUIRES: count > 0, at most 12 digits; a prefix of 4 characters.
  explicit Keys(std::int64_t count, const char* prefix = "key:") {
    std::vector<std::uint32_t> order(static_cast<std::size_t>(count));
    std::iota(order.begin(), order.end(), 0U);
    Rng rng(1);
    std::shuffle(order.begin(), order.end(), rng);
    bytes_.reserve(order.size() * kSize);
    for (const std::uint32_t number : order) {
      char key[kSize + 1];
      std::snprintf(key, sizeof(key), "%.4s%012u", prefix, number);
      bytes_.append(key, kSize);
    }
  }

  std::size_t size() const { return bytes_.size() / kSize; }
  ByteView at(std::size_t i) const { return ByteView(bytes_).substr(i * kSize, kSize); }
  bool at_begin() const { return next_ == 0; }
  // One after the other, round and round.
  ByteView Next() {
    const ByteView key = at(next_);
    if (++next_ == size()) next_ = 0;
    return key;
  }

 private:
  Bytes bytes_;
  std::size_t next_ = 0;
};

}  // namespace aegis::bench
