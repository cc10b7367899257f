// Any directory is recovered as a write-ahead log that can go on, or is refused and left alone; and
// what is refused can be surveyed, and repaired unless that says why not.
//
// The input: a byte, then files: size of the name u8, name, size u32, content. If the first byte is
// odd, the checksums are made right first, so that what lies behind them is reached too.

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <string>
#include <utility>

#include "base/bytes.h"
#include "invariant.h"
#include "support/memory_log_files.h"
#include "wal/entry.h"
#include "wal/file_head.h"
#include "wal/hash.h"
#include "wal/history_sink.h"
#include "wal/little_endian.h"
#include "wal/log_queue.h"
#include "wal/log_writer.h"
#include "wal/recovery.h"
#include "wal/repair.h"
#include "wal/snapshot_format.h"
#include "wal/survey.h"

namespace aegis::wal {
namespace {

constexpr ClusterId kCluster{0xc1};
constexpr NodeId kNode{0xa1};
constexpr LogWriter::Options kOptions{{Session{9}, {1, 2}, Durability::kFsync}, 256};

ByteView TakeUpTo(std::size_t size, ByteView& input) {
  const ByteView taken = input.substr(0, size);
  input.remove_prefix(taken.size());
  return taken;
}

void Put(std::uint64_t value, std::size_t at, Bytes& file) {
  StoreLittleEndian(value, file.data() + at);
}

void SealSegment(Bytes& file) {
  if (file.size() < kSegmentHeadSize) return;
  Put(Hash(ByteView(file).substr(0, kSegmentHeadSize - 8)), kSegmentHeadSize - 8, file);
  const auto head = DecodeSegmentHead(file);
  if (!head.ok()) return;
  for (std::size_t at = kSegmentHeadSize; file.size() - at >= kEntryHeadSize;) {
    const auto size = LoadLittleEndian<std::uint32_t>(file.data() + at);
    if (size < kEntryHeadSize || size > file.size() - at) return;
    Entry entry;
    entry.lsn = Behind(head.value().first, at - kSegmentHeadSize);
    entry.type = static_cast<EntryType>(file[at + 8]);
    entry.shard = ShardId{LoadLittleEndian<std::uint32_t>(file.data() + at + 12)};
    entry.payload = ByteView(file).substr(at + kEntryHeadSize, size - kEntryHeadSize);
    WriteEntryHead(head.value().identity.log, entry, entry.payload.size(),
                   PayloadHash(entry.payload), file.data() + at);
    at += size;
  }
}

void SealSnapshot(Bytes& file) {
  if (file.size() < kSnapshotHeadSize) return;
  const std::uint64_t seal = Hash(ByteView(file).substr(0, kSnapshotHeadSize - 8));
  Put(seal, kSnapshotHeadSize - 8, file);
  for (std::size_t at = kSnapshotHeadSize; file.size() - at >= kBlockHeadSize;) {
    const std::size_t size = LoadLittleEndian<std::uint32_t>(file.data() + at + 4);
    if (size > file.size() - at - kBlockHeadSize) return;
    const ByteView block = ByteView(file).substr(at, kBlockHeadSize + size);
    Put(Hash(block.substr(0, 16), block.substr(kBlockHeadSize), seal + at), at + 16, file);
    at += block.size();
  }
}

void Seal(Bytes& file) {
  if (file.starts_with(kSegmentMagic)) return SealSegment(file);
  if (file.starts_with(kSnapshotMagic)) return SealSnapshot(file);
  if (file.size() < 8) return;
  Put(Hash(ByteView(file).substr(0, file.size() - 8)), file.size() - 8, file);
}

MemoryLogFiles::Contents ReadImage(ByteView input) {
  MemoryLogFiles::Contents files;
  const ByteView seal = TakeUpTo(1, input);
  while (!input.empty()) {
    const auto name_size = static_cast<unsigned char>(input.front());
    input.remove_prefix(1);
    const std::string name(TakeUpTo(name_size, input));
    const ByteView size = TakeUpTo(4, input);
    if (name.empty() || size.size() < 4) break;
    Bytes& file = files[name];
    file = TakeUpTo(LoadLittleEndian<std::uint32_t>(size.data()), input);
    if (!seal.empty() && (static_cast<unsigned char>(seal.front()) & 1U) != 0) Seal(file);
  }
  return files;
}

struct Opened {
  std::optional<Recovered> log;
  std::map<ShardId, VersionVector> histories;
};

Opened Open(LogFiles& files, std::size_t piece) {
  HistorySink sink;
  auto recovered = Recover(files, {kCluster, kNode, {1, 2}, piece}, sink);
  if (recovered.ok()) return {std::move(recovered).value(), sink.histories()};
  Require(recovered.error().code == ErrorCode::kInvalid);
  Require(recovered.error().message.starts_with("memory/"));
  Require(recovered.error().message.find(": offset ") != std::string::npos);
  return {};
}

void GoOn(MemoryLogFiles& files, const Opened& opened) {
  auto writer = LogWriter::Resume(files, *opened.log, kOptions);
  Require(writer.ok());
  LogQueue queue(writer.value().identity().log, writer.value().end());
  queue.Append(EntryType::kReleased, ShardId{0}, PreparedPayload(""));
  LogBatch batch;
  Require(queue.Take(writer.value().synced(), batch) && writer.value().Write(batch).ok());
  Opened again = Open(files, 100);
  Require(again.log && !again.log->torn && !again.log->repaired);
  auto expected = opened.histories;
  expected.erase(ShardId{0});
  Require(again.log->end == writer.value().end() && again.histories == expected);
}

void FuzzDirectory(ByteView input) {
  const MemoryLogFiles::Contents contents = ReadImage(input);
  MemoryLogFiles files(contents);
  Require(LogExists(files).ok());
  const Opened opened = Open(files, 64);
  Require(files.contents() == contents);
  Require(SurveyLog(files, {1, 2}).ok());
  if (opened.log) return GoOn(files, opened);

  const auto plan = PlanRepair(files, {1, 2});
  Require(files.contents() == contents);
  if (!plan.ok()) {
    Require(plan.error().code == ErrorCode::kInvalid);
    return;
  }
  // Of another cluster or node it may be, and whole.
  if (!plan.value().needed) return;
  Require(CarryOut(files, plan.value()).ok());
  Require(!PlanRepair(files, {1, 2}).value().needed);
}

}  // namespace
}  // namespace aegis::wal

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  aegis::wal::FuzzDirectory({reinterpret_cast<const char*>(data), size});
  return 0;
}
