// Maintenance: one worker's share of the housekeeping of shards, in slices too short to be felt.

#pragma once

#include <cstdint>

#include "base/time.h"
#include "node/runtime/shard_host.h"

namespace aegis::node {

class Maintenance {
 public:
  // Of all shards, those whose number is `index` modulo `workers`.
  Maintenance(ShardHost& shards, std::uint32_t index, std::uint32_t workers)
      : shards_(shards), index_(index), workers_(workers), next_(index) {}

  // Once around the share, or as far as the slice reaches; the next call goes on from there. True:
  // there is so much to do that it should be soon.
  bool Run(TimePoint now);

 private:
  ShardHost& shards_;
  const std::uint32_t index_;
  const std::uint32_t workers_;
  std::uint32_t next_;
  bool hurried_ = false;  // The last round found much to do.
  ShardEffects effects_;
};

}  // namespace aegis::node
