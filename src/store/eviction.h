// Eviction: which item of a table goes first when there is no room.
//
// Queues without lists. A queue in the order of arrival, or of last use, costs two pointers an item
// and a write to its neighbours on every move. Here each item has 8 bits in its bucket (Bucket::
// marks) that say in which queue it is and since when, by that queue's own clock:
//
//     mark  | queue: 1 bit | uses: 2 bits | stamp: 5 bits |        all policies but lru
//     mark  | stamp: 8 bits |                                      lru
//
// The clock of a queue goes on by one whenever an eighth of its length has arrived, so an item at
// its end is about 8 old, and evicting means to look, bucket by bucket, for one that is. The hash
// orders the buckets, so whatever is looked at is a fair sample. Where nobody is that old, because
// more leave than come, the oldest that were seen are the end. A hit writes at most one byte, of
// the line that the search has loaded anyway.
//
//   slru     Segmented LRU: newcomers are on probation (20 %); who was used there is protected, and
//            who was not used while protected goes back. (Karedla, Love, Wherry 1994)
//   s3fifo   S3-FIFO: a small queue (10 %), a main queue with second chances, and a memory of what
//            left the small queue: who comes back goes to main. (Yang et al., SOSP 2023)
//   lru      The least recently used of a sample.
//   random   Any, whichever slots of the hand's buckets come next: newcomers take the first free
//            ones.
//   volatile-ttl
//            Of a sample of items with a TTL, the one that expires first; others never go.
//   noeviction
//            None: writes are refused.
//
// Belongs to one table; not thread-safe.

#pragma once

#include <array>
#include <cstddef>
#include <cstdint>

#include "model/eviction_policy.h"
#include "store/ghosts.h"

namespace aegis::store {

using aegis::EvictionPolicy;

class Eviction {
 public:
  explicit Eviction(EvictionPolicy policy) : policy_(policy) {}

  EvictionPolicy policy() const { return policy_; }

  // What happens to items. Each returns the item's mark from now on.
  std::uint8_t OnInsert(std::uint64_t hash);
  std::uint8_t OnTouch(std::uint8_t mark) {
    switch (policy_) {
      case EvictionPolicy::kSlru:
      case EvictionPolicy::kS3Fifo:
        return (mark & kUses) == kUses ? mark : static_cast<std::uint8_t>(mark + kOneUse);
      case EvictionPolicy::kLru:
        return Used();
      default:
        return mark;
    }
  }
  void OnRemove(std::uint8_t mark) { --queues_[QueueOf(mark)].items; }
  void Clear();

  // One look for a victim: shown the marks of one item after the other, as they lie in the table,
  // it says what to do with each. Ends with a victim, or when `enough()`; then the best so far is.
  class Look {
   public:
    explicit Look(Eviction& eviction);
    enum class Verdict : std::uint8_t {
      kGoOn,  // Keep it; its mark may have changed.
      kBest,  // Keep it in mind: the best so far. Its mark has not changed.
      kTake,  // That is the victim.
    };
    // `expires_at` is asked for by volatile-ttl only.
    template <class ExpiresAt>
    Verdict Show(std::uint8_t& mark, ExpiresAt&& expires_at) {
      ++seen_;
      switch (eviction_.policy_) {
        case EvictionPolicy::kRandom:
          return seen_ > skipped_ ? Verdict::kTake : Verdict::kBest;
        case EvictionPolicy::kVolatileTtl:
          return ShowExpiry(expires_at());
        case EvictionPolicy::kLru:
          return ShowLru(mark);
        default:
          return ShowQueued(mark);
      }
    }
    // Enough was seen to be content with the best so far, if there is one.
    bool enough() const { return seen_ >= enough_; }
    // So much that a caller who holds a lock should not go on.
    bool too_long() const { return seen_ >= kSeenMax; }
    // The look is over: this is the victim.
    void Settle(std::uint8_t mark, std::uint64_t hash);

   private:
    static constexpr std::size_t kSeenMax = 16'384;

    Verdict ShowExpiry(std::int64_t expires_at);
    Verdict ShowLru(std::uint8_t& mark);
    Verdict ShowQueued(std::uint8_t& mark);
    bool Spared(std::uint8_t& mark, std::size_t queue);

    Eviction& eviction_;
    std::size_t queue_ = 0;  // Whose end the victim is taken from.
    std::size_t seen_ = 0;
    std::size_t skipped_ = 0;  // Of random: so many are passed by.
    std::size_t enough_;
    std::int64_t best_ = -1;  // How good the best so far is.
  };

  std::size_t ghost_bytes() const { return ghosts_.bytes(); }
  std::size_t items_in(std::size_t queue) const { return queues_[queue].items; }

 private:
  static constexpr std::uint8_t kMain = 0x80;  // Of the queues: 0 probation or small, 1 the other.
  static constexpr std::uint8_t kUses = 0x60;
  static constexpr std::uint8_t kOneUse = 0x20;
  static constexpr std::uint8_t kStamp = 0x1f;
  static constexpr std::uint8_t kEnd = 7;

  struct Queue {
    std::uint64_t items = 0;
    std::uint64_t arrived = 0;  // Since the clock went on; for lru in sixteenths.
    std::uint8_t clock = 0;
    // As old as this is at its end. Less than usual while more leave than come.
    std::uint8_t end = kEnd;
  };

  static std::size_t QueueOf(std::uint8_t mark, EvictionPolicy policy) {
    return policy != EvictionPolicy::kLru && (mark & kMain) != 0 ? 1 : 0;
  }
  std::size_t QueueOf(std::uint8_t mark) const { return QueueOf(mark, policy_); }
  std::uint8_t Enter(std::size_t queue);
  std::uint8_t Age(std::uint8_t mark) const {
    return static_cast<std::uint8_t>(queues_[QueueOf(mark)].clock - mark) & kStamp;
  }
  std::uint8_t Used();
  void LruTime(std::uint64_t sixteenths);
  bool SmallIsDue() const;

  EvictionPolicy policy_;
  std::uint32_t looks_ = 0;
  std::array<Queue, 2> queues_{};
  Ghosts ghosts_;
};

}  // namespace aegis::store
