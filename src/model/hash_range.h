// HashRange: a part of what a key can hash to, as two replicas of a shard speak of it.
//
// It is the low half of the key's hash, which places an item in the table: see store/table.h.

#pragma once

#include <cstdint>

namespace aegis {

struct HashRange {
  static constexpr std::uint64_t kEnd = std::uint64_t{1} << 32U;

  std::uint64_t begin = 0;
  std::uint64_t end = kEnd;  // Not in it.

  bool Holds(std::uint32_t hash) const { return begin <= hash && hash < end; }
  bool IsSound() const { return begin < end && end <= kEnd; }

  friend bool operator==(const HashRange&, const HashRange&) = default;
};

}  // namespace aegis
