#include "bench/trace/store_cache.h"

#include <algorithm>
#include <array>
#include <cstring>
#include <optional>

#include "base/check.h"

namespace aegis::bench {
namespace {

using Key = std::array<char, sizeof(ObjectId)>;

ByteView View(const Key& key) { return {key.data(), key.size()}; }

Key KeyOf(ObjectId object) {
  Key key;
  std::memcpy(key.data(), &object, sizeof(object));
  return key;
}

std::uint32_t LargestOf(const Trace& trace) {
  if (trace.equal_sizes()) return StoreCache::kAlikeValueBytes;
  return *std::ranges::max_element(trace.sizes);
}

}  // namespace

StoreCache::StoreCache(const Trace& trace, std::uint64_t capacity, const MakeTable& make_table)
    : capacity_(capacity),
      alike_(trace.equal_sizes()),
      table_(make_table(meter_)),
      filler_(std::min<std::uint64_t>(LargestOf(trace), CapacityBytes(trace, capacity)), 'v') {
  AEGIS_CHECK(CapacityBytes(trace, capacity) <= kCapacityBytesMax, "values take memory");
}

bool StoreCache::Access(ObjectId object, std::uint32_t size) {
  const Key key = KeyOf(object);
  if (table_.Find(View(key), true)) return true;
  if (!MakeRoom(size)) return false;
  const Version version = Version::Unpack(++puts_);  // Names one write: Erase() goes by it.
  table_.Put(View(key), {.version = version,
                         .value = ByteView(filler_).substr(0, alike_ ? kAlikeValueBytes : size)});
  bytes_ += size;
  return false;
}

bool StoreCache::MakeRoom(std::uint32_t size) {
  if (size > capacity_) return false;
  while (bytes_ + size > capacity_) {
    const std::optional<store::ItemView> victim = table_.ProposeVictim();
    if (!victim) return false;
    bytes_ -= alike_ ? 1 : victim->value.size();
    const bool erased = table_.Erase(table_.Hash(victim->key), victim->version);
    AEGIS_CHECK(erased, "a table proposes what it holds");
  }
  return true;
}

}  // namespace aegis::bench
