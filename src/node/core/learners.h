// Learners: how a control log's leader brings what is committed to every node: how far each is, and
// what it is pushed next. A node says how far it is in its reports.
//
// What is pushed is taken to have arrived; a node that goes on saying otherwise did not get it.
//
// Pure; part of a ControlLog.

#pragma once

#include <map>
#include <set>

#include "base/time.h"
#include "consensus/log.h"
#include "consensus/raft_node.h"
#include "control/state.h"
#include "model/ids.h"
#include "node/core/agreement_effects.h"
#include "node/core/control_message.h"

namespace aegis::node {

class Learners {
 public:
  // A node that says it is behind what it was pushed this long ago did not get it.
  static constexpr Duration kPushPatience = std::chrono::milliseconds(300);
  // Whoever needs nothing is told so, that often.
  static constexpr Duration kBeat = std::chrono::milliseconds(100);
  // At most so much in one push; of one entry always all.
  static constexpr std::size_t kEntriesMax = 1024;
  static constexpr std::size_t kBytesMax = 1 << 20;

  // It has applied everything up to there.
  void OnApplied(NodeId node, consensus::Index applied, TimePoint now);
  // Its link broke: nothing is pushed to it until it says again how far it is.
  void OnLinkDown(NodeId node) { learners_.erase(node); }
  // This node does not lead the log any more.
  void Clear() { learners_.clear(); }

  // Pushes to each of `peers` what it lacks of `state`, as entries, where the log has them still.
  // `empty`: a push that says who votes, and nothing new.
  void Tell(const std::set<NodeId>& peers, const Push& empty, const consensus::RaftNode& log,
            const control::State& state, TimePoint now, AgreementEffects& effects);
  // When to do so again even if nothing happens.
  TimePoint next_beat() const { return next_beat_; }

 private:
  struct Learner {
    consensus::Index pushed = 0;
    TimePoint pushed_at;

    // What it lacks, at the end of `push`.
    void Fill(Push& push, const consensus::RaftNode& log, const control::State& state);
  };

  std::map<NodeId, Learner> learners_;
  TimePoint next_beat_ = TimePoint::min();
};

}  // namespace aegis::node
