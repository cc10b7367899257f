// MemoryWatch: tells the memory meter what the operating system counts.
//
// A thread of its own looks ten times a second. Where the process is about to be over its limit, it
// first asks the allocator and the pages of items for what they keep in reserve: keys must not go
// for memory that nobody uses. Nor for what is there for a moment only, as the copies of a large
// value on its way into its table: what counts is the least of the last looks.

#pragma once

#include <array>
#include <condition_variable>
#include <cstdint>
#include <functional>
#include <mutex>
#include <thread>
#include <utility>

#include "node/runtime/item_pages.h"
#include "store/memory_meter.h"

namespace aegis::node {

// What jemalloc says of itself, in bytes; all 0 where the process runs on another allocator.
struct AllocatorFigures {
  std::uint64_t allocated = 0;  // By the program. Pages of items are not the allocator's.
  std::uint64_t resident = 0;   // What it holds for that.
};
AllocatorFigures ReadAllocator();

// Bytes of this process in memory, as the system counts them; 0 if it does not say.
std::uint64_t ReadResident();

// False under a sanitizer, whose own memory is most of what the system counts.
#if defined(__SANITIZE_ADDRESS__) || defined(__SANITIZE_THREAD__)
inline constexpr bool kResidentIsOurs = false;
#else
inline constexpr bool kResidentIsOurs = true;
#endif

class MemoryWatch {
 public:
  // What the system counts.
  using Resident = std::function<std::uint64_t()>;

  // Both outlive this.
  MemoryWatch(store::MemoryMeter& meter, ItemPages& pages, Resident resident = ReadResident)
      : meter_(meter), pages_(pages), resident_(std::move(resident)) {}
  ~MemoryWatch() { Stop(); }

  void Start();
  void Stop();

  // Looks once, now. For Start()'s thread, and for tests.
  void Look();

 private:
  void Run();
  std::uint64_t Measure();

  store::MemoryMeter& meter_;
  ItemPages& pages_;
  Resident resident_;
  std::array<std::uint64_t, 4> beyond_{};  // Of the last looks.
  std::size_t next_look_ = 0;
  bool warned_ = false;
  int looks_to_skip_ = 0;  // Without a purge.
  std::mutex mutex_;
  std::condition_variable stopped_;
  bool stop_ = false;
  std::thread thread_;
};

}  // namespace aegis::node
