// Hash(): XXH3 with 64 bits, which all checksums of the log are made of.

#pragma once

#include <cstdint>

#include "base/bytes.h"

namespace aegis::wal {

std::uint64_t Hash(ByteView bytes, std::uint64_t seed = 0);
// Of both, one behind the other.
std::uint64_t Hash(ByteView first, ByteView second, std::uint64_t seed);

}  // namespace aegis::wal
