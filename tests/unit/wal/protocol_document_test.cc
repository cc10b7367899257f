// docs/PROTOCOL.md shows the files of a small write-ahead log byte by byte. Here they are compared
// with what the code writes, so that the document cannot rot.

#include <gtest/gtest.h>

#include <map>
#include <string>

#include "document_examples.h"
#include "log_samples.h"
#include "support/memory_log_files.h"
#include "wal/entry.h"
#include "wal/file_head.h"
#include "wal/log_names.h"
#include "wal/snapshots.h"

namespace aegis::wal {
namespace {

constexpr ShardId kShard{1};

std::map<std::string, Bytes> WriteExamples() {
  MemoryLogFiles files;
  WrittenLog log(Require(LogWriter::Create(files, kIdentity, Options(64))));
  std::map<std::string, Bytes> examples = {{"manifest", files.contents().at("manifest")}};
  log.Append(EntryType::kRecords, kShard,
             OwnedRecord(replication::RecordType::kSet, At(2, 3), "key", "value").Encoded());
  EXPECT_TRUE(log.Flush().ok());
  for (const auto& [name, bytes] : files.contents()) {
    if (!name.ends_with(".log")) continue;
    // Without the room that is set aside.
    const bool newest = name == SegmentName(Lsn{41});
    const auto entries = BytesBetween(Lsn{41}, log.writer().end());
    examples[name] = newest ? bytes.substr(0, kSegmentHeadSize + entries) : bytes;
  }
  Snapshots snapshots(files, {kIdentity, {}, {}});
  const auto snapshot = Require(snapshots.Begin(kShard, Lsn{41}));
  Adoption adoption;
  adoption.history = VersionVector({{Epoch{2}, Session{0x51}, Seq{3}, Seq{}}});
  EXPECT_TRUE(snapshots.Finish(*snapshot, Lsn{41}, adoption).ok());
  const std::string name = SnapshotName({kShard, Lsn{41}});
  examples[name] = files.contents().at(name);
  return examples;
}

TEST(WalDocumentTest, ItsExamplesAreTheBytesThatWeWrite) {
  ExpectSameExamples(ReadExamples("wal"), WriteExamples());
}

TEST(WalDocumentTest, ItsTableHasOurNumbers) {
  const std::string document = ReadProtocolDocument();
  const auto expect_row = [&](const std::string& row) {
    EXPECT_NE(document.find("\n| " + row + " |"), std::string::npos) << row;
  };
  expect_row("payload of an entry | " + std::to_string(kPayloadSizeMax) + " bytes");
  expect_row("records of a block, before its last item | " + std::to_string(kBlockSize) + " bytes");
}

}  // namespace
}  // namespace aegis::wal
