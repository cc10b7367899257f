// Every byte of every file of a small log changed, every file cut short at every place: the log is
// refused with file, offset and remedy, or loses the record that a crash may have torn, which is
// the last one. It never opens with other content.

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <cstddef>
#include <memory>
#include <string>
#include <vector>

#include "consensus/log_format.h"
#include "consensus/log_store.h"
#include "log_samples.h"
#include "support/memory_directory.h"

namespace aegis::consensus {
namespace {

using testing::HasSubstr;
using testing::MatchesRegex;
using testing::StartsWith;

constexpr std::size_t kSegment = 300;

// A log, and what it is worth while its newest segment still has a given size.
struct Sample {
  MemoryDirectory::Files files;
  std::string newest;  // The newest segment.
  struct Stage {
    std::size_t size = 0;
    Persisted persisted;
  };
  std::vector<Stage> stages;  // One per record behind the mark, and one before them.
};

// Builds a Sample: runs calls on a log and keeps account.
class Recorder {
 public:
  Recorder() : store_(Require(LogStore::Create(directory_, kIdentity, {}, kSegment)).store) {}

  void SaveHardState(const HardState& state) {
    ASSERT_TRUE(store_->SaveHardState(state).ok());
    content_.hard_state = state;
    Note();
  }
  void Append(const std::vector<Entry>& entries) {
    ASSERT_TRUE(store_->Append(entries).ok());
    content_.entries.insert(content_.entries.end(), entries.begin(), entries.end());
    Note();
  }
  void TruncateFrom(Index index) {
    ASSERT_TRUE(store_->TruncateFrom(index).ok());
    content_.entries.resize(index - content_.snapshot.last.index - 1);
    Note();
  }
  void SaveSnapshot(const Snapshot& snapshot) {
    ASSERT_TRUE(store_->SaveSnapshot(snapshot).ok());
    const auto covered = snapshot.last.index - content_.snapshot.last.index;
    content_.entries.erase(content_.entries.begin(),
                           content_.entries.begin() + static_cast<std::ptrdiff_t>(covered));
    content_.snapshot = snapshot;
    Note();
  }

  Sample sample() const {
    Sample sample{directory_.files(), Newest(), {}};
    // What stands before the mark is not given up.
    const auto term = DecodeTerm(kIdentity.server, sample.files.at("term"));
    for (const Sample::Stage& stage : stages_) {
      if (stage.size >= term.value().mark.size) sample.stages.push_back(stage);
    }
    return sample;
  }

 private:
  std::string Newest() const {
    return std::prev(std::ranges::find_if(directory_.files(),
                                          [](const auto& file) { return file.first > "log-9"; }))
        ->first;
  }
  void Note() {
    const std::string newest = Newest();
    const std::size_t size = directory_.files().at(newest).size();
    if (newest != newest_) stages_.clear();
    newest_ = newest;
    if (!stages_.empty() && stages_.back().size == size) stages_.pop_back();
    stages_.push_back({size, content_});
  }

