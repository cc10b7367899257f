// ObedientCluster: nodes that do what a control state tells them, and a planner that runs them.
//
// Time goes in steps of 100 ms. Nodes start, stop, pause, leave and come back as the test says;
// leases are as leases are: a fence is safe 700 ms after it, and a process renews only the session
// that is registered. Copies are exact: an in-sync copy holds what its leader wrote.

#pragma once

#include <algorithm>
#include <chrono>
#include <cstdint>
#include <map>
#include <optional>
#include <set>
#include <string>
#include <variant>
#include <vector>

#include "base/time.h"
#include "control/planner.h"
#include "control/state.h"
#include "unit/control/written_log.h"

namespace aegis::control {

class ObedientCluster {
 public:
  struct Process {
    bool runs = false;
    bool paused = false;  // Heard of, but renews nothing and obeys nobody.
    bool leaving = false;
    bool left = false;
    Session memory;
    Session session;
    Session previous;  // What `session` was drawn to follow.
    std::map<ShardId, Version> held;
  };

  ObedientCluster(std::uint32_t num_shards, PlannerOptions options)
      : options_(options), planner_(options) {
    log_.Takes(BirthOf(num_shards));
  }

  void Start(std::uint64_t node) {
    Process& process = processes_[NodeId{node}];
    process = {};
    process.runs = true;
    process.memory = Session{++drawn_};
    DrawSession(NodeId{node}, process);
  }
  void Stop(std::uint64_t node) { processes_[NodeId{node}] = {}; }
  void Pause(std::uint64_t node, bool paused) { processes_[NodeId{node}].paused = paused; }
  void Leave(std::uint64_t node) { processes_[NodeId{node}].leaving = true; }
  // A new control leader, which knows nothing but the state.
  void ReplacePlanner() { planner_.emplace(options_); }
  void UseQuorum(ShardId shard) { log_.Takes(QuorumUsed{{shard}}); }

  // 100 ms. Returns how many commands were planned; counts those that did nothing.
  std::size_t Step() {
    now_ += std::chrono::milliseconds(100);
    for (auto& [id, process] : processes_) {
      if (process.runs && !process.paused) Act(id, process);
    }
    const std::vector<Command> commands = planner_->Plan(log_.state(), Look(), now_);
    for (const Command& command : commands) {
      if (!log_.Takes(command)) ++idle_;
      Count(command);
    }
    return commands.size();
  }

  const State& state() const { return log_.state(); }
  const Planner& planner() const { return *planner_; }
  const Process& Of(NodeId node) const { return processes_.at(node); }
  bool Runs(NodeId node) const {
    const auto found = processes_.find(node);
    return found != processes_.end() && found->second.runs;
  }
  std::size_t idle() const { return idle_; }
  // How often the planner has chosen what is rare.
  const std::map<std::string, std::uint64_t>& counts() const { return counts_; }

 private:
  void Count(const Command& command) {
    if (std::holds_alternative<Remove>(command)) ++counts_["removal"];
    if (std::holds_alternative<Fence>(command)) ++counts_["fence"];
    if (std::holds_alternative<Targets>(command)) ++counts_["targets"];
    if (const auto* const assign = std::get_if<Assign>(&command)) {
      for (const Assignment& assignment : assign->assignments) {
        ++counts_[assignment.unclean ? "unclean" : "clean"];
      }
    }
  }

  void DrawSession(NodeId id, Process& process) {
    const NodeState* const node = log_.state().Find(id);
    process.previous = node == nullptr ? Session{} : node->session;
    process.session = Session{++drawn_};
  }

  Sight Look() {
    Sight sight;
    const State& state = log_.state();
    for (const auto& [id, process] : processes_) {
      NodeSight& seen = sight.nodes[id];
      seen.live = process.runs;
      seen.left = process.left;
      seen.held = process.held;
      const NodeState* const node = state.Find(id);
      const bool registered = node != nullptr && node->session == process.session;
      seen.silent = !process.runs || process.paused || !registered;
      if (process.runs && !process.paused && !registered) {
        Register wants = RegisterOf(id.value());
        wants.session = process.session;
        wants.previous = process.previous;
        wants.memory = process.memory;
        seen.wants = wants;
      }
    }
    for (const StandingFence& fence : state.fences()) {
      const TimePoint since = fenced_since_.try_emplace(fence.holder, now_).first->second;
      if (now_ - since >= std::chrono::milliseconds(700)) sight.safe.insert(fence.holder);
    }
    return sight;
  }

