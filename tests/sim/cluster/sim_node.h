// SimNode: one process of a SimCluster: the cores, and a shell of events instead of sockets.

#pragma once

#include <map>
#include <memory>
#include <set>
#include <string>
#include <vector>

#include "node/core/shard_command.h"
#include "sim_cluster.h"

namespace aegis::sim {

// One end of a link. Bytes arrive in order; a broken link is gone on both ends.
struct SimLink {
  SimLink(std::uint64_t link_serial, std::size_t peer_index, node::PeerSession::Identity self,
          std::optional<NodeId> expected, node::ShardSpace& shards, std::uint32_t num_shards)
      : serial(link_serial),
        peer(peer_index),
        session(std::move(self), expected, shards),
        dirty(num_shards) {}

  const std::uint64_t serial;
  const std::size_t peer;
  node::PeerSession session;
  node::DirtyShards dirty;
  Bytes inbox;
  bool pumping = false;
};

class SimNode : public node::ShardSpace, public node::Control::LocalShards {
 public:
  SimNode(SimCluster& cluster, std::size_t index, Session session, std::vector<Endpoint> seeds,
          std::uint32_t bootstrap_expect, ClusterSettings settings);

  void Start();
  void Perform();  // Carries out what control wants.
  void Evaluate();
  void PokeSoon();
  void TickAt(TimePoint when);
  void Leave();

  void OnDatagram(const Endpoint& from, const Bytes& body);
  Bytes OnStreamRequest(const Endpoint& from, const Bytes& body);
  void OnStreamReply(std::uint64_t id, const Result<Bytes>& reply);

  void DialPeers();
  void Attach(std::unique_ptr<SimLink> link);
  void Break(std::size_t peer, std::uint64_t serial);
  void OnBytes(std::size_t peer, std::uint64_t serial, const Bytes& bytes);
  void PumpSoon(SimLink& link);
  void Pump(std::size_t peer, std::uint64_t serial);
  void Send(SimLink& link, Bytes bytes);

  // ShardSpace
  std::uint32_t num_shards() const override { return static_cast<std::uint32_t>(shards.size()); }
  node::Shard& Acquire(ShardId id) override { return *shards[id.value()]; }
  void Release(ShardId id, node::ShardEffects& effects) override;

  // LocalShards
  replication::ShardReport Report(ShardId shard) override {
    return shards[shard.value()]->Report();
  }
  bool InSync(ShardId shard, NodeId follower) override {
    return shards[shard.value()]->InSync(follower);
  }

  static Endpoint AddressOf(std::size_t index);
  static NodeId IdOf(std::size_t index);

  SimCluster& cluster;
  const std::size_t index;
  const Session session;
  bool alive = true;
  bool leaving = false;
  store::MemoryMeter meter{1ULL << 30};
  node::GossipLeadership rule;
  node::Control control;
  node::ControlEffects effects;
  node::ShardEffects shard_effects;
  std::vector<std::unique_ptr<node::Shard>> shards;
  std::map<std::size_t, std::unique_ptr<SimLink>> links;  // By peer index.
  bool poked = false;
  TimePoint next_tick = TimePoint::max();
};

}  // namespace aegis::sim
