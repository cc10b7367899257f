#include "node/runtime/forwarder.h"

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
const std::string kNoLeader = "no node leads the key's shard";
constexpr std::size_t kSpareMax = 256;
constexpr std::size_t kSpareOperationMax = 4 * 1024;

Operation Decode(const Forward& forward) {
  Result<Operation> operation = wire::DecodeOperation(forward.operation);
  AEGIS_CHECK(operation.ok(), "what this node encoded it can decode");
  return std::move(operation).value();
}

}  // namespace

Forwarder::Forwarder(Loop& loop, ShardSpace& shards, const RoutingBoard& board,
                     WorkerCounters& counters)
    : loop_(loop), shards_(shards), routing_(board), counters_(counters) {}

std::unique_ptr<Forward> Forwarder::NewForward() {
  if (spare_.empty()) return std::make_unique<Forward>();
  std::unique_ptr<Forward> forward = std::move(spare_.back());
  spare_.pop_back();
  return forward;
}

void Forwarder::Submit(std::shared_ptr<ForwardOwner> owner, Ticket ticket,
                       const Operation& operation, TimePoint now) {
  const auto table = routing_.Keep();
  if (lanes_.empty() && !table->shards.empty()) Open();
  std::unique_ptr<Forward> forward = NewForward();
  forward->owner = std::move(owner);
  forward->ticket = ticket;
  forward->code = operation.code;
  forward->write = operation.IsWrite();
  forward->deadline = now + limits::kRouteWait;
  wire::AppendOperation(operation, forward->operation);
  ++pending_;
  if (lanes_.empty()) {
    homeless_.Push(std::move(forward));
    return;
  }
  forward->shard = ring::ShardOf(operation.key, table->settings.num_shards);
  const ShardId shard = forward->shard;
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
    forward->shard = ring::ShardOf(Decode(*forward).key, table->settings.num_shards);
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
    if (route.leader == kNoNode) return;
    // One leader, one epoch at a time; and nothing overtakes what came back.
    const bool goes_on =
        lane.returned.empty() && lane.to == route.leader && lane.epoch == route.epoch;
    if (lane.under_way > 0 && !goes_on) return;
    ForwardQueue& queue = lane.returned.empty() ? lane.waiting : lane.returned;
    const Forward& next = queue.front();
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
    lane.to = route.leader;
    lane.epoch = route.epoch;
    ++lane.under_way;
    counters_.forwards_sent.Add();
    link.Send(queue.Pop(), route.epoch, member->gossip_address);
  }
}

bool Forwarder::RunHere(Lane& lane, ForwardQueue& queue, Epoch epoch, TimePoint now) {
  const Operation operation = Decode(queue.front());
  bool led = true;
  RunMakingRoom(
      shards_, queue.front().shard, effects_,
      [&](Shard& shard) { return shard.Execute(operation, UnixNow(), effects_); },
      [&](const Outcome& outcome) {
        led = outcome.status != Status::kNotLeader;
        if (led) Finish(queue.Pop(), outcome);
      });
  if (led) return true;
  std::unique_ptr<Forward> forward = queue.Pop();
  forward->refused_by = routing_.Table().self;
  forward->refused_epoch = epoch;
  forward->ask_again_at = now + kAskAgain;
  // To the front: `returned` holds nothing else, or this came from it.
  ForwardQueue first;
  first.Push(std::move(forward));
  while (!lane.returned.empty()) first.Push(lane.returned.Pop());
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

void Forwarder::OnBroken(ForwardLink&, ForwardQueue unsent, ForwardQueue sent) {
  std::vector<ShardId> touched;
  const auto take_back = [&](std::unique_ptr<Forward> forward) {
    Lane& lane = lanes_[forward->shard.value()];
    touched.push_back(forward->shard);
    lane.returned.Push(std::move(forward));
  };
  while (!sent.empty()) {
    std::unique_ptr<Forward> forward = sent.Pop();
    --lanes_[forward->shard.value()].under_way;
    if (forward->write) {
      touched.push_back(forward->shard);
      Fail(std::move(forward), Status::kUnknownOutcome,
           "the node that leads the key was lost before it answered");
    } else {
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
  if (!homeless_.empty()) Expire(homeless_, routing_.Keep()->unborn_reason, now);
  for (std::uint32_t id = 0; id < lanes_.size(); ++id) {
    Lane& lane = lanes_[id];
    if (lane.load == lane.under_way) continue;
    Expire(lane.returned, kNoLeader, now);
    Expire(lane.waiting, kNoLeader, now);
    Advance(ShardId{id});
  }
}

void Forwarder::Expire(ForwardQueue& queue, const std::string& why, TimePoint now) {
  while (!queue.empty() && queue.front().deadline <= now) {
    Fail(queue.Pop(), Status::kUnavailable, why);
  }
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
  forward->owner->OnOutcome(forward->ticket, outcome);
  if (spare_.size() == kSpareMax || forward->operation.capacity() > kSpareOperationMax) return;
  Bytes operation = std::move(forward->operation);
  operation.clear();
  *forward = Forward{};
  forward->operation = std::move(operation);
  spare_.push_back(std::move(forward));
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
