#include "ring/slot.h"

#include <array>
#include <cstddef>
#include <string>
#include <utility>
#include <vector>

#include "base/check.h"
#include "model/limits.h"

namespace aegis::ring {
namespace {

constexpr std::uint32_t kPolynomial = 0x1021;  // x^16 + x^12 + x^5 + 1, most significant bit first.

// So many bytes are taken in one step: their tables are looked up side by side, while byte by byte
// each has to wait for the one before. Every command asks for a slot, some twice.
constexpr std::size_t kStep = 8;
using Table = std::array<std::uint16_t, 256>;

// [n][byte]: what the byte becomes when n zero bytes have followed it.
constexpr std::array<Table, kStep> MakeTables() {
  std::array<Table, kStep> tables{};
  for (std::uint32_t byte = 0; byte < tables[0].size(); ++byte) {
    std::uint32_t crc = byte << 8U;
    for (int bit = 0; bit < 8; ++bit) {
      crc = (crc & 0x8000U) != 0 ? crc << 1U ^ kPolynomial : crc << 1U;
    }
    tables[0][byte] = static_cast<std::uint16_t>(crc & 0xffffU);
  }
  for (std::size_t n = 1; n < kStep; ++n) {
    for (std::size_t byte = 0; byte < tables[n].size(); ++byte) {
      const std::uint32_t before = tables[n - 1][byte];
      tables[n][byte] =
          static_cast<std::uint16_t>((before << 8U & 0xffffU) ^ tables[0][before >> 8U]);
    }
  }
  return tables;
}

constexpr std::array<Table, kStep> kTables = MakeTables();

constexpr std::uint32_t Byte(ByteView bytes, std::size_t at) {
  return static_cast<unsigned char>(bytes[at]);
}

constexpr std::uint16_t Crc16(ByteView bytes) {
  std::uint32_t crc = 0;
  std::size_t at = 0;
  for (; at + kStep <= bytes.size(); at += kStep) {
    crc = static_cast<std::uint32_t>(
        kTables[7][Byte(bytes, at) ^ crc >> 8U] ^ kTables[6][Byte(bytes, at + 1) ^ (crc & 0xffU)] ^
        kTables[5][Byte(bytes, at + 2)] ^ kTables[4][Byte(bytes, at + 3)] ^
        kTables[3][Byte(bytes, at + 4)] ^ kTables[2][Byte(bytes, at + 5)] ^
        kTables[1][Byte(bytes, at + 6)] ^ kTables[0][Byte(bytes, at + 7)]);
  }
  for (; at < bytes.size(); ++at) {
    crc = (crc << 8U & 0xffffU) ^ kTables[0][crc >> 8U ^ Byte(bytes, at)];
  }
  return static_cast<std::uint16_t>(crc);
}

static_assert(Crc16("123456789") == 0x31c3, "the check value of CRC-16/XMODEM");
static_assert((limits::kSlots & (limits::kSlots - 1)) == 0, "the modulo below is a mask");

void CheckShards(std::uint32_t num_shards) {
  AEGIS_CHECK(num_shards >= limits::kShardsMin && num_shards <= limits::kShardsMax,
              "a cluster has between one shard and one shard per slot");
}

// The lowest slot s with s * num_shards / kSlots == shard.
std::uint32_t FirstSlot(std::uint32_t shard, std::uint32_t num_shards) {
  return (shard * limits::kSlots + num_shards - 1) / num_shards;
}

}  // namespace

ByteView HashTag(ByteView key) {
  const std::size_t open = key.find('{');
  if (open == ByteView::npos) return key;
  const std::size_t close = key.find('}', open + 1);
  if (close == ByteView::npos || close == open + 1) return key;
  return key.substr(open + 1, close - open - 1);
}

Slot SlotOf(ByteView key) {
  return Slot{static_cast<std::uint16_t>(Crc16(HashTag(key)) & (limits::kSlots - 1))};
}

ShardId ShardOf(Slot slot, std::uint32_t num_shards) {
  CheckShards(num_shards);
  AEGIS_CHECK(slot.value() < limits::kSlots, "a slot lies below kSlots");
  return ShardId{slot.value() * num_shards / limits::kSlots};
}

ShardId ShardOf(ByteView key, std::uint32_t num_shards) { return ShardOf(SlotOf(key), num_shards); }

ByteView KeyOf(Slot slot) {
  AEGIS_CHECK(slot.value() < limits::kSlots, "a slot lies below kSlots");
  static const std::vector<std::string> keys = [] {
    std::vector<std::string> found(limits::kSlots);
    std::size_t missing = found.size();
    for (std::uint32_t number = 0; missing > 0; ++number) {
      std::string key = std::to_string(number);
      std::string& place = found[SlotOf(key).value()];
      if (!place.empty()) continue;
      place = std::move(key);
      --missing;
    }
    return found;
  }();
  return keys[slot.value()];
}

SlotRange SlotsOf(ShardId shard, std::uint32_t num_shards) {
  CheckShards(num_shards);
  AEGIS_CHECK(shard.value() < num_shards, "a shard lies below num_shards");
  const std::uint32_t first = FirstSlot(shard.value(), num_shards);
  const std::uint32_t next = FirstSlot(shard.value() + 1, num_shards);
  return {.first = Slot{static_cast<std::uint16_t>(first)},
          .last = Slot{static_cast<std::uint16_t>(next - 1)}};
}

}  // namespace aegis::ring
