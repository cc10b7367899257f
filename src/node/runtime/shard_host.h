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
#include <utility>

#include "model/cluster.h"
#include "model/ids.h"
#include "node/core/copy_budget.h"
#include "node/core/journal.h"
#include "node/core/lease_view.h"
#include "node/core/shard_space.h"
#include "node/runtime/disposal.h"
#include "node/runtime/item_pages.h"
#include "node/runtime/peer_outlet.h"
#include "store/memory_meter.h"

namespace aegis::node {

class ShardHost final : public ShardSpace {
 public:
  // Of operations that do not say, see Shard::Options.
  struct Quorums {
    std::int32_t write = 0;
    std::int32_t read = 0;
    UnreplicatedTail::Bounds tail{};
    std::uint32_t min_in_sync = 1;
  };
  struct Limits {
    std::uint64_t memory = 0;     // Bytes.
    std::uint64_t copy_rate = 0;  // Bytes per second, see CopyBudget.
    EvictionPolicy eviction = EvictionPolicy::kSlru;
  };
  // REQUIRES: lease outlives this.
  ShardHost(NodeId self, Session session, Limits limits, Quorums quorums, const LeaseView& lease);

  // Called on any thread, without a shard's lock.
  struct Listeners {
    std::function<void()> on_changed;         // In what the control plane acts on.
    std::function<void(NodeId)> on_wake;      // The link to a peer has something to send.
    std::function<void(ShardId)> on_settled;  // See ShardEffects::settled.
  };
  // Set before any other thread runs.
  void SetListeners(Listeners listeners) { listeners_ = std::move(listeners); }

  // A replica as its shards make them, of a cluster with such settings; and how much of recent
  // records each keeps.
  std::unique_ptr<Replica> NewReplica(const ClusterSettings& settings);
  std::size_t RingBytes(const ClusterSettings& settings) const;

  // Where shards write down what becomes of them, and what that gave back of each, as of its end at
  // `restored_to`.
  struct Kept {
    Journal* journal = nullptr;
    std::function<std::unique_ptr<Replica>(ShardId)> take = {};
    wal::Lsn restored_to = {};
  };
  void Create(const ClusterSettings& settings, const Kept& kept);
  void Create(const ClusterSettings& settings) { Create(settings, {}); }

  std::uint32_t num_shards() const override { return count_.load(std::memory_order_acquire); }
  Shard& Acquire(ShardId id) override;
  // Unlocks, then wakes the links and pokes the control thread as `effects` ask.
  void Release(ShardId id, ShardEffects& effects) override;
  void GiveTurn(ShardId id) override;
  // Any thread: how many wait for the shard.
  std::uint32_t waiting(ShardId id) const {
    return cells_[id.value()].waiting.load(std::memory_order_relaxed);
  }

  // Any thread.
  PeerOutlet& OutletOf(NodeId peer);
  const PeerOutlets& outlets() const { return outlets_; }
  // REQUIRES: num_shards() > 0.
  const ClusterSettings& settings() const { return settings_; }
  const store::MemoryMeter& meter() const { return meter_; }
  store::MemoryMeter& meter() { return meter_; }
  ItemPages& pages() { return pages_; }
  const ItemPages& pages() const { return pages_; }
  CopyBudget& copies() { return copies_; }

 private:
  // A line of its own for each lock.
  struct alignas(64) Cell {
    std::mutex mutex;
    std::atomic<std::uint32_t> waiting{0};  // So many threads, for the mutex.
    std::atomic<std::uint32_t> turns{0};    // Of those who waited and have had it.
    std::optional<Shard> shard;
  };

  const NodeId self_;
  const Session session_;
  const Quorums quorums_;
  const LeaseView& lease_;
  const EvictionPolicy eviction_;
  ItemPages pages_;
  store::MemoryMeter meter_;
  Disposal disposal_;  // What it destroys is counted by the meter.
  CopyBudget copies_;
  Listeners listeners_;
  PeerOutlets outlets_;
  ClusterSettings settings_;  // Like the cells: written before `count_`, never after.
  std::unique_ptr<Cell[]> cells_;
  std::atomic<std::uint32_t> count_{0};
};

}  // namespace aegis::node
