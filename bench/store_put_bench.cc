// What a write costs in the table, the digest that it keeps included: store_put_bench.

#include <benchmark/benchmark.h>

#include <cstdlib>
#include <memory>
#include <string>
#include <vector>

#include "store/table.h"
#include "working_set.h"

namespace {

using aegis::ByteView;
using aegis::Epoch;
using aegis::Seq;
using aegis::Version;
using aegis::bench::kCached;
using aegis::bench::Keys;
using aegis::bench::kMany;
using aegis::bench::kValue;
using aegis::store::ItemValue;
using aegis::store::MemoryMeter;
using aegis::store::Table;

constexpr std::size_t kBatch = 1000;  // Timed together; what is done in between is not timed.

struct Writer {
  explicit Writer(std::int64_t items) : keys(items), others(items, "new:") {
    for (std::size_t i = 0; i < keys.size(); ++i) Put(keys.Next(), kValue);
  }

  void Put(ByteView key, ByteView bytes) {
    value.version = {Epoch{1}, Seq{++seq}};
    value.value = bytes;
    table.Put(key, value);
  }

  MemoryMeter meter{1ULL << 40};
  Table table{/*hash_seed=*/9, meter};
  Keys keys;
  Keys others;
  ItemValue value;
  std::uint64_t seq = 0;
};

// One at a time, kept for the next benchmark that wants the same.
std::unique_ptr<Writer> kept;
Writer& WriterOf(std::int64_t items) {
  if (!kept || kept->keys.size() != static_cast<std::size_t>(items)) {
    kept.reset();
    kept = std::make_unique<Writer>(items);
  }
  return *kept;
}

// Into a table that holds so many; they go again.
void PutNew(benchmark::State& state) {
  Writer& writer = WriterOf(state.range(0));
  while (state.KeepRunningBatch(kBatch)) {
    const std::uint64_t first = writer.seq + 1;
    std::vector<ByteView> fresh(kBatch);
    for (ByteView& key : fresh) writer.Put(key = writer.others.Next(), kValue);
    state.PauseTiming();
    for (std::size_t i = 0; i < kBatch; ++i) {
      if (!writer.table.Erase(writer.table.Hash(fresh[i]), {Epoch{1}, Seq{first + i}})) {
        std::abort();
      }
    }
    state.ResumeTiming();
  }
}
BENCHMARK(PutNew)->ArgName("items")->Arg(kCached)->Arg(kMany);

// From an empty table to so many, per item: growing included.
void PutUntilFull(benchmark::State& state) {
  Keys keys(state.range(0));
  for (auto _ : state) {
    MemoryMeter meter(1ULL << 40);
    Table table(/*hash_seed=*/9, meter);
    ItemValue value;
    value.value = kValue;
    for (std::size_t i = 0; i < keys.size(); ++i) {
      value.version = {Epoch{1}, Seq{i + 1}};
      table.Put(keys.Next(), value);
    }
    state.PauseTiming();
    table = Table(/*hash_seed=*/9, meter);
    state.ResumeTiming();
  }
  state.SetItemsProcessed(state.iterations() * state.range(0));
}
BENCHMARK(PutUntilFull)->ArgName("items")->Arg(kCached);
BENCHMARK(PutUntilFull)->ArgName("items")->Arg(kMany)->Iterations(1);

// The new value takes the place of the old one.
void OverwriteSameSize(benchmark::State& state) {
  Writer& writer = WriterOf(state.range(0));
  for (auto _ : state) writer.Put(writer.keys.Next(), kValue);
}
BENCHMARK(OverwriteSameSize)->ArgName("items")->Arg(kCached)->Arg(kMany);

// As expiry and eviction do: by hash and version. The items come back.
void Erase(benchmark::State& state) {
  Writer& writer = WriterOf(state.range(0));
  std::vector<ByteView> keys(kBatch);
  std::vector<std::uint64_t> hashes(kBatch);
  std::vector<Version> versions(kBatch);
  while (state.KeepRunningBatch(kBatch)) {
    state.PauseTiming();  // What was erased was looked at just before: nothing of it is far away.
    for (std::size_t i = 0; i < kBatch; ++i) {
      keys[i] = writer.keys.Next();
      hashes[i] = writer.table.Hash(keys[i]);
      versions[i] = writer.table.Find(keys[i])->version;
    }
    state.ResumeTiming();
    for (std::size_t i = 0; i < kBatch; ++i) {
      if (!writer.table.Erase(hashes[i], versions[i])) std::abort();
    }
    state.PauseTiming();
    for (const ByteView key : keys) writer.Put(key, kValue);
    state.ResumeTiming();
  }
}
BENCHMARK(Erase)->ArgName("items")->Arg(kCached)->Arg(kMany);

// 100 bytes become 160, and the other way round: all items move to other pages, and back.
void OverwriteOtherSize(benchmark::State& state) {
  const std::string larger(160, 'v');
  Writer& writer = WriterOf(state.range(0));
  static bool grows = false;  // The next run goes on where this one ends.
  for (auto _ : state) {
    if (writer.keys.at_begin()) grows = !grows;
    writer.Put(writer.keys.Next(), grows ? larger : kValue);
  }
}
BENCHMARK(OverwriteOtherSize)->ArgName("items")->Arg(kCached)->Arg(kMany);

// Overwriting by the size of the value: the digest takes back the old item and adds the new one.
void Overwrite(benchmark::State& state) {
  const std::string bytes(static_cast<std::size_t>(state.range(0)), 'v');
  Writer writer(kCached);
  for (std::size_t i = 0; i < writer.keys.size(); ++i) writer.Put(writer.keys.Next(), bytes);
  for (auto _ : state) writer.Put(writer.keys.Next(), bytes);
}
BENCHMARK(Overwrite)->ArgName("value_size")->Arg(16)->Arg(1024)->Arg(16 * 1024);

// What it takes to compare 16 KiB of items bit by bit, as each digest does.
void ContentSum(benchmark::State& state) {
  const std::string bytes(static_cast<std::size_t>(state.range(0)), 'v');
  Writer writer(kCached);
  for (std::size_t i = 0; i < writer.keys.size(); ++i) writer.Put(writer.keys.Next(), bytes);
  std::uint64_t walked = 0;
  for (auto _ : state) {
    aegis::HashRange range{walked % aegis::HashRange::kEnd, aegis::HashRange::kEnd};
    range.end = writer.table.VisitRange(range, aegis::limits::kDigestWalkBytes,
                                        [](const aegis::store::ItemView&) {});
    benchmark::DoNotOptimize(writer.table.ContentSum(range));
    walked = range.end;
  }
}
BENCHMARK(ContentSum)->ArgName("value_size")->Arg(16)->Arg(100)->Arg(1024);

}  // namespace
