// Simulation: what befalls the nodes.

#include <algorithm>
#include <chrono>

#include "simulation.h"

namespace aegis::lease::sim {

using namespace std::chrono_literals;

void Simulation::Repeat(Duration mean, const std::function<void()>& event) {
  if (mean == Duration::zero()) return;
  Plan(Around(mean, rng_), [this, mean, event] {
    if (!chaos_) return;
    event();
    Repeat(mean, event);
  });
}

void Simulation::BeginChaos() {
  Repeat(swarm_.rate_change, [this] { SetRate(Any()); });
  Repeat(swarm_.pause, [this] { Pause(Any()); });
  Repeat(swarm_.crash, [this] {
    const bool any = rng_.Chance(0.5);
    Crash(AnyOf([any](const Node& node) {
      return any || (!node.server.leads() && node.server.durable() < node.server.last());
    }));
  });
  Repeat(swarm_.cut, [this] { Cut(); });
  Repeat(swarm_.campaign, [this] { Campaign(Any(), /*by_force=*/true); });
  Repeat(swarm_.voters_wanted, [this] { WantOtherVoters(); });
  Repeat(swarm_.suspicion, [this] { SuspectTheLeader(); });
}

void Simulation::SuspectTheLeader() {
  for (const std::unique_ptr<Node>& node : nodes_) {
    if (node->control) node->control->OnSuspicion();
  }
}

Simulation::Node& Simulation::AnyOf(const std::function<bool(const Node&)>& preferred) {
  const std::size_t first = rng_.Below(nodes_.size());
  for (std::size_t i = 0; i < nodes_.size(); ++i) {
    Node& node = *nodes_[(first + i) % nodes_.size()];
    if (preferred(node)) return node;
  }
  return *nodes_[first];
}

void Simulation::SetRate(Node& node) {
  const std::uint64_t kind = rng_.Below(5);
  double rate = rates_.least + (rates_.greatest - rates_.least) * rng_.Unit();
  if (kind <= 1) rate = rates_.least;  // The extremes are what breaks a rule.
  if (kind >= 3) rate = rates_.greatest;
  node.clock.SetRate(rate, now_);
}

void Simulation::Crash(Node& node) {
  if (!node.up) return;
  if (node.server.durable() < node.server.last()) Sometimes("a crash undid an append");
  node.server.Crash();
  node.up = false;
  node.paused = false;
  node.waiting.clear();
  node.control.reset();
  Plan(Around(swarm_.crash_length, rng_), [this, &node] {
    if (!node.up) Start(node);
  });
}

void Simulation::Pause(Node& node) {
  if (!node.up || node.paused) return;
  if (node.control) Sometimes("a control leader was paused");
  if (Holds(node)) Sometimes("the shard's leader was paused");
  node.paused = true;
  Plan(Around(swarm_.pause_length, rng_), [this, &node, run = node.run] {
    if (node.run == run && node.paused) Resume(node);
  });
}

void Simulation::Resume(Node& node) {
  node.paused = false;
  const std::vector<std::function<void()>> waiting = std::exchange(node.waiting, {});
  for (const std::function<void()>& what : waiting) what();
}

void Simulation::Cut() {
  const std::uint64_t kind = rng_.Below(3);
  const Node& node = AnyOf(
      [&](const Node& any) { return kind == 0 || (kind == 1 ? Holds(any) : any.server.leads()); });
  CutOff(node);
  if (Holds(node) && rng_.Chance(0.5)) {
    Plan(Around(100ms, rng_), [this] { SuspectTheLeader(); });
  }
}

// The fence that `leader` has just appended reaches one voter alone, which then crashes and is out
// of the leader's sight as well, until all of that is over at once.
void Simulation::TroubleAtAFence(const Node& leader) {
  if (!chaos_ || !rng_.Chance(swarm_.fence_trouble)) return;
  Node& one = AnyOf([&](const Node& any) {
    return &any != &leader && any.server.IsVoter() && any.flush_mean > 1ms;
  });
  const Duration end = 100ms + Around(200ms, rng_);
  const auto cut_until_the_end = [this, end, start = now_, &leader](const Node& other) {
    const std::pair<NodeId, NodeId> link{leader.id, other.id};
    if (!cuts_.insert(link).second) return;
    Plan(start + end - now_, [this, link] { cuts_.erase(link); });
  };
  for (const std::unique_ptr<Node>& other : nodes_) {
    if (other.get() != &leader && other.get() != &one) cut_until_the_end(*other);
  }
  Plan(std::min(end, 30ms + Around(30ms, rng_)), [this, &one, cut_until_the_end] {
    cut_until_the_end(one);
    Crash(one);
  });
}

void Simulation::CutOff(const Node& node) {
  const std::uint64_t ways = 1 + rng_.Below(3);  // Out, in, both.
  std::vector<std::pair<NodeId, NodeId>> links;
  for (const std::unique_ptr<Node>& other : nodes_) {
    if (other.get() == &node || rng_.Chance(0.5)) continue;
    if ((ways & 1) != 0) links.emplace_back(node.id, other->id);
    if ((ways & 2) != 0) links.emplace_back(other->id, node.id);
  }
  std::erase_if(links, [&](const auto& link) { return !cuts_.insert(link).second; });
  Plan(Around(swarm_.cut_length, rng_), [this, links] {
    for (const auto& link : links) cuts_.erase(link);
  });
}

void Simulation::WantOtherVoters() {
  std::vector<NodeId> nodes;
  for (const std::unique_ptr<Node>& node : nodes_) nodes.push_back(node->id);
  for (std::size_t i = nodes.size(); i > 1; --i) std::swap(nodes[i - 1], nodes[rng_.Below(i)]);
  const std::size_t size = 1 + 2 * rng_.Below(3);
  nodes.resize(std::min(nodes.size(), size));
  if (nodes.size() % 2 == 0) nodes.pop_back();
  wanted_ = std::move(nodes);
}

}  // namespace aegis::lease::sim
