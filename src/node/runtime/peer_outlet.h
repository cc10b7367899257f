// PeerOutlet: what this node has to say to one peer, gathered from all threads for the one link.
//
// Any thread marks shards, which wakes the link's thread. Outlets are made when a shard has
// something for a peer or its first hello was accepted, and live as long as the process, so that a
// pointer to one never dangles: each node that was ever a peer costs about a hundred bytes. What
// only claims to be one costs nothing.

#pragma once

#include <array>
#include <atomic>
#include <cstdint>
#include <functional>
#include <memory>
#include <mutex>
#include <utility>

#include "base/bytes.h"
#include "model/ids.h"
#include "node/core/dirty_shards.h"

namespace aegis::node {

class PeerOutlet {
 public:
  // `wake` may be called on any thread and makes the link's thread look.
  PeerOutlet(NodeId peer, std::uint32_t num_shards, std::function<void()> wake)
      : peer_(peer), dirty_(num_shards), wake_(std::move(wake)) {}

  NodeId peer() const { return peer_; }

  // Any thread.
  void Mark(ShardId shard) {
    if (dirty_.Mark(shard)) wake_();
  }

  // The link's thread.
  DirtyShards& dirty() { return dirty_; }

 private:
  const NodeId peer_;
  DirtyShards dirty_;
  const std::function<void()> wake_;
};

// All outlets by peer. Looking up takes no lock; outlets are only ever added.
class PeerOutlets {
 public:
  ~PeerOutlets() {
    for (std::atomic<Entry*>& bucket : buckets_) {
      for (Entry* entry = bucket.load(); entry != nullptr;) {
        delete std::exchange(entry, entry->next);
      }
    }
  }

  // Any thread. Null: none was made yet.
  PeerOutlet* Find(NodeId peer) const {
    for (const Entry* entry = BucketOf(peer).load(std::memory_order_acquire); entry != nullptr;
         entry = entry->next) {
      if (entry->outlet->peer() == peer) return entry->outlet.get();
    }
    return nullptr;
  }

  // Any thread; `make` is called when there is none yet.
  PeerOutlet& FindOrMake(NodeId peer, const std::function<std::unique_ptr<PeerOutlet>()>& make) {
    const std::lock_guard lock(mutex_);
    if (PeerOutlet* const present = Find(peer)) return *present;
    std::atomic<Entry*>& bucket = BucketOf(peer);
    auto* const entry = new Entry{make(), bucket.load()};
    bucket.store(entry, std::memory_order_release);
    return *entry->outlet;
  }

 private:
  struct Entry {
    std::unique_ptr<PeerOutlet> outlet;
    Entry* next;
  };
  static constexpr std::size_t kBuckets = 256;

  const std::atomic<Entry*>& BucketOf(NodeId peer) const {
    return buckets_[peer.value() % kBuckets];
  }
  std::atomic<Entry*>& BucketOf(NodeId peer) { return buckets_[peer.value() % kBuckets]; }

  std::mutex mutex_;  // Held by makers only.
  std::array<std::atomic<Entry*>, kBuckets> buckets_{};
};

}  // namespace aegis::node
