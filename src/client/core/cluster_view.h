// ClusterView: where this client believes that each key is led.
//
// Built from any node's answer to TOPOLOGY and corrected by redirects. Nodes learn of a change at
// different times, so an answer never replaces a route of a higher epoch; a table of another
// cluster replaces everything. Being wrong costs a hop, never correctness: servers forward.

#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "base/bytes.h"
#include "model/routing.h"

namespace aegis::client {

class ClusterView {
 public:
  // Takes over what is news in `table`.
  void Adopt(const RoutingTable& table);

  // A node answered that `address` leads the key. Stands until a table of a higher epoch says
  // otherwise, or one of the same epoch names a leader again.
  void LearnLeader(ByteView key, const std::string& address);

  // The address of the key's leader; empty: unknown.
  const std::string& LeaderOf(ByteView key) const;

  // Client addresses of the members that are alive or suspected, sorted.
  const std::vector<std::string>& members() const { return members_; }

 private:
  struct Route {
    Epoch epoch;
    std::string leader;  // Empty: unknown or nobody.
  };

  ClusterId cluster_;
  std::vector<Route> routes_;  // Indexed by ShardId; empty: no table yet.
  std::vector<std::string> members_;
};

}  // namespace aegis::client
