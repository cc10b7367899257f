#include "store/eviction.h"

#include <algorithm>

#include "store/segment.h"

namespace aegis::store {

namespace {

// Of a queue's length, what has to arrive for its clock to go on.
constexpr std::uint64_t kTickShare = 8;

// Slots to look at before the best so far is good enough. One in eighty lies at the end of a queue
// that has a tenth of all items.
constexpr std::size_t kEnoughQueued = 240;
constexpr std::size_t kEnoughSampled = 32;
// With so few on probation, one in so many, it would take long to find one: the protected go.
constexpr std::uint64_t kScarce = 64;

// An idle time, in ticks of lru, that is not told from longer ones. The clock has 256.
constexpr std::uint8_t kLruAgeMax = 200;
// How far lru's clock goes on, in sixteenths of an insertion.
constexpr std::uint64_t kInsert = 16;
constexpr std::uint64_t kTouch = 1;

}  // namespace

std::uint8_t Eviction::OnInsert(std::uint64_t hash) {
  switch (policy_) {
    case EvictionPolicy::kS3Fifo:
      return Enter(ghosts_.Take(hash) ? 1 : 0);
    case EvictionPolicy::kLru:
      ++queues_[0].items;
      LruTime(kInsert);
      return queues_[0].clock;
    default:
      return Enter(0);
  }
}

void Eviction::Clear() {
  queues_ = {};
  ghosts_.Clear();
}

// The mark of who comes to the queue now, unused.
std::uint8_t Eviction::Enter(std::size_t queue) {
  Queue& to = queues_[queue];
  ++to.items;
  if (++to.arrived >= std::max<std::uint64_t>(to.items / kTickShare, 1)) {
    to.arrived = 0;
    ++to.clock;
    if (to.end < kEnd) ++to.end;
  }
  return static_cast<std::uint8_t>((queue == 1 ? kMain : 0U) | (to.clock & kStamp));
}

std::uint8_t Eviction::Used() {
  LruTime(kTouch);
  return queues_[0].clock;
}

void Eviction::LruTime(std::uint64_t sixteenths) {
  Queue& queue = queues_[0];
  queue.arrived += sixteenths;
  if (queue.arrived < std::max<std::uint64_t>(queue.items, kInsert)) return;
  queue.arrived = 0;
  ++queue.clock;
}

bool Eviction::SmallIsDue() const {
  const std::uint64_t all = queues_[0].items + queues_[1].items;
  return queues_[1].items == 0 || queues_[0].items * 10 >= all;
}

Eviction::Look::Look(Eviction& eviction) : eviction_(eviction) {
  switch (eviction_.policy_) {
    case EvictionPolicy::kS3Fifo:
      queue_ = eviction_.SmallIsDue() ? 0 : 1;
      enough_ = kEnoughQueued;
      break;
    case EvictionPolicy::kSlru:
      queue_ = eviction_.queues_[0].items * kScarce < eviction_.queues_[1].items ? 1 : 0;
      enough_ = kEnoughQueued;
      break;
    default:
      enough_ = kEnoughSampled;
      // Any multiplier that spreads the low bits will do.
      skipped_ = (++eviction_.looks_ * 2'654'435'761U >> 16U) % (2 * Bucket::kSlots);
  }
}

Eviction::Look::Verdict Eviction::Look::ShowExpiry(std::int64_t expires_at) {
  if (expires_at == 0) return Verdict::kGoOn;
  if (best_ != -1 && expires_at >= best_) return Verdict::kGoOn;
  best_ = expires_at;
  return Verdict::kBest;
}

Eviction::Look::Verdict Eviction::Look::ShowLru(std::uint8_t& mark) {
  const std::uint8_t clock = eviction_.queues_[0].clock;
  auto age = static_cast<std::uint8_t>(clock - mark);
  if (age > kLruAgeMax) {
    age = kLruAgeMax;
    mark = static_cast<std::uint8_t>(clock - age);
  }
  if (age <= best_) return Verdict::kGoOn;
  best_ = age;
  return Verdict::kBest;
}

void Eviction::Look::Settle(std::uint8_t mark, std::uint64_t hash) {
  const EvictionPolicy policy = eviction_.policy_;
  if (policy != EvictionPolicy::kS3Fifo && policy != EvictionPolicy::kSlru) return;
  auto& queues = eviction_.queues_;
  Queue& queue = queues[eviction_.QueueOf(mark)];
  queue.end = std::min(queue.end, eviction_.Age(mark));
  if (policy == EvictionPolicy::kS3Fifo && eviction_.QueueOf(mark) == 0) {
    eviction_.ghosts_.Add(hash, queues[0].items + queues[1].items);
  }
}

// At the end of its queue, does an item get another chance? It then lies elsewhere.
bool Eviction::Look::Spared(std::uint8_t& mark, std::size_t queue) {
  auto& queues = eviction_.queues_;
  const unsigned uses = mark & kUses;
  const bool s3fifo = eviction_.policy_ == EvictionPolicy::kS3Fifo;
  if (queue == 0) {
    if (uses < (s3fifo ? 2U : 1U) * kOneUse) return false;
    --queues[0].items;
    mark = eviction_.Enter(1);
    return true;
  }
  if (uses == 0 && s3fifo) return false;
  --queues[1].items;
  mark = uses == 0 ? eviction_.Enter(0)
                   : static_cast<std::uint8_t>(eviction_.Enter(1) | (uses - kOneUse));
  return true;
}

Eviction::Look::Verdict Eviction::Look::ShowQueued(std::uint8_t& mark) {
  const auto& queues = eviction_.queues_;
  const std::size_t queue = eviction_.QueueOf(mark);
  const std::uint8_t age = eviction_.Age(mark);
  const bool slru = eviction_.policy_ == EvictionPolicy::kSlru;
  if (slru && queue == 1 && queue_ == 0) {
    // Nobody is evicted from here, unless there is nobody else: those too many go on probation.
    const bool crowded = queues[1].items * 5 > (queues[0].items + queues[1].items) * 4;
    if (crowded && age >= queues[1].end) {
      Spared(mark, 1);
      return Verdict::kGoOn;
    }
  }
  if (queues[queue_].items == 0) queue_ = 1 - queue_;  // All of them were spared.
  if (queue != queue_) return Verdict::kGoOn;
  const bool last_resort = slru && queue == 1 && (mark & kUses) == 0;
  if (age >= queues[queue].end && last_resort) return Verdict::kTake;
  if (age >= queues[queue].end) return Spared(mark, queue) ? Verdict::kGoOn : Verdict::kTake;
  // Rather an old one than one that was used.
  const int score = ((mark & kUses) == 0 ? kStamp + 1 : 0) + age;
  if (score <= best_) return Verdict::kGoOn;
  best_ = score;
  return Verdict::kBest;
}

}  // namespace aegis::store
