// Topology: a RoutingTable as clients see it (proto/client.proto), the value of a TOPOLOGY reply.
//
// What only nodes need stays home: sessions, virtual_nodes and the secret hash_seed are neither
// sent nor, after decoding, meaningful.

#pragma once

#include "base/bytes.h"
#include "base/result.h"
#include "model/routing.h"

namespace aegis::wire {

// REQUIRES: names and hosts are UTF-8 (protobuf's rule for strings).
void AppendTopology(const RoutingTable& table, Bytes& out);

// Pure, any thread; the result owns what it holds. What it promises beyond being well-formed:
//   - num_shards is a power of two within its limits; `shards` has as many entries, and none
//     while the cluster is not born; epochs are within Version::kEpochMax;
//   - members are at most limits::kMembersMax, sorted by id, each id once and none kNoNode, their
//     addresses read, weights are at least 1; `self` is one of them;
//   - a shard's replicas are distinct and none is kNoNode.
// A leader or replica may be missing from the members (a node that was just forgotten): Find()
// is then nullptr. Errors: kMalformed, kTooLarge.
Result<RoutingTable> DecodeTopology(ByteView input);

}  // namespace aegis::wire
