// Cache: what a trace is replayed against. It has a capacity, in the unit of the sizes it is told:
// bytes, or objects where each counts 1.

#pragma once

#include <cstdint>

#include "bench/trace/trace.h"

namespace aegis::bench {

class Cache {
 public:
  Cache() = default;
  virtual ~Cache() = default;
  Cache(const Cache&) = delete;
  Cache& operator=(const Cache&) = delete;

  // True: it was there. Otherwise it is now, unless it is larger than the whole cache or the cache
  // does not evict. REQUIRES: an object's size is always the same, and at least 1.
  virtual bool Access(ObjectId object, std::uint32_t size) = 0;
};

}  // namespace aegis::bench
