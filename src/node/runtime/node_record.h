// NodeRecord: what a node remembers of itself across restarts, as node.json in its data directory.
//
//     {
//       "format": 1,
//       "node_id": "node1",
//       "founder": true,
//       "memory": "81c0...", "lineage": "77e2...",
//       "cluster": {"id": "5f2c...", "hash_seed": "9d01...", "shards": 256,
//                   "replication_factor": 3, "virtual_nodes": 100},
//       "peers": ["10.0.0.2:7701", "10.0.0.3:7701"]
//     }
//
// Ids are 16 hexadecimal digits: JSON numbers lose bits in many readers. hash_seed is a secret, so
// only the owner may read the file. `founder` stands in it as long as this node has to begin the
// cluster's control log: see KeptState; `memory` as long as a write-ahead log goes with it: see
// LogKeeper.

#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"
#include "control/recovery.h"
#include "model/cluster.h"
#include "model/endpoint.h"
#include "model/ids.h"

namespace aegis::node {

struct NodeRecord {
  std::string node_id;          // --node-id
  bool founder = false;         // It has to begin the cluster's control log.
  control::Lineage lineage;     // Of the control log that `memory` belongs to.
  Session memory;               // Of which the write-ahead log has everything; none: of nobody's.
  ClusterSettings settings;     // Fixed at the cluster's birth. REQUIRES: born().
  std::vector<Endpoint> peers;  // Gossip addresses of the others, as last known.

  // Nothing if there is none. Errors: kUnavailable if it cannot be read, kInvalid if it is damaged,
  // with the way out.
  static Result<std::optional<NodeRecord>> Load(const std::string& data_dir);
  // Replaces the one that is there, all or nothing.
  static Result<Ok> Save(const std::string& data_dir, const NodeRecord& record);

  // The text of the file, for tests and fuzzing. Errors: kInvalid, what is wrong.
  static Result<NodeRecord> Parse(std::string_view text);
  std::string ToText() const;

  friend bool operator==(const NodeRecord&, const NodeRecord&) = default;
};

}  // namespace aegis::node
