// The write-ahead log: what an entry of a 100-byte value costs before the disk, and how fast a log
// is recovered, without tables and with them. Per entry; recoveries show bytes of log per second
// too.

#include <benchmark/benchmark.h>

#include <cstdlib>
#include <string>

#include "log_samples.h"
#include "support/memory_log_files.h"
#include "wal/history_sink.h"
#include "wal/log_queue.h"
#include "working_set.h"

namespace aegis::wal {
namespace {

constexpr std::size_t kBatch = 1000;
constexpr std::uint64_t kRecords = 500'000;  // Of the log that is recovered.
constexpr ShardId kShard{1};

// What a worker does under the lock of the queue, and its share of what the writer does.
void AppendEntries(benchmark::State& state) {
  const Bytes record = EncodedSet(At(1, 2), "key:000000001000", Bytes(bench::kValue));
  LogQueue queue(kIdentity.log, Lsn{});
  LogBatch batch;
  while (state.KeepRunningBatch(kBatch)) {
    for (std::size_t i = 0; i < kBatch; ++i) {
      benchmark::DoNotOptimize(queue.Append(EntryType::kRecords, kShard, PreparedPayload(record)));
    }
    if (!queue.Take(Lsn{}, batch)) std::abort();
  }
}
BENCHMARK(AppendEntries);

// A log of one entry per record, over 100,000 keys.
const MemoryLogFiles::Contents& WrittenContents() {
  static const MemoryLogFiles::Contents contents = [] {
    MemoryLogFiles files(/*sector=*/1 << 20);
    WrittenLog log(Require(LogWriter::Create(files, kIdentity, Options(LogWriter::kSegmentSize))));
    log.Append(EntryType::kRecords, kShard, EncodedBegin(At(1, 1), {}));
    for (std::uint64_t i = 2; i <= kRecords; ++i) {
      const std::string key = "key:" + std::to_string(100'000'000'000 + i % 100'000);
      log.Append(EntryType::kRecords, kShard, EncodedSet(At(1, i), key, Bytes(bench::kValue)));
      if (i % 1000 == 0) Require(log.Flush());
    }
    Require(log.Flush());
    return files.contents();
  }();
  return contents;
}

void Report(benchmark::State& state, const Recovered& recovered) {
  const auto bytes_of_one = recovered.bytes / kRecords;
  state.SetBytesProcessed(static_cast<std::int64_t>(state.iterations() * bytes_of_one));
}

void RecoverHistories(benchmark::State& state) {
  MemoryLogFiles files(WrittenContents());
  while (state.KeepRunningBatch(kRecords)) {
    HistorySink sink;
    Report(state, Require(Recover(files, RecoveryAt(), sink)));
  }
}
BENCHMARK(RecoverHistories);

void RecoverTables(benchmark::State& state) {
  MemoryLogFiles files(WrittenContents());
  while (state.KeepRunningBatch(kRecords)) {
    store::MemoryMeter meter(std::uint64_t{1} << 40U);
    ReplicaSink sink(meter);
    Report(state, Require(Recover(files, RecoveryAt(), sink)));
  }
}
BENCHMARK(RecoverTables);

}  // namespace
}  // namespace aegis::wal
