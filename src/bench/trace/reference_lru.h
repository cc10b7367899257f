// ReferenceLru: the textbook's least recently used.

#pragma once

#include <cstdint>
#include <vector>

#include "bench/trace/cache.h"
#include "bench/trace/object_list.h"

namespace aegis::bench {

class ReferenceLru : public Cache {
 public:
  ReferenceLru(ObjectId objects, std::uint64_t capacity)
      : capacity_(capacity), links_(objects), held_(objects) {}

  bool Access(ObjectId object, std::uint32_t size) override {
    if (held_[object] != 0) {
      list_.MoveToFront(object);
      return true;
    }
    if (size > capacity_) return false;
    while (list_.bytes() + size > capacity_) {
      const ObjectId victim = list_.back();
      list_.Remove(victim);
      held_[victim] = 0;
    }
    list_.PushFront(object, size);
    held_[object] = 1;
    return false;
  }

 private:
  std::uint64_t capacity_;
  std::vector<ObjectLink> links_;
  std::vector<std::uint8_t> held_;
  ObjectList list_{links_};
};

}  // namespace aegis::bench
