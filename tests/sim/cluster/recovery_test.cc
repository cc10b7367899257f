// The majority of the voters of the control log is lost, and a survivor goes on alone, in virtual
// time; and what becomes of the others when they come back.

#include <gtest/gtest.h>

#include <algorithm>
#include <map>
#include <memory>
#include <string>
#include <vector>

#include "ring/slot.h"
#include "sim_cluster.h"

namespace aegis::sim {
namespace {

using namespace std::chrono_literals;

constexpr std::uint64_t kSeeds = 3;
constexpr int kKeys = 200;

// Equal nodes, some of which will be lost at once. The first survives.
class RecoverySimTest : public testing::Test {
 protected:
  void Form(std::uint64_t seed, std::size_t nodes, BrokenRule broken = BrokenRule::kNone) {
    SimOptions options;
    options.seed = seed;
    options.broken = broken;
    cluster_ = std::make_unique<SimCluster>(options);
    std::vector<std::size_t> all;
    for (std::size_t i = 0; i < nodes; ++i) all.push_back(i);
    for (std::size_t i = 0; i < nodes; ++i) {
      cluster_->Start(all, static_cast<std::uint32_t>(nodes));
    }
    Settle(20s);
    cluster_->RunFor(3s);  // Until the voters are chosen.
  }

  void Settle(Duration within) {
    const auto settled = [&] { return cluster_->Unsettled().empty(); };
    ASSERT_TRUE(cluster_->RunUntil(settled, within)) << cluster_->Unsettled() << Reasons();
    ASSERT_EQ(cluster_->violation(), "");
  }

  std::string Reasons() const {
    std::string reasons;
    for (std::size_t node = 0; node < cluster_->size(); ++node) {
      if (!cluster_->alive(node)) continue;
      reasons += "\n  node" + std::to_string(node) + ": " + cluster_->Readiness(node);
    }
    return reasons + "\n" + cluster_->violation();
  }

  void WriteKeys(std::size_t through) {
    int written = 0;
    for (int i = 0; i < kKeys; ++i) {
      cluster_->Submit(through, {.code = OpCode::kSet, .key = Key(i), .value = Value(i)},
                       [&](const Outcome& outcome) {
                         if (outcome.status == Status::kOk) ++written;
                       });
    }
    ASSERT_TRUE(cluster_->RunUntil([&] { return written == kKeys; }, 5s));
    cluster_->RunFor(2s);  // Until every replica has them.
  }

  // The keys that the node answers, and with what.
  std::map<int, std::string> ReadKeys(std::size_t through) {
    std::map<int, std::string> read;
    for (int i = 0; i < kKeys; ++i) {
      cluster_->Submit(through, {.code = OpCode::kGet, .key = Key(i)},
                       [&, i](const Outcome& outcome) {
                         if (outcome.status == Status::kOk) read[i] = outcome.value;
                       });
    }
    cluster_->RunFor(5s);
    return read;
  }

  // A survivor held a copy of it that was in sync.
  bool Survives(int key, const std::vector<std::size_t>& survivors) const {
    const std::uint32_t shard = ShardOfKey(key);
    return std::ranges::any_of(survivors, [&](std::size_t node) {
      const control::State& state = cluster_->control(node).log()->state();
      return state.shards()[shard].InSync(cluster_->id(node));
    });
  }
  std::uint32_t ShardOfKey(int key) const {
    return ring::ShardOf(Key(key), cluster_->options().num_shards).value();
  }

  void Lose(const std::vector<std::size_t>& lost) {
    for (const std::size_t node : lost) cluster_->Kill(node);
    cluster_->RunFor(5s);
  }

  bool AnyLeads() const {
    for (std::size_t node = 0; node < cluster_->size(); ++node) {
      for (std::uint32_t shard = 0; shard < cluster_->options().num_shards; ++shard) {
        const node::Shard* const held = cluster_->shard(node, shard);
        if (cluster_->HoldsLease(node) && held != nullptr &&
            held->Report().role == node::ShardRole::kLeader) {
          return true;
        }
      }
    }
    return false;
  }

  void Recover(std::size_t node) {
    const Result<Ok> recovered = cluster_->Recover(node);
    ASSERT_TRUE(recovered.ok()) << recovered.error().message;
  }

  static std::string Key(int i) { return "key:" + std::to_string(i); }
  static std::string Value(int i) { return "value " + std::to_string(i); }

