// Registers: clients that work on a few hot keys with every kind of operation on one key, and keep
// a record of it: what each asked and when, what it was told and when. In the end the record of
// every key must be linearizable.
//
// A key may be a Group: then every operation is a batch over its members, and besides no copy of
// its shard, at whatever time, and no answer may hold or show a part of one. And clients may clear
// a whole shard now and then, see Clears.
//
// What a failover may lose of asynchronous writes cannot be: keys that lost some are excused, see
// WriteLedger. Keys whose writes wait for a quorum are excused only when the memory of every copy
// in sync was lost. The keys change every few seconds, so that a history stays short enough to be
// checked and an excuse does not cover the whole run.
//
// What an old leader's memory brings back after a failover comes key by key: groups of which the
// ledger knows that they lost a write are excused from being whole, too.

#pragma once

#include <cstdint>
#include <map>
#include <memory>
#include <string>
#include <vector>

#include "clears.h"
#include "group.h"
#include "linearizability/recorder.h"
#include "sim_client.h"
#include "workload.h"

namespace aegis::sim {

class Registers : public Workload {
 public:
  struct Options {
    std::size_t clients = 6;
    std::size_t keys = 4;  // At a time; every other one is a number that is counted up.
    Duration pause = std::chrono::milliseconds(30);  // Of a client between its operations, about.
    Duration lifetime = std::chrono::seconds(15);    // Of a set of keys.
    // Of the writes of a key, one of these. A key keeps its quorum.
    std::vector<std::int32_t> quorums = {0};
    std::size_t members = 1;     // Of every key; see Group.
    double clears = 0;           // Share of the operations that clear a shard.
    double confirmed_reads = 0;  // Share of the reads that others have to confirm.
    // Nodes that clients know from the start: each has the client core of its own. Empty: they
    // turn to any node, and repeat nothing.
    std::vector<std::size_t> seeds = {};
  };

  Registers(SimCluster& cluster, const Options& options)
      : cluster_(cluster), options_(options), clears_(cluster, recorder_) {}

  void Start();

  // Workload
  void Stop() override { running_ = false; }
  void Verify() override;
  std::string Problem() const override;
  std::uint64_t answered() const override { return answered_ + clears_.answered(); }

  std::uint64_t keys_checked() const override { return seen_.size() - keys_excused(); }
  std::uint64_t keys_excused() const override;

 private:
  // What some client last saw of a key, for conditions that have a chance to hold.
  struct Seen {
    std::string value;
    std::vector<Version> versions;  // Of every member.
  };

  void Next(std::uint32_t client);
  void Ask(std::uint32_t client);
  linearizability::Operation Draw(std::uint32_t client);
  void DrawChange(linearizability::Operation& call);
  void Submit(linearizability::Operation call, std::function<void(bool answered)> then);
  std::string AnyKey();
  std::int32_t QuorumOf(const std::string& key) const;
  void Send(std::uint32_t client, const Operation& operation, SimCluster::Done done);
  // `all`: it was asked of every member.
  void Take(linearizability::Recorder::CallId id, const Outcome& outcome, bool all);
  void Learn(const linearizability::Operation& call, linearizability::Outcome told,
             const GroupOutcome& answer);
  bool Lost(const std::string& key) const;
  void LookIntoCopies();
  void LookInto(std::uint32_t shard);

  SimCluster& cluster_;
  const Options options_;
  std::vector<std::unique_ptr<SimClient>> clients_;
  linearizability::Recorder recorder_;
  Clears clears_;
  std::map<std::string, Seen> seen_;  // Every key that was ever used.
  bool running_ = false;
  TimePoint began_;
  std::uint64_t values_ = 0;
  std::uint64_t answered_ = 0;
  std::string unexpected_;  // An answer that has no place in a history.
  std::size_t unread_ = 0;  // Keys that Verify() has still to read.
};

}  // namespace aegis::sim
