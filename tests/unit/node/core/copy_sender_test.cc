#include "node/core/copy_sender.h"

#include <gtest/gtest.h>

#include <chrono>
#include <deque>
#include <optional>
#include <set>
#include <string>
#include <vector>

#include "model/limits.h"

namespace aegis::node {
namespace {

using replication::PeerMessage;
using replication::PeerMessageType;
using replication::Progress;
using replication::Record;
using replication::RecordType;

class CopySenderTest : public ::testing::Test {
 protected:
  CopySenderTest() {
    Record begin;
    begin.type = RecordType::kBegin;
    begin.argument = 1;
    const Bytes ended = replication::EncodeVersion({});
    begin.value = ended;
    Apply(begin);
  }

  void Apply(Record record) {
    record.version = {Epoch{1}, Seq{++records_}};
    replica_.Apply(record, {});
  }
  // So many items, of about 1 KB each.
  void Hold(int items) {
    const std::string value(1000, 'v');
    for (int i = 0; i < items; ++i) {
      const std::string key = "key" + std::to_string(i);
      Record set;
      set.key = key;
      set.value = value;
      Apply(set);
    }
  }
  void Limit(std::uint64_t bytes_per_second) {
    budget_.emplace(bytes_per_second);
    sender_.emplace(ShardId{3}, Epoch{1}, replica_, counters_, &*budget_);
  }

  // What the follower is sent.
  std::vector<PeerMessage> Pump(std::size_t bytes_max) {
    Bytes out;
    sender_->Begin(progress_, out);
    sender_->Pump(progress_, bytes_max, commit_, out);
    std::vector<PeerMessage> messages;
    sent_.push_back(std::move(out));
    for (ByteView rest = sent_.back(); !rest.empty();) {
      const std::size_t size = replication::PeerFrameSize(rest).value();
      messages.push_back(replication::DecodePeerMessage(rest.substr(4, size - 4)).value());
      EXPECT_EQ(messages.back().copy_id, progress_.copy_id);
      rest.remove_prefix(size);
    }
    return messages;
  }
  // The keys in chunks among them.
  static std::vector<std::string> KeysIn(const std::vector<PeerMessage>& messages) {
    std::vector<std::string> keys;
    for (const PeerMessage& message : messages) {
      if (message.type != PeerMessageType::kCopyChunk) continue;
      for (ByteView records = message.records; !records.empty();) {
        keys.emplace_back(replication::TakeRecord(records).value()->key);
      }
    }
    return keys;
  }

  store::MemoryMeter meter_{1 << 24};
  Replica replica_{7, meter_};
  std::uint64_t records_ = 0;
  ShardCounters counters_;
  CommitPoint commit_;
  std::optional<CopyBudget> budget_;
  std::optional<CopySender> sender_{std::in_place, ShardId{3}, Epoch{1},
                                    replica_,      counters_,  nullptr};
  Progress progress_;
  std::deque<Bytes> sent_;
};

TEST_F(CopySenderTest, AnEmptyShardIsABeginAndAnEnd) {
  sender_->Start(progress_);
  EXPECT_EQ(progress_.state, Progress::State::kCopying);
  const auto sent = Pump(1000);
  ASSERT_EQ(sent.size(), 2U);
  EXPECT_EQ(sent[0].type, PeerMessageType::kCopyBegin);
  EXPECT_EQ(sent[1].type, PeerMessageType::kCopyEnd);
  EXPECT_EQ(sent[1].reigns, replica_.history().reigns());
  EXPECT_EQ(progress_.state, Progress::State::kTailing);
  EXPECT_EQ(progress_.sent, replica_.history().last());
  EXPECT_EQ(counters_.copies_sent, 1U);
}

TEST_F(CopySenderTest, EveryItemIsSentInPiecesAndThenTheEnd) {
  Hold(500);
  sender_->Start(progress_);
  std::set<std::string> seen;
  int pumps = 0;
  for (; progress_.state == Progress::State::kCopying; ++pumps) {
    for (const std::string& key : KeysIn(Pump(/*bytes_max=*/20'000))) seen.insert(key);
  }
  EXPECT_EQ(seen.size(), 500U);
  EXPECT_GT(pumps, 10);
  EXPECT_EQ(counters_.copies_started, 1U) << "it begins once";
}

TEST_F(CopySenderTest, ACopyThatStartsOverIsAnotherFromTheBeginning) {
  Hold(500);
  sender_->Start(progress_);
  Pump(20'000);
  const std::uint64_t before = progress_.copy_id;
  sender_->Start(progress_);
  EXPECT_NE(progress_.copy_id, before);
  const auto sent = Pump(1 << 24);
  EXPECT_EQ(sent.front().type, PeerMessageType::kCopyBegin);
  EXPECT_EQ(KeysIn(sent).size(), 500U);
}

TEST_F(CopySenderTest, WithoutBudgetItWaitsUntilThereIsSome) {
  Hold(500);
  Limit(1'000'000);
  sender_->Start(progress_);
  EXPECT_TRUE(KeysIn(Pump(1 << 24)).empty());
  EXPECT_TRUE(progress_.copy_waits);
  EXPECT_FALSE(sender_->Resume(progress_));
  budget_->OnTime(TimePoint{} + std::chrono::seconds(1));
  EXPECT_TRUE(sender_->Resume(progress_));
  EXPECT_FALSE(sender_->Resume(progress_)) << "it waits no more";
  EXPECT_FALSE(KeysIn(Pump(1 << 24)).empty());
  EXPECT_LT(budget_->left(), 1'000U) << "what was sent was spent";
}

TEST_F(CopySenderTest, WhatIsNoLongerThanAChunkNeedsNoTurn) {
  Limit(1 << 30);
  budget_->OnTime(TimePoint{} + std::chrono::seconds(1));
  for (std::size_t i = 0; i < CopyBudget::kTurns; ++i) budget_->TakeTurn(budget_->NewTicket());
  Hold(20);
  sender_->Start(progress_);
  EXPECT_EQ(KeysIn(Pump(1 << 24)).size(), 20U);
  EXPECT_EQ(progress_.state, Progress::State::kTailing);

  Hold(500);
  sender_->Start(progress_);
  EXPECT_LT(KeysIn(Pump(1 << 24)).size(), 200U) << "a chunk";
  EXPECT_TRUE(KeysIn(Pump(1 << 24)).empty()) << "the others' turn";
  EXPECT_TRUE(progress_.copy_waits);
}

}  // namespace
}  // namespace aegis::node
