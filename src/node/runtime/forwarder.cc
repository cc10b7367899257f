#include "node/runtime/forwarder.h"

#include <algorithm>
#include <map>
#include <set>
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

// A node that says it does not lead, against the routing table, is asked again after this long: one
// of the two is about to change its mind. Every time it says so again it is given twice as long.
constexpr Duration kAskAgainMin = std::chrono::milliseconds(1);
constexpr Duration kAskAgainMax = std::chrono::milliseconds(10);
constexpr Duration kLinkTick = std::chrono::milliseconds(250);
const std::string kLost = "the node that leads the key was lost before it answered";
const std::string kNoLeader = "no node leads the key's shard";
constexpr std::size_t kSpareMax = 256;
constexpr std::size_t kSpareOperationMax = 4 * 1024;

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
  std::unique_ptr<Forward> forward;
  if (spare_.empty()) {
    forward = std::make_unique<Forward>();
  } else {
    forward = std::move(spare_.back());
    spare_.pop_back();
  }
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
    Charge(*forward, kNoNode);
    homeless_.Push(std::move(forward));
    return;
  }
  const ShardId shard = ring::ShardOf(forward->slot, table->settings.num_shards);
  forward->shard = shard;
  Charge(*forward, table->shards[shard.value()].leader);
  Lane& lane = lanes_[shard.value()];
  ++lane.load;
  if (forward->operation.size() + wire::kRequestHeaderSize > limits::kFrameSizeMax) {
    Fail(std::move(forward), Status::kTooLarge, "the command is too large to be forwarded");
    return;
  }
  lane.waiting.Push(std::move(forward));
  Advance(shard);
}

void Forwarder::Open() {
  const auto table = routing_.Keep();
  lanes_.resize(table->shards.size());
  while (!homeless_.empty()) {
    std::unique_ptr<Forward> forward = homeless_.Pop();
    forward->shard = ring::ShardOf(forward->slot, table->settings.num_shards);
    Lane& lane = lanes_[forward->shard.value()];
    ++lane.load;
    lane.waiting.Push(std::move(forward));
  }
  for (std::uint32_t id = 0; id < lanes_.size(); ++id) Advance(ShardId{id});
}

