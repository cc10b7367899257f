// ItemPages: pages for items, cut out of mappings of 2 MiB.
//
// Pages that nobody uses are kept for the next who asks, a few MiB of them; beyond that their
// memory goes back to the system, and only their addresses are kept. Mappings are never taken
// apart.
//
// Any thread: one lock, taken once for about a hundred items.

#pragma once

#include <cstddef>
#include <mutex>
#include <vector>

#include "store/page_source.h"

namespace aegis::node {

class ItemPages final : public store::PageSource {
 public:
  ItemPages() = default;
  ~ItemPages() override;
  ItemPages(const ItemPages&) = delete;
  ItemPages& operator=(const ItemPages&) = delete;

  void* Take() override;
  void Give(void* page) override;

  // Bytes of pages that nobody uses and whose memory is still here.
  std::size_t spare_bytes() const;
  // Gives the memory of those back as well.
  void Purge();

 private:
  void Map();

  mutable std::mutex mutex_;
  std::vector<void*> mappings_;
  std::vector<void*> spare_;  // With memory,
  std::vector<void*> bare_;   // and without.
};

}  // namespace aegis::node
