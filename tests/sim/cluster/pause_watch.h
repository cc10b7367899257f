// PauseWatch: one client per shard that writes without a pause, through one node, and the longest
// time that any of them had to wait for a success.

#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "sim_cluster.h"

namespace aegis::sim {

class PauseWatch {
 public:
  // Through `node`, which has to stay. REQUIRES: outlives every event of the cluster.
  PauseWatch(SimCluster& cluster, std::size_t node);

  void Start();
  // No more writes; call RunFor() a little longer for the last ones to end.
  void Stop() { running_ = false; }

  // Longest of any shard between two successes since Start(), and which shard that was.
  Duration longest() const;
  std::string Describe() const;
  std::uint64_t failures() const { return failures_; }  // Answers but OK.

 private:
  struct Client {
    Bytes key;
    TimePoint succeeded;
    Duration longest{};
    TimePoint longest_began;
  };

  void Write(std::size_t client);

  SimCluster& cluster_;
  const std::size_t node_;
  std::vector<Client> clients_;  // Indexed by shard.
  bool running_ = false;
  std::uint64_t failures_ = 0;
};

}  // namespace aegis::sim
