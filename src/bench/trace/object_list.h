// ObjectList: a queue of objects, newest at the front, that knows how much they are together.
//
//     front -> newest <-> ... <-> oldest <- back
//
// The links lie in one array for all lists of a cache, because an object is on one of them at most.

#pragma once

#include <cstddef>
#include <cstdint>
#include <vector>

#include "bench/trace/trace.h"

namespace aegis::bench {

inline constexpr ObjectId kNoObject = UINT32_MAX;

struct ObjectLink {
  ObjectId newer = kNoObject;
  ObjectId older = kNoObject;
  std::uint32_t size = 0;
};

class ObjectList {
 public:
  // `links` has an entry for every object, and outlives the list.
  explicit ObjectList(std::vector<ObjectLink>& links) : links_(links) {}

  bool empty() const { return back_ == kNoObject; }
  std::uint64_t bytes() const { return bytes_; }
  ObjectId back() const { return back_; }  // kNoObject: empty.
  ObjectId Newer(ObjectId object) const { return links_[object].newer; }

  // REQUIRES: on no list.
  void PushFront(ObjectId object, std::uint32_t size) {
    links_[object] = {.newer = kNoObject, .older = front_, .size = size};
    (front_ == kNoObject ? back_ : links_[front_].newer) = object;
    front_ = object;
    bytes_ += size;
  }

  // Returns its size. REQUIRES: on this list.
  std::uint32_t Remove(ObjectId object) {
    const ObjectLink link = links_[object];
    (link.newer == kNoObject ? front_ : links_[link.newer].older) = link.older;
    (link.older == kNoObject ? back_ : links_[link.older].newer) = link.newer;
    bytes_ -= link.size;
    return link.size;
  }

  // REQUIRES: on this list.
  void MoveToFront(ObjectId object) { PushFront(object, Remove(object)); }

 private:
  std::vector<ObjectLink>& links_;
  ObjectId front_ = kNoObject;
  ObjectId back_ = kNoObject;
  std::uint64_t bytes_ = 0;
};

}  // namespace aegis::bench
