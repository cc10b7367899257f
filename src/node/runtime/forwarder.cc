#include "node/runtime/forwarder.h"

#include <map>
#include <utility>

#include "base/check.h"
#include "model/limits.h"
#include "node/core/in_block.h"
#include "node/core/making_room.h"
#include "node/runtime/clocks.h"
#include "ring/slot.h"
#include "wire/native.h"
#include "wire/operation_codec.h"

namespace aegis::node {

namespace {

constexpr Duration kLinkTick = std::chrono::milliseconds(250);
const std::string kLost = "the node that leads the key was lost before it answered";
const std::string kNoLeader = "no node leads the key's shard";

Operation Decode(const Forward& forward) {
  Result<Operation> operation = wire::DecodeOperation(forward.operation);
  AEGIS_CHECK(operation.ok(), "what this node encoded it can decode");
  return std::move(operation).value();
}

}  // namespace

std::size_t LacksRoom(const Shard& shard, const Operation& operation, std::size_t room) {
  if (room == kAnyRoom || !operation.ShowsValue()) return 0;
  const std::size_t size = shard.BytesShown(operation);
  return size > room ? size : 0;
}

// An operation that was executed here, waiting for its outcome.
class Forwarder::HeldForward final : public HeldOutcomes::Asker {
 public:
  HeldForward(Forwarder& forwarder, std::unique_ptr<Forward> forward)
      : forwarder_(forwarder), forward_(std::move(forward)) {}
  void OnOutcome(const Outcome& outcome) override {
    forwarder_.Finish(std::move(forward_), outcome);
  }

