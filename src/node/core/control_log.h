// ControlLog: one node's part in the control log: the Raft member, the state that the committed
// entries make, and the way both reach nodes that are no voters.
//
// Voters agree through Raft; the log's leader pushes what is committed to every node, voters too,
// because that is quicker than the next heartbeat. A node applies an entry once, from whichever it
// hears first.
//
// It also keeps the voter half of the lease protocol informed of what stands in the log.
//
// Pure; owned by the control thread.

#pragma once

#include <cstdint>
#include <deque>
#include <map>
#include <optional>
#include <set>
#include <string>
#include <vector>

#include "base/rng.h"
#include "base/time.h"
#include "consensus/log.h"
#include "consensus/raft_node.h"
#include "control/command.h"
#include "control/state.h"
#include "lease/voter.h"
#include "model/ids.h"
#include "node/core/agreement_effects.h"
#include "node/core/control_message.h"
#include "node/core/learners.h"

namespace aegis::node {

// What was committed while this node led the log, since its process began. So each event is counted
// on one node, and nothing that is only read again.
struct ControlCounters {
  std::uint64_t fences = 0;
  std::uint64_t failovers = 0;           // Shards that got a leader after a fence ...
  std::uint64_t unclean_promotions = 0;  // ... those of them whose copy was not in sync.
};

class ControlLog {
 public:
  // What a log goes on with that takes the place of another in this process.
  struct Beginning {
    control::Lineage lineage;  // 0: of whichever it hears first. `persisted` knows better.
    std::uint64_t writes = 0;  // So many were asked for before.
    ControlCounters counters;
  };

  // REQUIRES: voter outlives this, and knows nothing of another log.
  ControlLog(NodeId self, consensus::ServerId server, consensus::Persisted persisted,
             Beginning beginning, lease::Voter& voter, Rng rng, TimePoint now);

  void Start(TimePoint now, AgreementEffects& effects);
  void Tick(TimePoint now, AgreementEffects& effects);
  // Leader: tells the nodes with a link what is new to them. Call after anything else here.
  void Distribute(const std::set<NodeId>& peers, bool voters_settled, TimePoint now,
                  AgreementEffects& effects);
  void OnDurable(std::uint64_t number, TimePoint now, AgreementEffects& effects);

  void OnLetter(NodeId from, const RaftLetter& letter, TimePoint now, AgreementEffects& effects);
  // Ignored if it is of an earlier leader than the newest heard of, or cannot be.
  void OnPush(NodeId from, const Push& push, AgreementEffects& effects);
  // Leader: how far the node is.
  void OnApplied(NodeId from, control::Applied applied, TimePoint now);
  void OnLinkDown(NodeId peer);

  // Appends it if this node leads the log, else sends it to whoever does, if that is known. Its
  // fate shows in the state; propose again until it does.
  void Propose(const control::Command& command, TimePoint now, AgreementEffects& effects);
  void OnProposal(const Proposal& proposal, TimePoint now, AgreementEffects& effects);

  void Reconfigure(std::vector<consensus::Server> servers, TimePoint now,
                   AgreementEffects& effects);
  void CatchUp(consensus::ServerId spare, TimePoint now, AgreementEffects& effects);
  // To that voter; to any, if it is 0.
  void TransferLeadership(consensus::ServerId successor, TimePoint now, AgreementEffects& effects);

  const control::State& state() const { return state_; }
  // 0: it is not known yet of which log this will be a part ...
  control::Lineage lineage() const { return state_.born() ? state_.lineage() : lineage_; }
  // ... until it hears of one. REQUIRES: lineage() is 0.
  void Join(control::Lineage lineage) { lineage_ = lineage; }
  std::uint64_t writes() const { return writes_; }
  const consensus::RaftNode& raft() const { return raft_; }
  const ControlCounters& counters() const { return counters_; }
  consensus::ServerId server() const { return raft_.self(); }
  // This node leads the log and has applied an entry of its own term: what it sees is current.
  bool in_charge() const { return raft_.leads() && state_.applied().term == raft_.term(); }
  // Who leads the log, as far as is known; kNoNode.
  NodeId leader() const;
  // As the log's leader last said; of the newest configuration in this node's own log if it leads
  // or has heard of no leader yet.
  std::vector<NodeId> voters() const;
  // The voters were whom they should be, at least once since this node started, with this node
  // among those that they were chosen from.
  bool formed() const { return formed_; }
  std::optional<NodeId> NodeOf(consensus::ServerId server) const;
  TimePoint wake_up_at() const { return wake_up_at_; }

 private:
  bool IsSound(const Push& push) const;
  void CarryOut(TimePoint now, AgreementEffects& effects);
  void Append(const std::vector<consensus::Entry>& entries);
  void Restore(ByteView state, AgreementEffects& effects);
  void Apply(const consensus::Entry& entry, AgreementEffects& effects);
  void CountAsLeader(control::Applied at, const control::Command& command,
                     const std::vector<control::ShardState>& before);
  std::string NameOf(NodeId node) const;
  void TellVoterOfState();
  void TellVoterOfConfiguration();
  Push NewPush() const;
  void MaybeCompact(TimePoint now, AgreementEffects& effects);

  const NodeId self_;
  lease::Voter& voter_;
  consensus::RaftNode raft_;
  consensus::Effects raft_effects_;
  control::State state_;
  ControlCounters counters_;
  std::vector<NodeId> told_voters_;  // As the leader last said.
  std::map<consensus::ServerId, NodeId> servers_;

  control::Lineage lineage_;  // Before the state says it.
  std::uint64_t writes_;
  struct Pending {
    std::uint64_t number = 0;
    bool hard_state = false;
    consensus::Index snapshot = 0;
    consensus::Index entries = 0;
  };
  std::deque<Pending> pending_;  // Not durable yet.
  struct Held {
    std::uint64_t after = 0;
    ControlLetter letter;
  };
  std::deque<Held> held_;  // Letters that wait for a hard state to be durable.

  bool formed_ = false;
  bool voters_settled_ = false;  // As the log's leader, this one included, last said.
  NodeId leader_;                // As pushes say.
  consensus::Term leader_term_ = 0;
  Learners learners_;
  TimePoint wake_up_at_ = TimePoint::max();
};

}  // namespace aegis::node
