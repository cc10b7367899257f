// Forwarder: one worker's operations that cannot run here and now, because another node leads
// their shard or nobody does.
//
// Each shard has a lane (ForwardLane). Within a lane operations keep their order: they go to one
// leader under one epoch at a time, what comes back refused goes again before anything later, and
// while a lane is not empty the worker runs nothing on that shard past it (blocked()). So commands
// of one connection on one shard take effect in the order they were sent, whoever leads meanwhile.
//
// Every operation is answered: by the leader; kUnavailable when no leader took it within
// limits::kRouteWait of its arrival, kBusy for a write when one did not that was busy;
// kUnknownOutcome when it is a write that was sent and never answered. A read that was sent and not
// answered is asked again, with another kRouteWait to find a leader; if that one falls silent too,
// it is tried once more only while the time lasts. But a read in front of a write of its owner that
// was sent as well might see that write: kUnavailable. So might one that was held while what was
// sent behind it was answered.
//
// An operation whose outcome would show more than its room is not run: it goes back to its owner,
// and after it what the same owner submitted behind it. Of other owners' operations on the shard,
// those that the leader had already been sent are sent again, in order, before anything later.
//
// An operation whose outcome has to be held leaves its lane once it was executed: others on the
// shard go on meanwhile.
//
// A write that the leader refuses with kBusy is tried again in its lane until its time is over, and
// holds up other writes. Reads pass it, unless they come behind something of their own owner's;
// every few milliseconds is looked for such.
//
// Operations cost memory until they are answered. Each is charged to the node that led its shard
// when it came; who submits for a node that owes more than limits::kForwardBacklogPause bytes is
// told so (ForwardOwner::OnCongested).
//
// Belongs to one worker and its thread.

#pragma once

#include <asio/steady_timer.hpp>
#include <cstdint>
#include <map>
#include <memory>
#include <string>
#include <vector>

#include "base/time.h"
#include "model/operation.h"
#include "node/core/shard_space.h"
#include "node/runtime/counters.h"
#include "node/runtime/forward.h"
#include "node/runtime/forward_backlog.h"
#include "node/runtime/forward_lane.h"
#include "node/runtime/forward_link.h"
#include "node/runtime/held_outcomes.h"
#include "node/runtime/routing_board.h"
#include "node/runtime/spare_forwards.h"

namespace aegis::node {

// How many bytes of value the operation's outcome might show, if that is more than `room`; else 0.
std::size_t LacksRoom(const Shard& shard, const Operation& operation, std::size_t room);

class Forwarder final : public ForwardLinkListener {
 public:
  Forwarder(Loop& loop, ShardSpace& shards, const RoutingBoard& board, HeldOutcomes& held,
            WorkerCounters& counters);

  // True: operations on this shard must queue behind others.
  bool blocked(ShardId shard) const {
    return !homeless_.empty() || (shard.value() < lanes_.size() && !lanes_[shard.value()].empty());
  }

  // The operation, encoded; the caller adds owner, ticket and room.
  std::unique_ptr<Forward> Encode(const Operation& operation);
  // Takes the operation over; its owner hears of its outcome, maybe before this returns. Also for
  // one that came back.
  void Submit(std::unique_ptr<Forward> forward, TimePoint now);

  // The routing table has changed.
  void OnRouting();
  // Every few milliseconds: deadlines, and links that may be tried again.
  void OnTick(TimePoint now);

  std::size_t pending() const { return pending_; }  // Operations that wait for an answer,
  std::size_t pending_bytes() const { return backlog_.bytes(); }  // and what they cost.

  // From links.
  void OnAnswer(std::unique_ptr<Forward> forward, const Outcome& outcome) override;
  void OnNoRoom(std::unique_ptr<Forward> forward, std::size_t needed) override;
  void OnBroken(ForwardLink& link, ForwardQueue unsent, ForwardQueue sent) override;

 private:
  class HeldForward;

  // The cluster is born: gives every shard its lane, and the homeless theirs.
  void Open();
  bool Superseded(NodeId node, const RoutingTable& table) const;
  // Sends or runs what can be, in order.
  void Advance(ShardId shard);
  void NoteRefusal(Forward& forward, NodeId by, Epoch epoch, TimePoint now);
  // False: it was refused and is back in the lane.
  bool RunHere(ForwardLane& lane, ForwardQueue& queue, Epoch epoch, TimePoint now);
  void LetReadsPass(ShardId shard, TimePoint now);
  void Send(ForwardLane& lane, ForwardQueue& queue, const ShardRoute& route, ForwardLink& link,
            const Endpoint& address);
  void Hold(std::unique_ptr<Forward> forward, const Operation& operation, const Outcome& outcome,
            TimePoint now);
  void GiveBack(std::unique_ptr<Forward> forward);
  void Finish(std::unique_ptr<Forward> forward, const Outcome& outcome);
  void Fail(std::unique_ptr<Forward> forward, Status status, const std::string& why);
  void Expire(std::unique_ptr<Forward> forward, Status of_writes, const std::string& why);
  ForwardLink& LinkTo(NodeId node, ClusterId cluster);

  Loop& loop_;
  ShardSpace& shards_;
  RoutingReader routing_;
  HeldOutcomes& held_;
  WorkerCounters& counters_;
  ShardEffects effects_;
  std::vector<ForwardLane> lanes_;  // Indexed by shard; empty until the cluster is born.
  ForwardQueue homeless_;           // Waiting for that.
  std::map<NodeId, std::unique_ptr<ForwardLink>> links_;
  ForwardBacklog backlog_;
  SpareForwards spare_;
  std::size_t pending_ = 0;
  TimePoint next_link_tick_{};
  asio::steady_timer soon_timer_;  // For the first refusal that is due for another try.
  bool soon_armed_ = false;
  TimePoint soon_at_{};
};

}  // namespace aegis::node
