// The values of the log as RaftStep takes them. For raft_member*.cc.

#pragma once

#include <span>
#include <vector>

#include "consensus/log.h"
#include "consensus/raft_step.h"

namespace aegis::consensus {

inline std::vector<RaftStepServer> ToStep(const std::vector<Server>& servers) {
  std::vector<RaftStepServer> to;
  for (const Server& server : servers) {
    to.push_back({server.id.value(), server.role == ServerRole::kVoter});
  }
  return to;
}

// A RaftStepConfiguration, and what it points to.
class StepConfiguration {
 public:
  explicit StepConfiguration(const Configuration& from)
      : servers_(ToStep(from.servers)),
        configuration_{from.at.index, servers_.data(), servers_.size()} {}
  StepConfiguration(const StepConfiguration&) = delete;
  StepConfiguration& operator=(const StepConfiguration&) = delete;

  const RaftStepConfiguration* get() const { return &configuration_; }

 private:
  std::vector<RaftStepServer> servers_;
  RaftStepConfiguration configuration_;
};

inline RaftStepEntry ToStep(const Entry& entry) {
  const bool read = entry.type == EntryType::kConfiguration;
  return {entry.at.term, static_cast<int>(entry.type), read ? entry.data.data() : nullptr,
          read ? entry.data.size() : 0};
}

inline std::vector<RaftStepEntry> ToStep(std::span<const Entry> entries) {
  std::vector<RaftStepEntry> to;
  for (const Entry& entry : entries) to.push_back(ToStep(entry));
  return to;
}

}  // namespace aegis::consensus
