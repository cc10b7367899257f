// ReferenceS3Fifo: S3-FIFO (Yang, Zhang, Qiu, Yue and Rashmi, "FIFO queues are all you need for
// cache eviction", SOSP 2023), as its Algorithm 1 says.
//
//     new ---------------> small (10 %) -- used more than once --> main (90 %) <-- used: again
//     new, but a ghost ---------------------------------------------^
//                          small -- otherwise: evicted --> ghost (no values, as much as main)
//
// An object counts its uses up to 3. Small moves to main what was used more than once since it
// came, its count cleared; main counts down what it sends round again.

#pragma once

#include <algorithm>
#include <cstdint>
#include <vector>

#include "bench/trace/cache.h"
#include "bench/trace/object_list.h"

namespace aegis::bench {

class ReferenceS3Fifo : public Cache {
 public:
  ReferenceS3Fifo(ObjectId objects, std::uint64_t capacity)
      : capacity_(capacity),
        small_capacity_(std::max<std::uint64_t>(1, capacity / 10)),
        links_(objects),
        states_(objects) {}

  bool Access(ObjectId object, std::uint32_t size) override {
    State& state = states_[object];
    if (state.queue == Queue::kSmall || state.queue == Queue::kMain) {
      state.uses = std::min<std::uint8_t>(kUsesMax, static_cast<std::uint8_t>(state.uses + 1));
      return true;
    }
    if (size > capacity_) return false;
    while (small_.bytes() + main_.bytes() + size > capacity_) Evict();
    const bool remembered = state.queue == Queue::kGhost;
    if (remembered) ghost_.Remove(object);
    (remembered ? main_ : small_).PushFront(object, size);
    state = {.queue = remembered ? Queue::kMain : Queue::kSmall, .uses = 0};
    return false;
  }

 private:
  enum class Queue : std::uint8_t { kNone, kSmall, kMain, kGhost };
  struct State {
    Queue queue = Queue::kNone;
    std::uint8_t uses = 0;
  };
  static constexpr std::uint8_t kUsesMax = 3;

  // May evict nothing when all of small moves on to main, whose turn it is then.
  void Evict() {
    if (small_.bytes() >= small_capacity_ || main_.empty()) {
      EvictSmall();
    } else {
      EvictMain();
    }
  }

  void EvictSmall() {
    while (!small_.empty()) {
      const ObjectId object = small_.back();
      const std::uint32_t size = small_.Remove(object);
      if (states_[object].uses > 1) {
        main_.PushFront(object, size);
        states_[object] = {.queue = Queue::kMain, .uses = 0};
        continue;
      }
      ghost_.PushFront(object, size);
      states_[object] = {.queue = Queue::kGhost, .uses = 0};
      while (ghost_.bytes() > capacity_ - small_capacity_) {
        const ObjectId forgotten = ghost_.back();
        ghost_.Remove(forgotten);
        states_[forgotten].queue = Queue::kNone;
      }
      return;
    }
  }

  void EvictMain() {
    for (;;) {
      const ObjectId object = main_.back();
      if (states_[object].uses == 0) {
        main_.Remove(object);
        states_[object].queue = Queue::kNone;
        return;
      }
      --states_[object].uses;
      main_.MoveToFront(object);
    }
  }

  std::uint64_t capacity_;
  std::uint64_t small_capacity_;
  std::vector<ObjectLink> links_;
  std::vector<State> states_;
  ObjectList small_{links_};
  ObjectList main_{links_};
  ObjectList ghost_{links_};
};

}  // namespace aegis::bench
