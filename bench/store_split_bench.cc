// What it takes to split a segment of the directory, and to insert where none splits:
// store_split_bench. The longest that a write can make another wait.

#include <benchmark/benchmark.h>

#include <cstdlib>
#include <vector>

#include "store/directory.h"
#include "working_set.h"

namespace aegis::store {
namespace {

constexpr std::size_t kFull = SegmentRef::ItemsMax(SegmentRef::kBucketsMax);
constexpr std::size_t kItemBytes = 144;

std::uint32_t Reversed(std::uint32_t bits) {
  std::uint32_t out = 0;
  for (int i = 0; i < 32; ++i) out = out << 1U | (bits >> i & 1U);
  return out;
}

// Items whose placing hashes divide their range evenly, whenever one looks: so all segments are
// full at the same time, and the next item in each splits it.
class EvenItems {
 public:
  explicit EvenItems(std::size_t count) : memory_(count * kItemBytes) {
    for (std::size_t i = 0; i < count; ++i) {
      At(i)->hash = Reversed(static_cast<std::uint32_t>(i));
    }
  }
  Item* At(std::size_t i) { return reinterpret_cast<Item*>(memory_.data() + i * kItemBytes); }
  void InsertInto(Directory& directory, std::size_t i) {
    directory.Insert(At(i)->hash, MakeSlot(At(i), 1), 0);
  }

 private:
  std::vector<char> memory_;
};

// Argument: how many segments there are, all of them full: 189 items in each.
void SplitSegment(benchmark::State& state) {
  const auto segments = static_cast<std::size_t>(state.range(0));
  EvenItems items(segments * (kFull + 1));
  while (state.KeepRunningBatch(state.range(0))) {
    state.PauseTiming();
    {
      Directory directory;
      for (std::size_t i = 0; i < segments * kFull; ++i) items.InsertInto(directory, i);
      const std::size_t before = directory.bytes();
      state.ResumeTiming();
      for (std::size_t i = segments * kFull; i < segments * (kFull + 1); ++i) {
        items.InsertInto(directory, i);
      }
      state.PauseTiming();
      // Each has become two of 15 buckets or more.
      if (directory.bytes() < before + segments * sizeof(SegmentRef)) std::abort();
    }
    state.ResumeTiming();
  }
}
BENCHMARK(SplitSegment)->ArgName("segments")->Arg(64);
BENCHMARK(SplitSegment)->ArgName("segments")->Arg(4096)->Iterations(4096);

// From nothing to so many slots, per slot, with all that splits and doubles on the way.
void InsertSlot(benchmark::State& state) {
  EvenItems items(static_cast<std::size_t>(state.range(0)));
  while (state.KeepRunningBatch(state.range(0))) {
    Directory directory;
    for (std::size_t i = 0; i < static_cast<std::size_t>(state.range(0)); ++i) {
      items.InsertInto(directory, i);
    }
    benchmark::DoNotOptimize(directory.bytes());
  }
}
BENCHMARK(InsertSlot)->ArgName("items")->Arg(bench::kCached);
BENCHMARK(InsertSlot)->ArgName("items")->Arg(bench::kMany)->Iterations(bench::kMany);

}  // namespace
}  // namespace aegis::store
