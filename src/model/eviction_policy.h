// EvictionPolicy: what a node gives up first when its memory is full; see store/eviction.h.

#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <string_view>

namespace aegis {

enum class EvictionPolicy : std::uint8_t {
  kSlru,
  kS3Fifo,
  kLru,
  kRandom,
  kVolatileTtl,
  kNoEviction,
};

struct EvictionPolicyName {
  EvictionPolicy policy;
  std::string_view name;
};
inline constexpr std::array kEvictionPolicies = {
    EvictionPolicyName{EvictionPolicy::kSlru, "slru"},
    EvictionPolicyName{EvictionPolicy::kS3Fifo, "s3fifo"},
    EvictionPolicyName{EvictionPolicy::kLru, "lru"},
    EvictionPolicyName{EvictionPolicy::kRandom, "random"},
    EvictionPolicyName{EvictionPolicy::kVolatileTtl, "volatile-ttl"},
    EvictionPolicyName{EvictionPolicy::kNoEviction, "noeviction"},
};

constexpr std::string_view NameOf(EvictionPolicy policy) {
  return kEvictionPolicies[static_cast<std::size_t>(policy)].name;
}

}  // namespace aegis
