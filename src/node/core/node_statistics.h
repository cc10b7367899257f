// What a node tells of the commands that it ran, of what held it up and of its links: for INFO,
// LATENCY and CLUSTER LINKS. Values.

#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <string>
#include <vector>

#include "base/bytes.h"
#include "base/time.h"
#include "model/ids.h"

namespace aegis::node {

// A bound of a histogram of times is twice the one before it. The last is 137 s.
inline constexpr std::size_t kUsageBounds = 28;
constexpr Duration UsageBound(std::size_t i) { return Duration(Duration::rep{1024} << i); }

// One command or subcommand, since the start or CONFIG RESETSTAT.
struct CommandUsage {
  ByteView name;               // "get", "config|set": of the command table, which stays.
  std::uint64_t calls = 0;     // It ran, and
  std::uint64_t failed = 0;    // of those, answered with an error.
  std::uint64_t rejected = 0;  // It was refused before anything was done.
  Duration total{};            // Of calls, as are:
  Duration p50{};
  Duration p99{};
  Duration p999{};
  std::array<std::uint64_t, kUsageBounds> within{};  // Calls that took less than UsageBound(i).
};

// Something that took at least latency-monitor-threshold, for LATENCY.
struct LatencyEvent {
  struct Sample {
    std::int64_t at = 0;  // Unix seconds; of one second only the worst is kept.
    std::int64_t ms = 0;
  };
  std::string name;
  std::vector<Sample> samples;  // The oldest first; not empty.
  std::int64_t worst_ms = 0;    // Since the start or LATENCY RESET.
};

// A link to another node, for CLUSTER LINKS.
struct NodeLink {
  NodeId peer;
  bool dialed = false;  // By this node.
  TimePoint since;
  std::size_t unsent = 0;  // Bytes,
  std::size_t buffer = 0;  // and those of the memory they lie in.
};

}  // namespace aegis::node
