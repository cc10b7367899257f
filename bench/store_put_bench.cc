// What a write costs in the table, the digest that it keeps included: store_put_bench.

#include <benchmark/benchmark.h>

#include <string>
#include <vector>

#include "store/table.h"

namespace {

using aegis::Epoch;
using aegis::Seq;
using aegis::store::ItemValue;
using aegis::store::MemoryMeter;
using aegis::store::Table;

constexpr std::size_t kKeys = 100'000;

// Overwrites keys one after the other: the digest takes back the old item and adds the new one.
void Overwrite(benchmark::State& state) {
  MemoryMeter meter(1ULL << 40);
  Table table(/*hash_seed=*/9, meter);
  std::vector<std::string> keys;
  for (std::size_t i = 0; i < kKeys; ++i) keys.push_back("key:" + std::to_string(i));
  const std::string bytes(static_cast<std::size_t>(state.range(0)), 'v');
  ItemValue value;
  value.value = bytes;
  std::uint64_t seq = 0;
  const auto put = [&] {
    value.version = {Epoch{1}, Seq{++seq}};
    table.Put(keys[seq * 7919 % kKeys], value);
  };
  while (seq < kKeys) put();
  for (auto _ : state) put();
}
BENCHMARK(Overwrite)->Arg(16)->Arg(100)->Arg(1024)->Arg(16 * 1024);

// What it takes to compare 16 KiB of items bit by bit, as each digest does.
void ContentSum(benchmark::State& state) {
  MemoryMeter meter(1ULL << 40);
  Table table(/*hash_seed=*/9, meter);
  const std::string bytes(static_cast<std::size_t>(state.range(0)), 'v');
  ItemValue value;
  value.value = bytes;
  for (std::size_t i = 0; i < kKeys; ++i) {
    value.version = {Epoch{1}, Seq{i + 1}};
    table.Put("key:" + std::to_string(i), value);
  }
  std::uint64_t walked = 0;
  for (auto _ : state) {
    aegis::HashRange range{walked % aegis::HashRange::kEnd, aegis::HashRange::kEnd};
    range.end = table.VisitRange(range, aegis::limits::kDigestWalkBytes,
                                 [](const aegis::store::ItemView&) {});
    benchmark::DoNotOptimize(table.ContentSum(range));
    walked = range.end;
  }
}
BENCHMARK(ContentSum)->Arg(16)->Arg(100)->Arg(1024);

}  // namespace
