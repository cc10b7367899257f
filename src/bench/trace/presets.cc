#include "bench/trace/presets.h"

#include <utility>

namespace aegis::bench {
namespace {

constexpr std::uint64_t kObjects = 200'000;

std::unique_ptr<Generator> Zipf(double theta) {
  return std::make_unique<ZipfGenerator>(kObjects, theta);
}

std::unique_ptr<Generator> Shifting() {
  return std::make_unique<ShiftingGenerator>(kObjects, 1.0, 200);
}

std::unique_ptr<Generator> Scans(std::unique_ptr<Generator> base, double share) {
  return std::make_unique<ScanGenerator>(std::move(base), share, 10'000, kObjects);
}

std::unique_ptr<Generator> Mix(std::unique_ptr<Generator> base, std::unique_ptr<Generator> other,
                               double share) {
  return std::make_unique<MixGenerator>(std::move(base), std::move(other), share);
}

std::unique_ptr<Generator> Loop(std::uint64_t objects) {
  return std::make_unique<LoopGenerator>(objects);
}

std::unique_ptr<Generator> Once() { return std::make_unique<OnceGenerator>(); }

}  // namespace

const std::vector<Preset>& Presets() {
  static const std::vector<Preset> presets = {
      {.name = "zipf-0.7",
       .description = "Zipf over 200,000 keys, theta 0.7",
       .make = [] { return Zipf(0.7); }},
      {.name = "zipf-0.9", .description = "the same, theta 0.9", .make = [] { return Zipf(0.9); }},
      {.name = "zipf-1.0", .description = "the same, theta 1.0", .make = [] { return Zipf(1.0); }},
      {.name = "zipf-1.2", .description = "the same, theta 1.2", .make = [] { return Zipf(1.2); }},
      {.name = "scan",
       .description = "zipf-0.9, with passes over 10,000 of 200,000 other keys in a row: 30 % of "
                      "accesses",
       .make = [] { return Scans(Zipf(0.9), 0.3); }},
      {.name = "loop",
       .description = "zipf-0.9, and half of accesses go round 20,000 other keys",
       .make = [] { return Mix(Zipf(0.9), Loop(20'000), 0.5); }},
      {.name = "shift",
       .description = "Zipf, theta 1.0; every 200 accesses the coldest of 200,000 keys becomes the "
                      "hottest",
       .make = [] { return Shifting(); }},
      {.name = "once",
       .description = "zipf-1.0, and 30 % of accesses are of keys that come once",
       .make = [] { return Mix(Zipf(1.0), Once(), 0.3); }},
      {.name = "mixed",
       .description = "shift, 15 % of accesses are of keys that come once and 15 % in passes",
       .make = [] { return Scans(Mix(Shifting(), Once(), 0.15 / 0.85), 0.15); }},
      {.name = "sizes",
       .description = "zipf-0.9, with values from 64 bytes to 16 KiB, log-uniform",
       .make = [] { return Zipf(0.9); },
       .sizes = {.least = 64, .most = 16 * 1024}},
  };
  return presets;
}

Trace Generate(const Preset& preset, std::size_t accesses, std::uint64_t seed) {
  TraceBuilder builder({.accesses = accesses});
  const std::unique_ptr<Generator> keys = preset.make();
  Rng rng(seed);
  while (!builder.full()) {
    const std::uint64_t key = keys->Next(rng);
    builder.Add(key, preset.sizes.SizeOf(key, seed));
  }
  return builder.Build(preset.name);
}

}  // namespace aegis::bench
