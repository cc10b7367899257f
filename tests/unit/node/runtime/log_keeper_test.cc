// Whether what a node's log gave back may be taken for all that its last process had.

#include "node/runtime/log_keeper.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <filesystem>
#include <fstream>
#include <memory>
#include <optional>
#include <string>

#include "node/runtime/clocks.h"
#include "node/runtime/lease_clock.h"
#include "node/runtime/record_keeper.h"
#include "temporary_directory.h"

namespace aegis::node {
namespace {

using testing::HasSubstr;
using testing::Not;

constexpr NodeId kNode{7};

ClusterSettings Settings(std::uint64_t id = 5) {
  ClusterSettings settings;
  settings.id = ClusterId{id};
  settings.num_shards = 4;
  return settings;
}

class LogKeeperTest : public testing::Test {
 protected:
  // One process of the node.
  struct Process {
    Process(LogKeeperTest& test, WalMode mode, std::uint64_t session)
        : record(NodeRecord::Load(test.home_).value()),
          records(test.home_, record),
          shards(kNode, Session{session}, {.memory = 1 << 26}, {}, lease),
          keeper({.mode = mode,
                  .directory = test.home_ + "/wal",
                  .segment_size = 1 << 20,
                  .node = kNode,
                  .session = Session{session}},
                 shards) {}

    Result<Ok> Open() { return keeper.Open(record, records); }
    // Runs on as of the birth of its cluster.
    Result<Ok> Begin(const ClusterSettings& settings = Settings()) {
      NodeRecord own;
      own.node_id = "n";
      own.settings = settings;
      own.memory = keeper.memory();
      own.lineage = control::Lineage{9};
      EXPECT_TRUE(records.KeepNow(own));
      auto begun = keeper.Begin(settings, {});
      if (!begun.ok()) return begun;
      shards.Create(settings, {.journal = keeper.log(),
                               .take = [&](ShardId id) { return keeper.TakeRestored(id); },
                               .restored_to = keeper.restored_to()});
      keeper.EndRestoring();
      return begun;
    }

    LeaseClock lease;
    std::optional<NodeRecord> record;
    RecordKeeper records;
    ShardHost shards;
    LogKeeper keeper;
  };

  LogKeeperTest() { std::filesystem::create_directory(home_); }

  // A process that began anew and has ended.
  void RunOnce(WalMode mode, std::uint64_t session) {
    Process process(*this, mode, session);
    ASSERT_TRUE(process.Open().ok());
    ASSERT_TRUE(process.Begin().ok());
  }

  const TemporaryDirectory directory_;
  const std::string home_ = directory_.File("home");
};

TEST_F(LogKeeperTest, WithoutALogThereIsNoMemoryButThatOfTheProcess) {
  Process process(*this, WalMode::kOff, 1);
  ASSERT_TRUE(process.Open().ok());
  EXPECT_EQ(process.keeper.memory(), Session{});
  ASSERT_TRUE(process.Begin().ok());
  EXPECT_EQ(process.keeper.log(), nullptr);
  EXPECT_FALSE(std::filesystem::exists(home_ + "/wal"));
}

TEST_F(LogKeeperTest, WhatTheLogHasAllOfGoesOnUnderItsName) {
  for (const WalMode mode : {WalMode::kFsync, WalMode::kWrite}) {
    std::filesystem::remove_all(home_);
    std::filesystem::create_directory(home_);
    RunOnce(mode, 1);
    Process second(*this, mode, 2);
    ASSERT_TRUE(second.Open().ok());
    EXPECT_EQ(second.keeper.memory(), Session{1});
    ASSERT_TRUE(second.Begin().ok());
  }
}

TEST_F(LogKeeperTest, AnotherProcessInBetweenMakesItOld) {
  RunOnce(WalMode::kFsync, 1);
  RunOnce(WalMode::kOff, 2);
  Process third(*this, WalMode::kFsync, 3);
  ASSERT_TRUE(third.Open().ok());
  EXPECT_EQ(third.keeper.memory(), Session{3});
  ASSERT_TRUE(third.Begin().ok());
}

TEST_F(LogKeeperTest, ANodeRecordThatNamesNobodyMakesItOld) {
  RunOnce(WalMode::kFsync, 1);
  NodeRecord record = *NodeRecord::Load(home_).value();
  record.memory = {};
  ASSERT_TRUE(NodeRecord::Save(home_, record).ok());
  Process second(*this, WalMode::kFsync, 2);
  ASSERT_TRUE(second.Open().ok());
  EXPECT_EQ(second.keeper.memory(), Session{2});
  EXPECT_EQ(NodeRecord::Load(home_).value()->memory, Session{2}) << "kept before it counts";
}

TEST_F(LogKeeperTest, ALogWithoutANodeIsRefused) {
  RunOnce(WalMode::kFsync, 1);
  std::filesystem::remove(home_ + "/node.json");
  Process second(*this, WalMode::kFsync, 2);
  const auto opened = second.Open();
  ASSERT_FALSE(opened.ok());
  EXPECT_THAT(opened.error().message, HasSubstr("--data-dir does not know"));
}

TEST_F(LogKeeperTest, ALogOfAnotherClusterIsRefused) {
  RunOnce(WalMode::kFsync, 1);
  NodeRecord record = *NodeRecord::Load(home_).value();
  record.settings = Settings(6);
  ASSERT_TRUE(NodeRecord::Save(home_, record).ok());
  Process second(*this, WalMode::kFsync, 2);
  const auto opened = second.Open();
  ASSERT_FALSE(opened.ok());
  EXPECT_THAT(opened.error().message, HasSubstr("--wal-dir"));
}

TEST_F(LogKeeperTest, WhatShardsHeldIsThereAgain) {
  {
    Process first(*this, WalMode::kFsync, 1);
    ASSERT_TRUE(first.Open().ok());
    ASSERT_TRUE(first.Begin().ok());
    first.lease.Publish(Session{1}, TimePoint::max());
    ShardEffects effects;
    ShardGuard shard(first.shards, ShardId{2}, effects);
    shard->Lead(Epoch{1}, Session{1}, /*quorum_used=*/false, effects);
    shard->SetReplicas({.epoch = Epoch{1}}, effects);
    const Operation set{.code = OpCode::kSet, .key = "k", .value = "v"};
    ASSERT_EQ(shard->Execute(set, UnixNow(), effects).status, Status::kOk);
    effects.Clear();
  }
  Process second(*this, WalMode::kFsync, 2);
  ASSERT_TRUE(second.Open().ok());
  EXPECT_EQ(second.keeper.figures().recovered_records, 2U);
  ASSERT_TRUE(second.Begin().ok());
  ShardEffects effects;
  ShardGuard shard(second.shards, ShardId{2}, effects);
  EXPECT_TRUE(shard->whole());
  EXPECT_EQ(shard->ValueSize("k"), 1U);
  EXPECT_EQ(shard->journaled(), second.keeper.restored_to());
}

}  // namespace
}  // namespace aegis::node
