// Counters that one thread writes and any thread reads: a relaxed load and store, no locked
// instruction.

#pragma once

#include <array>
#include <atomic>
#include <chrono>
#include <cstddef>
#include <cstdint>

#include "base/time.h"

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

// How long commands took, from their bytes being read to their reply being ready to send. A
// command counts in the first bucket whose bound it does not exceed.
class LatencyHistogram {
 public:
  static constexpr std::array<std::int64_t, 16> kBoundsMicros = {
      25,     50,     100,    250,     500,     1'000,   2'500,     5'000,
      10'000, 25'000, 50'000, 100'000, 250'000, 500'000, 1'000'000, 5'000'000};

  void Add(Duration latency, std::uint64_t count = 1) {
    const std::int64_t nanos = latency.count() < 0 ? 0 : latency.count();
    std::size_t bucket = 0;
    while (bucket < kBoundsMicros.size() && nanos > kBoundsMicros[bucket] * 1000) ++bucket;
    buckets_[bucket].Add(count);
    sum_nanos_.Add(static_cast<std::uint64_t>(nanos) * count);
  }

  // Of one bucket alone; the last one has no bound.
  std::uint64_t bucket(std::size_t index) const { return buckets_[index].Get(); }
  std::uint64_t sum_nanos() const { return sum_nanos_.Get(); }

 private:
  std::array<Counter, kBoundsMicros.size() + 1> buckets_;
  Counter sum_nanos_;
};

// What one worker has done since the start.
struct WorkerCounters {
  Counter resp_commands;
  Counter native_commands;
  Counter forwards_served;  // Operations run for other nodes.
  Counter protocol_errors;  // Connections closed because nobody could read what they sent.
  Counter bytes_received;   // From clients.
  Counter bytes_sent;       // To clients.
  Counter unavailable;      // Operations answered kUnavailable,
  Counter unknown_outcome;  // kUnknownOutcome.
  LatencyHistogram latency;
};

}  // namespace aegis::node