  void Act(NodeId id, Process& process) {
    const State& state = log_.state();
    const NodeState* const node = state.Find(id);
    const bool registered = node != nullptr && node->session == process.session;
    const Session current = node == nullptr ? Session{} : node->session;
    if (registered ? state.FenceOf({id, current}) != nullptr : current != process.previous) {
      DrawSession(id, process);
      return;
    }
    if (!registered) return;
    if (process.leaving && !node->leaving) log_.Takes(Leaving{{id, current}});
    bool leads = false;
    for (std::uint32_t shard = 0; shard < state.shards().size(); ++shard) {
      const Holder leader = state.shards()[shard].leader;
      if (leader == Holder{id, process.session}) Lead(ShardId{shard}, process);
      // Under an earlier session too: its copy may be the only one.
      leads = leads || leader.node == id;
    }
    const bool named = std::ranges::any_of(state.shards(), [&](const ShardState& shard) {
      return std::ranges::find(shard.target, id) != shard.target.end();
    });
    if (node->leaving && !leads && !named) {
      process = {};
      process.left = true;
    }
  }

  // A write, a change of the in-sync set if one is due, or else the hand-over.
  void Lead(ShardId id, Process& process) {
    const ShardState shard = log_.state().shards()[id.value()];
    const Version last = process.held[id];
    process.held[id] = {shard.epoch, Seq{last.seq.value() + 1}};
    for (const Copy& copy : shard.in_sync) {
      if (Follows(copy)) processes_[copy.node].held[id] = process.held[id];
    }
    const std::optional<InSyncChange> change = ChangeOf(id, shard);
    if (change) {
      if (!change->remove) processes_[change->copy.node].held[id] = process.held[id];
      log_.Takes(InSync{{*change}});
      return;
    }
    for (const NodeId node : shard.target) {
      const NodeState& next = *log_.state().Find(node);
      const Holder to{node, next.session};
      if (next.leaving || !Runs(node) || !log_.state().MayLead(to)) continue;
      if (to == shard.leader || !Follows({node, next.memory})) return;
      log_.Takes(TransferOf(id.value(), shard.epoch.value(), shard.leader, to));
      return;
    }
  }

  std::optional<InSyncChange> ChangeOf(ShardId id, const ShardState& shard) {
    InSyncChange change{.shard = id,
                        .epoch = shard.epoch,
                        .change = shard.change,
                        .session = shard.leader.session,
                        .copy = {},
                        .remove = true};
    bool whole = true;
    for (const NodeId node : shard.target) {
      const Copy copy{node, log_.state().Find(node)->memory};
      if (std::ranges::find(shard.in_sync, copy) != shard.in_sync.end()) continue;
      whole = false;
      if (!Follows(copy) || node == shard.leader.node) continue;
      change.copy = copy;
      change.remove = false;
      return change;
    }
    for (const Copy& copy : shard.in_sync) {
      const bool named = std::ranges::find(shard.target, copy.node) != shard.target.end();
      if (copy.node == shard.leader.node || (Follows(copy) && (named || !whole))) continue;
      change.copy = copy;
      return change;
    }
    return std::nullopt;
  }

  // The process with this memory runs, and takes what it is sent.
  bool Follows(const Copy& copy) const {
    const auto found = processes_.find(copy.node);
    return found != processes_.end() && found->second.runs && !found->second.paused &&
           found->second.memory == copy.memory && log_.state().IsCurrent(copy);
  }

  const PlannerOptions options_;
  std::optional<Planner> planner_;
  WrittenLog log_;
  TimePoint now_{std::chrono::hours(1)};
  std::map<NodeId, Process> processes_;
  std::map<Holder, TimePoint> fenced_since_;
  std::uint64_t drawn_ = 0;
  std::size_t idle_ = 0;
  std::map<std::string, std::uint64_t> counts_;
};

}  // namespace aegis::control
