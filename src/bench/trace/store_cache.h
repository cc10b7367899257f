// StoreCache: the node's own table as a cache, driven as a shard's leader drives it: a hit touches
// the item; a miss has the table propose victims until the newcomer has room, then puts it.
//
// What is held is counted by the objects' sizes, as every cache here counts, and not by what the
// table's memory comes to: capacities would otherwise differ by what an item costs beyond its
// value, and hit ratios by that instead of by the policy. Values really have their sizes, so that
// a policy that goes by them sees them.

#pragma once

#include <cstdint>
#include <functional>
#include <string>

#include "bench/trace/cache.h"
#include "store/memory_meter.h"
#include "store/table.h"

namespace aegis::bench {

class StoreCache : public Cache {
 public:
  // The sizes of objects are those of their values; all alike (each counts 1), they get this.
  static constexpr std::uint32_t kAlikeValueBytes = 64;
  // Of all values together, because they do take this memory. REQUIRES: CapacityBytes() <= this.
  static constexpr std::uint64_t kCapacityBytesMax = std::uint64_t{4} << 30U;
  static std::uint64_t CapacityBytes(const Trace& trace, std::uint64_t capacity) {
    return trace.equal_sizes() ? capacity * kAlikeValueBytes : capacity;
  }

  // The table of one eviction policy, which counts what it takes in the meter.
  using MakeTable = std::function<store::Table(store::MemoryMeter& meter)>;

  StoreCache(const Trace& trace, std::uint64_t capacity, const MakeTable& make_table);

  bool Access(ObjectId object, std::uint32_t size) override;

  // What it holds, as the sizes have it. Never above the capacity.
  std::uint64_t bytes() const { return bytes_; }
  const store::Table& table() const { return table_; }

 private:
  bool MakeRoom(std::uint32_t size);

  std::uint64_t capacity_;
  bool alike_;
  store::MemoryMeter meter_{~std::uint64_t{0}};
  store::Table table_;
  std::string filler_;  // What values are made of.
  std::uint64_t bytes_ = 0;
  std::uint64_t puts_ = 0;
};

}  // namespace aegis::bench
