// ScanCursor: where a SCAN over the whole cluster stands; see resp_shards.cc for its layout.

#pragma once

#include <charconv>
#include <cstdint>
#include <optional>

#include "base/bytes.h"

namespace aegis::node::resp {

struct ScanCursor {
  static constexpr unsigned kPositionBits = 32;

  std::uint32_t shard = 0;
  std::uint64_t position = 0;  // As Table::Scan() has it; 0: the shard's begin.

  std::uint64_t Pack() const { return std::uint64_t{shard} << kPositionBits | position; }
  static ScanCursor Unpack(std::uint64_t packed) {
    return {static_cast<std::uint32_t>(packed >> kPositionBits),
            packed & ((std::uint64_t{1} << kPositionBits) - 1)};
  }
  // From the decimal number that clients hold. Nothing: it is no number of 64 bits.
  static std::optional<ScanCursor> Parse(ByteView text) {
    std::uint64_t packed = 0;
    const char* const end = text.data() + text.size();
    const auto [stop, error] = std::from_chars(text.data(), end, packed);
    if (error != std::errc{} || stop != end) return std::nullopt;
    return Unpack(packed);
  }
};

}  // namespace aegis::node::resp
