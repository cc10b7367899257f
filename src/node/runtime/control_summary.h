// ControlSummary: what one node knows of the control plane, in words for people, and the board on
// which the control thread leaves it for the other threads.

#pragma once

#include <cstdint>
#include <mutex>
#include <string>
#include <utility>
#include <vector>

#include "node/core/control.h"

namespace aegis::node {

struct ControlSummary {
  Session session;  // Of this node's lease.
  // "leader", "voter", "learner"; "superseded": shut out; "none": not born yet.
  std::string role = "none";
  std::string leader;  // Names of nodes; empty: not known.
  std::uint64_t term = 0;
  std::vector<std::string> voters;
  std::vector<std::string> fences;
  std::string problem;         // What keeps the control log from deciding; empty: nothing known.
  control::Movement movement;  // As the control leader sees it; elsewhere none.
};

// See ControlSummary::role.
std::string RoleOf(const Control& control);
// On the control thread.
ControlSummary SummaryOf(const Control& control, TimePoint now);
// Of the loss of the majority, or of the lineage; empty: none.
std::string ProblemOf(const Control& control, TimePoint now);

class ControlBoard {
 public:
  void Publish(ControlSummary summary) {
    const std::lock_guard lock(mutex_);
    summary_ = std::move(summary);
  }
  ControlSummary Get() const {
    const std::lock_guard lock(mutex_);
    return summary_;
  }

 private:
  mutable std::mutex mutex_;
  ControlSummary summary_;
};

}  // namespace aegis::node
