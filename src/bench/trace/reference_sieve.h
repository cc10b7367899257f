// ReferenceSieve: SIEVE (Zhang, Yang, Yue, Vigfusson and Rashmi, "SIEVE is simpler than LRU",
// NSDI 2024).
//
// One queue in the order of arrival. A hit leaves a mark and moves nothing. The hand goes from the
// oldest to the newest, and round again: it takes marks away, evicts the first object without one,
// and stays there for the next time.

#pragma once

#include <cstdint>
#include <vector>

#include "bench/trace/cache.h"
#include "bench/trace/object_list.h"

namespace aegis::bench {

class ReferenceSieve : public Cache {
 public:
  ReferenceSieve(ObjectId objects, std::uint64_t capacity)
      : capacity_(capacity), links_(objects), states_(objects, State::kNone) {}

  bool Access(ObjectId object, std::uint32_t size) override {
    if (states_[object] != State::kNone) {
      states_[object] = State::kVisited;
      return true;
    }
    if (size > capacity_) return false;
    while (queue_.bytes() + size > capacity_) Evict();
    queue_.PushFront(object, size);
    states_[object] = State::kHeld;
    return false;
  }

 private:
  enum class State : std::uint8_t { kNone, kHeld, kVisited };

  void Evict() {
    ObjectId object = hand_ == kNoObject ? queue_.back() : hand_;
    while (states_[object] == State::kVisited) {
      states_[object] = State::kHeld;
      object = queue_.Newer(object);
      if (object == kNoObject) object = queue_.back();
    }
    hand_ = queue_.Newer(object);
    queue_.Remove(object);
    states_[object] = State::kNone;
  }

  std::uint64_t capacity_;
  std::vector<ObjectLink> links_;
  std::vector<State> states_;
  ObjectList queue_{links_};
  ObjectId hand_ = kNoObject;  // Then: at the oldest.
};

}  // namespace aegis::bench
