#include "store/table.h"

#define XXH_INLINE_ALL
#include <xxhash.h>

#include <array>
#include <cstring>
#include <functional>
#include <utility>

#include "base/check.h"

namespace aegis::store {

namespace {

std::size_t SizeOf(ByteView key, const ItemValue& value) {
  const bool far = value.expires_at > Item::kNearMax;
  return Table::ItemBytes(key.size(), Item::ValueBytes(value.value.size())) +
         Item::ExtrasSize(far, value.client_flags != 0);
}

}  // namespace

Table::~Table() { Clear(); }

Table::Table(Table&& other) noexcept
    : hash_seed_(other.hash_seed_),
      meter_(other.meter_),
      heap_(other.meter_),
      eviction_(other.eviction_.policy()),
      digest_(other.digest_.buckets()) {
  *this = std::move(other);
}

Table& Table::operator=(Table&& other) noexcept {
  if (this == &other) return *this;
  Clear();
  hash_seed_ = other.hash_seed_;
  meter_ = other.meter_;
  heap_ = std::move(other.heap_);
  directory_ = std::move(other.directory_);
  used_ = std::exchange(other.used_, 0);
  tombstones_ = std::exchange(other.tombstones_, 0);
  with_expiry_ = std::exchange(other.with_expiry_, 0);
  bytes_ = std::exchange(other.bytes_, 0);
  shared_ = std::exchange(other.shared_, 0);
  block_bytes_ = std::exchange(other.block_bytes_, 0);
  condemned_from_ = std::exchange(other.condemned_from_, nullptr);
  hand_ = std::exchange(other.hand_, 0);
  eviction_ = std::exchange(other.eviction_, Eviction(other.eviction_.policy()));
  digest_ = std::move(other.digest_);
  other.digest_.Clear();
  return *this;
}

void Table::Condemn() {
  MemoryMeter& condemned = meter_.get().condemned();
  condemned.Add(bytes());
  meter_.get().Remove(bytes());
  condemned_from_ = &meter_.get();
  meter_ = condemned;
  heap_.CountAt(condemned);
}

std::uint64_t Table::Hash(ByteView key) const {
  return XXH3_64bits_withSeed(key.data(), key.size(), hash_seed_);
}

std::optional<ItemView> Table::Find(ByteView key, bool touch) {
  const Found found = FindItem(key, Hash(key));
  if (!found.here()) return std::nullopt;
  const Item& item = *found.item();
  if (touch && item.tombstone == 0) {
    const std::uint8_t touched = eviction_.OnTouch(found.mark());
    if (touched != found.mark())
      found.mark() = touched;  // A line that is not written stays shared.
  }
  return ViewOf(item);
}

std::uint64_t Table::FetchSlots(ByteView key) const {
  const std::uint64_t hash = Hash(key);
  if (directory_.empty()) return hash;
  const auto placing = static_cast<std::uint32_t>(hash);
  const SegmentRef segment = directory_.At(placing);
  __builtin_prefetch(&segment.bucket(segment.HomeOf(placing)));
  return hash;
}

void Table::FetchItem(std::uint64_t hash) const {
  constexpr std::size_t kLine = 64;
  constexpr std::size_t kLines = 3;  // Of most items, all of it.
  if (directory_.empty()) return;
  const auto placing = static_cast<std::uint32_t>(hash);
  const SegmentRef segment = directory_.At(placing);
  for (const std::uint64_t slot : segment.bucket(segment.HomeOf(placing)).slots) {
    if (slot == 0 || slot >> kTagShift != TagOf(hash)) continue;
    const auto* const item = reinterpret_cast<const char*>(ItemOf(slot));
    for (std::size_t line = 0; line < kLines; ++line) __builtin_prefetch(item + line * kLine);
  }
}

void Table::Put(ByteView key, const ItemValue& value) {
  const std::uint64_t hash = Hash(key);
  if (const Found found = FindItem(key, hash); found.here()) {
    Replace(found, key, value, hash);
    return Compact();
  }
  Item* const item = heap_.Allocate(SizeOf(key, value));
  Write(item, key, value, hash);
  if (directory_.empty()) digest_.Allocate();
  directory_.Insert(item->hash, MakeSlot(item, TagOf(hash)),
                    value.tombstone ? std::uint8_t{0} : eviction_.OnInsert(hash));
  ++used_;
  Count(*item);
  Account();
}

// In place, if the new item is of the same size class and does not borrow from the old one.
void Table::Replace(const Found& found, ByteView key, const ItemValue& value, std::uint64_t hash) {
  Item* const old = found.item();
  if (!value.tombstone) {
    found.mark() = old->tombstone == 0 ? eviction_.OnTouch(found.mark()) : eviction_.OnInsert(hash);
  } else if (old->tombstone == 0) {
    eviction_.OnRemove(found.mark());
  }
  const auto* const begin = reinterpret_cast<const char*>(old);
  const auto is_of_old = [&](ByteView bytes) {
    const std::less<const char*> before;
    return !bytes.empty() && !before(bytes.data(), begin) &&
           before(bytes.data(), begin + old->size());
  };
  const std::size_t size = SizeOf(key, value);
  const Block* const old_block = old->block();
  Uncount(*old);
  if (heap_.Fits(*old, size) && !is_of_old(key) && !is_of_old(value.value)) {
    Write(old, key, value, hash);
    Count(*old);
  } else {
    Item* const item = heap_.Allocate(size);
    Write(item, key, value, hash);
    found.slot() = MakeSlot(item, TagOf(hash));
    Count(*item);
    heap_.Free(old);
  }
  LetGo(old_block);  // The new item may share it.
}

bool Table::Erase(std::uint64_t hash, Version version) {
  if (directory_.empty()) return false;
  const auto placing = static_cast<std::uint32_t>(hash);
  Found found{directory_.At(placing), {}};
  const std::uint64_t packed = version.Pack();
  const bool here = found.segment.Search(found.segment.HomeOf(placing), [&](Place place) {
    found.place = place;
    return found.slot() >> kTagShift == TagOf(hash) && found.item()->version == packed;
  });
  if (!here) return false;
  RemoveAt(found);
  directory_.ShrinkAround(placing);
  Compact();
  Account();
  return true;
}

std::uint64_t Table::Scan(std::uint64_t cursor, std::size_t count,
                          const std::function<void(const ItemView&)>& visit) const {
  if (directory_.empty() || cursor >= HashRange::kEnd) return 0;
  std::size_t homes = 0;
  std::size_t items = 0;
  const std::uint64_t next =
      directory_.Walk(cursor, HashRange::kEnd, [&](SegmentRef segment, std::size_t home) {
        segment.Search(home, [&](Place place) {
          const Item& item = *ItemOf(segment.slot(place));
          if (segment.HomeOf(item.hash) == home) {
            ++items;
            visit(ViewOf(item));
          }
          return false;
        });
        return ++homes < count && items < count;
      });
  return next == HashRange::kEnd ? 0 : next;
}

std::size_t Table::EstimateExpired(UnixMs now, std::uint32_t where) const {
  constexpr std::size_t kSample = 32;
  if (with_expiry_ == 0) return 0;
  std::size_t seen = 0;
  std::size_t expired = 0;
  const auto count = [&](const ItemView& item) {
    ++seen;
    if (item.ExpiredAt(now)) ++expired;
  };
  Scan(where, kSample, count);
  if (seen == 0) Scan(0, kSample, count);
  return seen == 0 ? 0 : bytes() / seen * expired;
}

std::optional<ItemView> Table::ProposeVictim() {
  const EvictionPolicy policy = eviction_.policy();
  if (items() == 0 || policy == EvictionPolicy::kNoEviction ||
      (policy == EvictionPolicy::kVolatileTtl && with_expiry_ == 0)) {
    return std::nullopt;
  }
  Eviction::Look look(eviction_);
  Found best;
  // A round that ends without a victim has given items their last chance but one.
  constexpr int kRoundsMax = 8;
  for (int round = 0; round < kRoundsMax;) {
    bool chosen = false;
    hand_ = directory_.Walk(hand_, HashRange::kEnd, [&](SegmentRef segment, std::size_t home) {
      for (std::size_t i = 0; i < Bucket::kSlots && !chosen; ++i) {
        const Found at{segment, {home, i}};
        if (at.slot() == 0 || (tombstones_ > 0 && at.item()->tombstone != 0)) continue;
        const auto verdict = look.Show(at.mark(), [&] { return at.item()->expires_at(); });
        if (verdict != Eviction::Look::Verdict::kGoOn) best = at;
        chosen = verdict == Eviction::Look::Verdict::kTake;
      }
      chosen = chosen || (best.here() && look.enough());
      return !chosen && !look.too_long();
    });
    if (look.too_long() && !best.here()) return std::nullopt;  // For now: the hand has moved on.
    if (hand_ == HashRange::kEnd) {
      hand_ = 0;
      ++round;
      chosen = chosen || (best.here() && round >= 2);  // Everything was seen.
    }
    if (!chosen) continue;
    const Item& item = *best.item();
    look.Settle(best.mark(), Hash(item.key()));
    Account();
    return ViewOf(item);
  }
  AEGIS_CHECK(false, "among items there is a victim");
}

std::uint64_t Table::HeaderHash(const Item& item) const {
  const std::array<std::uint64_t, 4> header = {
      item.version, static_cast<std::uint64_t>(item.expires_at()),
      std::uint64_t{item.client_flags()} << 32U | item.hash,
      std::uint64_t{item.value_size} << 32U | std::uint64_t{item.tombstone} << 31U |
          item.key_size()};
  return XXH3_64bits_withSeed(header.data(), sizeof(header), hash_seed_);
}

// --- Items --------------------------------------------------------------------------------------

Table::Found Table::FindItem(ByteView key, std::uint64_t hash) const {
  if (directory_.empty()) return {};
  const auto placing = static_cast<std::uint32_t>(hash);
  const std::uint64_t tag = TagOf(hash);
  Found found{directory_.At(placing), {}};
  const bool here = found.segment.Search(found.segment.HomeOf(placing), [&](Place place) {
    found.place = place;
    return found.slot() >> kTagShift == tag && found.item()->key() == key;
  });
  return here ? found : Found{};
}

// `item`: memory of SizeOf() bytes, with its mark `paged` set.
void Table::Write(Item* item, ByteView key, const ItemValue& value, std::uint64_t hash) const {
  const bool far = value.expires_at > Item::kNearMax;
  const bool flagged = value.client_flags != 0;
  const bool shared = Item::Shares(value.value.size());
  item->version = value.version.Pack();
  item->expires_at_low = static_cast<std::uint64_t>(far ? 0 : value.expires_at) &
                         static_cast<std::uint64_t>(Item::kNearMax);
  item->key_size_less_1 = static_cast<std::uint16_t>(key.size() - 1);
  item->value_size = static_cast<std::uint32_t>(value.value.size()) & 0x7ffffffU;
  item->tombstone = value.tombstone ? 1 : 0;
  item->flagged = flagged ? 1 : 0;
  item->far = far ? 1 : 0;
  item->shared = shared ? 1 : 0;
  item->hash = static_cast<std::uint32_t>(hash);
  char* at = item->extras();
  const auto append = [&at](const void* bytes, std::size_t size) {
    if (size > 0) std::memcpy(at, bytes, size);
    at += size;
  };
  if (far) append(&value.expires_at, sizeof(value.expires_at));
  if (flagged) append(&value.client_flags, sizeof(value.client_flags));
  append(key.data(), key.size());
  if (!shared) [[likely]]
    return append(value.value.data(), value.value.size());
  BlockRef block(value.block);
  if (!block) block = Block::Copy(value.value);
  (condemned_from_ == nullptr ? meter_.get() : *condemned_from_).Count(*block);
  const ByteView bytes = value.block == nullptr ? block->bytes() : value.value;
  const Item::Elsewhere elsewhere{std::move(block).Leak(), bytes.data()};
  append(&elsewhere, sizeof(elsewhere));
}

// What a condemned table lets go, whoever holds it still has, and counts as any other block.
void Table::LetGo(const Block* block) const {
  if (block == nullptr) return;
  if (condemned_from_ != nullptr && !block->in_items()) {
    meter_.get().Remove(block->footprint());
    condemned_from_->Add(block->footprint());
  }
  BlockRef::Drop(block);
}

void Table::Count(const Item& item) {
  if (item.tombstone != 0) ++tombstones_;
  if (item.expires_at() != 0) ++with_expiry_;
  if (const Block* const block = item.block()) {
    ++shared_;
    if (block->EnterItem()) block_bytes_ += block->footprint();
  }
  digest_.Add(item.hash, HeaderHash(item));
}

void Table::Uncount(const Item& item) {
  if (item.tombstone != 0) --tombstones_;
  if (item.expires_at() != 0) --with_expiry_;
  if (const Block* const block = item.block()) UncountBlock(*block);
  digest_.Remove(item.hash, HeaderHash(item));
}

void Table::UncountBlock(const Block& block) {
  --shared_;
  if (block.LeaveItem()) block_bytes_ -= block.footprint();
}

void Table::RemoveAt(const Found& at) {
  Item* const item = at.item();
  if (item->tombstone == 0) eviction_.OnRemove(at.mark());
  at.segment.Remove(at.place, item->hash);
  --used_;
  Uncount(*item);
  const Block* const block = item->block();
  heap_.Free(item);
  LetGo(block);
}

// Views of items end here: some may move.
void Table::Compact() {
  while (heap_.sparse()) {
    heap_.Compact([this](const Item* from, const Item* to) {
      Found found{directory_.At(to->hash), {}};
      const bool here = found.segment.Search(found.segment.HomeOf(to->hash), [&](Place place) {
        found.place = place;
        return found.item() == from;
      });
      AEGIS_CHECK(here, "an item of the heap has a slot");
      found.slot() = MakeSlot(to, found.slot() >> kTagShift);
    });
  }
}

void Table::Clear() {
  // Where nothing is large or plain, whole pages go: no item need be touched.
  if (heap_.plain_items() > 0 || shared_ > 0) {
    directory_.Walk(0, HashRange::kEnd, [&](SegmentRef segment, std::size_t home) {
      for (const std::uint64_t slot : segment.bucket(home).slots) {
        if (slot == 0) continue;
        Item* const item = ItemOf(slot);
        const Block* const block = item->block();
        if (block != nullptr) UncountBlock(*block);
        if (item->paged == 0) heap_.Free(item);
        LetGo(block);
      }
      return heap_.plain_items() > 0 || shared_ > 0;
    });
  }
  heap_.Clear();
  directory_.Clear();
  eviction_.Clear();
  digest_.Clear();
  Account();
  used_ = tombstones_ = with_expiry_ = 0;
  hand_ = 0;
}

// Tells the meter what the table takes by now, besides its heap.
void Table::Account() {
  const std::size_t now = directory_.bytes() + eviction_.ghost_bytes();
  if (now > bytes_) meter_.get().Add(now - bytes_);
  if (now < bytes_) meter_.get().Remove(bytes_ - now);
  bytes_ = now;
}

}  // namespace aegis::store