 private:
  Forwarder& forwarder_;
  std::unique_ptr<Forward> forward_;
};

Forwarder::Forwarder(Loop& loop, ShardSpace& shards, const RoutingBoard& board, HeldOutcomes& held,
                     WorkerCounters& counters)
    : loop_(loop),
      shards_(shards),
      routing_(board),
      held_(held),
      counters_(counters),
      soon_timer_(loop.io()) {}

std::unique_ptr<Forward> Forwarder::Encode(const Operation& operation) {
  std::unique_ptr<Forward> forward = spare_.Take();
  forward->slot = ring::SlotOf(operation.key);
  forward->code = operation.code;
  forward->write = operation.IsWrite();
  forward->shows_value = operation.ShowsValue();
  wire::AppendOperation(operation, forward->operation);
  return forward;
}

void Forwarder::Submit(std::unique_ptr<Forward> forward, TimePoint now) {
  const auto table = routing_.Keep();
  if (lanes_.empty() && !table->shards.empty()) Open();
  forward->deadline = now + limits::kRouteWait;
  ++pending_;
  if (lanes_.empty()) {
    backlog_.Charge(*forward, kNoNode);
    homeless_.Push(std::move(forward));
    return;
  }
  const ShardId shard = ring::ShardOf(forward->slot, table->settings.num_shards);
  forward->shard = shard;
  backlog_.Charge(*forward, table->shards[shard.value()].leader);
  ForwardLane& lane = lanes_[shard.value()];
  lane.Enter();
  if (forward->operation.size() + wire::kRequestHeaderSize > limits::kFrameSizeMax) {
    Fail(std::move(forward), Status::kTooLarge, "the command is too large to be forwarded");
    return;
  }
  lane.Wait(std::move(forward));
  Advance(shard);
}

void Forwarder::Open() {
  const auto table = routing_.Keep();
  lanes_.resize(table->shards.size());
  while (!homeless_.empty()) {
    std::unique_ptr<Forward> forward = homeless_.Pop();
    forward->shard = ring::ShardOf(forward->slot, table->settings.num_shards);
    ForwardLane& lane = lanes_[forward->shard.value()];
    lane.Enter();
    lane.Wait(std::move(forward));
  }
  for (std::uint32_t id = 0; id < lanes_.size(); ++id) Advance(ShardId{id});
}

void Forwarder::Advance(ShardId shard) {
  ForwardLane& lane = lanes_[shard.value()];
  if (lane.idle()) return;
  lane.Rejoin();
  const TimePoint now = SteadyNow();
  while (lane.has_next()) {
    const auto table = routing_.Keep();
    const ShardRoute& route = table->shards[shard.value()];
    ForwardQueue& queue = lane.next();
    const Forward& next = queue.front();
    // One leader, one epoch at a time; and nothing overtakes what came back.
    const bool goes_on = lane.MayFollow(route.leader, route.epoch);
    const bool taken_back = next.owner->takes_back();
    if (lane.under_way() && (!goes_on || taken_back)) return;
    if (taken_back) {
      GiveBack(queue.Pop());
      continue;
    }
    if (route.leader == kNoNode) return lane.ClearBusy();
    if (ForwardLane::TooSoon(next, route.leader, route.epoch, now)) return LetReadsPass(shard, now);
    if (route.leader == table->self) {
      if (!RunHere(lane, queue, route.epoch, now)) return LetReadsPass(shard, now);
      continue;
    }
    const Member* const member = table->Find(route.leader);
    if (member == nullptr) return;
    ForwardLink& link = LinkTo(route.leader, table->settings.id);
    if (!link.available(now)) return;
    Send(lane, queue, route, link, member->gossip_address);
  }
}

// REQUIRES: what is next in the lane may not be tried yet.
void Forwarder::LetReadsPass(ShardId shard, TimePoint now) {
  ForwardLane& lane = lanes_[shard.value()];
  if (!lane.LooksForReads(now)) return;
  ForwardQueue reads = lane.TakeReads();
  const auto table = routing_.Keep();
  const ShardRoute& route = table->shards[shard.value()];
  const Member* const member = table->Find(route.leader);
  ForwardQueue left;
  if (route.leader == table->self) {
    while (left.empty() && !reads.empty()) {
      if (reads.front().owner->takes_back()) {
        GiveBack(reads.Pop());
      } else if (!RunHere(lane, reads, route.epoch, now)) {
        left.Push(lane.next().Pop());
      }
    }
  } else if (member != nullptr) {
    ForwardLink& link = LinkTo(route.leader, table->settings.id);
    while (!reads.empty() && link.available(now)) {
      if (reads.front().owner->takes_back()) {
        if (lane.under_way()) break;
        GiveBack(reads.Pop());
        continue;
      }
      Send(lane, reads, route, link, member->gossip_address);
    }
  }
  left.Append(std::move(reads));
  lane.PutFirst(std::move(left));
}

void Forwarder::Send(ForwardLane& lane, ForwardQueue& queue, const ShardRoute& route,
                     ForwardLink& link, const Endpoint& address) {
  counters_.forwards_sent.Add();
  std::unique_ptr<Forward> forward = lane.Depart(queue, route.leader, route.epoch);
  forward->block = {};  // Somebody else stores it.
  link.Send(std::move(forward), route.epoch, address);
}

bool Forwarder::RunHere(ForwardLane& lane, ForwardQueue& queue, Epoch epoch, TimePoint now) {
  Operation operation = Decode(queue.front());
  if (WantsBlock(operation)) [[unlikely]] {
    BlockRef& block = queue.front().block;  // Copied once, however often it is refused.
    if (!block) block = Block::Copy(operation.value);
    operation.block = block.get();
    operation.value = block->bytes();
  }
  bool taken = true;
  std::size_t needed = 0;
  RunMakingRoom(
      shards_, queue.front().shard, effects_,
      [&](Shard& shard) {
        needed = LacksRoom(shard, operation, queue.front().room);
        if (needed > 0) return Outcome();
        Outcome outcome = shard.Execute(operation, UnixNow(), effects_);
        queue.front().journaled = shard.journaled();
        return outcome;
      },
      [&](const Outcome& outcome) {
        if (needed > 0) {
          queue.front().needed = needed;
          GiveBack(queue.Pop());
        } else if (outcome.hold.reign != Epoch{}) {
          Hold(queue.Pop(), operation, outcome, now);
        } else if (!IsRefusal(outcome.status)) {
          if (operation.IsWrite()) lane.ClearBusy();
          Finish(queue.Pop(), outcome);
        } else {
          taken = false;
          lane.ClearBusy();
          if (outcome.status == Status::kBusy) lane.SetBusy(outcome.error);
        }
      });
  if (taken) return true;
  std::unique_ptr<Forward> forward = queue.Pop();
  NoteRefusal(*forward, routing_.Table().self, epoch, now);
  lane.PutFirst(std::move(forward));
  return false;
}

void Forwarder::Hold(std::unique_ptr<Forward> forward, const Operation& operation,
                     const Outcome& outcome, TimePoint now) {
  const ShardId shard = forward->shard;
  lanes_[shard.value()].Leave();
  forward->executed = true;
  held_.Keep(shard, operation, outcome, now,
             std::make_unique<HeldForward>(*this, std::move(forward)));
}

void Forwarder::NoteRefusal(Forward& forward, NodeId by, Epoch epoch, TimePoint now) {
  ForwardLane::NoteRefusal(forward, by, epoch, now);
  if (soon_armed_ && soon_at_ <= forward.ask_again_at) return;
  soon_armed_ = true;
  soon_at_ = forward.ask_again_at;
  soon_timer_.expires_after(forward.ask_again_after);
  soon_timer_.async_wait([this](const asio::error_code& error) {
    if (error) return;
    soon_armed_ = false;
    for (std::uint32_t id = 0; id < lanes_.size(); ++id) Advance(ShardId{id});
  });
}

void Forwarder::OnAnswer(std::unique_ptr<Forward> forward, const Outcome& outcome) {
  const ShardId shard = forward->shard;
  ForwardLane& lane = lanes_[shard.value()];
  lane.Arrive();
  const bool refused = IsRefusal(outcome.status);
  lane.NoteAnswer(*forward, outcome.status, outcome.error);
  if (refused) {
    lane.Halt();
    NoteRefusal(*forward, lane.to(), lane.epoch(), SteadyNow());
    lane.ComeBack(std::move(forward));
  } else {
    Finish(std::move(forward), outcome);
  }
  Advance(shard);
}

void Forwarder::OnNoRoom(std::unique_ptr<Forward> forward, std::size_t needed) {
  const ShardId shard = forward->shard;
  ForwardLane& lane = lanes_[shard.value()];
  lane.Arrive();
  lane.Halt();
  if (needed == 0) {
    lane.ComeBack(std::move(forward));  // It only came behind the one that had none.
  } else {
    forward->needed = needed;
    GiveBack(std::move(forward));
  }
  Advance(shard);
}

void Forwarder::OnBroken(ForwardLink&, ForwardQueue unsent, ForwardQueue sent) {
  const TimePoint asked_again_until = SteadyNow() + limits::kRouteWait;
  std::vector<ShardId> touched;
  const auto take_back = [&](std::unique_ptr<Forward> forward) {
    ForwardLane& lane = lanes_[forward->shard.value()];
    touched.push_back(forward->shard);
    lane.ComeBack(std::move(forward));
  };
  // A read in front of a write of the same owner cannot be asked again: it might see that write.
  std::map<std::pair<const ForwardOwner*, ShardId>, std::size_t> writes_left;
  sent.ForEach([&](const Forward& forward) {
    if (forward.write) ++writes_left[{forward.owner.get(), forward.shard}];
  });
  while (!sent.empty()) {
    std::unique_ptr<Forward> forward = sent.Pop();
    lanes_[forward->shard.value()].Arrive();
    std::size_t& writes_behind = writes_left[{forward->owner.get(), forward->shard}];
    if (forward->write) {
      --writes_behind;
      touched.push_back(forward->shard);
      Fail(std::move(forward), Status::kUnknownOutcome, kLost);
    } else if (writes_behind > 0 || forward->overtaken || forward->code == OpCode::kAwait) {
      // (Another leader could only say who holds its own history.)
      touched.push_back(forward->shard);
      Fail(std::move(forward), Status::kUnavailable, kLost);
    } else {
      // It spent its own time on the node that fell silent.
      if (!std::exchange(forward->asked_again, true)) forward->deadline = asked_again_until;
      take_back(std::move(forward));
    }
  }
  while (!unsent.empty()) {
    lanes_[unsent.front().shard.value()].Arrive();
    take_back(unsent.Pop());
  }
  for (const ShardId shard : touched) Advance(shard);
}

void Forwarder::OnRouting() {
  const auto table = routing_.Keep();
  if (table->shards.empty()) return;
  if (lanes_.empty()) Open();
  for (const auto& [node, link] : links_) {
    const Member* const member = table->Find(node);
    // One that has left answers what is under way to it, and ends its links itself.
    const bool gone = member == nullptr || member->state == MemberState::kDead;
    if (gone) link->Break("the node is gone");
    if (Superseded(node, *table)) link->Break("others lead what it was asked for");
  }
  std::erase_if(links_, [&](const auto& entry) { return table->Find(entry.first) == nullptr; });
  if (pending_ == 0) return;
  for (std::uint32_t id = 0; id < lanes_.size(); ++id) Advance(ShardId{id});
}

// What is under way to a node whose shards were given to others will not be answered for long, if
// ever: the node may be paused or cut off. One that handed over answers by itself.
bool Forwarder::Superseded(NodeId node, const RoutingTable& table) const {
  if (!table.IsFenced(node)) return false;
  for (std::size_t id = 0; id < lanes_.size(); ++id) {
    const ForwardLane& lane = lanes_[id];
    if (lane.under_way() && lane.to() == node && lane.epoch() < table.shards[id].epoch) return true;
  }
  return false;
}

void Forwarder::OnTick(TimePoint now) {
  if (now >= next_link_tick_) {
    next_link_tick_ = now + kLinkTick;
    for (const auto& [node, link] : links_) link->OnTick(now);
  }
  if (pending_ == 0) return;
  if (!homeless_.empty()) {
    const auto table = routing_.Keep();
    while (!homeless_.empty() && homeless_.front().deadline <= now) {
      Fail(homeless_.Pop(), Status::kUnavailable, table->unborn_reason);
    }
  }
  for (std::uint32_t id = 0; id < lanes_.size(); ++id) {
    ForwardLane& lane = lanes_[id];
    if (lane.idle()) continue;
    const Status of_writes = lane.busy() ? Status::kBusy : Status::kUnavailable;
    const std::string why = lane.busy() ? lane.why() : kNoLeader;
    for (ForwardQueue expired = lane.TakeExpired(now); !expired.empty();) {
      Expire(expired.Pop(), of_writes, why);
    }
    Advance(ShardId{id});
  }
}

// Its time is over. A read is not refused for what holds up writes; it came behind one.
void Forwarder::Expire(std::unique_ptr<Forward> forward, Status of_writes, const std::string& why) {
  const Status status = forward->write ? of_writes : Status::kUnavailable;
  Fail(std::move(forward), status, why);
}

void Forwarder::Fail(std::unique_ptr<Forward> forward, Status status, const std::string& why) {
  Outcome outcome;
  outcome.status = status;
  outcome.error = why;
  Finish(std::move(forward), outcome);
}

void Forwarder::Finish(std::unique_ptr<Forward> forward, const Outcome& outcome) {
  --pending_;
  counters_.Count(forward->code, outcome.status);
  if (!lanes_.empty() && !forward->executed) lanes_[forward->shard.value()].Leave();
  backlog_.Discharge(*forward);
  forward->owner->OnOutcome(*forward, outcome);
  spare_.Keep(std::move(forward));
}

// REQUIRES: it is in a lane, and not under way.
void Forwarder::GiveBack(std::unique_ptr<Forward> forward) {
  --pending_;
  lanes_[forward->shard.value()].Leave();
  backlog_.Discharge(*forward);
  const std::shared_ptr<ForwardOwner> owner = forward->owner;
  owner->OnNoRoom(std::move(forward));
}

ForwardLink& Forwarder::LinkTo(NodeId node, ClusterId cluster) {
  std::unique_ptr<ForwardLink>& link = links_[node];
  if (!link) {
    const ForwardLink::Identity identity{cluster, routing_.Table().self, node};
    link = std::make_unique<ForwardLink>(loop_, identity, *this);
  }
  return *link;
}

}  // namespace aegis::node
