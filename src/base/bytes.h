// Bytes: owned and borrowed raw memory, and integers in network (big-endian) order.

#pragma once

#include <cstddef>
#include <cstdint>
#include <span>
#include <string>
#include <string_view>
#include <type_traits>

namespace aegis {

// Keys, values and encoded messages are std::string (owned) or std::string_view (borrowed):
// arbitrary bytes, never text, whatever the type's name suggests.
using Bytes = std::string;
using ByteView = std::string_view;

// Appends `value` to `out`, most significant byte first.
template <class T>
requires std::is_unsigned_v<T>
void AppendBigEndian(T value, Bytes& out) {
  for (unsigned shift = sizeof(T) * 8; shift > 0; shift -= 8) {
    out.push_back(static_cast<char>(value >> (shift - 8) & 0xffU));
  }
}

// REQUIRES: from.size() >= sizeof(T).
template <class T>
requires std::is_unsigned_v<T> T LoadBigEndian(ByteView from) {
  T value = 0;
  for (std::size_t i = 0; i < sizeof(T); ++i) {
    value = static_cast<T>(static_cast<T>(value << 8U) | static_cast<unsigned char>(from[i]));
  }
  return value;
}

}  // namespace aegis
