#include "chaos.h"

#include <algorithm>
#include <utility>

namespace aegis::sim {

using namespace std::chrono_literals;

Result<std::set<Enemy>> Chaos::Parse(const std::string& list) {
  std::set<Enemy> enemies;
  std::size_t from = 0;
  while (from < list.size()) {
    const std::size_t end = std::min(list.find(',', from), list.size());
    const std::string name = list.substr(from, end - from);
    from = end + 1;
    bool known = name == "none";
    for (std::size_t i = 0; i < kNames.size(); ++i) {
      if (name != kNames[i] && name != "all") continue;
      enemies.insert(static_cast<Enemy>(i));
      known = true;
    }
    if (!known) return Error{ErrorCode::kInvalid, "no such enemy: " + name};
  }
  return enemies;
}

Chaos::Chaos(SimCluster& cluster, std::uint64_t seed, const std::set<Enemy>& enemies,
             Duration every, std::size_t nodes_max)
    : cluster_(cluster),
      rng_(seed),
      enemies_(enemies.begin(), enemies.end()),
      every_(every),
      nodes_max_(nodes_max) {}

Duration Chaos::UpTo(Duration most) {
  return std::chrono::duration_cast<Duration>(most * rng_.Unit());
}

void Chaos::Start() {
  on_ = !enemies_.empty();
  Next();
}

void Chaos::Next() {
  if (!on_) return;
  cluster_.After(UpTo(2 * every_), [this] {
    if (!on_) return;
    Act(enemies_[rng_.Below(enemies_.size())]);
    Next();
  });
}

void Chaos::Act(Enemy enemy) {
  const std::size_t node = AnyNode();
  const std::size_t other = (node + 1 + rng_.Below(cluster_.size() - 1)) % cluster_.size();
  switch (enemy) {
    case Enemy::kPauses:
      cluster_.Pause(node, UpTo(rng_.Chance(0.5) ? 1s : Duration(pause_max())));
      return;
    case Enemy::kPartitions:
      if (node != other) Cut(node, other, /*both=*/true);
      return;
    case Enemy::kOneWay:
      if (node != other) Cut(node, other, /*both=*/false);
      return;
    case Enemy::kIsolation:
      Isolate(node);
      return;
    case Enemy::kSplits:
      Split();
      return;
    case Enemy::kReturns:
      ReturnElsewhere(node);
      return;
    case Enemy::kKills:
      Kill(node, /*empty_disk=*/false);
      return;
    case Enemy::kEmptyDisks:
      Kill(node, /*empty_disk=*/true);
      return;
    case Enemy::kSlowDisks:
      cluster_.SlowDisk(node, UpTo(500ms), UpTo(5s));
      return;
    case Enemy::kClocks:
      cluster_.ChangeClock(node);
      return;
    case Enemy::kControlLeader:
      if (const auto leader = cluster_.ControlLeader()) {
        switch (rng_.Below(3)) {
          case 0:
            Kill(*leader, /*empty_disk=*/false);
            return;
          case 1:
            cluster_.Pause(*leader, UpTo(pause_max()));
            return;
          default:
            Isolate(*leader);
        }
      }
      return;
    case Enemy::kJoins:
      if (cluster_.size() < nodes_max_ && cluster_.alive(node) && !gone_.contains(node)) {
        cluster_.Start({node});
        cluster_.Sometimes(Rare::kJoined);
      }
      return;
    case Enemy::kLeaves:
      Leave(node);
      return;
    case Enemy::kCount:
      return;
  }
}

void Chaos::Cut(std::size_t from, std::size_t to, bool both) {
  cluster_.CutOneWay(from, to, true);
  if (both) cluster_.CutOneWay(to, from, true);
  cluster_.Sometimes(both ? Rare::kCut : Rare::kCutOneWay);
  cluster_.After(UpTo(rng_.Chance(0.7) ? 3s : 15s),
                 [this, from, to] { cluster_.Cut(from, to, false); });
}

void Chaos::Isolate(std::size_t node) {
  for (std::size_t other = 0; other < cluster_.size(); ++other) {
    if (other != node) cluster_.Cut(node, other, true);
  }
  cluster_.Sometimes(Rare::kIsolated);
  cluster_.After(UpTo(rng_.Chance(0.7) ? 3s : 15s), [this, node] {
    for (std::size_t other = 0; other < cluster_.size(); ++other) {
      if (other != node) cluster_.Cut(node, other, false);
    }
  });
}

// Between two parts of the cluster.
void Chaos::CutBetween(const std::vector<bool>& side, bool cut) {
  for (std::size_t a = 0; a < side.size(); ++a) {
    for (std::size_t b = a + 1; b < side.size(); ++b) {
      if (side[a] != side[b]) cluster_.Cut(a, b, cut);
    }
  }
}

void Chaos::Split() {
  std::vector<bool> side;
  for (std::size_t node = 0; node < cluster_.size(); ++node) side.push_back(rng_.Chance(0.5));
  CutBetween(side, true);
  cluster_.Sometimes(Rare::kSplit);
  cluster_.After(UpTo(rng_.Chance(0.7) ? 3s : 15s), [this, side] { CutBetween(side, false); });
}

// A node is alone for long, and then together with some that are cut off from those who have gone
// on without it.
void Chaos::ReturnElsewhere(std::size_t node) {
  if (std::exchange(returning_, true)) return;
  std::vector<bool> alone(cluster_.size());
  alone[node] = true;
  CutBetween(alone, true);
  cluster_.Sometimes(Rare::kIsolated);
  cluster_.After(5s + UpTo(20s), [this, node, alone] {
    if (!on_) return;
    std::vector<bool> side;
    for (std::size_t other = 0; other < alone.size(); ++other) {
      side.push_back(other == node || rng_.Chance(0.5));
    }
    CutBetween(alone, false);
    CutBetween(side, true);
    cluster_.Sometimes(Rare::kReturnedElsewhere);
    cluster_.After(UpTo(5s), [this, side] {
      CutBetween(side, false);
      returning_ = false;
    });
  });
}

void Chaos::Kill(std::size_t node, bool empty_disk) {
  if (!cluster_.alive(node) || gone_.contains(node)) return;
  if (empty_disk) {
    if (!cluster_.CanDoWithout(node, Lost())) return;
    empty_.insert(node);
  }
  KillSoon(node, rng_.Chance(0.5) ? 200 : 0);
}

// In the middle of a write, if there is one within so many milliseconds.
void Chaos::KillSoon(std::size_t node, int patience) {
  if (!cluster_.alive(node)) return;
  if (patience > 0 && !cluster_.Writing(node)) {
    cluster_.After(1ms, [this, node, patience] { KillSoon(node, patience - 1); });
    return;
  }
  cluster_.Kill(node);
  cluster_.Sometimes(Rare::kKilled);
  cluster_.After(UpTo(rng_.Chance(0.7) ? 5s : 20s), [this, node] { BringBack(node); });
}

void Chaos::BringBack(std::size_t node) {
  if (cluster_.alive(node) || gone_.contains(node)) return;
  cluster_.Restart(node, empty_.erase(node) > 0);
}

void Chaos::Leave(std::size_t node) {
  const std::size_t left = cluster_.size() - gone_.size();
  if (!cluster_.alive(node) || gone_.contains(node) || left <= 3) return;
  if (!cluster_.CanDoWithout(node, Lost())) return;
  gone_.insert(node);
  cluster_.Leave(node);
  cluster_.Sometimes(Rare::kLeft);
}

// Whose part of the control log is lost, or will be.
std::set<std::size_t> Chaos::Lost() const {
  std::set<std::size_t> lost = gone_;
  lost.insert(empty_.begin(), empty_.end());
  return lost;
}

void Chaos::Heal() {
  on_ = false;
  for (std::size_t a = 0; a < cluster_.size(); ++a) {
    for (std::size_t b = a + 1; b < cluster_.size(); ++b) cluster_.Cut(a, b, false);
    BringBack(a);
  }
  GiveUpGone();
}

// As an operator would, whose order may be lost.
void Chaos::GiveUpGone() {
  for (const std::size_t node : gone_) {
    const std::size_t asked = AnyNode();
    if (cluster_.alive(node) || !cluster_.alive(asked) || gone_.contains(asked)) continue;
    if (cluster_.Forget(asked, node).ok()) cluster_.Sometimes(Rare::kGivenUp);
  }
  cluster_.After(2s, [this] { GiveUpGone(); });
}

}  // namespace aegis::sim
