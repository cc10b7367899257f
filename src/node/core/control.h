// Control: the control plane of one node as one deterministic machine.
//
// It owns membership (gossip::Swim), this node's part in the control log (ControlLog), both halves
// of the leases (LeaseKeeper), the duties of the log's leader while this node is that
// (ControlLeader), and what follows for the shards (ShardDirector). It publishes the routing
// table. The shell feeds it datagrams, streams, frames, what is durable, and time, all on the
// control thread, and carries out the effects.
//
// Birth: a node with a remembered or joined cluster adopts its settings; one without seeds forms a
// cluster of one; with bootstrap_expect N the node with the lowest id forms it once N are there.
// Who forms the cluster is the only voter of a new control log; everybody else joins that log.

#pragma once

#include <cstdint>
#include <map>
#include <memory>
#include <optional>
#include <set>
#include <span>
#include <string>
#include <vector>

#include "base/bytes.h"
#include "base/result.h"
#include "base/rng.h"
#include "base/time.h"
#include "consensus/log_store.h"
#include "control/planner.h"
#include "gossip/swim.h"
#include "lease/lease.h"
#include "model/cluster.h"
#include "model/endpoint.h"
#include "model/member.h"
#include "model/routing.h"
#include "node/core/control_effects.h"
#include "node/core/control_leader.h"
#include "node/core/control_log.h"
#include "node/core/lease_keeper.h"
#include "node/core/node_reporter.h"
#include "node/core/shard_director.h"
#include "node/core/voter_roll.h"

namespace aegis::node {

struct Readiness {
  bool ready = false;
  std::string reason;  // For people; what is missing, or "ready".
};

class Control {
 public:
  struct Options {
    std::vector<Endpoint> seeds;  // Numeric. Gossip addresses to join through.
    std::uint32_t bootstrap_expect = 0;
    // This node founded the remembered cluster and lost its log before it promised anything in it:
    // it founds that log again. REQUIRES: settings that are born, nothing recovered.
    bool founder = false;
    // What this process has of an earlier one's memory is all of it, so that its copies count as
    // they did then; none: it is this process'.
    Session memory{};
    control::Lineage memory_lineage{};  // Of the control log that it belongs to.
    gossip::Swim::Options gossip;
    lease::Options lease;
    control::PlannerOptions planner;
    ShardDirector::Options director;
  };

  // What a restarted node finds in its log.
  struct Recovered {
    consensus::ServerId server;
    consensus::Persisted persisted;
  };

  // `settings`: what a new cluster would be born with (id 0), or the remembered cluster.
  Control(Member self, ClusterSettings settings, Options options,
          std::optional<Recovered> recovered, Rng rng, TimePoint now);

  void Start(TimePoint now, ControlEffects& effects);
  void Tick(TimePoint now, ControlEffects& effects);
  // Seeds by name have other addresses now.
  void Join(std::span<const Endpoint> seeds, TimePoint now, ControlEffects& effects);

  // Gossip's input and output, see gossip/swim.h.
  void OnDatagram(const Endpoint& from, ByteView body, TimePoint now, ControlEffects& effects);
  Bytes OnStreamRequest(const Endpoint& from, ByteView body, TimePoint now,
                        ControlEffects& effects);
  void OnStreamReply(std::uint64_t id, const Result<Bytes>& reply, TimePoint now,
                     ControlEffects& effects);

  // Control links: this node's own, over which it sends. Letters to a peer arrive in order as long
  // as its link stands.
  void OnControlLinkUp(NodeId peer, TimePoint now, ControlEffects& effects);
  void OnControlLinkDown(NodeId peer, TimePoint now, ControlEffects& effects);
  // A message that came over a peer's control link.
  void OnControlMessage(NodeId from, const ControlEnvelope& envelope, TimePoint now,
                        ControlEffects& effects);
  // All of effects.disk up to this number is durable.
  void OnDurable(std::uint64_t number, TimePoint now, ControlEffects& effects);

  // A link for shards broke: its peer may be dead.
  void OnPeerLinkDown(NodeId peer, TimePoint now, ControlEffects& effects);
  // Whether this node's workers tick: without them it asks for no lease.
  void SetHealthy(bool healthy) { healthy_ = healthy; }

  // Looks at the shards and decides. Call when effects.look_again says so, after `changed` of
  // ShardEffects, and at least every evaluate_interval().
  void Evaluate(LocalShards& shards, TimePoint now, ControlEffects& effects);
  static constexpr Duration evaluate_interval() { return std::chrono::milliseconds(50); }

  // This node goes on as the only voter of the control log, as a new lineage, with what it knows:
  // an operator has said that the others are lost. What that risks: docs/OPERATIONS.md.
  // Errors: kInvalid, why it must not, or need not.
  Result<Ok> Recover(TimePoint now, ControlEffects& effects);
  // Who is missing, if it may. Errors: as Recover()'s.
  Result<VoterRoll::Count> MayRecover(TimePoint now) const;

  // An operator gives up a node that is gone: nothing waits any more for what its memory held. Once
  // it has been gone for as long as it keeps its place, its shards begin anew with what there is,
  // and it is removed. Asking again changes nothing. Errors: kInvalid, why it must not.
  // True: the cluster has agreed on it. False: it is asked to, until it has.
  Result<bool> Forget(const std::string& node, TimePoint now, ControlEffects& effects);
  // Which node that is, by its name or its id in hex, and what became of it. Errors: as Forget()'s.
  Result<control::NodeState> MayForget(const std::string& node) const;

