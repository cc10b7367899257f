// ReferenceRandom: evicts any object, each as likely as the others.

#pragma once

#include <cstddef>
#include <cstdint>
#include <vector>

#include "base/rng.h"
#include "bench/trace/cache.h"
#include "bench/trace/object_list.h"

namespace aegis::bench {

class ReferenceRandom : public Cache {
 public:
  ReferenceRandom(ObjectId objects, std::uint64_t capacity, std::uint64_t seed)
      : capacity_(capacity), rng_(seed), place_(objects, kNoObject) {}

  bool Access(ObjectId object, std::uint32_t size) override {
    if (place_[object] != kNoObject) return true;
    if (size > capacity_) return false;
    while (bytes_ + size > capacity_) Evict();
    place_[object] = static_cast<ObjectId>(held_.size());
    held_.push_back({object, size});
    bytes_ += size;
    return false;
  }

 private:
  struct Held {
    ObjectId object;
    std::uint32_t size;
  };

  void Evict() {
    const std::size_t at = rng_.Below(held_.size());
    bytes_ -= held_[at].size;
    place_[held_.back().object] = static_cast<ObjectId>(at);
    place_[held_[at].object] = kNoObject;
    held_[at] = held_.back();
    held_.pop_back();
  }

  std::uint64_t capacity_;
  Rng rng_;
  std::vector<ObjectId> place_;  // Of each object in held_; kNoObject: none.
  std::vector<Held> held_;
  std::uint64_t bytes_ = 0;
};

}  // namespace aegis::bench
