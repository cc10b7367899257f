// docs/PROTOCOL.md shows the files of a small control log byte by byte, and numbers. Here they are
// compared with what the code writes, so that the document cannot rot.

#include <gtest/gtest.h>

#include <map>
#include <string>

#include "consensus/log_store.h"
#include "document_examples.h"
#include "log_samples.h"
#include "model/limits.h"
#include "support/memory_directory.h"

namespace aegis::consensus {
namespace {

std::map<std::string, Bytes> WriteExamples() {
  MemoryDirectory directory;
  const auto store = Require(LogStore::Create(directory, kIdentity, {})).store;
  EXPECT_TRUE(store->SaveHardState({1, kIdentity.server}).ok());
  EXPECT_TRUE(store->Append({{{1, 1}, EntryType::kBarrier, ""}, Command(2, 1, "hello")}).ok());
  EXPECT_TRUE(store->TruncateFrom(2).ok());
  std::map<std::string, Bytes> files = directory.files();
  EXPECT_TRUE(store->SaveSnapshot(SnapshotAt({1, 1}, "state")).ok());
  const std::string snapshot = "snapshot-00000000000000000001";
  files[snapshot] = directory.files().at(snapshot);
  return files;
}

TEST(ControlLogDocumentTest, ItsExamplesAreTheBytesThatWeWrite) {
  ExpectSameExamples(ReadExamples("log"), WriteExamples());
}

TEST(ControlLogDocumentTest, ItsExamplesOpen) {
  auto files = ReadExamples("log");
  files.erase("snapshot-00000000000000000001");
  MemoryDirectory directory(files);
  const LogStore::Opened opened = Require(LogStore::Open(directory, kIdentity.node));
  EXPECT_EQ(opened.torn_bytes, 0U);
  ExpectSame(opened.persisted, {{1, kIdentity.server}, {}, {{{1, 1}, EntryType::kBarrier, ""}}});
}

TEST(ControlLogDocumentTest, ItsTableHasOurNumbers) {
  const std::string document = ReadProtocolDocument();
  const auto expect_row = [&](const std::string& row) {
    EXPECT_NE(document.find("\n| " + row + " |"), std::string::npos) << row;
  };
  expect_row("data of an entry | " + std::to_string(LogStore::kEntrySizeMax) + " bytes");
  expect_row("state of a snapshot | " + std::to_string(LogStore::kSnapshotSizeMax) + " bytes");
  expect_row("servers of a snapshot | " + std::to_string(limits::kMembersMax));
  expect_row("a segment gets no more records from | " + std::to_string(LogStore::kSegmentSize) +
             " bytes");
}

}  // namespace
}  // namespace aegis::consensus
