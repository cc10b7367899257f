// NodeFigures: what this node holds and has done, summed over its shards and workers at one look,
// and how INFO, STATS and /status show it. For any thread that holds no shard's lock; takes each
// for a moment.

#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "base/bytes.h"
#include "model/version_vector.h"
#include "node/core/control.h"
#include "node/core/resp_commands.h"
#include "node/core/shard.h"
#include "node/runtime/node_state.h"

namespace aegis::node {

struct ShardFigures {
  ShardReport report;
  std::uint64_t keys = 0;  // Expired ones that were not removed yet included.
  std::uint64_t keys_with_expiry = 0;
  std::uint64_t bytes = 0;
  std::uint64_t expired_bytes = 0;  // See Table::EstimateExpired().
  VersionVector history;
  Version committed;  // Every copy in sync holds it up to here, as far as this node knows.
  std::vector<FollowerLag> lags;
  std::uint64_t tail_bytes = 0;  // See UnreplicatedTail.
  Duration tail_time{};
};

struct NodeFigures {
  ShardCounters counters;
  std::vector<ShardFigures> shards;  // Indexed by shard; empty until the cluster is born.
  std::uint64_t keys_led = 0;
  std::uint64_t keys_led_with_expiry = 0;
  std::uint64_t keys = 0;  // Of all shards held here, led or followed.
  std::uint32_t shards_led = 0;
  std::uint32_t shards_followed = 0;
  std::uint64_t tail_bytes = 0;  // Of the largest tail of a shard led here: UnreplicatedTail.
  Duration tail_time{};
  std::uint64_t commands = 0;
  std::uint64_t forwards_sent = 0;
  std::uint64_t forwards_served = 0;
  std::uint64_t forwards_pending = 0;
  std::uint64_t outcomes_held = 0;    // See HeldOutcomes.
  std::uint64_t memory_used = 0;      // Bytes accounted to items.
  std::uint64_t expired_bytes = 0;    // Of those, whose time is over: an estimate.
  std::uint64_t memory_resident = 0;  // Bytes that the system counts.
};

NodeFigures Look(NodeState& node);

NodeFacts FactsOf(const NodeState& node, const NodeFigures& figures);

// The value of STATS.
Bytes StatisticsJson(NodeState& node);

// The body of /status. On the control thread.
Bytes StatusJson(NodeState& node, const Control& control, const std::string& disk_problem);

}  // namespace aegis::node
