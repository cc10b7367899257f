#include "store/item_heap.h"

#include <malloc.h>

#include <bit>
#include <cstdlib>
#include <new>
#include <utility>

#include "base/check.h"

namespace aegis::store {

namespace {

constexpr std::size_t kHeaderBytes = 96;
constexpr std::size_t kCellsBytes = kPageBytes - kHeaderBytes;
constexpr std::size_t kCellMin = 32;
constexpr std::size_t kCellsMax = kCellsBytes / kCellMin;
constexpr std::size_t kCellsMin = 8;  // Fewer: the page is no better than the allocator.
constexpr std::size_t kCellMax = kCellsBytes / kCellsMin / 8 * 8;
constexpr std::size_t kWords = (kCellsMax + 63) / 64;
constexpr std::size_t kUnits = kCellMax / 8 + 1;  // Sizes in units of 8 bytes.
// Of the cells of a class, one in so many may be free, besides one page's worth.
constexpr std::size_t kFreeShare = 16;
// The last page of a class goes when it holds no more than one in so many of its cells.
constexpr std::size_t kLastPageShare = 8;

constexpr std::size_t UnitsOf(std::size_t size) {
  return (size < kCellMin ? kCellMin : size) / 8 + (size > kCellMin && size % 8 != 0 ? 1 : 0);
}

// By class: how many cells a page has. By units: the class.
struct ClassTable {
  std::array<std::uint16_t, 128> cells{};
  std::array<std::uint8_t, kUnits> of_units{};
  std::size_t count = 0;
};

constexpr ClassTable MakeClassTable() {
  ClassTable table;
  std::size_t last_cells = 0;
  for (std::size_t units = kCellMin / 8; units < kUnits; ++units) {
    const std::size_t cells = kCellsBytes / (units * 8);
    if (cells != last_cells) {
      table.cells[table.count++] = static_cast<std::uint16_t>(cells);
      last_cells = cells;
    }
    table.of_units[units] = static_cast<std::uint8_t>(table.count - 1);
  }
  return table;
}

constexpr ClassTable kClasses = MakeClassTable();

constexpr std::size_t CellBytes(std::size_t cells) { return kCellsBytes / cells / 8 * 8; }

}  // namespace

struct ItemHeap::Page {
  Page* next;
  Page* previous;
  std::uint16_t size_class;
  std::uint16_t cells;
  std::uint16_t live;
  std::uint16_t cell_bytes;
  std::array<std::uint64_t, kWords> free;

  static Page* Of(const Item* item) {
    const auto address = reinterpret_cast<std::uintptr_t>(item);
    // NOLINTNEXTLINE(performance-no-int-to-ptr)
    return reinterpret_cast<Page*>(address & ~std::uintptr_t{kPageBytes - 1});
  }
  char* first_cell() { return reinterpret_cast<char*>(this) + kHeaderBytes; }
  Item* At(std::size_t cell) { return reinterpret_cast<Item*>(first_cell() + cell * cell_bytes); }
  std::size_t CellOf(const Item* item) {
    return static_cast<std::size_t>(reinterpret_cast<const char*>(item) - first_cell()) /
           cell_bytes;
  }
  bool full() const { return live == cells; }
  bool IsFree(std::size_t cell) const { return (free[cell / 64] >> cell % 64 & 1U) != 0; }

