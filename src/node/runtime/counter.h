// Counter: one thread writes, any thread reads: a relaxed load and store, no locked instruction.

#pragma once

#include <atomic>
#include <cstdint>

namespace aegis::node {

class Counter {
 public:
  void Add(std::uint64_t n = 1) {
    value_.store(value_.load(std::memory_order_relaxed) + n, std::memory_order_relaxed);
  }
  std::uint64_t Get() const { return value_.load(std::memory_order_relaxed); }

 private:
  std::atomic<std::uint64_t> value_{0};
};

}  // namespace aegis::node
