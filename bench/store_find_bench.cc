// What it takes to find an item in the table, and to go through it: store_find_bench.
//
// A find includes the hash of the key, and reads the first and the last byte of the value.

#include <benchmark/benchmark.h>

#include <array>
#include <cstdlib>
#include <memory>

#include "store/table.h"
#include "working_set.h"

namespace aegis::store {
namespace {

using bench::kCached;
using bench::Keys;
using bench::kMany;

constexpr std::size_t kAhead = 16;  // Keys whose memory is asked for together, as by a worker.

struct Filled {
  explicit Filled(std::int64_t items) : keys(items), missing(items, "not:") {
    ItemValue value;
    value.value = bench::kValue;
    for (std::size_t i = 0; i < keys.size(); ++i) {
      value.version = {Epoch{1}, Seq{i + 1}};
      table.Put(keys.Next(), value);
    }
  }

  MemoryMeter meter{1ULL << 40};
  Table table{/*hash_seed=*/9, meter};
  Keys keys;
  Keys missing;
};

// One at a time, kept for the next benchmark that wants the same.
Filled& TableOf(std::int64_t items) {
  static std::unique_ptr<Filled> filled;
  if (!filled || filled->keys.size() != static_cast<std::size_t>(items)) {
    filled.reset();
    filled = std::make_unique<Filled>(items);
  }
  return *filled;
}

void Read(const std::optional<ItemView>& item) {
  if (!item) std::abort();
  benchmark::DoNotOptimize(item->value.front() + item->value.back());
}

void FindHit(benchmark::State& state) {
  Filled& filled = TableOf(state.range(0));
  for (auto _ : state) Read(filled.table.Find(filled.keys.Next(), /*touch=*/true));
}
BENCHMARK(FindHit)->ArgName("items")->Arg(kCached)->Arg(kMany);

// The same, per item, after memory was asked for the slots and the items of 16 keys.
void FindHitFetchedAhead(benchmark::State& state) {
  Filled& filled = TableOf(state.range(0));
  std::array<ByteView, kAhead> keys;
  std::array<std::uint64_t, kAhead> hashes;
  while (state.KeepRunningBatch(kAhead)) {
    for (std::size_t i = 0; i < kAhead; ++i) {
      keys[i] = filled.keys.Next();
      hashes[i] = filled.table.FetchSlots(keys[i]);
    }
    for (const std::uint64_t hash : hashes) filled.table.FetchItem(hash);
    for (const ByteView key : keys) Read(filled.table.Find(key, /*touch=*/true));
  }
}
BENCHMARK(FindHitFetchedAhead)->ArgName("items")->Arg(kCached)->Arg(kMany);

void FindMiss(benchmark::State& state) {
  Filled& filled = TableOf(state.range(0));
  for (auto _ : state) {
    if (filled.table.Find(filled.missing.Next())) std::abort();
  }
}
BENCHMARK(FindMiss)->ArgName("items")->Arg(kCached)->Arg(kMany);

void FindMissFetchedAhead(benchmark::State& state) {
  Filled& filled = TableOf(state.range(0));
  std::array<ByteView, kAhead> keys;
  std::array<std::uint64_t, kAhead> hashes;
  while (state.KeepRunningBatch(kAhead)) {
    for (std::size_t i = 0; i < kAhead; ++i) {
      keys[i] = filled.missing.Next();
      hashes[i] = filled.table.FetchSlots(keys[i]);
    }
    for (const std::uint64_t hash : hashes) filled.table.FetchItem(hash);
    for (const ByteView key : keys) {
      if (filled.table.Find(key)) std::abort();
    }
  }
}
BENCHMARK(FindMissFetchedAhead)->ArgName("items")->Arg(kCached)->Arg(kMany);

// One step of a SCAN that looks at about 10 items and copies their keys.
void ScanStepOf10(benchmark::State& state) {
  const Filled& filled = TableOf(state.range(0));
  std::uint64_t cursor = 0;
  Bytes keys;
  for (auto _ : state) {
    keys.clear();
    cursor = filled.table.Scan(cursor, 10, [&](const ItemView& item) { keys.append(item.key); });
    benchmark::DoNotOptimize(keys.data());
  }
}
BENCHMARK(ScanStepOf10)->ArgName("items")->Arg(kCached)->Arg(kMany);

}  // namespace
}  // namespace aegis::store
