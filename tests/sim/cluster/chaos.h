// Chaos: what goes wrong in a run. It draws one misfortune after the other from its own
// randomness, and in the end heals what can be healed.
//
// It never takes from a cluster what no cluster could go on without: a majority of the voters
// always has, or can come back with, its part of the control log.

#pragma once

#include <array>
#include <cstdint>
#include <set>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"
#include "base/rng.h"
#include "sim_cluster.h"

namespace aegis::sim {

enum class Enemy : std::uint8_t {
  kPauses,
  kPartitions,
  kOneWay,
  kIsolation,
  kSplits,
  kReturns,
  kKills,
  kEmptyDisks,
  kSlowDisks,
  kClocks,
  kControlLeader,
  kJoins,
  kLeaves,
  kCount,
};

class Chaos {
 public:
  static constexpr std::array<std::string_view, static_cast<std::size_t>(Enemy::kCount)> kNames = {
      "pauses",      "partitions", "one-way", "isolation",      "splits", "returns", "kills",
      "empty-disks", "slow-disks", "clocks",  "control-leader", "joins",  "leaves",
  };
  // "pauses,kills"; "all".
  static Result<std::set<Enemy>> Parse(const std::string& list);

  // REQUIRES: cluster outlives this. `every`: how often something goes wrong, about.
  Chaos(SimCluster& cluster, std::uint64_t seed, const std::set<Enemy>& enemies, Duration every,
        std::size_t nodes_max);

  void Start();
  // No more misfortunes; every process runs but those that left, which are given up, and every node
  // reaches every other. Pauses that have
  // begun run out by themselves, in pause_max().
  void Heal();
  static constexpr Duration pause_max() { return std::chrono::seconds(5); }

 private:
  void Next();
  void Act(Enemy enemy);
  void Cut(std::size_t from, std::size_t to, bool both);
  void Isolate(std::size_t node);
  void Split();
  void ReturnElsewhere(std::size_t node);
  void CutBetween(const std::vector<bool>& side, bool cut);
  void Kill(std::size_t node, bool empty_disk);
  void KillSoon(std::size_t node, int patience);
  void BringBack(std::size_t node);
  void GiveUpGone();
  void Leave(std::size_t node);
  std::set<std::size_t> Lost() const;
  Duration UpTo(Duration most);
  std::size_t AnyNode() { return rng_.Below(cluster_.size()); }

  SimCluster& cluster_;
  Rng rng_;
  std::vector<Enemy> enemies_;
  const Duration every_;
  const std::size_t nodes_max_;
  bool on_ = false;
  bool returning_ = false;       // ReturnElsewhere() goes on.
  std::set<std::size_t> gone_;   // Left for good, or about to.
  std::set<std::size_t> empty_;  // To come back with an empty directory.
};

}  // namespace aegis::sim
