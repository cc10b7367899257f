#include "ring/leader_assignment.h"

#include <algorithm>
#include <cstddef>
#include <limits>
#include <queue>
#include <tuple>

namespace aegis::ring {
namespace {

constexpr NodeIndex kNobody = std::numeric_limits<NodeIndex>::max();

struct Candidacy {
  Distance distance = 0;
  std::uint32_t shard = 0;
  NodeIndex node = 0;

  friend auto operator<=>(const Candidacy&, const Candidacy&) = default;
};

class Matching {
 public:
  Matching(const std::vector<std::vector<Replica>>& shards, std::vector<std::uint32_t> limits)
      : shards_(shards),
        limits_(std::move(limits)),
        loads_(limits_.size()),
        leaders_(shards.size(), kNobody) {}

  void FillByDistance() {
    std::vector<Candidacy> candidacies;
    for (std::uint32_t shard = 0; shard < shards_.size(); ++shard) {
      for (const Replica& replica : shards_[shard]) {
        candidacies.push_back({replica.distance, shard, replica.node});
      }
    }
    std::ranges::sort(candidacies);
    for (const Candidacy& candidacy : candidacies) {
      if (leaders_[candidacy.shard] != kNobody || !HasRoom(candidacy.node)) continue;
      leaders_[candidacy.shard] = candidacy.node;
      ++loads_[candidacy.node];
    }
  }

  // True iff `shard` has a leader now.
  bool FillByPath(std::uint32_t shard) {
    if (leaders_[shard] != kNobody) return true;
    // How each node was reached: it would take over `shard` of the step from its leader.
    constexpr std::uint32_t kNotReached = std::numeric_limits<std::uint32_t>::max();
    std::vector<std::uint32_t> taken(limits_.size(), kNotReached);
    std::queue<std::uint32_t> unled;  // Shards that would need a new leader.
    unled.push(shard);
    while (!unled.empty()) {
      const std::uint32_t seeking = unled.front();
      unled.pop();
      for (const Replica& replica : shards_[seeking]) {
        if (taken[replica.node] != kNotReached) continue;
        taken[replica.node] = seeking;
        if (HasRoom(replica.node)) {
          HandOverAlong(taken, replica.node);
          return true;
        }
        for (std::uint32_t led = 0; led < shards_.size(); ++led) {
          if (leaders_[led] == replica.node) unled.push(led);
        }
      }
    }
    return false;
  }

  void RaiseLimits() {
    for (std::uint32_t& limit : limits_) ++limit;
  }

  const std::vector<NodeIndex>& leaders() const { return leaders_; }

 private:
  bool HasRoom(NodeIndex node) const { return loads_[node] < limits_[node]; }

  void HandOverAlong(const std::vector<std::uint32_t>& taken, NodeIndex end) {
    ++loads_[end];
    for (NodeIndex node = end; node != kNobody;) {
      const std::uint32_t shard = taken[node];
      const NodeIndex before = leaders_[shard];
      leaders_[shard] = node;
      node = before;
    }
  }

  const std::vector<std::vector<Replica>>& shards_;
  std::vector<std::uint32_t> limits_;
  std::vector<std::uint32_t> loads_;  // By node: how many shards it leads.
  std::vector<NodeIndex> leaders_;    // By shard.
};

}  // namespace

std::vector<NodeIndex> AssignLeaders(const std::vector<std::vector<Replica>>& shards,
                                     std::vector<std::uint32_t> limits) {
  Matching matching(shards, std::move(limits));
  matching.FillByDistance();
  for (std::uint32_t shard = 0; shard < shards.size(); ++shard) {
    while (!matching.FillByPath(shard)) matching.RaiseLimits();
  }
  return matching.leaders();
}

}  // namespace aegis::ring
