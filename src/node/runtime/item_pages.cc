#include "node/runtime/item_pages.h"

#include <sys/mman.h>

#include <cstdint>
#include <new>

namespace aegis::node {

namespace {

constexpr std::size_t kMappingBytes = 2 << 20;
constexpr std::size_t kSpareMax = (4 << 20) / store::kPageBytes;

void Discard(void* page) { ::madvise(page, store::kPageBytes, MADV_DONTNEED); }

}  // namespace

ItemPages::~ItemPages() {
  for (void* const mapping : mappings_) ::munmap(mapping, kMappingBytes);
}

void* ItemPages::Take() {
  const std::lock_guard lock(mutex_);
  if (spare_.empty() && bare_.empty()) Map();
  std::vector<void*>& from = spare_.empty() ? bare_ : spare_;
  void* const page = from.back();
  from.pop_back();
  return page;
}

void ItemPages::Give(void* page) {
  {
    const std::lock_guard lock(mutex_);
    if (spare_.size() < kSpareMax) return spare_.push_back(page);
  }
  Discard(page);
  const std::lock_guard lock(mutex_);
  bare_.push_back(page);
}

std::size_t ItemPages::spare_bytes() const {
  const std::lock_guard lock(mutex_);
  return spare_.size() * store::kPageBytes;
}

void ItemPages::Purge() {
  std::vector<void*> taken;
  {
    const std::lock_guard lock(mutex_);
    taken.swap(spare_);
  }
  for (void* const page : taken) Discard(page);
  const std::lock_guard lock(mutex_);
  bare_.insert(bare_.end(), taken.begin(), taken.end());
}

void ItemPages::Map() {
  void* const mapped = ::mmap(nullptr, kMappingBytes + store::kPageBytes, PROT_READ | PROT_WRITE,
                              MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
  if (mapped == MAP_FAILED) throw std::bad_alloc();
  // One page more holds as many that are aligned; the rest goes back.
  auto* const begin = static_cast<char*>(mapped);
  const auto address = reinterpret_cast<std::uintptr_t>(begin);
  const std::size_t before = (store::kPageBytes - address % store::kPageBytes) % store::kPageBytes;
  if (before > 0) ::munmap(begin, before);
  char* const mapping = begin + before;
  ::munmap(mapping + kMappingBytes, store::kPageBytes - before);
  // A huge page would come back whole when a piece of it is touched again.
  ::madvise(mapping, kMappingBytes, MADV_NOHUGEPAGE);
  mappings_.push_back(mapping);
  for (std::size_t at = kMappingBytes; at > 0; at -= store::kPageBytes) {
    bare_.push_back(mapping + at - store::kPageBytes);
  }
}

}  // namespace aegis::node
