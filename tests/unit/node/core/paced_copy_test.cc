// Whole shards that are sent under a CopyBudget.

#include <gtest/gtest.h>

#include <algorithm>
#include <array>
#include <chrono>

#include "node/core/copy_budget.h"
#include "shard_test_support.h"

namespace aegis::node {
namespace {

using replication::PeerMessageType;

class PacedCopyTest : public ShardTest {
 protected:
  // Node 0 leads so many items, more than its ring reaches back to; node 1 follows, and node 2 is
  // to get a copy.
  void Begin(CopyBudget& budget, int items) {
    copies_ = &budget;
    Restart(0, /*ring_bytes=*/2000);
    LeadWith(0, 1, {1});
    for (int i = 0; i < items; ++i) {
      Settle();
      Set(0, std::to_string(i), std::string(40, 'a'));
    }
    Settle();
    Feed(0, {1, 2});
    ShardEffects effects;
    shards_[2]->Follow(Id(0), Epoch{1}, /*change=*/0, effects);
  }

  // How often node 2 was woken.
  std::ptrdiff_t Maintain() {
    ShardEffects effects;
    shards_[0]->Maintain(kNow, 1, effects);
    return std::ranges::count(effects.wake, Id(2));
  }

  TimePoint now_;
};

TEST_F(PacedCopyTest, ACopyWaitsForItsBudgetAndNewRecordsDoNot) {
  constexpr std::uint64_t kRate = 100'000;
  CopyBudget budget(kRate);
  Begin(budget, 1000);
  budget.OnTime(now_);
  Maintain();
  const std::size_t size = shards_[0]->replica().table().bytes();
  while (!shards_[0]->InSync(Id(2))) {
    Settle();  // Nothing is due while the copy waits.
    EXPECT_EQ(budget.left(), 0U);
    Set(0, "new", std::to_string(now_.time_since_epoch().count()));
    Settle();
    ExpectReplicasEqual(0, 1);
    EXPECT_EQ(Maintain(), 0);
    now_ += CopyBudget::kBurst;
    budget.OnTime(now_);
    ASSERT_EQ(Maintain(), 1);
    Settle();
    ASSERT_LT(now_, TimePoint{} + std::chrono::seconds(60)) << "never ends";
  }
  ExpectReplicasEqual(0, 2);
  const double seconds = std::chrono::duration<double>(now_.time_since_epoch()).count();
  EXPECT_GT(seconds, 0.5 * static_cast<double>(size) / kRate);
  EXPECT_LT(seconds, 2.0 * static_cast<double>(size) / kRate);
}

TEST_F(PacedCopyTest, ACopyWaitsForItsTurn) {
  CopyBudget budget(1 << 30);
  Begin(budget, 5000);
  std::array<std::uint64_t, CopyBudget::kTurns> others{};
  for (std::uint64_t& ticket : others) ticket = budget.NewTicket();
  const auto let_all_go_on = [&] {
    for (int i = 0; i < 100 && !shards_[0]->InSync(Id(2)); ++i) {
      budget.OnTime(now_ += CopyBudget::kBurst);
      for (const std::uint64_t ticket : others) budget.TakeTurn(ticket);
      Maintain();
      Settle();
    }
  };
  let_all_go_on();
  EXPECT_GE(received_[PeerMessageType::kCopyChunk], 1) << "the first piece needs no turn";
  EXPECT_FALSE(shards_[0]->InSync(Id(2)));
  budget.EndTurn(others[0]);
  others[0] = others[1];
  let_all_go_on();
  EXPECT_TRUE(shards_[0]->InSync(Id(2)));
  ExpectReplicasEqual(0, 2);
  EXPECT_TRUE(budget.TakeTurn(budget.NewTicket())) << "the copy that ended gave its turn back";
}

}  // namespace
}  // namespace aegis::node
