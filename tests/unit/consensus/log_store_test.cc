#include "consensus/log_store.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <optional>
#include <string>
#include <vector>

#include "log_samples.h"
#include "support/memory_directory.h"

namespace aegis::consensus {
namespace {

using testing::Contains;
using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;
using testing::Key;
using testing::Not;
using testing::StartsWith;

// An open log, and a way to close it and open it again.
class LogStoreTest : public testing::Test {
 protected:
  LogStoreTest() { store_ = Require(LogStore::Create(directory_, kIdentity, {}, kSegment)).store; }

  Persisted Reopen() {
    store_.reset();
    LogStore::Opened opened = Require(LogStore::Open(directory_, kIdentity.node, kSegment));
    EXPECT_EQ(opened.torn_bytes, 0U);
    EXPECT_EQ(opened.identity, kIdentity);
    store_ = std::move(opened.store);
    return opened.persisted;
  }

  std::vector<std::string> Names() const {
    std::vector<std::string> names;
    for (const auto& [name, bytes] : directory_.files()) names.push_back(name);
    return names;
  }

  // Entries first..last of term 1, one call each.
  void Fill(Index first, Index last) {
    ASSERT_TRUE(store_->SaveHardState({1, kIdentity.server}).ok());
    for (Index i = first; i <= last; ++i) ASSERT_TRUE(store_->Append({Numbered(i)}).ok());
  }
  static Entry Numbered(Index index) { return Command(index, 1, "entry " + std::to_string(index)); }

