// SimRun: one seed from birth to rest: a cluster, a workload, a phase of chaos in which nothing
// unsafe may happen, and a phase of peace in which everything must come to rest.

#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "base/result.h"
#include "sim_cluster.h"
#include "sometimes.h"

namespace aegis::sim {

struct SimRunOptions {
  std::uint64_t seed = 1;
  std::size_t nodes = 5;
  Duration duration = std::chrono::minutes(10);  // Of the chaos.
  std::string workload = "any";                  // See WorkloadNames().
  std::string enemies = "any";                   // See Chaos::kNames; "any": the seed draws them.
  BrokenRule broken = BrokenRule::kNone;
};

struct SimRunResult {
  std::string failure;  // Empty: none.
  Duration simulated{};
  std::uint64_t trace_hash = 0;
  std::uint64_t operations = 0;    // Answered.
  std::uint64_t losses = 0;        // Acknowledged writes that later reads did not show.
  std::uint64_t keys_checked = 0;  // Their histories must be linearizable.
  std::uint64_t keys_excused = 0;  // A failover lost an asynchronous write to them.
  Sometimes sometimes;

  void Add(const SimRunResult& other);  // Counts, of another run.
};

const std::vector<std::string>& WorkloadNames();

// Ok, or kInvalid: an unknown workload or enemy.
Result<Ok> Check(const SimRunOptions& options);
// REQUIRES: Check() is content.
SimRunResult RunSeed(const SimRunOptions& options);

// The command line that does it again.
std::string CommandLine(const SimRunOptions& options);

}  // namespace aegis::sim
