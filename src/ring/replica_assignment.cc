#include "ring/replica_assignment.h"

#include <algorithm>
#include <functional>
#include <limits>
#include <queue>
#include <tuple>

#include "base/check.h"

namespace aegis::ring {
namespace {

constexpr NodeIndex kNobody = std::numeric_limits<NodeIndex>::max();
constexpr std::size_t kNoPoint = std::numeric_limits<std::size_t>::max();

// A shard that looks at a point of the ring, having seen `seen` points before.
struct Gaze {
  Distance distance = 0;
  std::uint32_t shard = 0;
  std::size_t point = 0;
  std::size_t seen = 0;

  friend bool operator>(const Gaze& a, const Gaze& b) {
    return std::tie(a.distance, a.shard) > std::tie(b.distance, b.shard);
  }
};

}  // namespace

ReplicaAssignment::ReplicaAssignment(const Topology& topology, const HashRing& ring,
                                     const std::vector<std::uint32_t>& limits)
    : topology_(topology),
      ring_(ring),
      limits_(limits),
      loads_(topology.nodes.size()),
      shards_(topology.options.num_shards) {
  if (topology_.nodes.empty()) return;
  FillByDistance();
  for (std::uint32_t shard = 0; shard < shards_.size(); ++shard) {
    while (shards_[shard].size() < topology_.replicas) FillByPath(shard);
  }
  for (std::vector<Replica>& replicas : shards_) std::ranges::sort(replicas);
}

void ReplicaAssignment::FillByDistance() {
  std::priority_queue<Gaze, std::vector<Gaze>, std::greater<>> gazes;
  const auto look_from = [&](std::uint32_t shard, std::size_t point, std::size_t seen) {
    const std::size_t next = NextCandidate(shard, point, seen);
    if (next == kNoPoint) return;
    gazes.push(
        {.distance = ring_.DistanceTo(next, shard), .shard = shard, .point = next, .seen = seen});
  };
  for (std::uint32_t shard = 0; shard < shards_.size(); ++shard) {
    look_from(shard, ring_.Start(shard), 0);
  }
  while (!gazes.empty()) {
    const Gaze gaze = gazes.top();
    gazes.pop();
    std::vector<Replica>& replicas = shards_[gaze.shard];
    const NodeIndex node = ring_.Node(gaze.point);
    if (HasRoom(node)) {  // It may have filled up since the shard first saw it.
      replicas.push_back({.distance = gaze.distance, .node = node});
      ++loads_[node];
    }
    if (replicas.size() < topology_.replicas) {
      look_from(gaze.shard, ring_.Next(gaze.point), gaze.seen + 1);
    }
  }
}

std::size_t ReplicaAssignment::NextCandidate(std::uint32_t shard, std::size_t point,
                                             std::size_t& seen) const {
  for (; seen < ring_.size(); ++seen, point = ring_.Next(point)) {
    const NodeIndex node = ring_.Node(point);
    if (HasRoom(node) && MayHold(shard, node, kNobody)) return point;
  }
  return kNoPoint;
}

bool ReplicaAssignment::Holds(std::uint32_t shard, NodeIndex node) const {
  return std::ranges::find(shards_[shard], node, &Replica::node) != shards_[shard].end();
}

bool ReplicaAssignment::MayHold(std::uint32_t shard, NodeIndex node, NodeIndex without) const {
  if (Holds(shard, node)) return false;
  std::uint32_t kept = 0;
  std::uint32_t kept_zones = 0;
  bool new_zone = true;
  const std::vector<Replica>& replicas = shards_[shard];
  for (std::size_t i = 0; i < replicas.size(); ++i) {
    if (replicas[i].node == without) continue;
    ++kept;
    const ZoneIndex zone = topology_.nodes[replicas[i].node].zone;
    if (zone == topology_.nodes[node].zone) new_zone = false;
    bool seen_before = false;
    for (std::size_t j = 0; j < i; ++j) {
      seen_before |= replicas[j].node != without && topology_.nodes[replicas[j].node].zone == zone;
    }
    if (!seen_before) ++kept_zones;
  }
  // What is left to fill after this node must suffice for the zones still owed.
  const std::uint32_t seats_after = topology_.replicas - kept - 1;
  const std::uint32_t zones_after = kept_zones + (new_zone ? 1 : 0);
  return seats_after + zones_after >= topology_.distinct_zones;
}

// Breadth first over nodes: the shortest path moves the fewest shards.
void ReplicaAssignment::FillByPath(std::uint32_t shard) {
  std::vector<std::vector<std::uint32_t>> held(topology_.nodes.size());
  for (std::uint32_t other = 0; other < shards_.size(); ++other) {
    for (const Replica& replica : shards_[other]) held[replica.node].push_back(other);
  }

  std::vector<Step> steps(topology_.nodes.size());
  std::queue<NodeIndex> queue;
  const auto reach = [&](NodeIndex node, NodeIndex parent, std::uint32_t incoming) {
    steps[node] = {.parent = parent, .shard = incoming, .reached = true};
    queue.push(node);
  };
  for (NodeIndex node = 0; node < steps.size(); ++node) {
    if (MayHold(shard, node, kNobody)) reach(node, node, shard);
  }
  while (!queue.empty()) {
    const NodeIndex node = queue.front();
    queue.pop();
    if (HasRoom(node)) {
      MoveAlong(steps, node);
      return;
    }
    for (const std::uint32_t given : held[node]) {
      if (given == shard || OnPath(steps, node, given)) continue;
      for (NodeIndex taker = 0; taker < steps.size(); ++taker) {
        if (!steps[taker].reached && MayHold(given, taker, node)) reach(taker, node, given);
      }
    }
  }
  FillBeyondLimit(shard);
}

// A shard moves at most once on a path: MayHold() judges one move at a time.
bool ReplicaAssignment::OnPath(const std::vector<Step>& steps, NodeIndex end,
                               std::uint32_t shard) const {
  for (NodeIndex node = end; steps[node].parent != node; node = steps[node].parent) {
    if (steps[node].shard == shard) return true;
  }
  return false;
}

void ReplicaAssignment::MoveAlong(const std::vector<Step>& steps, NodeIndex end) {
  ++loads_[end];
  for (NodeIndex node = end;; node = steps[node].parent) {
    const Step& step = steps[node];
    std::vector<Replica>& replicas = shards_[step.shard];
    if (step.parent != node) {
      std::erase_if(replicas, [&](const Replica& r) { return r.node == step.parent; });
    }
    replicas.push_back({.distance = ring_.DistanceToNode(node, step.shard), .node = node});
    if (step.parent == node) return;
  }
}

void ReplicaAssignment::FillBeyondLimit(std::uint32_t shard) {
  NodeIndex best = kNobody;
  for (NodeIndex node = 0; node < loads_.size(); ++node) {
    if (!MayHold(shard, node, kNobody)) continue;
    // loads / limits is the least, compared without dividing.
    if (best == kNobody ||
        std::uint64_t{loads_[node]} * limits_[best] < std::uint64_t{loads_[best]} * limits_[node]) {
      best = node;
    }
  }
  AEGIS_CHECK(best != kNobody, "there are at least as many nodes as replicas");
  ++loads_[best];
  ++beyond_limit_;
  shards_[shard].push_back({.distance = ring_.DistanceToNode(best, shard), .node = best});
}

}  // namespace aegis::ring