  static constexpr std::size_t kSegment = 200;  // Three entries fit.
  MemoryDirectory directory_{"dir"};
  std::unique_ptr<LogStore> store_;
};

TEST_F(LogStoreTest, ANewLogIsEmpty) { ExpectSame(Reopen(), {}); }

TEST_F(LogStoreTest, HardStateIsTheNewest) {
  ASSERT_TRUE(store_->SaveHardState({1, ServerId{}}).ok());
  ASSERT_TRUE(store_->SaveHardState({1, ServerId{7}}).ok());
  EXPECT_EQ(Reopen().hard_state, (HardState{1, ServerId{7}}));
  ASSERT_TRUE(store_->SaveHardState({2, ServerId{}}).ok());
  EXPECT_EQ(Reopen().hard_state, (HardState{2, ServerId{}}));
}

TEST_F(LogStoreTest, EntriesComeBackAsTheyWere) {
  const std::vector<Entry> entries = {
      {{1, 1}, EntryType::kConfiguration, std::string("\0\1\2", 3)},
      {{2, 3}, EntryType::kBarrier, ""},
      {{3, 3}, EntryType::kCommand, std::string(1000, 'x')},
  };
  ASSERT_TRUE(store_->SaveHardState({3, ServerId{}}).ok());
  ASSERT_TRUE(store_->Append({entries[0]}).ok());
  ASSERT_TRUE(store_->Append({}).ok());
  ASSERT_TRUE(store_->Append({entries[1], entries[2]}).ok());
  EXPECT_EQ(Reopen().entries, entries);
  EXPECT_EQ(Reopen().entries, entries);
}

TEST_F(LogStoreTest, FullSegmentsAreFollowedByNewOnes) {
  Fill(1, 7);
  EXPECT_THAT(Names(), ElementsAre("identity", "log-00000000000000000001",
                                   "log-00000000000000000004", "log-00000000000000000007", "term"));
  EXPECT_THAT(Reopen().entries, testing::SizeIs(7));
  Fill(8, 10);
  EXPECT_THAT(Reopen().entries, testing::SizeIs(10));
}

TEST_F(LogStoreTest, BatchesOfAnySizeAreStored) {
  std::vector<Entry> entries;
  for (Index i = 1; i <= 5; ++i) entries.push_back(Command(i, 1, std::string(900'000, 'x')));
  ASSERT_TRUE(store_->SaveHardState({1, ServerId{}}).ok());
  ASSERT_TRUE(store_->Append(entries).ok());
  EXPECT_EQ(Reopen().entries, entries);
  EXPECT_GT(Names().size(), 4U) << "one segment grew without bound";
}

TEST_F(LogStoreTest, EntriesOverTheLimitAreRefused) {
  ASSERT_TRUE(store_->SaveHardState({1, ServerId{}}).ok());
  const auto appended =
      store_->Append({Command(1, 1, std::string(LogStore::kEntrySizeMax + 1, 'x'))});
  ASSERT_FALSE(appended.ok());
  EXPECT_EQ(appended.error().code, ErrorCode::kTooLarge);
  EXPECT_EQ(appended.error().message, "entry 1 has 16777217 bytes; at most 16777216");
  EXPECT_THAT(Reopen().entries, IsEmpty());
}

TEST_F(LogStoreTest, EntriesAreCutWithinASegment) {
  Fill(1, 3);
  ASSERT_TRUE(store_->TruncateFrom(2).ok());
  EXPECT_THAT(Reopen().entries, ElementsAre(Numbered(1)));
  Fill(2, 2);
  EXPECT_THAT(Reopen().entries, ElementsAre(Numbered(1), Numbered(2)));
}

TEST_F(LogStoreTest, EntriesAreCutAcrossSegments) {
  Fill(1, 8);
  ASSERT_TRUE(store_->TruncateFrom(3).ok());
  EXPECT_THAT(Names(), Not(Contains("log-00000000000000000004")));
  EXPECT_THAT(Reopen().entries, ElementsAre(Numbered(1), Numbered(2)));
  ASSERT_TRUE(store_->TruncateFrom(1).ok());
  EXPECT_THAT(Reopen().entries, IsEmpty());
}

TEST_F(LogStoreTest, CuttingAtASegmentsBeginningRemovesItsFileAlone) {
  Fill(1, 5);
  const Bytes first = directory_.files().at("log-00000000000000000001");
  ASSERT_TRUE(store_->TruncateFrom(4).ok());
  EXPECT_EQ(directory_.files().at("log-00000000000000000001"), first);
  EXPECT_THAT(Reopen().entries, testing::SizeIs(3));
}

TEST_F(LogStoreTest, CuttingBehindTheEndChangesNothing) {
  Fill(1, 2);
  const auto before = directory_.files();
  ASSERT_TRUE(store_->TruncateFrom(3).ok());
  ASSERT_TRUE(store_->TruncateFrom(9).ok());
  EXPECT_EQ(directory_.files(), before);
}

TEST_F(LogStoreTest, ASnapshotTakesTheEntriesUpToItsEnd) {
  Fill(1, 8);
  const Snapshot snapshot = SnapshotAt({5, 1}, "state");
  ASSERT_TRUE(store_->SaveSnapshot(snapshot).ok());
  EXPECT_THAT(Names(),
              ElementsAre("identity", "log-00000000000000000004", "log-00000000000000000007",
                          "snapshot-00000000000000000005", "term"));
  ExpectSame(Reopen(), {{1, kIdentity.server}, snapshot, {Numbered(6), Numbered(7), Numbered(8)}});
  Fill(9, 9);
  EXPECT_THAT(Reopen().entries, testing::SizeIs(4));
}

TEST_F(LogStoreTest, ASnapshotOfEverythingLeavesAnEmptySegment) {
  Fill(1, 5);
  const Snapshot snapshot = SnapshotAt({5, 1}, "state");
  ASSERT_TRUE(store_->SaveSnapshot(snapshot).ok());
  EXPECT_THAT(Names(), ElementsAre("identity", "log-00000000000000000006",
                                   "snapshot-00000000000000000005", "term"));
  ExpectSame(Reopen(), {{1, kIdentity.server}, snapshot, {}});
  Fill(6, 6);
  EXPECT_THAT(Reopen().entries, ElementsAre(Numbered(6)));
}

TEST_F(LogStoreTest, ASnapshotBeyondTheLogReplacesIt) {
  Fill(1, 5);
  const Snapshot snapshot = SnapshotAt({20, 1}, "state");
  ASSERT_TRUE(store_->SaveSnapshot(snapshot).ok());
  ExpectSame(Reopen(), {{1, kIdentity.server}, snapshot, {}});
  Fill(21, 21);
  EXPECT_THAT(Reopen().entries, ElementsAre(Numbered(21)));
}

TEST_F(LogStoreTest, ASnapshotThatContradictsTheLogReplacesIt) {
  Fill(1, 8);
  ASSERT_TRUE(store_->SaveHardState({2, ServerId{}}).ok());
  const Snapshot snapshot = SnapshotAt({5, 2}, "state");
  ASSERT_TRUE(store_->SaveSnapshot(snapshot).ok());
  EXPECT_THAT(Names(), ElementsAre("identity", "log-00000000000000000006",
                                   "snapshot-00000000000000000005", "term"));
  ExpectSame(Reopen(), {{2, ServerId{}}, snapshot, {}});
}

TEST_F(LogStoreTest, OnlyTheNewestSnapshotIsKept) {
  Fill(1, 5);
  ASSERT_TRUE(store_->SaveSnapshot(SnapshotAt({2, 1}, "old")).ok());
  ASSERT_TRUE(store_->SaveSnapshot(SnapshotAt({4, 1}, "new")).ok());
  EXPECT_THAT(directory_.files(), Not(Contains(Key("snapshot-00000000000000000002"))));
  EXPECT_EQ(Reopen().snapshot.state, "new");
  ASSERT_TRUE(store_->SaveSnapshot(SnapshotAt({4, 1}, "newer")).ok());
  EXPECT_EQ(Reopen().snapshot.state, "newer");
}

TEST_F(LogStoreTest, ALogMayBeginWithASnapshotAndEntries) {
  MemoryDirectory other;
  const Persisted birth{{3, ServerId{9}}, SnapshotAt({7, 2}, "s"), {Command(8, 3, "x")}};
  Require(LogStore::Create(other, kIdentity, birth, kSegment));
  ExpectSame(Require(LogStore::Open(other, kIdentity.node, kSegment)).persisted, birth);
}

TEST_F(LogStoreTest, ItsSizeIsWhatTheFilesHold) {
  const auto held = [this] {
    std::uint64_t size = 0;
    for (const auto& [name, bytes] : directory_.files()) size += bytes.size();
    return size;
  };
  EXPECT_EQ(store_->size(), held());
  Fill(1, 8);
  ASSERT_TRUE(store_->SaveSnapshot(SnapshotAt({5, 1}, "state")).ok());
  EXPECT_EQ(store_->size(), held());
  Reopen();
  EXPECT_EQ(store_->size(), held());
  ASSERT_TRUE(store_->TruncateFrom(6).ok());
  EXPECT_EQ(store_->size(), held());
}

TEST_F(LogStoreTest, ExistsFromItsCreationOn) {
  MemoryDirectory empty;
  EXPECT_FALSE(LogStore::Exists(empty).value());
  MemoryDirectory foreign(MemoryDirectory::Files{{"lost+found", ""}});
  EXPECT_FALSE(LogStore::Exists(foreign).value());
  EXPECT_TRUE(LogStore::Exists(directory_).value());
  for (const auto& [name, bytes] : directory_.files()) {
    MemoryDirectory rest(directory_.files());
    ASSERT_TRUE(rest.Remove(name).ok());
    EXPECT_TRUE(LogStore::Exists(rest).value()) << "without " << name;
  }
}

TEST_F(LogStoreTest, ADiscardedLogIsGoneAsAWholeOrNotAtAll) {
  Fill(1, 5);
  store_.reset();
  const MemoryDirectory::Files before = directory_.files();
  for (int failing = 0;; ++failing) {
    MemoryDirectory directory(before);
    directory.FailCall(static_cast<std::size_t>(failing), 0.5);
    const bool done = LogStore::Discard(directory).ok();
    MemoryDirectory left(directory.files());
    if (LogStore::Exists(left).value()) {
      EXPECT_FALSE(done);
      EXPECT_EQ(Require(LogStore::Open(left, kIdentity.node, kSegment)).persisted.entries.size(),
                5U);
    } else {
      LogIdentity another = kIdentity;
      another.server = ServerId{0x99};
      EXPECT_TRUE(LogStore::Create(left, another, {}, kSegment).ok());
      EXPECT_TRUE(
          Require(LogStore::Open(left, kIdentity.node, kSegment)).persisted.entries.empty());
    }
    if (done) break;
  }
}

TEST_F(LogStoreTest, TheLogOfAnotherNodeIsRefused) {
  const auto opened = LogStore::Open(directory_, NodeId{0xa2});
  ASSERT_FALSE(opened.ok());
  EXPECT_EQ(opened.error().code, ErrorCode::kInvalid);
  EXPECT_THAT(opened.error().message,
              StartsWith("dir/identity: offset 32: of node 00000000000000a1, this is node "
                         "00000000000000a2. Move dir away"));
}

TEST_F(LogStoreTest, FilesOfAnotherServersLogAreRefused) {
  Fill(1, 1);
  ASSERT_TRUE(store_->SaveSnapshot(SnapshotAt({1, 1}, "s")).ok());
  MemoryDirectory other;
  const LogIdentity stranger{kIdentity.cluster, kIdentity.node, ServerId{0x99}};
  Require(LogStore::Create(other, stranger, Reopen(), kSegment));
  for (const auto& [name, bytes] : directory_.files()) {
    auto mixed = other.files();
    mixed[name] = bytes;
    MemoryDirectory directory(mixed, "dir");
    const auto opened = LogStore::Open(directory, kIdentity.node);
    ASSERT_FALSE(opened.ok()) << name;
    EXPECT_THAT(opened.error().message, HasSubstr("from another log")) << name;
  }
}

TEST_F(LogStoreTest, AFailedCallIsTheLast) {
  Fill(1, 1);
  directory_.FailCall(1);  // The sync.
  const auto failed = store_->Append({Numbered(2)});
  ASSERT_FALSE(failed.ok());
  EXPECT_EQ(failed.error().message,
            "dir/log-00000000000000000001: cannot be synced: Input/output error");
  const auto calls = directory_.calls();
  for (const auto& later :
       {store_->Append({Numbered(2)}), store_->TruncateFrom(1), store_->SaveHardState({9, {}}),
        store_->SaveSnapshot(SnapshotAt({1, 1}, ""))}) {
    ASSERT_FALSE(later.ok());
    EXPECT_EQ(later.error().code, ErrorCode::kUnavailable);
    EXPECT_EQ(later.error().message,
              "the control log takes nothing more since this failure: "
              "dir/log-00000000000000000001: cannot be synced: Input/output error");
  }
  EXPECT_EQ(directory_.calls(), calls) << "it was tried again";
}

TEST_F(LogStoreTest, WhatAFullDiskLeftOfAnEntryIsCutOff) {
  Fill(1, 1);
  directory_.FailCall(0, 0.9);
  const auto full = store_->Append({Numbered(2)});
  ASSERT_FALSE(full.ok());
  EXPECT_THAT(full.error().message, HasSubstr("No space left on device"));
  LogStore::Opened opened = Require(LogStore::Open(directory_, kIdentity.node, kSegment));
  EXPECT_GT(opened.torn_bytes, 0U);
  EXPECT_THAT(opened.persisted.entries, ElementsAre(Numbered(1)));
  store_ = std::move(opened.store);
  Fill(2, 2);
  EXPECT_THAT(Reopen().entries, ElementsAre(Numbered(1), Numbered(2)));
}

using LogStoreDeathTest = LogStoreTest;

TEST_F(LogStoreDeathTest, BrokenPromisesOfItsCallerEndTheProcess) {
  Fill(1, 3);
  ASSERT_TRUE(store_->SaveSnapshot(SnapshotAt({2, 1}, "")).ok());
  EXPECT_DEATH((void)store_->SaveHardState({0, {}}), "the term went back");
  EXPECT_DEATH((void)store_->SaveHardState({1, ServerId{2}}), "a vote was taken back");
  EXPECT_DEATH((void)store_->Append({Numbered(5)}), "a gap in the log");
  EXPECT_DEATH((void)store_->Append({Command(4, 2, "")}), "a term that is not saved");
  EXPECT_DEATH((void)store_->Append({Command(4, 0, "")}), "terms of the log go back");
  EXPECT_DEATH((void)store_->TruncateFrom(2), "covers cannot be truncated");
  EXPECT_DEATH((void)store_->SaveSnapshot(SnapshotAt({1, 1}, "")), "the snapshot went back");
  EXPECT_DEATH((void)store_->SaveSnapshot(SnapshotAt({9, 2}, "")), "a term that is not saved");
  EXPECT_DEATH((void)LogStore::Create(directory_, kIdentity, {}), "created where there is one");
}

}  // namespace
}  // namespace aegis::consensus
