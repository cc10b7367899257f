// Presets: the generated traces that `aegis-bench trace` replays if it is not told otherwise.

#pragma once

#include <cstddef>
#include <cstdint>
#include <functional>
#include <memory>
#include <string>
#include <vector>

#include "bench/trace/generators.h"
#include "bench/trace/trace.h"

namespace aegis::bench {

struct Preset {
  std::string name;
  std::string description;
  std::function<std::unique_ptr<Generator>()> make;
  SizeDistribution sizes = {};
};

const std::vector<Preset>& Presets();

inline constexpr std::size_t kPresetAccesses = 1'000'000;

// The same for the same seed, whatever else was generated before. REQUIRES: accesses within
// TraceLimits::kAccessesMax.
Trace Generate(const Preset& preset, std::size_t accesses, std::uint64_t seed);

}  // namespace aegis::bench
