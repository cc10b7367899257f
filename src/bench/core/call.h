// Call and CallSource: what a load asks next. CallRing: what one connection waits for.
//
// One owner each.

#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <vector>

#include "base/rng.h"
#include "bench/core/key_choice.h"
#include "bench/core/value_sizes.h"

namespace aegis::bench {

struct Call {
  std::uint64_t key = 0;
  std::size_t size = 0;  // Of the value that a SET writes.
  bool is_get = false;
  std::int64_t since_ns = 0;  // When it was sent; in an open loop, when it was due.
};

// A mix of GETs and SETs without an end.
class CallSource {
 public:
  // REQUIRES: gets + sets > 0.
  CallSource(unsigned gets, unsigned sets, KeyChoice keys, ValueSizes sizes, std::uint64_t seed)
      : gets_(gets), sets_(sets), keys_(std::move(keys)), sizes_(std::move(sizes)), rng_(seed) {}

  Call Next() {
    Call call;
    call.key = keys_.Draw(rng_);
    call.is_get = rng_.Below(gets_ + sets_) < gets_;
    if (!call.is_get) call.size = sizes_.Draw(rng_);
    return call;
  }

  // A SET of one key, as filling in needs it.
  Call SetOf(std::uint64_t key) { return {.key = key, .size = sizes_.Draw(rng_)}; }

 private:
  std::uint64_t gets_;
  std::uint64_t sets_;
  KeyChoice keys_;
  ValueSizes sizes_;
  Rng rng_;
};

// At most `depth` calls between the oldest that is not answered and the newest. Ids count up from
// 0 and name the calls for as long as the ring lives.
class CallRing {
 public:
  // REQUIRES: depth >= 1.
  explicit CallRing(std::size_t depth) : slots_(depth) {}

  bool empty() const { return oldest_ == next_; }
  bool full() const { return next_ - oldest_ == slots_.size(); }
  std::size_t waiting() const { return waiting_; }
  std::uint64_t next_id() const { return next_; }

  // REQUIRES: !full().
  void Push(const Call& call) {
    slots_[next_++ % slots_.size()] = {call, true};
    ++waiting_;
  }

  // Takes the oldest; nothing when none waits.
  std::optional<Call> Take() { return Take(oldest_); }

  // Takes the one with this id; nothing when none waits under it.
  std::optional<Call> Take(std::uint64_t id) {
    if (id < oldest_ || id >= next_) return std::nullopt;
    Slot& slot = slots_[id % slots_.size()];
    if (!slot.waits) return std::nullopt;
    slot.waits = false;
    --waiting_;
    while (oldest_ != next_ && !slots_[oldest_ % slots_.size()].waits) ++oldest_;
    return slot.call;
  }

 private:
  struct Slot {
    Call call;
    bool waits = false;
  };
  std::vector<Slot> slots_;
  std::uint64_t oldest_ = 0;
  std::uint64_t next_ = 0;
  std::size_t waiting_ = 0;
};

}  // namespace aegis::bench
