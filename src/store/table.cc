#include "store/table.h"

#define XXH_INLINE_ALL
#include <malloc.h>
#include <xxhash.h>

#include <algorithm>
#include <array>
#include <bit>
#include <cstdlib>
#include <cstring>
#include <new>
#include <utility>

#include "base/check.h"

namespace aegis::store {

struct Item {
  std::uint64_t version;
  std::int64_t expires_at;
  std::uint32_t value_size;
  std::uint32_t key_size : 24;
  std::uint32_t tombstone : 1;
  std::uint32_t uses : 2;
  std::uint32_t : 5;
  std::uint32_t client_flags;
  std::uint32_t hash;  // Low half of the key's hash: places the item.

  char* bytes() { return reinterpret_cast<char*>(this + 1); }
  const char* bytes() const { return reinterpret_cast<const char*>(this + 1); }
  ByteView key() const { return {bytes(), key_size}; }
  ByteView value() const { return {bytes() + key_size, value_size}; }
};
static_assert(sizeof(Item) == 32);

namespace {

constexpr std::size_t kNowhere = ~std::size_t{0};
constexpr std::size_t kSlotsMin = 16;
constexpr unsigned kTagShift = 48;
constexpr std::uint64_t kPointerMask = (std::uint64_t{1} << kTagShift) - 1;
constexpr unsigned kUsesMax = 3;

Item* ItemOf(std::uint64_t slot) {
  return reinterpret_cast<Item*>(slot & kPointerMask);  // NOLINT(performance-no-int-to-ptr)
}

std::uint64_t MakeSlot(const Item* item, std::uint64_t tag) {
  const auto pointer = reinterpret_cast<std::uint64_t>(item);
  AEGIS_CHECK((pointer & ~kPointerMask) == 0, "user-space pointers have 48 bits");
  return tag << kTagShift | pointer;
}

std::uint64_t TagOf(std::uint64_t hash) { return hash >> kTagShift; }

ItemView ViewOf(const Item& item) {
  ItemView view;
  view.version = Version::Unpack(item.version);
  view.expires_at = item.expires_at;
  view.client_flags = item.client_flags;
  view.tombstone = item.tombstone != 0;
  view.value = item.value();
  view.key = item.key();
  return view;
}

}  // namespace

Table::~Table() { Clear(); }

Table::Table(Table&& other) noexcept
    : hash_seed_(other.hash_seed_), meter_(other.meter_), digest_(other.digest_.buckets()) {
  *this = std::move(other);
}

Table& Table::operator=(Table&& other) noexcept {
  if (this == &other) return *this;
  Clear();
  hash_seed_ = other.hash_seed_;
  meter_ = other.meter_;
  slots_ = std::move(other.slots_);
  other.slots_.clear();
  used_ = std::exchange(other.used_, 0);
  tombstones_ = std::exchange(other.tombstones_, 0);
  with_expiry_ = std::exchange(other.with_expiry_, 0);
  bytes_ = std::exchange(other.bytes_, 0);
  hand_ = std::exchange(other.hand_, 0);
  home_shift_ = std::exchange(other.home_shift_, 32);
  digest_ = std::move(other.digest_);
  other.digest_.Clear();
  return *this;
}

std::uint64_t Table::Hash(ByteView key) const {
  return XXH3_64bits_withSeed(key.data(), key.size(), hash_seed_);
}

std::optional<ItemView> Table::Find(ByteView key, bool touch) {
  const std::size_t at = FindSlot(key, Hash(key));
  if (at == kNowhere) return std::nullopt;
  Item* item = ItemOf(slots_[at]);
  if (touch && item->uses < kUsesMax) item->uses = (item->uses + 1U) & kUsesMax;
  return ViewOf(*item);
}

void Table::Put(ByteView key, const ItemValue& value) {
  const std::uint64_t hash = Hash(key);
  const std::size_t size = sizeof(Item) + key.size() + value.value.size();
  auto* item = static_cast<Item*>(std::malloc(size));
  if (item == nullptr) throw std::bad_alloc();
  item->version = value.version.Pack();
  item->expires_at = value.expires_at;
  item->value_size = static_cast<std::uint32_t>(value.value.size());
  item->key_size = static_cast<std::uint32_t>(key.size()) & 0xffffffU;
  item->tombstone = value.tombstone ? 1 : 0;
  item->uses = 0;
  item->client_flags = value.client_flags;
  item->hash = static_cast<std::uint32_t>(hash);
  std::memcpy(item->bytes(), key.data(), key.size());
  if (!value.value.empty()) {
    std::memcpy(item->bytes() + key.size(), value.value.data(), value.value.size());
  }

  std::size_t at = FindSlot(key, hash);
  if (at != kNowhere) {
    Item* old = ItemOf(slots_[at]);
    item->uses = std::min<unsigned>(old->uses + 1U, kUsesMax) & kUsesMax;
    FreeItem(old);
  } else {
    if ((used_ + 1) * 4 > slots_.size() * 3) Grow();
    const std::size_t mask = slots_.size() - 1;
    for (at = Home(item->hash); slots_[at] != 0; at = (at + 1) & mask) {
    }
    ++used_;
  }
  slots_[at] = MakeSlot(item, TagOf(hash));
  const std::size_t allocated = malloc_usable_size(item);
  bytes_ += allocated;
  meter_.get().Add(allocated);
  if (item->tombstone != 0) ++tombstones_;
  if (item->expires_at != 0) ++with_expiry_;
  digest_.Add(item->hash, HeaderHash(*item));
}

bool Table::Erase(std::uint64_t hash, Version version) {
  if (slots_.empty()) return false;
  const std::size_t mask = slots_.size() - 1;
  for (std::size_t at = Home(static_cast<std::uint32_t>(hash)); slots_[at] != 0;
       at = (at + 1) & mask) {
    if (slots_[at] >> kTagShift != TagOf(hash)) continue;
    Item* item = ItemOf(slots_[at]);
    if (item->version != version.Pack()) continue;
    FreeItem(item);
    RemoveSlot(at);
    return true;
  }
  return false;
}

std::uint64_t Table::Scan(std::uint64_t cursor, std::size_t homes,
                          const std::function<void(const ItemView&)>& visit) const {
  constexpr std::uint64_t kEnd = std::uint64_t{1} << 32U;
  if (slots_.empty() || cursor >= kEnd) return 0;
  const std::size_t mask = slots_.size() - 1;
  const std::size_t first = Home(static_cast<std::uint32_t>(cursor));
  const std::size_t end = std::min(slots_.size(), first + std::max<std::size_t>(homes, 1));
  // What calls slot h its home lies between h and the next free slot.
  for (std::size_t home = first; home < end; ++home) {
    for (std::size_t at = home; slots_[at] != 0; at = (at + 1) & mask) {
      const Item& item = *ItemOf(slots_[at]);
      if (Home(item.hash) == home) visit(ViewOf(item));
    }
  }
  const std::uint64_t next = static_cast<std::uint64_t>(end) << home_shift_;
  return next == kEnd ? 0 : next;
}

std::optional<ItemView> Table::ProposeVictim() {
  if (items() == 0) return std::nullopt;
  // Each full round counts every item down once, so this ends within kUsesMax + 1 rounds. The hand
  // stays on its victim: when it is erased, the item that moves into its slot is looked at next.
  for (hand_ &= slots_.size() - 1;; hand_ = (hand_ + 1) & (slots_.size() - 1)) {
    if (slots_[hand_] == 0) continue;
    Item* item = ItemOf(slots_[hand_]);
    if (item->tombstone != 0) continue;
    if (item->uses == 0) return ViewOf(*item);
    item->uses = (item->uses - 1U) & kUsesMax;
  }
}

std::uint64_t Table::HeaderHash(const Item& item) const {
  const std::array<std::uint64_t, 4> header = {
      item.version, static_cast<std::uint64_t>(item.expires_at),
      std::uint64_t{item.client_flags} << 32U | item.hash,
      std::uint64_t{item.value_size} << 32U | std::uint64_t{item.tombstone} << 31U | item.key_size};
  return XXH3_64bits_withSeed(header.data(), sizeof(header), hash_seed_);
}

template <class Visit>
std::uint64_t Table::WalkRange(HashRange range, std::size_t bytes_max, const Visit& visit) const {
  AEGIS_CHECK(range.IsSound(), "a range of hashes is not empty");
  if (slots_.empty()) return range.end;
  const std::size_t mask = slots_.size() - 1;
  const std::size_t last = Home(static_cast<std::uint32_t>(range.end - 1));
  std::size_t bytes = 0;
  std::size_t home = Home(static_cast<std::uint32_t>(range.begin));
  for (; home <= last && bytes < bytes_max; ++home) {
    bytes += sizeof(std::uint64_t);
    for (std::size_t at = home; slots_[at] != 0; at = (at + 1) & mask) {
      const Item& item = *ItemOf(slots_[at]);
      if (Home(item.hash) != home || !range.Holds(item.hash)) continue;
      bytes += sizeof(Item) + item.key_size + item.value_size;
      visit(item);
    }
  }
  return std::min(range.end, static_cast<std::uint64_t>(home) << home_shift_);
}

std::uint64_t Table::VisitRange(HashRange range, std::size_t bytes_max,
                                const std::function<void(const ItemView&)>& visit) const {
  return WalkRange(range, bytes_max, [&](const Item& item) { visit(ViewOf(item)); });
}

std::uint64_t Table::ContentSum(HashRange range) const {
  std::uint64_t sum = 0;
  WalkRange(range, kEverything, [&](const Item& item) {
    const std::array<std::uint64_t, 3> content = {HeaderHash(item), Hash(item.key()),
                                                  Hash(item.value())};
    sum += XXH3_64bits_withSeed(content.data(), sizeof(content), hash_seed_);
  });
  return sum;
}

template <class Condition>
void Table::EraseIf(HashRange range, const Condition& condition) {
  AEGIS_CHECK(range.IsSound(), "a range of hashes is not empty");
  if (slots_.empty()) return;
  const std::size_t mask = slots_.size() - 1;
  const std::size_t last = Home(static_cast<std::uint32_t>(range.end - 1));
  for (std::size_t home = Home(static_cast<std::uint32_t>(range.begin)); home <= last; ++home) {
    for (std::size_t at = home; slots_[at] != 0;) {
      Item* const item = ItemOf(slots_[at]);
      if (Home(item->hash) == home && range.Holds(item->hash) && condition(*item)) {
        FreeItem(item);
        RemoveSlot(at);  // What follows may have moved here.
      } else {
        at = (at + 1) & mask;
      }
    }
  }
}

void Table::EraseRange(HashRange range) {
  EraseIf(range, [](const Item&) { return true; });
}

void Table::EraseMisplaced(HashRange range) {
  EraseIf(range, [this](const Item& item) {
    return item.hash != static_cast<std::uint32_t>(Hash(item.key()));
  });
}

bool Table::Recount(std::uint32_t bucket) {
  if (slots_.empty()) return true;
  std::uint64_t sum = 0;
  WalkRange(digest_.RangeOf(bucket), kEverything,
            [&](const Item& item) { sum += HeaderHash(item); });
  return !digest_.Replace(bucket, sum);
}

std::size_t Table::ItemBytes(std::size_t key_size, std::size_t value_size) {
  return sizeof(Item) + key_size + value_size;
}

std::size_t Table::FindSlot(ByteView key, std::uint64_t hash) const {
  if (slots_.empty()) return kNowhere;
  const std::size_t mask = slots_.size() - 1;
  for (std::size_t at = Home(static_cast<std::uint32_t>(hash)); slots_[at] != 0;
       at = (at + 1) & mask) {
    if (slots_[at] >> kTagShift == TagOf(hash) && ItemOf(slots_[at])->key() == key) return at;
  }
  return kNowhere;
}

void Table::Grow() {
  const std::vector<std::uint64_t> old = std::move(slots_);
  slots_.assign(std::max(kSlotsMin, old.size() * 2), 0);
  home_shift_ = 32 - static_cast<unsigned>(std::countr_zero(slots_.size()));
  const std::size_t mask = slots_.size() - 1;
  for (const std::uint64_t slot : old) {
    if (slot == 0) continue;
    std::size_t at = Home(ItemOf(slot)->hash);
    while (slots_[at] != 0) at = (at + 1) & mask;
    slots_[at] = slot;
  }
  if (old.empty()) digest_.Allocate();
  const std::size_t added = (slots_.size() - old.size()) * sizeof(std::uint64_t);
  bytes_ += added;
  meter_.get().Add(added);
}

void Table::FreeItem(Item* item) {
  const std::size_t allocated = malloc_usable_size(item);
  bytes_ -= allocated;
  meter_.get().Remove(allocated);
  if (item->tombstone != 0) --tombstones_;
  if (item->expires_at != 0) --with_expiry_;
  digest_.Remove(item->hash, HeaderHash(*item));
  std::free(item);
}

// Closes the gap (Knuth, TAOCP 6.4, algorithm R): moves back what probing would no longer reach.
void Table::RemoveSlot(std::size_t at) {
  const std::size_t mask = slots_.size() - 1;
  slots_[at] = 0;
  --used_;
  for (std::size_t next = (at + 1) & mask; slots_[next] != 0; next = (next + 1) & mask) {
    const std::size_t home = Home(ItemOf(slots_[next])->hash);
    if (((next - home) & mask) < ((next - at) & mask)) continue;
    slots_[at] = std::exchange(slots_[next], 0);
    at = next;
  }
}

void Table::Clear() {
  for (const std::uint64_t slot : slots_) {
    if (slot != 0) FreeItem(ItemOf(slot));
  }
  const std::size_t slots = slots_.size() * sizeof(std::uint64_t);
  bytes_ -= slots;
  meter_.get().Remove(slots);
  digest_.Clear();
  slots_.clear();
  slots_.shrink_to_fit();
  used_ = 0;
  hand_ = 0;
  home_shift_ = 32;
}

}  // namespace aegis::store
