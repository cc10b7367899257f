// ReferenceSlru: segmented LRU (Karedla, Love and Wherry, "Caching strategies to improve disk
// system performance", IEEE Computer 27(3), 1994), with 80 % of the capacity protected.
//
// What is new is on probation; a hit there makes it protected. Each segment is an LRU list. What
// the protected one has no room for goes back to the front of the probation; only what is at the
// end of the probation is evicted. Probation may fill what the protected segment leaves free.

#pragma once

#include <cstdint>
#include <vector>

#include "bench/trace/cache.h"
#include "bench/trace/object_list.h"

namespace aegis::bench {

class ReferenceSlru : public Cache {
 public:
  ReferenceSlru(ObjectId objects, std::uint64_t capacity)
      : capacity_(capacity),
        protected_capacity_(capacity - (capacity + 4) / 5),
        links_(objects),
        segment_(objects, Segment::kNone) {}

  bool Access(ObjectId object, std::uint32_t size) override {
    switch (segment_[object]) {
      case Segment::kProtected:
        protected_.MoveToFront(object);
        return true;
      case Segment::kProbation:
        Protect(object);
        return true;
      case Segment::kNone:
        break;
    }
    if (size > capacity_) return false;
    while (probation_.bytes() + protected_.bytes() + size > capacity_) Evict();
    probation_.PushFront(object, size);
    segment_[object] = Segment::kProbation;
    return false;
  }

 private:
  enum class Segment : std::uint8_t { kNone, kProbation, kProtected };

  void Protect(ObjectId object) {
    protected_.PushFront(object, probation_.Remove(object));
    segment_[object] = Segment::kProtected;
    while (protected_.bytes() > protected_capacity_) {
      const ObjectId demoted = protected_.back();
      probation_.PushFront(demoted, protected_.Remove(demoted));
      segment_[demoted] = Segment::kProbation;
    }
  }

  void Evict() {
    ObjectList& list = probation_.empty() ? protected_ : probation_;
    const ObjectId victim = list.back();
    list.Remove(victim);
    segment_[victim] = Segment::kNone;
  }

  std::uint64_t capacity_;
  std::uint64_t protected_capacity_;
  std::vector<ObjectLink> links_;
  std::vector<Segment> segment_;
  ObjectList probation_{links_};
  ObjectList protected_{links_};
};

}  // namespace aegis::bench
