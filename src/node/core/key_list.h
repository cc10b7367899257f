// A list of keys as the value of an outcome (OpCode::kScan):
//
//     | key size u32 | key | key size u32 | key | ...          little-endian
//
// Pure, stateless, any thread.

#pragma once

#include <bit>
#include <cstdint>
#include <cstring>
#include <optional>

#include "base/bytes.h"

namespace aegis::node {

static_assert(std::endian::native == std::endian::little, "sizes are copied as they lie");

inline void AppendKey(ByteView key, Bytes& list) {
  const auto size = static_cast<std::uint32_t>(key.size());
  list.append(reinterpret_cast<const char*>(&size), sizeof size);
  list.append(key);
}

// Takes the first key off the list, which it borrows from. Nothing: the list is at its end, or what
// is left of it is no list.
inline std::optional<ByteView> TakeKey(ByteView& list) {
  std::uint32_t size = 0;
  if (list.size() < sizeof size) return std::nullopt;
  std::memcpy(&size, list.data(), sizeof size);
  if (list.size() - sizeof size < size) return std::nullopt;
  const ByteView key = list.substr(sizeof size, size);
  list.remove_prefix(sizeof size + size);
  return key;
}

}  // namespace aegis::node
