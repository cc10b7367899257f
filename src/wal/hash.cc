#include "wal/hash.h"

#define XXH_INLINE_ALL

#include <xxhash.h>

namespace aegis::wal {

std::uint64_t Hash(ByteView bytes, std::uint64_t seed) {
  return XXH3_64bits_withSeed(bytes.data(), bytes.size(), seed);
}

std::uint64_t Hash(ByteView first, ByteView second, std::uint64_t seed) {
  XXH3_state_t state{};
  XXH3_64bits_reset_withSeed(&state, seed);
  XXH3_64bits_update(&state, first.data(), first.size());
  XXH3_64bits_update(&state, second.data(), second.size());
  return XXH3_64bits_digest(&state);
}

}  // namespace aegis::wal