  // A doubly linked list whose last element its owner may want to know.
  static void Unlink(Page* page, Page*& first, Page*& last) {
    (page->previous == nullptr ? first : page->previous->next) = page->next;
    (page->next == nullptr ? last : page->next->previous) = page->previous;
    page->next = page->previous = nullptr;
  }
  static void PushFront(Page* page, Page*& first, Page*& last) {
    page->previous = nullptr;
    page->next = first;
    (first == nullptr ? last : first->previous) = page;
    first = page;
  }
  static void PushBack(Page* page, Page*& first, Page*& last) {
    page->next = nullptr;
    page->previous = last;
    (last == nullptr ? first : last->next) = page;
    last = page;
  }
};

static_assert(kCellsMax <= kWords * 64);

ItemHeap::~ItemHeap() {
  AEGIS_CHECK(plain_ == 0, "a heap outlives its items");
  Clear();
}

ItemHeap::ItemHeap(ItemHeap&& other) noexcept : meter_(other.meter_) { *this = std::move(other); }

ItemHeap& ItemHeap::operator=(ItemHeap&& other) noexcept {
  AEGIS_CHECK(bytes_ == 0, "a heap that is replaced is empty");
  meter_ = other.meter_;
  used_ = std::exchange(other.used_, {});
  classes_ = std::exchange(other.classes_, {});
  bytes_ = std::exchange(other.bytes_, 0);
  plain_ = std::exchange(other.plain_, 0);
  sparse_ = std::exchange(other.sparse_, {});
  return *this;
}

std::size_t ItemHeap::ClassOf(std::size_t size) {
  static_assert(sizeof(Page) <= kHeaderBytes);
  static_assert(kClasses.count <= kClassesMax);
  return size > kCellMax ? kNone : kClasses.of_units[UnitsOf(size)];
}

ItemHeap::SizeClass& ItemHeap::At(std::size_t index) {
  if (used_[index] == 0) {
    classes_.emplace_back();
    used_[index] = static_cast<std::uint8_t>(classes_.size());
  }
  return classes_[used_[index] - 1U];
}

Item* ItemHeap::Allocate(std::size_t size) {
  const std::size_t index = ClassOf(size);
  if (index == kNone) return AllocatePlain(size);
  SizeClass& own = At(index);
  if (own.open == nullptr) {
    if (own.live + own.plain < kClasses.cells[index]) {
      ++own.plain;
      return AllocatePlain(size);
    }
    AddPage(index);
  }
  return TakeCell(own);
}

void ItemHeap::Free(Item* item) {
  if (item->paged == 0) return FreePlain(item);
  Page* const page = Page::Of(item);
  SizeClass& own = At(page->size_class);
  const std::size_t cell = page->CellOf(item);
  page->free[cell / 64] |= std::uint64_t{1} << cell % 64;
  if (page->full()) {
    Page* none = nullptr;
    Page::Unlink(page, own.full, none);
    Page::PushFront(page, own.open, own.last);
  } else if (page->live == page->cells / 2 && page != own.last) {
    // From now on it is rather emptied than filled.
    Page::Unlink(page, own.open, own.last);
    Page::PushBack(page, own.open, own.last);
  }
  --page->live;
  --own.live;
  const std::size_t index = page->size_class;
  if (page->live == 0) DropPage(own, page);
  CheckSparse(index);
}

void ItemHeap::CheckSparse(std::size_t index) {
  const SizeClass& own = At(index);
  const std::size_t cells = kClasses.cells[index];
  const std::size_t all = own.pages * cells;
  const bool many = all - own.live > cells + all / kFreeShare;
  const bool last = own.pages == 1 && own.live <= cells / kLastPageShare;
  sparse_[index] = many || last;
}

void ItemHeap::Compact(const std::function<void(const Item* from, const Item* to)>& moved) {
  if (!sparse()) return;
  const std::size_t index = sparse_._Find_first();
  SizeClass& own = At(index);
  Page* const page = own.last;
  Page::Unlink(page, own.open, own.last);
  for (std::size_t cell = 0; cell < page->cells && page->live > 0; ++cell) {
    if (page->IsFree(cell)) continue;
    const Item* const from = page->At(cell);
    Item* to = nullptr;
    if (own.open != nullptr) {
      to = TakeCell(own);
    } else {
      ++own.plain;
      to = AllocatePlain(from->size());
    }
    const bool paged = to->paged != 0;
    std::memcpy(static_cast<void*>(to), from, from->size());
    to->paged = paged ? 1 : 0;
    --page->live;
    --own.live;
    moved(from, to);
  }
  Page::PushBack(page, own.open, own.last);
  DropPage(own, page);
  CheckSparse(index);
}

void ItemHeap::Clear() {
  AEGIS_CHECK(plain_ == 0, "what is plain is freed one by one");
  for (const SizeClass& own : classes_) {
    for (Page* const first : {own.open, own.full}) {
      for (Page* page = first; page != nullptr;) {
        Page* const next = page->next;
        meter_.get().pages().Give(page);
        Discount(kPageBytes);
        page = next;
      }
    }
  }
  used_ = {};
  classes_ = {};
  sparse_.reset();
}

std::size_t ItemHeap::RoomFor(std::size_t size) const {
  const std::size_t index = ClassOf(size);
  const SizeClass* const own = index == kNone ? nullptr : Find(index);
  if (own == nullptr) return size;
  if (own->open != nullptr) return 0;
  return own->live + own->plain < kClasses.cells[index] ? size : kPageBytes;
}

Item* ItemHeap::TakeCell(SizeClass& in) {
  Page* const page = in.open;
  std::size_t word = 0;
  while (page->free[word] == 0) ++word;
  const auto bit = static_cast<std::size_t>(std::countr_zero(page->free[word]));
  page->free[word] &= page->free[word] - 1;
  ++page->live;
  ++in.live;
  if (page->full()) {
    Page* none = nullptr;
    Page::Unlink(page, in.open, in.last);
    Page::PushFront(page, in.full, none);
  }
  Item* const item = page->At(word * 64 + bit);
  item->paged = 1;
  return item;
}

Item* ItemHeap::AllocatePlain(std::size_t size) {
  auto* const item = static_cast<Item*>(std::malloc(size));
  if (item == nullptr) throw std::bad_alloc();
  item->paged = 0;
  ++plain_;
  Account(malloc_usable_size(item));
  return item;
}

void ItemHeap::FreePlain(Item* item) {
  const std::size_t index = ClassOf(item->size());
  if (index != kNone) --At(index).plain;
  --plain_;
  Discount(malloc_usable_size(item));
  std::free(item);
}

void ItemHeap::AddPage(std::size_t index) {
  void* const memory = meter_.get().pages().Take();
  Account(kPageBytes);
  const std::size_t cells = kClasses.cells[index];
  auto* const page = new (memory) Page{};
  page->size_class = static_cast<std::uint16_t>(index);
  page->cells = static_cast<std::uint16_t>(cells);
  page->cell_bytes = static_cast<std::uint16_t>(CellBytes(cells));
  for (std::size_t cell = 0; cell < cells; ++cell) {
    page->free[cell / 64] |= std::uint64_t{1} << cell % 64;
  }
  SizeClass& own = At(index);
  ++own.pages;
  Page::PushFront(page, own.open, own.last);
}

void ItemHeap::DropPage(SizeClass& of, Page* page) {
  Page::Unlink(page, of.open, of.last);
  --of.pages;
  Discount(kPageBytes);
  meter_.get().pages().Give(page);
}

void ItemHeap::Account(std::size_t added) {
  bytes_ += added;
  meter_.get().Add(added);
}

void ItemHeap::Discount(std::size_t removed) {
  bytes_ -= removed;
  meter_.get().Remove(removed);
}

}  // namespace aegis::store
