// ItemHeap: the memory that the items of one table lie in.
//
// A general allocator rounds 140 bytes up to 160. Here items of nearly equal size share pages of
// 16 KiB, cut into equal cells:
//
//     page   | list links | cells, live cells | free cells: 1 bit each | cell | cell | ... |
//     cell   a multiple of 8 bytes, as large as its number on a page allows
//
// so that a size class is the number of cells that a page is cut into, and an item of 140 bytes
// takes 144 of them and 1 % more for its part of the page.
//
// A table with few items of a class would waste most of a page on them. So a class has pages only
// once it has a page's worth of items; until then, and for what is too large for a page, each item
// is an allocation of the general allocator ("plain").
//
// Memory comes back: when much of a class's pages is free, one that is nearly empty is emptied into
// the others and given back, see Compact(). So at most about a page and a sixteenth of each class
// is free, and each item that goes costs the move of about one other.
//
// Every byte is accounted to the meter: whole pages, and what the allocator takes for a plain item.
// Not thread-safe: the owner's lock covers it.

#pragma once

#include <array>
#include <bitset>
#include <cstddef>
#include <cstdint>
#include <functional>
#include <vector>

#include "store/item.h"
#include "store/memory_meter.h"

namespace aegis::store {

class ItemHeap {
 public:
  explicit ItemHeap(MemoryMeter& meter) : meter_(meter) {}
  ~ItemHeap();
  ItemHeap(ItemHeap&& other) noexcept;
  // REQUIRES: nothing lies here.
  ItemHeap& operator=(ItemHeap&& other) noexcept;

  // Memory for an item of so many bytes; its mark `paged` is set, and nothing else.
  Item* Allocate(std::size_t size);
  void Free(Item* item);
  // True: an item of so many bytes may lie where `item` does. A plain one makes room for another of
  // just its size, unless its class has pages by now: there it belongs.
  bool Fits(const Item& item, std::size_t size) const {
    const std::size_t index = ClassOf(size);
    if (item.paged != 0) return index == ClassOf(item.size());
    if (index == kNone || size != item.size()) return false;
    const SizeClass* const own = Find(index);
    return own != nullptr && own->pages == 0;
  }

  // True: Compact() has something to do.
  bool sparse() const { return sparse_.any(); }
  // Empties one page into others, or into plain allocations. `moved` is told of each item, which
  // lies in both places during the call.
  void Compact(const std::function<void(const Item* from, const Item* to)>& moved);

  // Its bytes are accounted to this meter from now on; by whoever calls, so far.
  void CountAt(MemoryMeter& meter) { meter_ = meter; }

  // Frees all that lies in pages. REQUIRES: no plain item is left.
  void Clear();

  // Bytes that Allocate(size) would take more from the system.
  std::size_t RoomFor(std::size_t size) const;

  std::size_t bytes() const { return bytes_; }
  std::size_t plain_items() const { return plain_; }

 private:
  struct Page;
  struct SizeClass {
    Page* open = nullptr;  // Pages with a free cell, the fuller ones first.
    Page* last = nullptr;
    Page* full = nullptr;
    std::uint32_t pages = 0;
    std::uint32_t live = 0;   // Cells in use.
    std::uint32_t plain = 0;  // Items of this size that are plain.
  };
  static constexpr std::size_t kClassesMax = 100;
  static constexpr std::size_t kNone = ~std::size_t{0};

  static std::size_t ClassOf(std::size_t size);
  SizeClass& At(std::size_t index);
  const SizeClass* Find(std::size_t index) const {
    return used_[index] == 0 ? nullptr : &classes_[used_[index] - 1U];
  }
  Item* TakeCell(SizeClass& in);
  Item* AllocatePlain(std::size_t size);
  void FreePlain(Item* item);
  void AddPage(std::size_t index);
  void DropPage(SizeClass& of, Page* page);
  void CheckSparse(std::size_t index);
  void Account(std::size_t added);
  void Discount(std::size_t removed);

  std::reference_wrapper<MemoryMeter> meter_;
  std::array<std::uint8_t, kClassesMax> used_{};  // Where in classes_, from 1; 0: not used yet.
  std::vector<SizeClass> classes_;
  std::size_t bytes_ = 0;
  std::size_t plain_ = 0;
  std::bitset<kClassesMax> sparse_;  // Classes that Compact() has to work on.
};

}  // namespace aegis::store
