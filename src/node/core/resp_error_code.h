// The codes that error replies begin with: what INFO counts errors by.

#pragma once

#include <array>
#include <cstddef>
#include <cstdint>

#include "base/bytes.h"

namespace aegis::node {

inline constexpr std::array<ByteView, 15> kErrorCodes = {
    "ERR",    "MOVED",      "CROSSSLOT",   "CLUSTERDOWN", "TRYAGAIN",
    "BUSY",   "NOREPLICAS", "OOM",         "EXECABORT",   "UNKNOWNOUTCOME",
    "NOAUTH", "WRONGPASS",  "SESSIONLOST", "NOPROTO",     "WRONGTYPE"};
using ErrorCounts = std::array<std::uint64_t, kErrorCodes.size()>;

// Of an error's text, with or without the '-' before it: the index of its code. One that is not
// listed counts as the first, ERR.
constexpr std::size_t ErrorCodeOf(ByteView text) {
  if (text.starts_with('-')) text.remove_prefix(1);
  const ByteView code = text.substr(0, text.find(' '));
  for (std::size_t i = 0; i < kErrorCodes.size(); ++i) {
    if (kErrorCodes[i] == code) return i;
  }
  return 0;
}

// The code says that nothing was done. Those stand from the second place on.
constexpr bool TellsRefusal(std::size_t code) { return code >= 1 && code <= 7; }
static_assert(kErrorCodes[7] == "OOM");

}  // namespace aegis::node