  // Kills `lost` of `nodes`, recovers on the first, and expects what survives to be served again.
  void CheckRecovery(std::uint64_t seed, std::size_t nodes, const std::vector<std::size_t>& lost) {
    SCOPED_TRACE("seed " + std::to_string(seed) + ", " + std::to_string(nodes) + " nodes");
    Form(seed, nodes);
    WriteKeys(0);
    std::vector<std::size_t> survivors;
    for (std::size_t node = 0; node < nodes; ++node) {
      if (std::ranges::find(lost, node) == lost.end()) survivors.push_back(node);
    }
    Lose(lost);
    EXPECT_FALSE(AnyLeads());
    std::vector<int> surviving;
    for (int i = 0; i < kKeys; ++i) {
      if (Survives(i, survivors)) surviving.push_back(i);
    }
    EXPECT_GT(surviving.size(), 20U);
    Recover(0);
    Settle(180s);
    const std::map<int, std::string> read = ReadKeys(survivors.back());
    for (const int key : surviving) {
      EXPECT_TRUE(read.contains(key) && read.at(key) == Value(key)) << Key(key);
    }
  }

  std::unique_ptr<SimCluster> cluster_;
};

TEST_F(RecoverySimTest, WhoSurvivesNamesWhoIsMissing) {
  Form(1, 3);
  Lose({1, 2});
  const std::string reason = cluster_->Readiness(0);
  EXPECT_TRUE(reason.starts_with("1 of 3 voters of the control log are heard, no majority"))
      << reason;
  for (const char* const named : {"node1 (id ", "node2 (id ", "10.0.0.2:7701", "10.0.0.3:7701",
                                  "not heard for 5 s", "cluster recover"}) {
    EXPECT_NE(reason.find(named), std::string::npos) << named << " in: " << reason;
  }
  cluster_->Restart(1);
  EXPECT_TRUE(cluster_->RunUntil([&] { return cluster_->Ready(0); }, 30s)) << Reasons();
}

TEST_F(RecoverySimTest, WithAMajorityThereIsNothingToRecover) {
  Form(1, 3);
  Lose({2});
  const Result<Ok> refused = cluster_->Recover(0);
  ASSERT_FALSE(refused.ok());
  EXPECT_EQ(refused.error().message,
            "nothing is lost: 2 of 3 voters of the control log are heard, a majority");
  EXPECT_EQ(cluster_->violation(), "");
}

TEST_F(RecoverySimTest, TheLastVoterOfThreeGoesOnAlone) {
  for (std::uint64_t seed = 1; seed <= kSeeds && !HasFailure(); ++seed) {
    CheckRecovery(seed, 3, {1, 2});
  }
}

// The other survivor goes over to the log of the first, with its memory.
TEST_F(RecoverySimTest, TwoSurvivorsOfFiveVotersGoOnTogether) {
  for (std::uint64_t seed = 1; seed <= kSeeds && !HasFailure(); ++seed) {
    CheckRecovery(seed, 5, {1, 2, 3});
    EXPECT_EQ(cluster_->control(4).log()->lineage(), cluster_->control(0).log()->lineage());
    EXPECT_EQ(cluster_->control(4).log()->state().recoveries().size(), 1U);
  }
}

// Of four nodes three vote: the one that does not knows the state as well.
TEST_F(RecoverySimTest, ANodeWithoutAVoteCanGoOnToo) {
  for (std::uint64_t seed = 1; seed <= kSeeds && !HasFailure(); ++seed) {
    SCOPED_TRACE("seed " + std::to_string(seed));
    Form(seed, 4);
    const std::vector<NodeId> voters = cluster_->control(0).log()->voters();
    std::vector<std::size_t> lost;
    std::size_t survivor = 0;
    for (std::size_t node = 0; node < 4; ++node) {
      if (std::ranges::find(voters, cluster_->id(node)) == voters.end()) {
        survivor = node;
      } else {
        lost.push_back(node);
      }
    }
    ASSERT_EQ(lost.size(), 3U);
    Lose(lost);
    Recover(survivor);
    Settle(180s);
  }
}

// The grants of the lost voters are not known: they may be as young as the recovery.
TEST_F(RecoverySimTest, NobodyLeadsBeforeEveryLeaseFromBeforeIsOver) {
  for (std::uint64_t seed = 1; seed <= kSeeds && !HasFailure(); ++seed) {
    Form(seed, 5);
    Lose({1, 2, 3});
    const TimePoint recovered = cluster_->now();
    Recover(0);
    cluster_->RunUntil([&] { return AnyLeads(); }, 5s);
    EXPECT_TRUE(AnyLeads());
    EXPECT_GE(cluster_->now() - recovered, 600ms);
  }
}

TEST_F(RecoverySimTest, LostVotersThatComeBackGetNoLeaseAndNoMajority) {
  for (std::uint64_t seed = 1; seed <= kSeeds && !HasFailure(); ++seed) {
    SCOPED_TRACE("seed " + std::to_string(seed));
    Form(seed, 5);
    Lose({1, 2, 3});
    Recover(0);
    ASSERT_TRUE(cluster_->RunUntil([&] { return AnyLeads(); }, 5s)) << Reasons();
    for (const std::size_t node : {1, 2, 3}) cluster_->Restart(node);
    const auto any_leased = [&] {
      return std::ranges::any_of(std::vector<std::size_t>{1, 2, 3},
                                 [&](std::size_t node) { return cluster_->HoldsLease(node); });
    };
    EXPECT_FALSE(cluster_->RunUntil(any_leased, 20s)) << Reasons();
    const auto ready = [&] { return any_leased() || (cluster_->Ready(0) && cluster_->Ready(4)); };
    EXPECT_TRUE(cluster_->RunUntil(ready, 120s)) << Reasons();
    EXPECT_FALSE(any_leased()) << Reasons();
    for (const std::size_t node : {1, 2, 3}) {
      EXPECT_TRUE(cluster_->Readiness(node).starts_with("the cluster was recovered without"))
          << Reasons();
    }
    for (const std::size_t node : {1, 2, 3}) {
      cluster_->Kill(node);
      cluster_->Restart(node, /*empty_disk=*/true);
    }
    Settle(180s);
  }
}

// The checker is checked: if what is said in another lineage counted, they would.
TEST_F(RecoverySimTest, WithoutTheLineageLostVotersThatComeBackDoHarm) {
  int harmed = 0;
  for (std::uint64_t seed = 1; seed <= 10 && harmed == 0; ++seed) {
    Form(seed, 5, BrokenRule::kLineagesMixed);
    Lose({1, 2, 3});
    Recover(0);
    cluster_->RunUntil([&] { return AnyLeads(); }, 5s);
    for (const std::size_t node : {1, 2, 3}) cluster_->Restart(node);
    cluster_->RunFor(20s);
    const bool leased = cluster_->HoldsLease(1) || cluster_->HoldsLease(2);
    if (leased || !cluster_->violation().empty()) ++harmed;
  }
  EXPECT_GT(harmed, 0);
}

// It is there as a whole after a crash, or not at all: then it can be asked for again.
TEST_F(RecoverySimTest, ACrashInTheMiddleOfARecoveryLeavesOneLog) {
  int survived = 0;
  for (std::uint64_t seed = 1; seed <= 12 && !HasFailure(); ++seed) {
    SCOPED_TRACE("seed " + std::to_string(seed));
    Form(seed, 3);
    Lose({1, 2});
    const control::Lineage before = cluster_->control(0).log()->lineage();
    Recover(0);
    cluster_->RunFor(300us * static_cast<int>(seed - 1));
    cluster_->Kill(0);
    cluster_->Restart(0);
    cluster_->RunFor(5s);
    if (cluster_->control(0).log()->lineage() == before) {
      Recover(0);
    } else {
      ++survived;
    }
    EXPECT_NE(cluster_->control(0).log()->lineage(), before);
    Settle(180s);
  }
  EXPECT_GT(survived, 0);
  EXPECT_LT(survived, 12);
}

// Two clusters, as the warning says; but when they meet, the old one gives way.
TEST_F(RecoverySimTest, AMajorityThatWasOnlyCutOffGivesWayWhenItIsHeardAgain) {
  for (std::uint64_t seed = 1; seed <= kSeeds && !HasFailure(); ++seed) {
    SCOPED_TRACE("seed " + std::to_string(seed));
    Form(seed, 3);
    cluster_->invariants().ExpectTwoClusters();
    for (const std::size_t other : {1, 2}) cluster_->Cut(0, other, true);
    cluster_->RunFor(10s);
    Recover(0);
    cluster_->RunFor(10s);
    for (const std::size_t other : {1, 2}) cluster_->Cut(0, other, false);
    const auto gave_way = [&] {
      return std::ranges::none_of(std::vector<std::size_t>{1, 2}, [&](std::size_t node) {
        return cluster_->HoldsLease(node) &&
               cluster_->control(node).log()->lineage() != cluster_->control(0).log()->lineage();
      });
    };
    EXPECT_TRUE(cluster_->RunUntil(gave_way, 20s)) << Reasons();
    cluster_->RunFor(5s);
    EXPECT_TRUE(gave_way()) << Reasons();
    EXPECT_EQ(cluster_->violation(), "");
  }
}

}  // namespace
}  // namespace aegis::sim
