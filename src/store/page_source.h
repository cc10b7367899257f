// PageSource: where the pages of items come from, for all tables of a node.
//
// The general allocator serves tests and the simulator. A node's own source (node/runtime/
// item_pages.h) cuts pages out of large mappings and gives them back to the system.

#pragma once

#include <cstddef>
#include <cstdlib>
#include <new>

namespace aegis::store {

inline constexpr std::size_t kPageBytes = 16 * 1024;

// Any thread.
class PageSource {
 public:
  virtual ~PageSource() = default;

  // kPageBytes, aligned to as much; what is in them is undefined.
  virtual void* Take() = 0;
  virtual void Give(void* page) = 0;
};

class AllocatedPages final : public PageSource {
 public:
  void* Take() override {
    void* const page = std::aligned_alloc(kPageBytes, kPageBytes);
    if (page == nullptr) throw std::bad_alloc();
    return page;
  }
  void Give(void* page) override { std::free(page); }

  static AllocatedPages& Instance() {
    static AllocatedPages pages;
    return pages;
  }
};

}  // namespace aegis::store
