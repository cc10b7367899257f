// Ghosts: a memory of keys that were evicted lately, 16 bits each.
//
// One cell for each of about as many keys as the table holds; who comes takes the cell that its
// hash names, and whoever was there is forgotten. A key is taken for another one once in 65,536
// times.

#pragma once

#include <bit>
#include <cstddef>
#include <cstdint>
#include <vector>

namespace aegis::store {

class Ghosts {
 public:
  // `items`: how many the table holds; the memory grows with it, and forgets when it does.
  void Add(std::uint64_t hash, std::size_t items) {
    const std::size_t wanted = std::bit_ceil(items + kCellsMin);
    if (cells_.size() < wanted || cells_.size() > 4 * wanted) cells_.assign(wanted, 0);
    cells_[IndexOf(hash)] = PrintOf(hash);
  }
  // True: it was there; it is not any more.
  bool Take(std::uint64_t hash) {
    if (cells_.empty()) return false;
    std::uint16_t& cell = cells_[IndexOf(hash)];
    if (cell != PrintOf(hash)) return false;
    cell = 0;
    return true;
  }
  void Clear() { std::vector<std::uint16_t>().swap(cells_); }
  std::size_t bytes() const { return cells_.capacity() * sizeof(std::uint16_t); }

 private:
  static constexpr std::size_t kCellsMin = 64;

  std::size_t IndexOf(std::uint64_t hash) const { return (hash >> 8U) & (cells_.size() - 1); }
  static std::uint16_t PrintOf(std::uint64_t hash) {
    const auto print = static_cast<std::uint16_t>(hash >> 48U);
    return print == 0 ? 1 : print;
  }

  std::vector<std::uint16_t> cells_;  // 0: nobody.
};

}  // namespace aegis::store