void Forwarder::Advance(ShardId shard) {
  Lane& lane = lanes_[shard.value()];
  if (lane.load == lane.under_way) return;
  if (lane.under_way == 0) {
    lane.back.Append(std::move(lane.returned));
    lane.returned = std::move(lane.back);
  }
  const TimePoint now = SteadyNow();
  while (!lane.returned.empty() || !lane.waiting.empty()) {
    const auto table = routing_.Keep();
    const ShardRoute& route = table->shards[shard.value()];
    ForwardQueue& queue = lane.returned.empty() ? lane.waiting : lane.returned;
    const Forward& next = queue.front();
    // One leader, one epoch at a time; and nothing overtakes what came back.
    const bool goes_on = lane.back.empty() && lane.returned.empty() && !lane.halted &&
                         lane.to == route.leader && lane.epoch == route.epoch;
    const bool taken_back = next.owner->takes_back();
    if (lane.under_way > 0 && (!goes_on || taken_back)) return;
    if (taken_back) {
      GiveBack(queue.Pop());
      continue;
    }
    if (route.leader == kNoNode) lane.busy = false;
    if (route.leader == kNoNode) return;
    const bool asked = next.refused_by == route.leader && next.refused_epoch == route.epoch;
    if (asked && now < next.ask_again_at) return LetReadsPass(shard, now);
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
  Lane& lane = lanes_[shard.value()];
  if (!lane.busy || lane.under_way > 0 || now < lane.pass_again_at) return;
  lane.pass_again_at = now + kAskAgainMin;
  ForwardQueue reads = TakeReads(lane);
  const auto table = routing_.Keep();
  const ShardRoute& route = table->shards[shard.value()];
  const Member* const member = table->Find(route.leader);
  ForwardQueue left;
  if (route.leader == table->self) {
    while (left.empty() && !reads.empty()) {
      if (reads.front().owner->takes_back()) {
        GiveBack(reads.Pop());
      } else if (!RunHere(lane, reads, route.epoch, now)) {
        left.Push(lane.returned.Pop());
      }
    }
  } else if (member != nullptr) {
    ForwardLink& link = LinkTo(route.leader, table->settings.id);
    while (!reads.empty() && link.available(now)) {
      if (reads.front().owner->takes_back()) {
        if (lane.under_way > 0) break;
        GiveBack(reads.Pop());
        continue;
      }
      Send(lane, reads, route, link, member->gossip_address);
    }
  }
  left.Append(std::move(reads));
  left.Append(std::move(lane.returned));
  lane.returned = std::move(left);
}

// Those that may pass what is in front of them.
ForwardQueue Forwarder::TakeReads(Lane& lane) {
  std::set<const ForwardOwner*> stuck;  // They have something that is not taken.
  ForwardQueue reads;
  for (ForwardQueue* const queue : {&lane.returned, &lane.waiting}) {
    ForwardQueue left;
    while (!queue->empty()) {
      std::unique_ptr<Forward> forward = queue->Pop();
      const bool passes = !forward->write && !stuck.contains(forward->owner.get());
      if (!passes) stuck.insert(forward->owner.get());
      (passes ? reads : left).Push(std::move(forward));
    }
    *queue = std::move(left);
  }
  return reads;
}

void Forwarder::Send(Lane& lane, ForwardQueue& queue, const ShardRoute& route, ForwardLink& link,
                     const Endpoint& address) {
  lane.to = route.leader;
  lane.epoch = route.epoch;
  ++lane.under_way;
  counters_.forwards_sent.Add();
  std::unique_ptr<Forward> forward = queue.Pop();
  forward->first = std::exchange(lane.halted, false);
  forward->block = {};  // Somebody else stores it.
  link.Send(std::move(forward), route.epoch, address);
}

bool Forwarder::RunHere(Lane& lane, ForwardQueue& queue, Epoch epoch, TimePoint now) {
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
        return needed > 0 ? Outcome() : shard.Execute(operation, UnixNow(), effects_);
      },
      [&](const Outcome& outcome) {
        if (needed > 0) {
          queue.front().needed = needed;
          GiveBack(queue.Pop());
        } else if (outcome.hold.reign != Epoch{}) {
          Hold(queue.Pop(), operation, outcome, now);
        } else if (outcome.status != Status::kNotLeader && outcome.status != Status::kBusy) {
          if (operation.IsWrite()) lane.busy = false;
          Finish(queue.Pop(), outcome);
        } else {
          taken = false;
          lane.busy = outcome.status == Status::kBusy;
          lane.why = outcome.error;
        }
      });
  if (taken) return true;
  std::unique_ptr<Forward> forward = queue.Pop();
  NoteRefusal(*forward, routing_.Table().self, epoch, now);
  // To the front: `returned` holds nothing else, or this came from it.
  ForwardQueue first;
  first.Push(std::move(forward));
  first.Append(std::move(lane.returned));
  lane.returned = std::move(first);
  return false;
}

void Forwarder::Hold(std::unique_ptr<Forward> forward, const Operation& operation,
                     const Outcome& outcome, TimePoint now) {
  const ShardId shard = forward->shard;
  --lanes_[shard.value()].load;
  forward->executed = true;
  held_.Keep(shard, operation, outcome, now,
             std::make_unique<HeldForward>(*this, std::move(forward)));
}

void Forwarder::NoteRefusal(Forward& forward, NodeId by, Epoch epoch, TimePoint now) {
  const bool again = forward.refused_by == by && forward.refused_epoch == epoch;
  forward.ask_again_after =
      again ? std::min(2 * forward.ask_again_after, kAskAgainMax) : kAskAgainMin;
  forward.ask_again_at = now + forward.ask_again_after;
  forward.refused_by = by;
  forward.refused_epoch = epoch;
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
  Lane& lane = lanes_[shard.value()];
  --lane.under_way;
  const bool refused = outcome.status == Status::kNotLeader || outcome.status == Status::kBusy;
  if (outcome.status == Status::kBusy) {
    lane.busy = true;
    lane.why = outcome.error;
  } else if (refused ? forward->first : forward->write) {
    lane.busy = false;  // It did not only come behind one that was refused so.
  }
  if (refused) {
    lane.halted = true;
    NoteRefusal(*forward, lane.to, lane.epoch, SteadyNow());
    lane.back.Push(std::move(forward));
  } else {
    Finish(std::move(forward), outcome);
  }
  Advance(shard);
}