  MemoryDirectory directory_{"dir"};
  std::unique_ptr<LogStore> store_;
  Persisted content_;
  std::string newest_;
  std::vector<Sample::Stage> stages_;
};

// A snapshot and two segments behind it; behind the mark an entry, a batch, a cut, an entry.
Sample RichLog() {
  Recorder log;
  log.SaveHardState({1, kIdentity.server});
  log.Append({{{1, 1}, EntryType::kConfiguration, "servers"}});
  log.Append({Command(2, 1, "second"), Command(3, 1, std::string(200, 'x'))});
  log.Append({Command(4, 1, std::string(250, 'y'))});
  log.SaveSnapshot(SnapshotAt({3, 1}, "state"));
  log.Append({{{5, 1}, EntryType::kBarrier, ""}});
  log.SaveHardState({2, ServerId{}});
  log.Append({Command(6, 2, "sixth")});
  log.Append({Command(7, 2, "seventh"), Command(8, 2, ""), Command(9, 2, "ninth")});
  log.TruncateFrom(8);
  log.Append({Command(8, 2, "other")});
  return log.sample();
}

// Its last record is a cut.
Sample LogThatEndsWithACut() {
  Recorder log;
  log.SaveHardState({1, kIdentity.server});
  log.Append({Command(1, 1, "first"), Command(2, 1, "second")});
  log.TruncateFrom(2);
  return log.sample();
}

// All of it was durable when the hard state was saved, so none of it may be torn.
Sample LogThatWasMarked() {
  Recorder log;
  log.SaveHardState({1, kIdentity.server});
  log.Append({Command(1, 1, "first"), Command(2, 1, "second")});
  log.SaveHardState({2, ServerId{}});
  return log.sample();
}

std::vector<Sample> Samples() { return {RichLog(), LogThatEndsWithACut(), LogThatWasMarked()}; }

void ExpectRefused(const MemoryDirectory::Files& files, const std::string& name) {
  MemoryDirectory directory(files, "dir");
  const auto opened = LogStore::Open(directory, kIdentity.node, kSegment);
  ASSERT_FALSE(opened.ok());
  EXPECT_EQ(opened.error().code, ErrorCode::kInvalid);
  EXPECT_THAT(opened.error().message,
              MatchesRegex("dir/" + name +
                           ": offset [0-9]+: .*\\. Move dir away, and the node rejoins as a new "
                           "member; if it is the only voter, restore dir from a copy instead"));
  EXPECT_EQ(directory.files(), files) << "a refused log was changed";
}

void ExpectRecovered(const MemoryDirectory::Files& files, const Persisted& expected,
                     std::uint64_t torn_bytes) {
  MemoryDirectory directory(files, "dir");
  LogStore::Opened opened = Require(LogStore::Open(directory, kIdentity.node, kSegment));
  EXPECT_EQ(opened.torn_bytes, torn_bytes);
  ExpectSame(opened.persisted, expected);

  // It goes on from there.
  const auto& at = expected.entries.empty() ? expected.snapshot.last : expected.entries.back().at;
  const Entry next = Command(at.index + 1, expected.hard_state.term, "next");
  ASSERT_TRUE(opened.store->Append({next}).ok());
  opened = Require(LogStore::Open(directory, kIdentity.node, kSegment));
  EXPECT_EQ(opened.torn_bytes, 0U);
  ASSERT_FALSE(opened.persisted.entries.empty());
  EXPECT_EQ(opened.persisted.entries.back(), next);
}

TEST(LogStoreDamageTest, TheSamplesHaveWhatCanBeDamaged) {
  const Sample rich = RichLog();
  EXPECT_EQ(rich.files.size(), 5U);
  EXPECT_EQ(rich.stages.size(), 5U);
  EXPECT_EQ(rich.stages.back().size, rich.files.at(rich.newest).size());
  EXPECT_EQ(LogThatEndsWithACut().stages.size(), 3U);
  EXPECT_EQ(LogThatWasMarked().stages.size(), 1U);
  for (const Sample& sample : Samples()) {
    ExpectRecovered(sample.files, sample.stages.back().persisted, 0);
  }
}

TEST(LogStoreDamageTest, EveryChangedByteIsRefusedOrCostsTheLastRecord) {
  for (const Sample& sample : Samples()) {
    const bool has_tail = sample.stages.size() > 1;
    const std::size_t tail =
        has_tail ? sample.stages[sample.stages.size() - 2].size : std::string::npos;
    for (const auto& [name, bytes] : sample.files) {
      for (std::size_t at = 0; at < bytes.size(); ++at) {
        for (const unsigned mask : {0x01U, 0x80U, 0xffU}) {
          SCOPED_TRACE(name + " offset " + std::to_string(at));
          auto files = sample.files;
          files[name][at] = static_cast<char>(static_cast<unsigned char>(bytes[at]) ^ mask);
          if (name == sample.newest && at >= tail) {
            ExpectRecovered(files, sample.stages[sample.stages.size() - 2].persisted,
                            bytes.size() - tail);
          } else {
            ExpectRefused(files, name);
          }
          ASSERT_FALSE(testing::Test::HasFailure());
        }
      }
    }
  }
}

TEST(LogStoreDamageTest, EveryShortFileIsRefusedOrCostsTheRecordsThatAreNotWhole) {
  for (const Sample& sample : Samples()) {
    for (const auto& [name, bytes] : sample.files) {
      for (std::size_t size = 0; size < bytes.size(); ++size) {
        SCOPED_TRACE(name + " cut to " + std::to_string(size));
        auto files = sample.files;
        files[name].resize(size);
        const Sample::Stage* whole = nullptr;
        for (const Sample::Stage& stage : sample.stages) {
          if (stage.size <= size) whole = &stage;
        }
        if (name == sample.newest && whole != nullptr) {
          ExpectRecovered(files, whole->persisted, size - whole->size);
        } else {
          ExpectRefused(files, name);
        }
        ASSERT_FALSE(testing::Test::HasFailure());
      }
    }
  }
}

TEST(LogStoreDamageTest, EveryMissingFileIsMissed) {
  for (const Sample& sample : Samples()) {
    for (const auto& [name, bytes] : sample.files) {
      SCOPED_TRACE(name);
      auto files = sample.files;
      files.erase(name);
      // A snapshot or an older segment is missed by the segment that should follow it.
      const bool is_named =
          !name.starts_with("snapshot-") && (!name.starts_with("log-") || name == sample.newest);
      ExpectRefused(files, is_named ? name : files.upper_bound("log-")->first);
    }
  }
}

TEST(LogStoreDamageTest, WhateverFollowsTheLastRecordIsATornOne) {
  for (const Sample& sample : Samples()) {
    const Bytes& last = sample.files.at(sample.newest);
    const std::vector<Bytes> tails = {
        std::string(1, '\0'),
        std::string(4096, '\0'),
        "AGLR",
        std::string(39, 'A'),
        std::string("AGLR") + std::string(100, '\0'),
        last.substr(kSegmentHeadSize),  // Whole records, elsewhere.
        last.substr(kSegmentHeadSize) + std::string(9, 1),
        EncodeRecord(ServerId{0x99}, last.size(), 8, {}),  // Of another server's log.
        EncodeRecord(kIdentity.server, last.size(), 8, {Command(8, 2, "torn")}).substr(0, 50) +
            std::string(100, '\0'),
    };
    for (const Bytes& tail : tails) {
      SCOPED_TRACE(testing::PrintToString(tail));
      auto files = sample.files;
      files[sample.newest] += tail;
      ExpectRecovered(files, sample.stages.back().persisted, tail.size());
    }
  }
}

TEST(LogStoreDamageTest, ABadRecordThatAnotherOneFollowsIsDamageWhereverThatOneStands) {
  const Sample sample = RichLog();
  const std::size_t begin = sample.stages[0].size;
  const std::size_t next = sample.stages[1].size;
  for (const char filler : {'\0', 'A', '\xff'}) {
    auto files = sample.files;
    std::fill_n(files[sample.newest].begin() + static_cast<std::ptrdiff_t>(begin), next - begin,
                filler);
    MemoryDirectory directory(files, "dir");
    const auto opened = LogStore::Open(directory, kIdentity.node, kSegment);
    ASSERT_FALSE(opened.ok());
    EXPECT_THAT(opened.error().message,
                HasSubstr("offset " + std::to_string(begin) +
                          ": no whole record, but one follows at offset " + std::to_string(next)));
  }
}

// A file of this log as an attacker, or a faulty program, may have written it.
void ExpectRefusedBecause(const std::string& name, const Bytes& bytes, const std::string& reason) {
  SCOPED_TRACE(reason);
  auto files = RichLog().files;
  files[name] = bytes;
  MemoryDirectory directory(files, "dir");
  const auto opened = LogStore::Open(directory, kIdentity.node, kSegment);
  ASSERT_FALSE(opened.ok());
  EXPECT_THAT(opened.error().message, StartsWith("dir/" + name + ": offset "));
  EXPECT_THAT(opened.error().message, HasSubstr(reason));
  EXPECT_EQ(directory.files(), files);
}

TEST(LogStoreDamageTest, WholeFilesThatContradictEachOtherAreRefused) {
  const ServerId server = kIdentity.server;
  const Sample sample = RichLog();
  const std::string newest = sample.newest;
  const auto with_record = [&](Index first, const std::vector<Entry>& entries) {
    const Bytes& segment = sample.files.at(newest);
    return segment + EncodeRecord(server, segment.size(), first, entries);
  };
  const LogMark none;
  ExpectRefusedBecause("term", EncodeTerm(server, {{1, {}}, none}), "older than the log");
  ExpectRefusedBecause(newest, with_record(10, {Command(10, 2, "")}), "entry 10 where 9 was due");
  ExpectRefusedBecause(newest, with_record(9, {Command(9, 1, "")}), "follows term 2");
  ExpectRefusedBecause(newest, with_record(9, {}), "where the segment cannot be cut");
  ExpectRefusedBecause(newest, with_record(5, {}), "where the segment cannot be cut");
  Entry odd = Command(9, 2, "");
  odd.type = static_cast<EntryType>(4);
  ExpectRefusedBecause(newest, with_record(9, {odd}), "no known type");
  ExpectRefusedBecause(newest, EncodeSegmentHead(server, {5, 1}), "follows entry 5");
  ExpectRefusedBecause("log-00000000000000000002", EncodeSegmentHead(server, {0, 0}),
                       "follows entry 0");
  ExpectRefusedBecause("log-00000000000000000004", EncodeSegmentHead(server, {3, 1}),
                       "ends with entry 3 of term 1");
  ExpectRefusedBecause("snapshot-00000000000000000004",
                       EncodeSnapshot(server, SnapshotAt({3, 1}, "")), "its last entry is not 4");
  ExpectRefusedBecause("snapshot-3", "", "not a name");
  ExpectRefusedBecause("log-99999999999999999999", "", "not a name");
  ExpectRefusedBecause("log-00000000000000000001.old", "", "not a name");
}

TEST(LogStoreDamageTest, LeftoversOfACrashAreRemovedOnOpening) {
  const Sample sample = RichLog();
  auto files = sample.files;
  files["snapshot-00000000000000000001"] = "whatever it holds";
  files["creating"] = "";
  MemoryDirectory directory(files, "dir");
  const LogStore::Opened opened = Require(LogStore::Open(directory, kIdentity.node, kSegment));
  ExpectSame(opened.persisted, sample.stages.back().persisted);
  EXPECT_FALSE(directory.files().contains("snapshot-00000000000000000001"));
  EXPECT_FALSE(directory.files().contains("creating"));

  // Covered segments too: here the newest snapshot covers all there is.
  files["snapshot-00000000000000000009"] =
      EncodeSnapshot(kIdentity.server, SnapshotAt({9, 2}, "newer"));
  MemoryDirectory covered(files, "dir");
  ExpectSame(Require(LogStore::Open(covered, kIdentity.node, kSegment)).persisted,
             {{2, ServerId{}}, SnapshotAt({9, 2}, "newer"), {}});
  std::vector<std::string> names;
  for (const auto& [name, bytes] : covered.files()) names.push_back(name);
  EXPECT_THAT(names, testing::ElementsAre("identity", "log-00000000000000000010",
                                          "snapshot-00000000000000000009", "term"));
}

}  // namespace
}  // namespace aegis::consensus
