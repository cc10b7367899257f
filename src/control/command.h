// The commands of the control log. Each is guarded: it names what it was decided on and does
// nothing where that is no longer so. So a command may be proposed twice, late, or by several
// nodes, and whoever proposed it reads its fate from the state.

#pragma once

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <string>
#include <variant>
#include <vector>

#include "base/bytes.h"
#include "base/result.h"
#include "model/cluster.h"
#include "model/holder.h"
#include "model/ids.h"

namespace aegis::control {

// Longer commands are refused. Room for one item of every shard there may be.
inline constexpr std::size_t kCommandSizeMax = 16 << 20;
// Nodes in a target, copies in an in-sync set. More: refused; an in-sync set takes no more.
inline constexpr std::size_t kCopiesMax = 64;

// No lease is longer: a registration that asks for more is refused.
inline constexpr std::chrono::milliseconds kLeaseMax = std::chrono::hours(1);

// Whose memory holds a shard: a node's process. It outlives lease sessions, not the process.
struct Copy {
  NodeId node;
  Session memory;

  friend bool operator==(const Copy&, const Copy&) = default;
  friend auto operator<=>(const Copy&, const Copy&) = default;
};

// The first entry of every log. Guard: there was none before.
struct Birth {
  ClusterSettings settings;
};

// A node comes, comes back, or goes on under a new session. Guard: its session is still `previous`
// (0: a new node), and that is fenced; there is room, see kNodesMax. A session is drawn to follow
// one `previous` and never asks to follow another; so no superseded session can ever register.
struct Register {
  NodeId node;
  Session session;
  Session previous;
  Session memory;
  std::uint64_t server = 0;  // consensus::ServerId
  std::string name;
  std::string zone;
  std::uint32_t weight = 1;
  std::chrono::milliseconds lease{600};  // --lease-duration of the node; up to kLeaseMax.

  friend bool operator==(const Register&, const Register&) = default;
};

// The holder gets no more leases. Guard: it is the node's session now, or leads some shard.
struct Fence {
  Holder holder;
};

// Shards whose leader is fenced, and whose lease is over, get another. Guards, per shard: the
// epoch; `from` still leads and is fenced (epoch 0: kNobody); `to` is registered and not fenced,
// and its copy is in sync, or `unclean` or the epoch is 0: then it becomes the only one that is.
struct Assignment {
  ShardId shard;
  Epoch epoch;
  Holder from;
  Holder to;
  bool unclean = false;
};
struct Assign {
  std::vector<Assignment> assignments;
};

// A leader that has stopped gives up its shard. Guards: the epoch; `from` leads it; `to` is
// registered, not fenced, and in sync, or `from` itself, which so gets a new epoch.
struct ShardTransfer {
  ShardId shard;
  Epoch epoch;
  Holder from;
  Holder to;
};
struct Transfer {
  std::vector<ShardTransfer> transfers;
};

// A copy has everything, or lags too much. Proposed by the shard's leader alone. Guards: epoch,
// leader's session, change number; `copy` is its node's memory now (to be added). The leader's own
// copy is never removed. Raises the change number.
struct InSyncChange {
  ShardId shard;
  Epoch epoch;
  std::uint32_t change = 0;
  Session session;
  Copy copy;
  bool remove = false;

  friend bool operator==(const InSyncChange&, const InSyncChange&) = default;
};
struct InSync {
  std::vector<InSyncChange> changes;
};

// Where shards should live, the leader-to-be first. Guard: every node is registered, and not
// removed; no node twice.
struct Target {
  ShardId shard;
  std::vector<NodeId> nodes;
};
struct Targets {
  std::vector<Target> targets;
};

// The node wants to give up what it holds; or, `given_up`, an operator says that it is gone and
// does not come back. Guard: it is its session now. A new session of the node does not leave any
// more.
struct Leaving {
  Holder holder;
  bool given_up = false;
};

// The node is gone for good. Guards: it is its session, and fenced; it leads nothing and no target
// names it. Its copies leave the in-sync sets where others remain.
struct Remove {
  Holder holder;
};

// These shards have accepted quorum writes: never promote an unclean copy without being told to.
struct QuorumUsed {
  std::vector<ShardId> shards;
};

using Command = std::variant<Birth, Register, Fence, Assign, Transfer, InSync, Targets, Leaving,
                             Remove, QuorumUsed>;

// REQUIRES: what DecodeCommand() refuses is not in it.
Bytes Encode(const Command& command);
// Refuses lists and names over their limits, names of nothing (node, session or memory 0), and
// commands of an unknown kind. Errors: kMalformed.
Result<Command> DecodeCommand(ByteView data);

}  // namespace aegis::control
