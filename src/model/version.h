// Version: which write this is. (epoch, seq) of the leader that wrote it: a dot, unique per write
// of a shard, because an epoch has one writer. Newer means lexicographically greater.
//
// On the wire and in the table a version is one u64, so that clients can compare it:
//
//     | epoch: 24 bits | seq: 40 bits |

#pragma once

#include <compare>
#include <cstdint>

#include "model/ids.h"

namespace aegis {

struct Version {
  Epoch epoch;
  Seq seq;

  static constexpr unsigned kSeqBits = 40;
  static constexpr std::uint32_t kEpochMax = (1U << 24U) - 1;
  static constexpr std::uint64_t kSeqMax = (std::uint64_t{1} << kSeqBits) - 1;

  constexpr std::uint64_t Pack() const {
    return std::uint64_t{epoch.value()} << kSeqBits | seq.value();
  }
  static constexpr Version Unpack(std::uint64_t packed) {
    return {Epoch{static_cast<std::uint32_t>(packed >> kSeqBits)}, Seq{packed & kSeqMax}};
  }

  friend constexpr bool operator==(const Version&, const Version&) = default;
  friend constexpr auto operator<=>(const Version&, const Version&) = default;
};

}  // namespace aegis
