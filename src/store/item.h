// Item: a key, its value and what else is known of them, in one piece of memory.
//
//     | version u64 | expires_at: 48 bits, key size - 1: 16 bits |
//     | value size: 27 bits, marks: 5 bits | hash u32 |
//     | expires_at i64, if far | client flags u32, if any | key | value |
//
// A large value lies in a block; its item holds that, and in place of the value stands
//
//     | block pointer | value pointer, into the block |
//
// Internal to the store. An item never changes; a new value is a new item.

#pragma once

#include <cstdint>
#include <cstring>

#include "base/bytes.h"
#include "model/block.h"
#include "model/limits.h"
#include "model/version.h"

namespace aegis::store {

struct Item {
  std::uint64_t version;
  std::uint64_t expires_at_low : 48;   // Unix ms; 0: never, or far.
  std::uint64_t key_size_less_1 : 16;  // No key is empty.
  std::uint32_t value_size : 27;
  std::uint32_t tombstone : 1;
  std::uint32_t flagged : 1;  // It has client flags.
  std::uint32_t far : 1;      // Its expiry has more than 48 bits: beyond the year 10,000.
  std::uint32_t paged : 1;    // It lies in a page of its heap's.
  std::uint32_t shared : 1;   // Its value lies in a block.
  std::uint32_t hash;         // Low half of the key's hash: places the item.

  static constexpr std::int64_t kNearMax = (std::int64_t{1} << 48U) - 1;

  static constexpr std::size_t ExtrasSize(bool far, bool flagged) {
    return (far ? sizeof(std::int64_t) : 0U) + (flagged ? sizeof(std::uint32_t) : 0U);
  }

  // What stands in place of a value that lies in a block.
  struct Elsewhere {
    const Block* block;
    const char* value;
  };
  static constexpr bool Shares(std::size_t value_size) {
    return value_size >= limits::kBlockValueMin;
  }
  // What a value of so many bytes takes in its item.
  static constexpr std::size_t ValueBytes(std::size_t value_size) {
    return Shares(value_size) ? sizeof(Elsewhere) : value_size;
  }

  std::size_t key_size() const { return std::size_t{key_size_less_1} + 1; }
  std::size_t size() const {
    return sizeof(Item) + ExtrasSize(far != 0, flagged != 0) + key_size() + ValueBytes(value_size);
  }
  std::int64_t expires_at() const {
    if (far == 0) [[likely]]
      return static_cast<std::int64_t>(expires_at_low);
    return Read<std::int64_t>(extras());
  }
  std::uint32_t client_flags() const {
    return flagged == 0 ? 0 : Read<std::uint32_t>(extras() + ExtrasSize(far != 0, false));
  }
  ByteView key() const { return {key_bytes(), key_size()}; }
  ByteView value() const {
    if (shared != 0) [[unlikely]]
      return {elsewhere().value, value_size};
    return {key_bytes() + key_size(), value_size};
  }
  // What the value lies in; null: here.
  const Block* block() const { return shared == 0 ? nullptr : elsewhere().block; }

  char* extras() { return reinterpret_cast<char*>(this + 1); }
  const char* extras() const { return reinterpret_cast<const char*>(this + 1); }
  const char* key_bytes() const { return extras() + ExtrasSize(far != 0, flagged != 0); }

 private:
  template <class Part>
  static Part Read(const char* at) {
    Part part;
    std::memcpy(&part, at, sizeof(part));
    return part;
  }
  Elsewhere elsewhere() const { return Read<Elsewhere>(key_bytes() + key_size()); }
};
static_assert(sizeof(Item) == 24);
static_assert(limits::kKeySizeMin == 1 && limits::kKeySizeMax == 1U << 16U, "key_size_less_1");
static_assert(limits::kValueSizeMax < 1U << 27U, "value_size");

}  // namespace aegis::store
