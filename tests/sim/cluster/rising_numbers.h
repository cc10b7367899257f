// RisingNumbers: clients that write rising numbers to their own keys through random nodes, and
// check every read against what they know was acknowledged.
//
// A key has one writer and its writes come one after the other, so after an acknowledged write a
// read must show it or a later attempt, or one of unknown outcome that has taken effect since:
// anything else is a lost write. Which losses are allowed
// (asynchronous replication may lose an unreplicated tail with its leader) the test decides.

#pragma once

#include <cstdint>
#include <set>
#include <string>
#include <vector>

#include "sim_cluster.h"
#include "workload.h"

namespace aegis::sim {

class RisingNumbers : public Workload {
 public:
  RisingNumbers(SimCluster& cluster, std::size_t keys) : cluster_(cluster), keys_(keys) {}

  // Every client goes on until Stop(), with about `pause` between its operations.
  void Start(Duration pause);

  // Workload
  void Stop() override { running_ = false; }
  void Verify() override;  // Counts what was lost, too.
  std::string Problem() const override;
  std::uint64_t answered() const override { return acknowledged_ + reads_; }
  std::uint64_t losses_counted() const override { return losses_.size(); }

  std::uint64_t writes_acknowledged() const { return acknowledged_; }
  std::uint64_t reads_answered() const { return reads_; }
  std::uint64_t unavailable() const { return unavailable_; }
  std::uint64_t unknown() const { return unknown_; }
  // Reads that showed less than had been acknowledged before they began.
  const std::vector<std::string>& losses() const { return losses_; }
  // Reads that showed what nobody had ever tried to write. Never allowed.
  const std::vector<std::string>& inventions() const { return inventions_; }

 private:
  struct Key {
    std::uint64_t attempted = 0;
    std::uint64_t acknowledged = 0;
    std::set<std::uint64_t> unknown;  // They may still take effect, once.
  };

  void Next(std::size_t key);
  void Write(std::size_t key);
  void Read(std::size_t key, bool then_next);
  static std::string Name(std::size_t key) { return "key" + std::to_string(key); }

  SimCluster& cluster_;
  std::vector<Key> keys_;
  Duration pause_{};
  bool running_ = false;
  std::uint64_t acknowledged_ = 0;
  std::uint64_t reads_ = 0;
  std::uint64_t verified_ = 0;
  std::uint64_t unavailable_ = 0;
  std::uint64_t unknown_ = 0;
  std::vector<std::string> losses_;
  std::vector<std::string> inventions_;
};

}  // namespace aegis::sim
