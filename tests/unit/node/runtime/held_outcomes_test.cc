#include "node/runtime/held_outcomes.h"

#include <gtest/gtest.h>

#include <string>
#include <vector>

#include "forwarding_test_support.h"

namespace aegis::node {
namespace {

using Order = std::vector<std::uint64_t>;

class HeldOutcomesTest : public ForwarderTest {
 protected:
  static Operation QuorumSetOf(ByteView key, ByteView value) {
    Operation operation = SetOf(key, value);
    operation.quorum = 1;
    return operation;
  }

  // The leaders of these shards wait for a third node's copy, or for none.
  static void Await(TestShards& shards, bool third) {
    ReplicaSet set{.epoch = Epoch{1}, .quorum_used = true};
    if (third) {
      set.followers = {NodeId{3}};
      set.awaited = {{NodeId{3}, Session{3}}};
    }
    for (std::uint32_t id = 0; id < TestShards::kShards; ++id) {
      ShardGuard shard(shards.host, ShardId{id}, shards.effects);
      shard->SetReplicas(set, shards.effects);
    }
  }

  void LeadHere() {
    BeBorn();
    Lead(1);
    Publish(kSelf, 1);
    Await(shards_, true);
  }
  void LeadThere() {
    FollowOther();
    Await(other_, true);
  }
};

TEST_F(HeldOutcomesTest, OthersOnTheShardGoOnMeanwhile) {
  LeadHere();
  Submit(1, QuorumSetOf("{k}1", "a"));
  Submit(2, SetOf("{k}2", "b"));
  Submit(3, GetOf("{k}2"));
  EXPECT_EQ(owner_->order, (Order{2, 3}));
  EXPECT_FALSE(forwarder_.blocked(ring::ShardOf("{k}1", TestShards::kShards)));
  EXPECT_EQ(forwarder_.pending(), 1U);
  EXPECT_EQ(shards_.held.size(), 1U);
}

TEST_F(HeldOutcomesTest, AreShownOnceTheyAreSettled) {
  LeadHere();
  Submit(1, QuorumSetOf("k", "a"));
  Submit(2, GetOf("k"));
  EXPECT_TRUE(owner_->order.empty());
  EXPECT_FALSE(shards_.woken);
  Await(shards_, false);
  EXPECT_TRUE(shards_.woken);
  shards_.held.AskAgain();
  EXPECT_EQ(owner_->order, (Order{1, 2}));
  EXPECT_EQ(owner_->statuses[1], Status::kOk);
  EXPECT_EQ(owner_->values[2], "a");
  EXPECT_EQ(forwarder_.pending(), 0U);
  EXPECT_EQ(forwarder_.pending_bytes(), 0U);
  EXPECT_EQ(shards_.held.size(), 0U);
}

TEST_F(HeldOutcomesTest, AreGivenUpInTime) {
  LeadHere();
  Submit(1, QuorumSetOf("k", "a"));
  Submit(2, GetOf("k"));
  shards_.held.OnTick(now_ + limits::kQuorumWait - std::chrono::milliseconds(1));
  EXPECT_TRUE(owner_->order.empty());
  shards_.held.OnTick(SteadyNow() + limits::kQuorumWait);
  EXPECT_EQ(owner_->statuses[1], Status::kUnknownOutcome);
  EXPECT_EQ(owner_->statuses[2], Status::kUnavailable);
}

TEST_F(HeldOutcomesTest, ThatTheLeaseDidNotOutliveWaitForItsReturn) {
  class Told final : public HeldOutcomes::Asker {
   public:
    explicit Told(std::vector<Status>& statuses) : statuses_(statuses) {}
    void OnOutcome(const Outcome& outcome) override { statuses_.push_back(outcome.status); }

   private:
    std::vector<Status>& statuses_;
  };
  BeBorn();
  Lead(1);
  shards_.lease.Publish(TestShards::kLease, TimePoint::min());
  std::vector<Status> statuses;
  const Operation set = SetOf("k", "a");
  Outcome outcome;
  outcome.hold = {.reign = Epoch{1}, .lease = true};
  const TimePoint now = SteadyNow();
  shards_.held.Keep(ring::ShardOf("k", TestShards::kShards), set, outcome, now,
                    std::make_unique<Told>(statuses));
  shards_.held.OnTick(now);
  shards_.held.OnTick(now);
  EXPECT_TRUE(statuses.empty());
  shards_.lease.Publish(TestShards::kLease, TimePoint::max());
  shards_.held.OnTick(now);
  EXPECT_EQ(statuses, std::vector{Status::kOk});
  EXPECT_EQ(shards_.held.size(), 0U);
}

TEST_F(HeldOutcomesTest, OfAWaitAreGivenUpWhenItSays) {
  LeadHere();
  Operation await = GetOf("k");
  await.code = OpCode::kAwait;
  await.number = 1;
  await.expiry_ms = 100;
  Submit(1, await);
  shards_.held.OnTick(now_ + std::chrono::milliseconds(99));
  EXPECT_TRUE(owner_->order.empty());
  shards_.held.OnTick(SteadyNow() + std::chrono::milliseconds(101));
  EXPECT_EQ(owner_->statuses[1], Status::kOk);
}

TEST_F(HeldOutcomesTest, AreLostWithTheReign) {
  LeadHere();
  Submit(1, QuorumSetOf("k", "a"));
  for (std::uint32_t id = 0; id < TestShards::kShards; ++id) {
    ShardGuard shard(shards_.host, ShardId{id}, shards_.effects);
    shard->Follow(kOther, Epoch{2}, /*change=*/0, shards_.effects);
  }
  shards_.held.AskAgain();
  EXPECT_EQ(owner_->statuses[1], Status::kUnknownOutcome);
}

TEST_F(HeldOutcomesTest, OfAnotherNodeDoNotHoldUpItsOtherAnswers) {
  LeadThere();
  Submit(1, QuorumSetOf("k1", "a"));
  Submit(2, SetOf("k2", "b"));
  Submit(3, QuorumSetOf("k3", "c"));
  Submit(4, GetOf("k2"));
  ServeOther();
  ASSERT_TRUE(Until([&] { return owner_->order.size() == 2; }));
  EXPECT_EQ(owner_->order, (Order{2, 4}));
  EXPECT_EQ(other_.held.size(), 2U);
  Await(other_, false);
  other_.held.AskAgain();
  ASSERT_TRUE(Until([&] { return owner_->order.size() == 4; }));
  EXPECT_EQ(owner_->statuses[1], Status::kOk);
  EXPECT_EQ(owner_->statuses[3], Status::kOk);
  EXPECT_EQ(forwarder_.pending(), 0U);
}

TEST_F(HeldOutcomesTest, AReadThatWasOvertakenIsNotAskedAgain) {
  LeadThere();
  Submit(1, QuorumSetOf("k", "a"));
  Submit(2, GetOf("k"));
  Submit(3, SetOf("k", "b"));
  Submit(4, GetOf("other"));
  ServeOther();
  ASSERT_TRUE(Until([&] { return owner_->order.size() == 2; }));
  EXPECT_EQ(owner_->order, (Order{3, 4}));
  Publish(kNoNode, 1, MemberState::kDead);
  forwarder_.OnRouting();
  EXPECT_EQ(owner_->statuses[1], Status::kUnknownOutcome);
  EXPECT_EQ(owner_->statuses[2], Status::kUnavailable) << "it would show what came behind it";
}

}  // namespace
}  // namespace aegis::node
