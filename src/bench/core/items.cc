#include "bench/core/items.h"

#include <algorithm>
#include <array>
#include <cstring>
#include <utility>

#include "base/check.h"
#include "base/rng.h"

namespace aegis::bench {
namespace {

constexpr std::uint64_t kPoolSeed = 0x5eed;
constexpr std::size_t kPlaces = 1 << 16;
constexpr std::size_t kHeadSize = sizeof(std::uint64_t);

// A bijection of 64 bits: two keys never share a head. The finalizer of MurmurHash3.
std::uint64_t Scrambled(std::uint64_t number) {
  number = (number ^ number >> 33U) * 0xff51afd7ed558ccdU;
  number = (number ^ number >> 33U) * 0xc4ceb9fe1a85ec53U;
  return number ^ number >> 33U;
}

std::array<char, kHeadSize> HeadOf(std::uint64_t scrambled) {
  std::array<char, kHeadSize> head;
  std::memcpy(head.data(), &scrambled, kHeadSize);
  return head;
}

}  // namespace

Result<Items> Items::Make(std::string prefix, std::size_t key_size, std::uint64_t keys,
                          std::size_t value_size_max) {
  const std::size_t least = prefix.size() + std::to_string(keys - 1).size();
  if (key_size < least) {
    return Error{ErrorCode::kInvalid, "keys of " + std::to_string(key_size) +
                                          " bytes have no room for the prefix '" + prefix +
                                          "' and " + std::to_string(keys) + " numbers: at least " +
                                          std::to_string(least) + " bytes are needed"};
  }
  const std::size_t digits = key_size - prefix.size();
  return Items(std::move(prefix), digits, value_size_max);
}

Items::Items(std::string prefix, std::size_t digits, std::size_t value_size_max)
    : prefix_(std::move(prefix)), digits_(digits) {
  Rng rng(kPoolSeed);
  while (pool_.size() < value_size_max + kPlaces) AppendBigEndian(rng.Next(), pool_);
}

void Items::AppendKey(std::uint64_t number, Bytes& out) const {
  out.append(prefix_).append(digits_, '0');
  for (char* at = out.data() + out.size(); number > 0; number /= 10) {
    *--at = static_cast<char>('0' + number % 10);
  }
}

void Items::AppendValue(std::uint64_t number, std::size_t size, Bytes& out) const {
  const std::uint64_t scrambled = Scrambled(number);
  const std::size_t head = std::min(size, kHeadSize);
  AEGIS_CHECK(size - head + kPlaces <= pool_.size(), "the pool is made for the largest value");
  out.append(HeadOf(scrambled).data(), head);
  out.append(pool_, scrambled % kPlaces, size - head);
}

bool Items::Belongs(std::uint64_t number, ByteView value) const {
  const std::uint64_t scrambled = Scrambled(number);
  const std::size_t head = std::min(value.size(), kHeadSize);
  const std::size_t place = scrambled % kPlaces;
  if (value.size() - head > pool_.size() - place) return false;
  return std::memcmp(value.data(), HeadOf(scrambled).data(), head) == 0 &&
         std::memcmp(value.data() + head, pool_.data() + place, value.size() - head) == 0;
}

}  // namespace aegis::bench
