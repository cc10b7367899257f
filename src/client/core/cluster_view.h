// ClusterView: which cluster this client talks to, who its members are, and where this client
// believes that each key is led.
//
// Built from any node's answer to TOPOLOGY and corrected by redirects. Nodes learn of a change at
// different times, so an answer never replaces a route of a higher epoch. Being wrong about a
// leader costs a hop, never correctness: servers forward. Being wrong about who answers at an
// address would cost correctness, so that is asked (introduction.h) and judged here.

#pragma once

#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <vector>

#include "base/bytes.h"
#include "model/routing.h"
#include "wire/identity_codec.h"

namespace aegis::client {

class ClusterView {
 public:
  // Takes over what is news in `table`. False: it is the table of another cluster, or of none.
  bool Adopt(const RoutingTable& table);

  // Why `who` must not be talked to although it answers at `address`; nothing: it may. It has to
  // be of this cluster and, unless the user gave the address himself, one of the members who are
  // to be found there, if any are. The first one asked about decides which cluster this is.
  std::optional<std::string> Objection(const std::string& address, const wire::Identity& who,
                                       bool given);

  // Whether this node, and not another one, is to be found at the address, as far as we know.
  bool Expects(const std::string& address, NodeId node) const;

  // A node answered that `address` leads the key. Stands until a table of a higher epoch says
  // otherwise, or one of the same epoch names a leader again.
  void LearnLeader(ByteView key, const std::string& address);

  // The address of the key's leader; empty: unknown.
  const std::string& LeaderOf(ByteView key) const;

  // The addresses of those who should hold a copy of the key, as far as they live. Valid until the
  // next Adopt().
  const std::vector<std::string>& CopiesOf(ByteView key) const;

  // Client addresses of the members that are alive or suspected, sorted.
  std::vector<std::string> members() const;

 private:
  struct Route {
    Epoch epoch;
    std::string leader;  // Empty: unknown or nobody.
    std::vector<std::string> copies = {};
  };
  struct Node {
    NodeId id;
    std::string name;
  };

  ClusterId cluster_;          // 0: not known yet. Never changes afterwards.
  std::vector<Route> routes_;  // Indexed by ShardId; empty: no table yet.
  // By address. Several at one: some of them are about to be found dead, or they lie.
  std::map<std::string, std::vector<Node>> nodes_;
};

}  // namespace aegis::client
