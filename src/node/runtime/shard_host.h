// ShardHost: this node's shards, one lock each, shared by all threads.
//
// There are no shards until the cluster is born; Create() is called once, by the control thread,
// before it publishes a routing table that names shards.

#pragma once

#include <atomic>
#include <cstdint>
#include <functional>
#include <memory>
#include <mutex>
#include <optional>

#include "model/cluster.h"
#include "model/ids.h"
#include "node/core/shard_space.h"
#include "node/runtime/peer_outlet.h"
#include "store/memory_meter.h"

namespace aegis::node {

class ShardHost final : public ShardSpace {
 public:
  ShardHost(NodeId self, Session session, std::uint64_t memory_limit);

  // Both are called on any thread: when a shard changed in what the control plane acts on, and
  // when the link to a peer has something to send. Set before any other thread runs.
  void SetListeners(std::function<void()> on_changed, std::function<void(NodeId)> on_wake);

  void Create(const ClusterSettings& settings);

  std::uint32_t num_shards() const override { return count_.load(std::memory_order_acquire); }
  Shard& Acquire(ShardId id) override;
  // Unlocks, then wakes the links and pokes the control thread as `effects` ask.
  void Release(ShardId id, ShardEffects& effects) override;

  // Any thread.
  PeerOutlet& OutletOf(NodeId peer);
  const PeerOutlets& outlets() const { return outlets_; }
  // REQUIRES: num_shards() > 0.
  const ClusterSettings& settings() const { return settings_; }
  const store::MemoryMeter& meter() const { return meter_; }

 private:
  // A line of its own for each lock.
  struct alignas(64) Cell {
    std::mutex mutex;
    std::optional<Shard> shard;
  };

  const NodeId self_;
  const Session session_;
  store::MemoryMeter meter_;
  std::function<void()> on_changed_;
  std::function<void(NodeId)> on_wake_;
  PeerOutlets outlets_;
  ClusterSettings settings_;  // Like the cells: written before `count_`, never after.
  std::unique_ptr<Cell[]> cells_;
  std::atomic<std::uint32_t> count_{0};
};

}  // namespace aegis::node
