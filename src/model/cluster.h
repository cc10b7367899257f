// ClusterSettings: what is fixed when a cluster is born and the same on every node ever after.

#pragma once

#include <cstdint>

#include "model/ids.h"

namespace aegis {

struct ClusterSettings {
  ClusterId id;  // 0: this node has not joined or formed a cluster yet.
  std::uint32_t num_shards = 256;
  std::uint32_t replication_factor = 3;
  std::uint32_t virtual_nodes = 100;
  std::uint64_t hash_seed = 0;  // Secret seed of XXH3 over keys, drawn at birth.

  bool born() const { return id != ClusterId{}; }
  friend bool operator==(const ClusterSettings&, const ClusterSettings&) = default;
};

}  // namespace aegis
