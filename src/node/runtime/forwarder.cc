#include "node/runtime/forwarder.h"

#include <algorithm>
#include <map>
#include <utility>

#include "base/check.h"
#include "model/limits.h"
#include "node/core/making_room.h"
#include "node/runtime/clocks.h"
#include "ring/slot.h"
#include "wire/native.h"
#include "wire/operation_codec.h"

namespace aegis::node {

namespace {

// A node that says it does not lead, against the routing table, is asked again after this long: one
// of the two is about to change its mind.
constexpr Duration kAskAgain = std::chrono::milliseconds(10);
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
  std::size_t size = shard.ValueSize(operation.key);
  if (operation.code == OpCode::kGetRange && operation.number >= 0 &&
      operation.number2 >= operation.number) {
    size = std::min(size, static_cast<std::size_t>(operation.number2 - operation.number) + 1);
  }
  return size > room ? size : 0;
}

Forwarder::Forwarder(Loop& loop, ShardSpace& shards, const RoutingBoard& board,
                     WorkerCounters& counters)
    : loop_(loop), shards_(shards), routing_(board), counters_(counters) {}

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
  const TimePoint now = SteadyNow();
  while (!lane.returned.empty() || !lane.waiting.empty()) {
    const auto table = routing_.Keep();
    const ShardRoute& route = table->shards[shard.value()];
    ForwardQueue& queue = lane.returned.empty() ? lane.waiting : lane.returned;
    const Forward& next = queue.front();
    // One leader, one epoch at a time; and nothing overtakes what came back.
    const bool goes_on = lane.returned.empty() && !lane.no_room && lane.to == route.leader &&
                         lane.epoch == route.epoch;
    const bool taken_back = next.owner->takes_back();
    if (lane.under_way > 0 && (!goes_on || taken_back)) return;
    if (taken_back) {
      GiveBack(queue.Pop());
      continue;
    }
    if (route.leader == kNoNode) return;
    const bool asked = next.refused_by == route.leader && next.refused_epoch == route.epoch;
    if (asked && now < next.ask_again_at) return;
    if (route.leader == table->self) {
      if (!RunHere(lane, queue, route.epoch, now)) return;
      continue;
    }
    const Member* const member = table->Find(route.leader);
    if (member == nullptr) return;
    ForwardLink& link = LinkTo(route.leader, table->settings.id);
    if (!link.available(now)) return;
    Send(lane, queue, route, link, member->gossip_address);
  }
}

void Forwarder::Send(Lane& lane, ForwardQueue& queue, const ShardRoute& route, ForwardLink& link,
                     const Endpoint& address) {
  lane.to = route.leader;
  lane.epoch = route.epoch;
  ++lane.under_way;
  counters_.forwards_sent.Add();
  std::unique_ptr<Forward> forward = queue.Pop();
  forward->first = std::exchange(lane.no_room, false);
  link.Send(std::move(forward), route.epoch, address);
}

bool Forwarder::RunHere(Lane& lane, ForwardQueue& queue, Epoch epoch, TimePoint now) {
  const Operation operation = Decode(queue.front());
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
        } else if (outcome.status != Status::kNotLeader) {
          Finish(queue.Pop(), outcome);
        } else {
          taken = false;
        }
      });
  if (taken) return true;
  std::unique_ptr<Forward> forward = queue.Pop();
  forward->refused_by = routing_.Table().self;
  forward->refused_epoch = epoch;
  forward->ask_again_at = now + kAskAgain;
  // To the front: `returned` holds nothing else, or this came from it.
  ForwardQueue first;
  first.Push(std::move(forward));
  first.Append(std::move(lane.returned));
  lane.returned = std::move(first);
  return false;
}

void Forwarder::OnAnswer(std::unique_ptr<Forward> forward, const Outcome& outcome) {
  const ShardId shard = forward->shard;
  Lane& lane = lanes_[shard.value()];
  --lane.under_way;
  if (outcome.status == Status::kNotLeader) {
    forward->refused_by = lane.to;
    forward->refused_epoch = lane.epoch;
    forward->ask_again_at = SteadyNow() + kAskAgain;
    lane.returned.Push(std::move(forward));
  } else {
    Finish(std::move(forward), outcome);
  }
  Advance(shard);
}

void Forwarder::OnNoRoom(std::unique_ptr<Forward> forward, std::size_t needed) {
  const ShardId shard = forward->shard;
  Lane& lane = lanes_[shard.value()];
  --lane.under_way;
  lane.no_room = true;
  if (needed == 0) {
    lane.returned.Push(std::move(forward));  // It only came behind the one that had none.
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
    lane.returned.Push(std::move(forward));
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
    } else if (writes_behind > 0) {
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
    const bool gone = member == nullptr || member->state == MemberState::kDead ||
                      member->state == MemberState::kLeft;
    if (gone) link->Break("the node is gone");
  }
  std::erase_if(links_, [&](const auto& entry) { return table->Find(entry.first) == nullptr; });
  if (pending_ == 0) return;
  for (std::uint32_t id = 0; id < lanes_.size(); ++id) Advance(ShardId{id});
}

void Forwarder::OnTick(TimePoint now) {
  if (now >= next_link_tick_) {
    next_link_tick_ = now + kLinkTick;
    for (const auto& [node, link] : links_) link->OnTick(now);
  }
  if (pending_ == 0) return;
  if (!homeless_.empty()) ExpireWaiting(homeless_, routing_.Keep()->unborn_reason, now);
  for (std::uint32_t id = 0; id < lanes_.size(); ++id) {
    Lane& lane = lanes_[id];
    if (lane.load == lane.under_way) continue;
    ExpireReturned(lane.returned, now);
    ExpireWaiting(lane.waiting, kNoLeader, now);
    Advance(ShardId{id});
  }
}

// What waits is in the order of its deadlines.
void Forwarder::ExpireWaiting(ForwardQueue& queue, const std::string& why, TimePoint now) {
  while (!queue.empty() && queue.front().deadline <= now) {
    Fail(queue.Pop(), Status::kUnavailable, why);
  }
}

// What came back need not be: some of it was given more time.
void Forwarder::ExpireReturned(ForwardQueue& queue, TimePoint now) {
  ForwardQueue left;
  while (!queue.empty()) {
    std::unique_ptr<Forward> forward = queue.Pop();
    if (forward->deadline <= now) {
      Fail(std::move(forward), Status::kUnavailable, kNoLeader);
    } else {
      left.Push(std::move(forward));
    }
  }
  queue = std::move(left);
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
  if (!lanes_.empty()) --lanes_[forward->shard.value()].load;
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
