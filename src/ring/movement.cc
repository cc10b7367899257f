#include "ring/movement.h"

#include <algorithm>
#include <cstddef>
#include <iterator>
#include <set>

#include "base/check.h"

namespace aegis::ring {
namespace {

std::set<NodeId> NodesOf(const Placement& placement) {
  std::set<NodeId> nodes;
  for (const std::vector<NodeId>& replicas : placement.replicas) {
    nodes.insert(replicas.begin(), replicas.end());
  }
  return nodes;
}

// In ascending order.
std::vector<NodeId> Without(std::vector<NodeId> minuend, std::vector<NodeId> subtrahend) {
  std::ranges::sort(minuend);
  std::ranges::sort(subtrahend);
  std::vector<NodeId> difference;
  std::ranges::set_difference(minuend, subtrahend, std::back_inserter(difference));
  return difference;
}

NodeId LeaderOf(const std::vector<NodeId>& replicas) {
  return replicas.empty() ? kNoNode : replicas.front();
}

std::uint32_t CountIn(const std::vector<NodeId>& replicas, const std::set<NodeId>& nodes) {
  return static_cast<std::uint32_t>(
      std::ranges::count_if(replicas, [&](NodeId node) { return nodes.contains(node); }));
}

}  // namespace

Movement Diff(const Placement& from, const Placement& to) {
  AEGIS_CHECK(from.replicas.size() == to.replicas.size(), "the number of shards never changes");
  const std::set<NodeId> nodes_before = NodesOf(from);
  const std::set<NodeId> nodes_after = NodesOf(to);

  Movement movement;
  std::uint32_t to_newcomers = 0;
  std::uint32_t to_refill = 0;
  std::uint32_t led_by_newcomers = 0;
  std::uint32_t left_leaderless = 0;
  for (std::size_t i = 0; i < to.replicas.size(); ++i) {
    const std::vector<NodeId>& before = from.replicas[i];
    const std::vector<NodeId>& after = to.replicas[i];
    ShardMove move{.shard = ShardId{static_cast<std::uint32_t>(i)},
                   .added = Without(after, before),
                   .removed = Without(before, after),
                   .leader_before = LeaderOf(before),
                   .leader_after = LeaderOf(after)};

    const auto size = static_cast<std::uint32_t>(after.size());
    to_newcomers += size - CountIn(after, nodes_before);
    to_refill += size - std::min(size, CountIn(before, nodes_after));
    if (!nodes_before.contains(move.leader_after)) ++led_by_newcomers;
    if (!nodes_after.contains(move.leader_before)) ++left_leaderless;

    movement.replicas_moved += static_cast<std::uint32_t>(move.added.size());
    const bool leader_moved = move.leader_before != move.leader_after;
    if (leader_moved) ++movement.leaders_moved;
    if (leader_moved || !move.added.empty() || !move.removed.empty()) {
      movement.shards.push_back(std::move(move));
    }
  }
  movement.replicas_least = std::max(to_newcomers, to_refill);
  movement.leaders_least = std::max(led_by_newcomers, left_leaderless);
  return movement;
}

}  // namespace aegis::ring
