// Workload: what clients do to a simulated cluster, and what they make of its answers.

#pragma once

#include <cstdint>
#include <string>

#include "sim_cluster.h"

namespace aegis::sim {

class Workload {
 public:
  virtual ~Workload() = default;

  virtual void Stop() = 0;  // No more operations; what is under way goes on.
  // Reads every key once more, on a cluster at rest.
  virtual void Verify() = 0;
  // After Verify(): empty, or which answer no client may get.
  virtual std::string Problem() const = 0;
  virtual std::uint64_t answered() const = 0;  // Operations.
  // Acknowledged writes that later reads did not show, as far as this workload counts them.
  virtual std::uint64_t losses_counted() const { return 0; }
  // Keys with a history that is checked, and with one that is not because a failover lost a write.
  virtual std::uint64_t keys_checked() const { return 0; }
  virtual std::uint64_t keys_excused() const { return 0; }
};

// Where a client may turn to: it does not choose a node that refuses connections.
inline std::size_t AnyLiveNode(SimCluster& cluster) {
  std::size_t node = cluster.rng().Below(cluster.size());
  for (std::size_t i = 0; i < cluster.size() && !cluster.alive(node); ++i) {
    node = (node + 1) % cluster.size();
  }
  return node;
}

}  // namespace aegis::sim
