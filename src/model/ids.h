// The names of things, each its own type.

#pragma once

#include <cstdint>

#include "base/strong.h"

namespace aegis {

// A node's identity: XXH64 (seed 0) of its --node-id. The same name is the same node.
using NodeId = Strong<struct NodeIdTag, std::uint64_t>;

// One run of a process: random, drawn at every start, never 0. A restarted node is a new session.
using Session = Strong<struct SessionTag, std::uint64_t>;

// Which cluster a node belongs to: random, drawn at the cluster's birth. 0: not born yet.
using ClusterId = Strong<struct ClusterIdTag, std::uint64_t>;

using ShardId = Strong<struct ShardIdTag, std::uint32_t>;
using Slot = Strong<struct SlotTag, std::uint16_t>;

// A shard's reign: raised at every change of its leader. 0: no leader yet. Below 2^24.
using Epoch = Strong<struct EpochTag, std::uint32_t>;

// A leader's write counter within its epoch, from 1. Below 2^40.
using Seq = Strong<struct SeqTag, std::uint64_t>;

inline constexpr NodeId kNoNode{0};

}  // namespace aegis
