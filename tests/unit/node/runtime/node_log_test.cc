// The log of a running node: who waits for what, what is written together, and what a failure does.

#include "node/runtime/node_log.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <atomic>
#include <chrono>
#include <condition_variable>
#include <memory>
#include <mutex>
#include <string>
#include <thread>
#include <utility>
#include <vector>

#include "support/memory_log_files.h"
#include "wal/recovery.h"

namespace aegis::node {
namespace {

using testing::HasSubstr;

constexpr wal::LogIdentity kIdentity{
    .cluster = ClusterId{1}, .node = NodeId{2}, .log = wal::LogId{3}, .num_shards = 8};
constexpr ShardId kShard{5};

// A disk that may be held up. MemoryLogFiles are for one thread: the log's lock sees to that.
class NodeLogTest : public testing::Test {
 protected:
  std::unique_ptr<NodeLog> Make(wal::Durability durability) {
    auto writer = wal::LogWriter::Create(files_, kIdentity,
                                         {.opening = {.session = Session{1},
                                                      .boot = {.high = 1, .low = 1},
                                                      .durability = durability},
                                          .segment_size = 1 << 20});
    EXPECT_TRUE(writer.ok());
    return std::make_unique<NodeLog>(std::move(writer).value(), durability,
                                     NodeLog::Handlers{.on_durable =
                                                           [this] {
                                                             const std::lock_guard lock(mutex_);
                                                             ++told_;
                                                             changed_.notify_all();
                                                           },
                                                       .on_failed =
                                                           [this](const std::string& why) {
                                                             const std::lock_guard lock(mutex_);
                                                             failures_.push_back(why);
                                                             changed_.notify_all();
                                                           }});
  }
  static wal::Lsn Append(NodeLog& log, const std::string& bytes = "bytes") {
    return log.Append(wal::EntryType::kReleased, kShard, wal::PreparedPayload(bytes));
  }
  // Until what is told from other threads has made it true.
  template <class Condition>
  void Await(Condition condition) {
    std::unique_lock lock(mutex_);
    ASSERT_TRUE(changed_.wait_for(lock, std::chrono::seconds(20), condition));
  }

  wal::MemoryLogFiles files_;
  std::mutex mutex_;
  std::condition_variable changed_;
  int told_ = 0;
  std::vector<std::string> failures_;
};

TEST_F(NodeLogTest, WhoWaitsForASyncIsToldOfIt) {
  const auto log = Make(wal::Durability::kFsync);
  const wal::Lsn end = Append(*log);
  EXPECT_EQ(log->end(), end);
  log->Reach(end);
  Await([&] { return log->durable() >= end; });
  EXPECT_TRUE(log->Reach(end));
  EXPECT_GE(told_, 1);
}

TEST_F(NodeLogTest, WhatIsOnlyHandedOverIsWrittenByWhoWaits) {
  const auto log = Make(wal::Durability::kWrite);
  const std::uint64_t syncs = files_.syncs();
  const wal::Lsn end = Append(*log);
  EXPECT_TRUE(log->Reach(end));
  EXPECT_GE(log->durable(), end);
  EXPECT_EQ(files_.syncs(), syncs);
}

TEST_F(NodeLogTest, WhatNobodyWaitsForIsWrittenSoon) {
  const auto log = Make(wal::Durability::kFsync);
  const wal::Lsn end = Append(*log);
  Await([&] { return log->durable() >= end; });
}

TEST_F(NodeLogTest, WhatHasGatheredIsOneBatch) {
  const auto log = Make(wal::Durability::kWrite);
  wal::Lsn end;
  for (int i = 0; i < 100; ++i) end = Append(*log);
  EXPECT_TRUE(log->Reach(end));
  const NodeLog::Figures figures = log->figures();
  EXPECT_EQ(figures.entries, 100U);
  EXPECT_LT(figures.batches, 50U);
  EXPECT_EQ(figures.queued_bytes, 0U);
}

TEST_F(NodeLogTest, ASyncOfAllMakesDurableWhatWasOnlyHandedOver) {
  const auto log = Make(wal::Durability::kWrite);
  log->Reach(Append(*log));
  const std::uint64_t syncs = files_.syncs();
  EXPECT_TRUE(log->SyncAll().ok());
  EXPECT_GT(files_.syncs(), syncs);
}

TEST_F(NodeLogTest, AFailedSyncIsToldOnceAndNothingIsDurableAnyMore) {
  const auto log = Make(wal::Durability::kFsync);
  log->Reach(Append(*log));
  Await([&] { return log->durable() == log->end(); });
  const wal::Lsn durable = log->durable();
  {
    // The thread is between batches, and nothing is there for another one.
    const std::lock_guard lock(mutex_);
    files_.FailSync(0);
  }
  const wal::Lsn lost = Append(*log);
  log->Reach(lost);
  Await([&] { return !failures_.empty(); });
  EXPECT_THAT(failures_.front(), HasSubstr("cannot be"));
  EXPECT_TRUE(log->failed());
  EXPECT_FALSE(log->Reach(lost));
  for (int i = 0; i < 100; ++i) EXPECT_FALSE(log->Reach(Append(*log, std::string(10'000, 'v'))));
  EXPECT_LE(log->durable(), durable);
  EXPECT_EQ(log->figures().queued_bytes, 0U) << "what is never written is not kept";
  EXPECT_EQ(failures_.size(), 1U);
  EXPECT_FALSE(log->SyncAll().ok());
}

TEST_F(NodeLogTest, ItsEndWritesWhatIsLeft) {
  auto log = Make(wal::Durability::kWrite);
  const wal::Lsn end = Append(*log);
  log.reset();
  std::uint64_t bytes = 0;
  for (const auto& [name, contents] : files_.contents()) bytes += contents.size();
  EXPECT_GE(bytes, end.value());
}

TEST_F(NodeLogTest, ManyThreadsAppendAndWaitAtOnce) {
  const auto log = Make(wal::Durability::kFsync);
  constexpr int kThreads = 4;
  constexpr int kEach = 200;
  std::vector<std::thread> threads;
  for (int i = 0; i < kThreads; ++i) {
    threads.emplace_back([&] {
      for (int n = 0; n < kEach; ++n) {
        const wal::Lsn end = Append(*log);
        log->Reach(end);
        std::unique_lock lock(mutex_);
        changed_.wait_for(lock, std::chrono::seconds(20), [&] { return log->durable() >= end; });
      }
    });
  }
  for (std::thread& thread : threads) thread.join();
  EXPECT_EQ(log->durable(), log->end());
  EXPECT_EQ(log->figures().entries, static_cast<std::uint64_t>(kThreads * kEach));
}

}  // namespace
}  // namespace aegis::node
