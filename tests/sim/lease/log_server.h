// LogServer: one server of a replicated log by the rules of Raft, as little of it as the lease rule
// can notice: terms, votes, logs whose uncommitted ends are truncated, entries that are lost in a
// crash until they are durable, configurations that count from their append on.
//
// Votes are cast at once; everything else is by message, and messages may be lost, late, doubled
// and out of order.

#pragma once

#include <cstddef>
#include <cstdint>
#include <map>
#include <optional>
#include <vector>

#include "agreed.h"
#include "lease/lease.h"
#include "model/ids.h"

namespace aegis::lease::sim {

struct Append {
  NodeId leader;
  std::uint64_t term = 0;
  std::size_t previous = 0;  // The entry before the first one here ...
  std::uint64_t previous_term = 0;
  std::vector<Entry> entries;
  std::size_t commit = 0;
};

struct Ack {
  std::uint64_t term = 0;
  std::size_t match = 0;  // Durable, and the same as the leader's, up to here.
};

class LogServer {
 public:
  LogServer(NodeId self, std::vector<Entry> log);

  // What an append did to the log.
  struct Change {
    std::size_t truncated_from = 0;  // 0: nothing was.
    std::size_t appended_from = 0;   // 0: nothing was.
  };

  // As a follower. Nothing: of an old term, or there is a gap before it.
  std::optional<Change> OnAppend(const Append& append);
  std::optional<Ack> MakeAck() const;

  // As the leader.
  Append MakeAppend(const LogServer& to) const;
  void OnAck(NodeId from, const Ack& ack);
  Change Propose(Entry entry);  // Of this term. REQUIRES: leads().
  bool HasCommittedOfItsTerm() const;

  // Asks `electorate` for their votes in a new term; who is not there cannot vote.
  bool Campaign(const std::vector<LogServer*>& electorate);
  void StepDown() { leads_ = false; }

  // The log up to `index` is durable, if the entry there is still of `term`.
  void OnFlushed(std::size_t index, std::uint64_t term);
  // What was not durable is gone.
  void Crash();

  NodeId self() const { return self_; }
  bool leads() const { return leads_; }
  NodeId leader() const { return leader_; }  // Of the newest term, as far as known.
  std::uint64_t term() const { return term_; }
  std::size_t commit() const { return commit_; }
  std::size_t durable() const { return durable_; }
  std::size_t last() const { return log_.size(); }
  const Entry& At(std::size_t index) const { return log_[index - 1]; }
  std::uint64_t TermAt(std::size_t index) const { return index == 0 ? 0 : At(index).term; }
  // The newest in the log, committed or not.
  ConfigurationId configuration() const;
  const std::vector<NodeId>& voters() const;
  bool IsVoter() const;
  // A voter, or one whose removal is not known to be committed: nobody else may have the newest log
  // (Ongaro, "Consensus: Bridging Theory and Practice", 2014, 4.2.2).
  bool MayCampaign() const;

 private:
  void FindConfiguration();
  void EnterTerm(std::uint64_t term);
  void AdvanceCommit();
  std::size_t CommonWith(const LogServer& other) const;

  const NodeId self_;
  std::vector<Entry> log_;
  std::uint64_t term_ = 0;
  std::size_t durable_ = 0;
  std::size_t commit_ = 0;
  std::size_t configuration_ = 0;  // The index of the newest one.
  bool leads_ = false;
  NodeId leader_;
  std::size_t verified_ = 0;               // Up to here it is the log of this term's leader.
  std::map<NodeId, std::size_t> matches_;  // Of the leader.
};

}  // namespace aegis::lease::sim
