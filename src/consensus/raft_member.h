// RaftMember: what RaftNode does, for raft_node.cc alone. It drives libraft step by step, keeps the
// log that libraft knows only by terms, and makes up for what libraft 0.22 does differently from
// what Raft asks for (the comments say where; tests/unit/consensus/raft_node_libraft_test.cc).
//
// Each event takes what it is given as far as libraft lets it; Finish() follows every one.

#pragma once

#include <cstdint>
#include <memory>
#include <span>
#include <vector>

#include "base/bytes.h"
#include "base/result.h"
#include "base/rng.h"
#include "base/time.h"
#include "consensus/configuration.h"
#include "consensus/raft_log.h"
#include "consensus/raft_message.h"
#include "consensus/raft_node.h"
#include "consensus/raft_step.h"

namespace aegis::consensus {

class RaftMember {
 public:
  RaftMember(ServerId self, RaftNode::Options options, Persisted&& persisted, Rng rng,
             TimePoint now);

  void Start(TimePoint now, Effects& effects);
  void Tick(TimePoint now, Effects& effects);
  Result<Ok> OnMessage(ServerId from, ByteView bytes, TimePoint now, Effects& effects);
  void OnPersisted(Index snapshot, Index entries, TimePoint now, Effects& effects);
  Result<LogPosition> Propose(Bytes command, TimePoint now, Effects& effects);
  Result<LogPosition> Reconfigure(const std::vector<Server>& servers, TimePoint now,
                                  Effects& effects);
  void CatchUp(ServerId spare, TimePoint now, Effects& effects);
  bool CaughtUp(ServerId spare) const;
  void TransferLeadership(ServerId successor, TimePoint now, Effects& effects);
  void Compact(Bytes state, TimePoint now, Effects& effects);

  ServerId self() const { return self_; }
  bool leads() const { return RaftStepCurrentRole(step_.get()) == kRaftStepLeader; }
  ServerId leader() const;
  Term term() const { return RaftStepTerm(step_.get()); }
  // libraft takes what is in a snapshot for committed when the snapshot is durable.
  Index commit_index() const { return std::max(RaftStepCommitIndex(step_.get()), applied_); }
  const RaftLog& log() const { return log_; }

  // After each event, whatever came of it: entries to apply, a leader's first one, the deadline.
  void Finish(Effects& effects);

 private:
  struct FreeStep {
    void operator()(RaftStep* step) const { RaftStepFree(step); }
  };

  std::uint64_t Milliseconds(TimePoint now);
  Result<LogPosition> Submit(EntryType type, Bytes data, Effects& effects);

  // Each takes what was received apart, and feeds libraft what it can take.
  Result<Ok> OnAppendEntries(RaftMessage message, ServerId from, Effects& effects);
  Result<Ok> OnInstallSnapshot(RaftMessage message, ServerId from, Effects& effects);

  Result<Ok> CheckAgainstCommitted(const RaftMessage& message) const;
  void StartAtTheSnapshot(RaftMessage& message) const;
  void HoldBackUnstorable(RaftMessage& message) const;
  void AppendPart(const RaftMessage& message, std::span<const Entry> part, LogPosition before,
                  ServerId from, Effects& effects);

  void Receive(const RaftMessage& message, ServerId from, std::span<const Entry> entries,
               LogPosition at, Effects& effects);
  // What the last step asked for. `offered`: the entries that it was given.
  void Take(std::span<const Entry> offered, Effects& effects);
  void Send(const RaftStepMessage& message, Effects& effects) const;
  void ApplyCommitted(Effects& effects);
  void Install(Snapshot snapshot, Effects& effects);

  bool EverythingIsDurable() const {
    return installing_ == 0 && RaftStepDurableIndex(step_.get()) == log_.last().index;
  }

  const ServerId self_;
  const RaftNode::Options options_;
  const TimePoint origin_;
  const HardState initial_;
  RaftLog log_;
  std::unique_ptr<RaftStep, FreeStep> step_;
  std::uint64_t now_ = 1;               // Milliseconds since `origin_`, and one more.
  std::uint64_t earliest_timeout_ = 0;  // A leader's next.
  Index applied_ = 0;
  Index installing_ = 0;  // The received snapshot that is not durable yet; 0: none.
  Term leader_term_ = 0;  // In which libraft heard of the leader that it names.
};

}  // namespace aegis::consensus
