// How long the ring takes: a slot per command, a placement per change of membership.

#include <benchmark/benchmark.h>

#include <cstddef>
#include <cstdint>
#include <string>
#include <vector>

#include "base/rng.h"
#include "ring/movement.h"
#include "ring/placement.h"
#include "ring/slot.h"

namespace aegis::ring {
namespace {

std::vector<PlacementMember> Members(std::size_t count) {
  Rng rng(count);
  std::vector<PlacementMember> members(count);
  for (PlacementMember& member : members) member.id = NodeId{rng.Next()};
  return members;
}

void BM_SlotOfKey(benchmark::State& state) {
  const std::string key(static_cast<std::size_t>(state.range(0)), 'k');
  for (auto _ : state) benchmark::DoNotOptimize(SlotOf(key));
  state.SetBytesProcessed(state.iterations() * state.range(0));
}
BENCHMARK(BM_SlotOfKey)->Arg(16)->Arg(64)->Arg(1024);

// Arguments: nodes, shards.
void BM_ComputePlacement(benchmark::State& state) {
  const std::vector<PlacementMember> members = Members(static_cast<std::size_t>(state.range(0)));
  PlacementOptions options;
  options.num_shards = static_cast<std::uint32_t>(state.range(1));
  for (auto _ : state) benchmark::DoNotOptimize(ComputePlacement(members, options));
}
BENCHMARK(BM_ComputePlacement)
    ->Args({3, 256})
    ->Args({50, 256})
    ->Args({200, 256})
    ->Args({1024, 256})
    ->Args({200, 4096})
    ->Args({1024, 16'384})
    ->Unit(benchmark::kMillisecond);

void BM_Diff(benchmark::State& state) {
  std::vector<PlacementMember> members = Members(static_cast<std::size_t>(state.range(0)));
  const Placement before = ComputePlacement(members, {});
  members.pop_back();
  const Placement after = ComputePlacement(members, {});
  for (auto _ : state) benchmark::DoNotOptimize(Diff(before, after));
}
BENCHMARK(BM_Diff)->Arg(10)->Arg(200)->Unit(benchmark::kMicrosecond);

}  // namespace
}  // namespace aegis::ring
