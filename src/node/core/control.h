// Control: the control plane of one node as one deterministic machine.
//
// It owns membership (gossip::Swim), knows where shards should live (ring), keeps what every peer
// reported about every shard, applies the LeadershipRule, and publishes the routing table. The
// shell feeds it datagrams, streams, link events, reports and time, all on the control thread, and
// carries out the effects.
//
// Birth: a node with a remembered or joined cluster adopts its settings; one without seeds forms a
// cluster of one; with bootstrap_expect N the node with the lowest id forms it once N are there.

#pragma once

#include <cstdint>
#include <map>
#include <memory>
#include <set>
#include <span>
#include <string>
#include <vector>

#include "base/bytes.h"
#include "base/result.h"
#include "base/rng.h"
#include "base/time.h"
#include "gossip/swim.h"
#include "model/cluster.h"
#include "model/endpoint.h"
#include "model/member.h"
#include "model/routing.h"
#include "node/core/leadership.h"
#include "replication/peer_message.h"
#include "ring/placement.h"

namespace aegis::node {

struct PeerMail {
  NodeId to;
  Bytes frame;  // A whole peer frame; lost if the link is down (a new link starts over).
};

// In this order: create the shards if `born`, apply `commands`, then publish `routing`; the rest
// at any time.
struct ControlEffects {
  bool born = false;  // settings() are final from now on: create the shards.
  std::vector<ShardCommand> commands;
  struct Followers {
    ShardId shard;
    std::vector<NodeId> nodes;
  };
  std::vector<Followers> followers;             // Shard::SetFollowers, after `commands`.
  std::shared_ptr<const RoutingTable> routing;  // Null: unchanged.
  gossip::Effects gossip;
  std::vector<PeerMail> mail;
  bool membership_changed = false;          // Links to dial or drop, the node record to write.
  TimePoint wake_up_at = TimePoint::max();  // Call Tick() no later than this.

  void Clear();
};

struct Readiness {
  bool ready = false;
  std::string reason;  // For people; what is missing, or "ready".
};

class Control {
 public:
  struct Options {
    std::vector<Endpoint> seeds;  // Numeric. Gossip addresses to join through.
    std::uint32_t bootstrap_expect = 0;
    // After this long without an answer from any seed, a node that was born before (settings
    // remembered in its data dir) serves alone again. New nodes wait for ever.
    Duration rejoin_patience = std::chrono::seconds(5);
    std::size_t hand_overs_max = 8;  // Shards this node hands over at the same time.
    gossip::Swim::Options gossip;
  };

  // `settings`: what a new cluster would be born with (id 0), or the remembered cluster.
  // REQUIRES: rule outlives this.
  Control(Member self, ClusterSettings settings, Options options, LeadershipRule& rule, Rng rng,
          TimePoint now);

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

  // Peer links. A link is one established PeerSession; a newer one replaces an older.
  // The shell does not report the end of a link that was replaced.
  void OnLinkUp(NodeId peer, Session session);
  void OnLinkDown(NodeId peer, Session session, TimePoint now, ControlEffects& effects);
  void OnReports(NodeId peer, const replication::PeerMessage& reports);

  // Looks at the shards and decides. `own` has one report per shard, indexed by id; `in_sync`
  // answers whether a shard that this node leads has `follower` in sync. Call after `changed` of
  // ShardEffects, after anything above, and at least every evaluate_interval().
  class LocalShards {
   public:
    virtual ~LocalShards() = default;
    virtual replication::ShardReport Report(ShardId shard) = 0;
    virtual bool InSync(ShardId shard, NodeId follower) = 0;
  };
  void Evaluate(LocalShards& shards, TimePoint now, ControlEffects& effects);
  static constexpr Duration evaluate_interval() { return std::chrono::milliseconds(50); }

  // Graceful leave. First hands over every shard it leads, then says goodbye: left() tells.
  void Leave();
  // True once nothing is led any more (or nobody is there to take over).
  bool drained() const { return drained_; }
  // Says goodbye to the cluster. Call when drained, or out of patience.
  void Goodbye(TimePoint now, ControlEffects& effects);
  // The goodbye has been sent; the process may end.
  bool goodbye_said() const { return swim_.farewell_said(); }

  // Peers this node keeps a link with; the one with the lower id dials.
  std::vector<Member> LinkedPeers() const;

  Readiness readiness(TimePoint now) const;
  bool born() const { return swim_.settings().born(); }
  const ClusterSettings& settings() const { return swim_.settings(); }
  const gossip::Swim& swim() const { return swim_; }
  const RoutingTable& routing() const { return *routing_; }

 private:
  struct Peer {
    Session session;
    bool leaving = false;
    bool heard = false;
    std::vector<replication::ShardReport> shards;  // What it reported, indexed by shard.
    std::vector<replication::ShardReport> told;    // What we last reported to it.
    bool told_once = false;
    bool told_leaving = false;
  };
  struct ToldFollowers {
    Epoch epoch;
    std::vector<NodeId> nodes;
  };

  void AfterGossip(TimePoint now, ControlEffects& effects);
  void MaybeBeBorn(TimePoint now);
  void BeBorn(TimePoint now);
  void RecomputePlacement();
  bool IsLeaving(NodeId node) const;
  bool MayDecide(TimePoint now) const;
  void DecideShard(ShardId shard, LocalShards& shards, std::vector<PeerView>& views, TimePoint now,
                   ControlEffects& effects);
  NodeId SuccessorOf(const ShardSituation& situation) const;
  void TellFollowers(ShardId shard, Epoch epoch, ControlEffects& effects);
  void SendReports(ControlEffects& effects);
  std::vector<PeerView> Views() const;
  void Publish(ControlEffects& effects);
  // Without a cluster there is nothing to route, but clients are told what this node waits for.
  void PublishUnborn(TimePoint now, ControlEffects& effects);

  const Options options_;
  LeadershipRule& rule_;
  Rng rng_;
  gossip::Swim swim_;
  const TimePoint started_;
  std::vector<Member> members_;  // As gossip last knew them; sorted by id, self included.
  bool announced_birth_ = false;
  bool leaving_ = false;
  bool drained_ = false;

  std::map<NodeId, Peer> peers_;               // Those with a link.
  std::vector<ring::PlacementMember> placed_;  // What placement_ was computed from.
  ring::Placement placement_;

  // Indexed by shard, empty until born.
  std::vector<replication::ShardReport> own_;
  std::vector<ShardRoute> routes_;
  std::vector<ToldFollowers> told_followers_;

  // As of the last Evaluate().
  std::size_t hand_overs_ = 0;
  std::uint32_t led_ = 0;       // Shards that this node leads, hands over or is about to lead.
  std::uint32_t unsynced_ = 0;  // Shards that should live here and do not yet.
  std::uint32_t leaderless_ = 0;

  std::string unborn_reason_;  // As last published.
  std::shared_ptr<const RoutingTable> routing_;
  bool routing_dirty_ = true;
};

}  // namespace aegis::node