void Forwarder::OnNoRoom(std::unique_ptr<Forward> forward, std::size_t needed) {
  const ShardId shard = forward->shard;
  Lane& lane = lanes_[shard.value()];
  --lane.under_way;
  lane.halted = true;
  if (needed == 0) {
    lane.back.Push(std::move(forward));  // It only came behind the one that had none.
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
    Lane& lane = lanes_[forward->shard.value()];
    touched.push_back(forward->shard);
    lane.back.Push(std::move(forward));
  };
  // A read in front of a write of the same owner cannot be asked again: it might see that write.
  std::map<std::pair<const ForwardOwner*, ShardId>, std::size_t> writes_left;
  sent.ForEach([&](const Forward& forward) {
    if (forward.write) ++writes_left[{forward.owner.get(), forward.shard}];
  });
  while (!sent.empty()) {
    std::unique_ptr<Forward> forward = sent.Pop();
    --lanes_[forward->shard.value()].under_way;
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
    --lanes_[unsent.front().shard.value()].under_way;
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
    const Lane& lane = lanes_[id];
    if (lane.under_way > 0 && lane.to == node && lane.epoch < table.shards[id].epoch) return true;
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
    ExpireWaiting(homeless_, Status::kUnavailable, routing_.Keep()->unborn_reason, now);
  }
  for (std::uint32_t id = 0; id < lanes_.size(); ++id) {
    Lane& lane = lanes_[id];
    if (lane.load == lane.under_way) continue;
    const Status of_writes = lane.busy ? Status::kBusy : Status::kUnavailable;
    const std::string why = lane.busy ? lane.why : kNoLeader;
    ExpireReturned(lane.returned, of_writes, why, now);
    ExpireWaiting(lane.waiting, of_writes, why, now);
    Advance(ShardId{id});
  }
}

// What waits is in the order of its deadlines.
void Forwarder::ExpireWaiting(ForwardQueue& queue, Status of_writes, const std::string& why,
                              TimePoint now) {
  while (!queue.empty() && queue.front().deadline <= now) Expire(queue.Pop(), of_writes, why);
}

// What came back need not be: some of it was given more time.
void Forwarder::ExpireReturned(ForwardQueue& queue, Status of_writes, const std::string& why,
                               TimePoint now) {
  ForwardQueue left;
  while (!queue.empty()) {
    std::unique_ptr<Forward> forward = queue.Pop();
    if (forward->deadline <= now) {
      Expire(std::move(forward), of_writes, why);
    } else {
      left.Push(std::move(forward));
    }
  }
  queue = std::move(left);
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
  if (!lanes_.empty() && !forward->executed) --lanes_[forward->shard.value()].load;
  Discharge(*forward);
  forward->owner->OnOutcome(*forward, outcome);
  if (spare_.size() == kSpareMax || forward->operation.capacity() > kSpareOperationMax) return;
  Bytes operation = std::move(forward->operation);
  operation.clear();
  *forward = Forward{};
  forward->operation = std::move(operation);
  spare_.push_back(std::move(forward));
}

// REQUIRES: it is in a lane, and not under way.
void Forwarder::GiveBack(std::unique_ptr<Forward> forward) {
  --pending_;
  --lanes_[forward->shard.value()].load;
  Discharge(*forward);
  const std::shared_ptr<ForwardOwner> owner = forward->owner;
  owner->OnNoRoom(std::move(forward));
}

void Forwarder::Charge(Forward& forward, NodeId node) {
  forward.account = node;
  pending_bytes_ += forward.bytes();
  Account& account = accounts_[node];
  account.bytes += forward.bytes();
  // While some wait, those who still submit wait as well: else they could keep it above half.
  if (account.bytes <= limits::kForwardBacklogPause && account.congested.empty()) return;
  account.congested.push_back(forward.owner);
  forward.owner->OnCongested();
}

void Forwarder::Discharge(const Forward& forward) {
  pending_bytes_ -= forward.bytes();
  const auto account = accounts_.find(forward.account);
  account->second.bytes -= forward.bytes();
  if (account->second.bytes > limits::kForwardBacklogPause / 2) return;
  const auto congested = std::exchange(account->second.congested, {});
  if (account->second.bytes == 0) accounts_.erase(account);
  for (const auto& owner : congested) owner->OnUncongested();
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
