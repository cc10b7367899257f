// Load: a closed loop of reads and writes through the client library, and what it measured.
//
// Each client keeps `pipeline` calls in flight: when one is answered, the next begins. So the
// cluster sets the pace, and latency is what a caller at that concurrency sees.

#pragma once

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <functional>
#include <map>
#include <optional>
#include <string>
#include <vector>

#include "aegis/client.h"
#include "bench/core/latency_histogram.h"

namespace aegis::bench {

struct LoadOptions {
  unsigned clients = 1;    // Each with an I/O thread and connections of its own.
  unsigned pipeline = 64;  // Calls in flight per client.
  std::chrono::milliseconds duration = std::chrono::seconds(10);  // Unless `operations` is given.
  std::uint64_t operations = 0;  // How many calls in all; 0: as many as the time allows.
  std::uint64_t keys = 100'000;  // Drawn uniformly.
  std::size_t value_size = 128;
  unsigned read_percent = 80;  // The rest are writes.
  bool preload = true;         // Writes every key once before the clock starts.
  // What is written expires, so that a load leaves nothing behind. Nothing: ten minutes more than
  // `duration`, for no key to vanish under the load.
  std::optional<std::chrono::milliseconds> ttl;
  bool keep = false;  // What is written never expires, whatever `ttl` says.

  SetOptions ForWrites() const;
};

struct LoadReport {
  std::chrono::nanoseconds elapsed{0};
  std::uint64_t misses = 0;                     // Reads that found nothing; not errors.
  std::map<std::string, std::uint64_t> errors;  // By name.
  LatencyHistogram reads;                       // Answered ones, misses included.
  LatencyHistogram writes;

  std::uint64_t answered() const { return reads.count() + writes.count(); }
  std::uint64_t failed() const;
  double PerSecond() const;
};

// Called on the caller's thread some times a second: what is being done, how much of it (0 to 1),
// and the calls answered so far.
using Progress =
    std::function<void(const std::string& phase, double fraction, std::uint64_t answered)>;

// Errors: those of opening a client, and of a preload that fails.
// REQUIRES: clients, pipeline, keys >= 1; read_percent <= 100.
Expected<LoadReport> RunLoad(const ClientConfig& config, const LoadOptions& options,
                             const Progress& progress);

}  // namespace aegis::bench
