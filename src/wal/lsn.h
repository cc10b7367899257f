// Lsn: a place in the log: how many bytes of entries lie before it, over all segments there ever
// were. The place of an entry is its first byte; the log ends at an Lsn that no entry has yet.

#pragma once

#include <cstdint>

#include "base/strong.h"

namespace aegis::wal {

using Lsn = Strong<struct LsnTag, std::uint64_t>;

constexpr Lsn Behind(Lsn lsn, std::uint64_t bytes) { return Lsn{lsn.value() + bytes}; }

// REQUIRES: from <= to.
constexpr std::uint64_t BytesBetween(Lsn from, Lsn to) { return to.value() - from.value(); }

}  // namespace aegis::wal
