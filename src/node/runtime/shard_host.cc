#include "node/runtime/shard_host.h"

#include <algorithm>

#include "base/check.h"
#include "model/limits.h"

namespace aegis::node {

ShardHost::ShardHost(NodeId self, Session session, Limits limits, Quorums quorums,
                     const LeaseView& lease)
    : self_(self),
      session_(session),
      quorums_(quorums),
      lease_(lease),
      eviction_(limits.eviction),
      meter_(limits.memory, pages_),
      copies_(limits.copy_rate) {}

std::unique_ptr<Replica> ShardHost::NewReplica(const ClusterSettings& settings) {
  return std::make_unique<Replica>(settings.hash_seed, meter_,
                                   store::DigestBuckets(settings.num_shards), eviction_);
}

// All of them together: an eighth of the limit.
std::size_t ShardHost::RingBytes(const ClusterSettings& settings) const {
  return std::min(limits::kRecentRecordsBytes, meter_.limit() / 8 / settings.num_shards);
}

void ShardHost::Create(const ClusterSettings& settings, const Kept& kept) {
  AEGIS_CHECK(num_shards() == 0, "a cluster is born once");
  settings_ = settings;
  cells_ = std::make_unique<Cell[]>(settings.num_shards);
  for (std::uint32_t id = 0; id < settings.num_shards; ++id) {
    Shard::Options options;
    options.id = ShardId{id};
    options.self = self_;
    options.session = session_;
    options.hash_seed = settings.hash_seed;
    options.meter = &meter_;
    options.copies = &copies_;
    options.eviction = eviction_;
    options.lease = &lease_;
    options.write_quorum = quorums_.write;
    options.read_quorum = quorums_.read;
    options.replication_factor = settings.replication_factor;
    options.num_shards = settings.num_shards;
    options.tail_bounds = quorums_.tail;
    options.min_in_sync = quorums_.min_in_sync;
    options.ring_bytes = RingBytes(settings);
    options.journal = kept.journal;
    cells_[id].shard.emplace(options);
    auto replica = kept.take ? kept.take(ShardId{id}) : nullptr;
    if (replica) cells_[id].shard->Restore(std::move(replica), kept.restored_to);
  }
  count_.store(settings.num_shards, std::memory_order_release);
}

Shard& ShardHost::Acquire(ShardId id) {
  AEGIS_CHECK(id.value() < num_shards(), "no such shard");
  Cell& cell = cells_[id.value()];
  if (!cell.mutex.try_lock()) [[unlikely]] {
    cell.waiting.fetch_add(1, std::memory_order_relaxed);
    cell.mutex.lock();
    cell.waiting.fetch_sub(1, std::memory_order_relaxed);
    cell.turns.fetch_add(1, std::memory_order_release);
    cell.turns.notify_all();
  }
  return *cell.shard;
}

void ShardHost::GiveTurn(ShardId id) {
  Cell& cell = cells_[id.value()];
  // Whoever is seen to wait has not had its turn yet, or no longer when this is read.
  const std::uint32_t before = cell.turns.load(std::memory_order_acquire);
  if (cell.waiting.load(std::memory_order_relaxed) > 0) cell.turns.wait(before);
}

void ShardHost::Release(ShardId id, ShardEffects& effects) {
  cells_[id.value()].mutex.unlock();
  for (const NodeId peer : effects.wake) OutletOf(peer).Mark(id);
  if (effects.changed) listeners_.on_changed();
  if (effects.settled) listeners_.on_settled(id);
  if (!effects.cleared.empty()) disposal_.Take(effects.cleared);
  effects.Clear();
}

PeerOutlet& ShardHost::OutletOf(NodeId peer) {
  if (PeerOutlet* const outlet = outlets_.Find(peer)) return *outlet;
  return outlets_.FindOrMake(peer, [&] {
    return std::make_unique<PeerOutlet>(peer, num_shards(),
                                        [this, peer] { listeners_.on_wake(peer); });
  });
}

}  // namespace aegis::node
