// Clears: clients that remove everything in a shard, and what must hold of it.
//
// A clear is a write of every key of its shard, and stands as such in the record that must be
// linearizable; one that is lost, as one that may not have happened. That a failover may lose
// writes of a key excuses its record; it does not excuse that what was cleared comes back: what was
// acknowledged before a clear began that is acknowledged, and that no reign began without, nobody
// sees afterwards.

#pragma once

#include <cstdint>
#include <functional>
#include <map>
#include <string>
#include <vector>

#include "linearizability/recorder.h"
#include "sim_cluster.h"

namespace aegis::sim {

class Clears {
 public:
  // REQUIRES: both outlive this.
  Clears(SimCluster& cluster, linearizability::Recorder& recorder)
      : cluster_(cluster), recorder_(recorder) {}

  // Some client is about to use a key that nobody has used before.
  void OnNewKey(const std::string& key);
  // Clears the shard of the key. `done` is called once.
  void Clear(std::uint32_t client, const std::string& key, std::int32_t quorum,
             std::function<void()> done);

  // A write of this value was acknowledged. REQUIRES: no other write has the same.
  void OnWritten(const std::string& value) { written_[value] = cluster_.now(); }
  // A read that began at `began` shows it.
  void OnShown(const std::string& key, const std::string& value, TimePoint began) const;

  // Clears that were lost with their reign have happened only as far as somebody has seen them.
  void Doubt(linearizability::History& history) const;

  std::uint64_t answered() const { return answered_; }

 private:
  using CallId = linearizability::Recorder::CallId;

  struct Asked {
    std::uint32_t client = 0;
    TimePoint began;
    std::vector<CallId> calls;  // One per key.
  };
  struct Done {
    TimePoint began;
    TimePoint ended;
    Version version;
    std::vector<CallId> calls;
  };
  struct Shard {
    std::vector<std::string> keys;           // Of those that anybody has used.
    std::map<std::uint64_t, Asked> asked{};  // That may still happen, by number.
    std::vector<Done> done{};                // Acknowledged.
  };

  ShardId ShardOf(const std::string& key) const;
  void Finish(ShardId shard, std::uint64_t number, const Outcome& outcome);
  CallId Invoke(std::uint32_t client, const std::string& key);

  SimCluster& cluster_;
  linearizability::Recorder& recorder_;
  std::map<ShardId, Shard> shards_;
  std::map<std::string, TimePoint> written_;  // When it was acknowledged, by value.
  std::uint64_t numbers_ = 0;
  std::uint64_t answered_ = 0;
};

}  // namespace aegis::sim