  // Graceful leave. First hands over the control log, if it leads that, then every shard that it
  // leads; then says goodbye: drained() tells.
  void Leave(TimePoint now);
  // True once nothing is led any more (or nobody is there to take over).
  bool drained() const { return drained_; }
  // Says goodbye to the cluster. Call when drained, or out of patience.
  void Goodbye(TimePoint now, ControlEffects& effects);
  // The goodbye has been sent; the process may end.
  bool goodbye_said() const { return swim_.farewell_said(); }

  // Peers this node keeps links with; of the link for shards, the one with the lower id dials.
  std::vector<Member> LinkedPeers() const;

  Readiness readiness(TimePoint now) const;
  bool born() const { return swim_.settings().born(); }
  // This process founded the cluster's control log.
  bool founder() const { return founder_; }
  const ClusterSettings& settings() const { return swim_.settings(); }
  const gossip::Swim& swim() const { return swim_; }
  const RoutingTable& routing() const { return *routing_; }
  TimePoint lease_until() const { return leases_.valid_until(); }
  const Holder& holder() const { return leases_.holder(); }
  // Which voters this node hears. REQUIRES: log().
  VoterRoll::Count CallVoters(TimePoint now) const;
  // Empty; or why this node takes no part in the control log any more: the cluster was recovered
  // without what it knows.
  const std::string& superseded() const { return superseded_; }
  // Null until born.
  const ControlLog* log() const { return log_ ? &*log_ : nullptr; }
  const ControlLeader* leader() const { return leader_ ? &*leader_ : nullptr; }

 private:
  void AfterGossip(TimePoint now, ControlEffects& effects);
  void MaybeBeBorn(TimePoint now);
  void BeBorn(TimePoint now);
  void OpenLog(TimePoint now, ControlEffects& effects);

  // Lineages: control_lineage.cc.
  bool IsOfThisLog(NodeId from, const ControlEnvelope& envelope, TimePoint now,
                   ControlEffects& effects);
  void OnDescent(NodeId from, const Descent& descent, control::Lineage theirs, TimePoint now,
                 ControlEffects& effects);
  void TellDescent(NodeId to, TimePoint now);
  bool MayFollow(const control::Recovery& recovery) const;
  void Follow(control::Lineage lineage, NodeId with, TimePoint now, ControlEffects& effects);
  void BeSuperseded(NodeId by, TimePoint now);
  // The log is another from now on. REQUIRES: recovered_.
  void ReplaceLog(control::Lineage lineage, std::uint64_t writes, TimePoint now);
  void WatchVoters(TimePoint now);
  void Take(NodeId from, const ControlMessage& message, TimePoint now);

  // Everything but gossip, after whatever came in.
  void Proceed(TimePoint now, ControlEffects& effects);
  void SeeToSelf(TimePoint now);
  void SeeToOrders(TimePoint now);
  void SeeToLeadership(TimePoint now);
  NodeReport OwnReport() const;
  ControlLeader::Seen Seen() const;
  std::set<NodeId> Live() const;
  void Publish(ControlEffects& effects);
  // Without a cluster there is nothing to route, but clients are told what this node waits for.
  void PublishUnborn(TimePoint now, ControlEffects& effects);

  // Leaving: control_leaving.cc.
  bool GiveUpLog(TimePoint now);
  bool IsDrained() const;
  std::string DescribeLeaving() const;

  const Options options_;
  Rng rng_;
  gossip::Swim swim_;
  // Its memory is an earlier process', which knew what this one may not know.
  bool GoesOn() const { return memory_ != swim_.self().session; }

  const Session memory_;  // See control::Copy.
  std::optional<Recovered> recovered_;
  std::vector<Member> members_;  // As gossip last knew them; sorted by id, self included.
  bool founder_ = options_.founder;
  bool announced_birth_ = false;
  bool healthy_ = true;
  bool leaving_ = false;
  bool drained_ = false;
  TimePoint lead_log_until_ = TimePoint::min();  // While leaving.

  VoterRoll roll_;
  std::string superseded_;
  std::uint64_t recovering_ = 0;  // The write that makes a recovery durable: until then, silence.
  std::map<NodeId, TimePoint> strangers_;  // In other lineages; when to tell them next of this one.
  bool lost_majority_ = false;             // As last noted.

  LeaseKeeper leases_;
  std::optional<ControlLog> log_;
  std::optional<ControlLeader> leader_;
  ShardDirector director_;
  AgreementEffects agreed_;
  std::set<NodeId> control_links_;
  std::optional<Session> follows_;  // What the present session asks to follow.
  NodeReporter reporter_;
  TimePoint next_wish_ = TimePoint::min();
  std::set<Holder> given_up_;  // By operators here, and the cluster has not agreed on it yet.
  TimePoint next_order_ = TimePoint::min();
  NodeId wished_of_;  // Who led the log when this node last wished to leave.

  std::string unborn_reason_;  // As last published.
  std::shared_ptr<const RoutingTable> routing_;
  bool routing_dirty_ = true;
};

}  // namespace aegis::node
