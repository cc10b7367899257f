// What the ledger takes for a lost write, and which losses it accepts.

#include "write_ledger.h"

#include <gtest/gtest.h>

namespace aegis::sim {
namespace {

constexpr ShardId kShard{3};
constexpr control::Copy kCopy{NodeId{1}, Session{11}};
constexpr control::Copy kOther{NodeId{2}, Session{12}};

Version At(std::uint32_t epoch, std::uint64_t seq) { return {Epoch{epoch}, Seq{seq}}; }

// A history that has `seqs[i]` records of epoch i + 1.
VersionVector HistoryOf(const std::vector<std::uint64_t>& seqs) {
  std::vector<Reign> reigns;
  for (std::uint32_t i = 0; i < seqs.size(); ++i) {
    reigns.push_back({.epoch = Epoch{i + 1}, .writer = Session{i + 1}, .seq = Seq{seqs[i]}});
  }
  return VersionVector(reigns);
}

bool Nobody(const control::Copy& /*copy*/) { return false; }
bool Everybody(const control::Copy& /*copy*/) { return true; }

TEST(WriteLedgerTest, WhatANewReignLacksIsLostAndExcusesItsKey) {
  WriteLedger ledger;
  ledger.OnWrite(kShard, At(1, 2), "kept", /*pending=*/false);
  ledger.OnWrite(kShard, At(1, 3), "gone", /*pending=*/false);
  EXPECT_EQ(ledger.OnReign(kShard, HistoryOf({2, 1})), "");
  EXPECT_FALSE(ledger.lost("kept"));
  EXPECT_TRUE(ledger.lost("gone"));
  EXPECT_EQ(ledger.writes_lost(), 1U);
}

TEST(WriteLedgerTest, ALostClearExcusesTheKeysThatWereSeenCleared) {
  WriteLedger ledger;
  ledger.OnClear(kShard, At(1, 2), /*pending=*/false);
  ledger.OnClear(kShard, At(1, 3), /*pending=*/false);
  EXPECT_EQ(ledger.NewestClear(kShard, HistoryOf({3})), At(1, 3));
  ledger.OnSeen(kShard, At(1, 3), "seen", Epoch{1});
  ledger.OnSeen(kShard, At(1, 2), "seen earlier", Epoch{1});
  EXPECT_EQ(ledger.OnReign(kShard, HistoryOf({2, 1})), "");
  EXPECT_TRUE(ledger.lost("seen"));
  EXPECT_FALSE(ledger.lost("seen earlier"));
  EXPECT_TRUE(ledger.IsLostClear(kShard, At(1, 3)));
  EXPECT_FALSE(ledger.IsLostClear(kShard, At(1, 2)));
  EXPECT_EQ(ledger.NewestClear(kShard, HistoryOf({2, 1})), At(1, 2));
}

TEST(WriteLedgerTest, WhatIsGoneMustBeCountedUnlessItsLastCopyDied) {
  WriteLedger ledger;
  for (const std::uint64_t seq : {2, 3, 4}) ledger.OnWrite(kShard, At(1, seq), "key", false);
  EXPECT_EQ(ledger.OnReign(kShard, HistoryOf({2, 1})), "");
  EXPECT_NE(ledger.Uncounted(kShard, HistoryOf({2, 1}), 1), "");
  EXPECT_EQ(ledger.Uncounted(kShard, HistoryOf({2, 1}), 2), "");
  EXPECT_EQ(ledger.Uncounted(kShard, HistoryOf({3, 1}), 1), "") << "one came back";
  ledger.OnForgotten(kShard, HistoryOf({3}));
  EXPECT_EQ(ledger.Uncounted(kShard, HistoryOf({2, 1}), 1), "");
}

TEST(WriteLedgerTest, WhatWasWrittenAgainAndSeenIsLostAsWell) {
  WriteLedger ledger;
  ledger.OnSeen(kShard, At(2, 2), "again", /*by=*/Epoch{3});
  EXPECT_EQ(ledger.OnReign(kShard, HistoryOf({1, 1, 0, 1})), "");
  EXPECT_TRUE(ledger.lost("again"));
  ledger.OnSeen(kShard, At(2, 3), "too late", /*by=*/Epoch{3});
  EXPECT_EQ(ledger.OnReign(kShard, HistoryOf({1, 1, 0, 1, 1})), "");
  EXPECT_FALSE(ledger.lost("too late")) << "it was shown when a later reign had begun";
}

TEST(WriteLedgerTest, APendingWriteThatIsLostExcusesNothing) {
  WriteLedger ledger;
  ledger.OnWrite(kShard, At(1, 2), "key", /*pending=*/true);
  EXPECT_EQ(ledger.OnReign(kShard, HistoryOf({1, 1})), "");
  EXPECT_FALSE(ledger.lost("key"));
}

TEST(WriteLedgerTest, AWriteMayBeHeldInTheEndThatAReignHadLeftOutWhichIsLeftOutItself) {
  WriteLedger ledger;
  ledger.OnWrite(kShard, At(1, 2), "key", /*pending=*/true);
  EXPECT_EQ(ledger.OnReign(kShard, HistoryOf({1, 1})), "");
  EXPECT_NE(ledger.OnCommitted(kShard, At(1, 2), Epoch{1}), "");
  WriteLedger another;
  EXPECT_EQ(another.OnReign(kShard, HistoryOf({1, 1})), "");
  const VersionVector third({{.epoch = Epoch{1}, .writer = Session{1}, .seq = Seq{2}},
                             {.epoch = Epoch{3}, .writer = Session{3}, .seq = Seq{1}}});
  EXPECT_EQ(another.OnReign(kShard, third), "");
  EXPECT_EQ(another.OnCommitted(kShard, At(1, 2), Epoch{3}), "");
}

TEST(WriteLedgerTest, WhatACopyShowsIsHeldByAQuorumIfItWasToWaitForOne) {
  for (const bool pending : {true, false}) {
    WriteLedger ledger;
    ledger.OnInSync(kShard, Epoch{1}, {kCopy}, Everybody);
    ledger.OnWrite(kShard, At(1, 2), "key", pending);
    EXPECT_EQ(ledger.OnShown(kShard, At(1, 2), Epoch{1}), "");
    EXPECT_EQ(ledger.OnReign(kShard, HistoryOf({1, 1})).empty(), !pending);
  }
}

TEST(WriteLedgerTest, AWriteUnderAnEpochThatHasEndedExcusesNothing) {
  WriteLedger ledger;
  EXPECT_EQ(ledger.OnReign(kShard, HistoryOf({1, 1})), "");
  ledger.OnWrite(kShard, At(1, 2), "key", /*pending=*/false);
  EXPECT_EQ(ledger.OnReign(kShard, HistoryOf({1, 1, 1})), "");
  EXPECT_FALSE(ledger.lost("key"));
}

TEST(WriteLedgerTest, AQuorumWriteMayBeLostOnlyWithEveryMemberOfTheInSyncSet) {
  for (const bool survivor : {false, true}) {
    WriteLedger ledger;
    ledger.OnInSync(kShard, Epoch{1}, {kCopy}, Everybody);
    ledger.OnWrite(kShard, At(1, 2), "key", /*pending=*/true);
    EXPECT_EQ(ledger.OnCommitted(kShard, At(1, 2), Epoch{1}), "");
    ledger.OnInSync(kShard, Epoch{2}, {kOther}, survivor ? Everybody : Nobody);
    const std::string wrong = ledger.OnReign(kShard, HistoryOf({1, 1}));
    EXPECT_EQ(wrong.empty(), !survivor) << wrong;
    EXPECT_TRUE(ledger.lost("key"));
  }
}

TEST(WriteLedgerTest, NobodyMayBeToldOfAQuorumOnceAReignHasBegunWithoutTheWrite) {
  WriteLedger ledger;
  ledger.OnWrite(kShard, At(1, 2), "key", /*pending=*/true);
  EXPECT_EQ(ledger.OnReign(kShard, HistoryOf({1, 1})), "");
  EXPECT_NE(ledger.OnCommitted(kShard, At(1, 2), Epoch{1}), "");
  EXPECT_EQ(ledger.OnCommitted(kShard, At(1, 1), Epoch{1}), "");
}

TEST(WriteLedgerTest, WhoIsToldLateIsToldOfWhatTheNextReignHas) {
  WriteLedger ledger;
  EXPECT_EQ(ledger.OnToldLate(kShard, At(1, 2)), "") << "nobody else has begun";
  EXPECT_EQ(ledger.OnReign(kShard, HistoryOf({2, 1})), "");
  EXPECT_EQ(ledger.OnToldLate(kShard, At(1, 2)), "") << "it was handed over";
  EXPECT_NE(ledger.OnToldLate(kShard, At(1, 3)), "");
  EXPECT_EQ(ledger.OnReign(kShard, HistoryOf({1, 0, 1})), "");
  EXPECT_EQ(ledger.OnToldLate(kShard, At(1, 2)), "") << "it was lost later";
}

}  // namespace
}  // namespace aegis::sim
