// What is asked of a whole shard: its keys piece by piece, how many they are, some one of them.

#include <gtest/gtest.h>

#include <set>
#include <string>

#include "node/core/key_list.h"
#include "node/core/shard.h"
#include "shard_test_support.h"

namespace aegis::node {
namespace {

class ExecutorOfShardTest : public ShardTest {
 protected:
  ExecutorOfShardTest() { LeadWith(0, 1, {}); }

  Outcome Scan(std::int64_t position, std::int64_t count, ByteView pattern = {},
               UnixMs now = kNow) {
    return Run(0,
               {.code = OpCode::kScan,
                .key = "any",
                .match = pattern,
                .number = position,
                .number2 = count},
               now);
  }
  static std::multiset<std::string> KeysOf(const Outcome& outcome) {
    std::multiset<std::string> keys;
    ByteView list = outcome.value;
    while (const auto key = TakeKey(list)) keys.emplace(*key);
    EXPECT_TRUE(list.empty());
    return keys;
  }
  // All that a scan from begin to end returns, `between` after each call.
  template <class Between>
  std::multiset<std::string> ScanAll(std::int64_t count, const Between& between) {
    std::multiset<std::string> keys;
    std::int64_t position = 0;
    do {
      const Outcome outcome = Scan(position, count);
      EXPECT_EQ(outcome.status, Status::kOk);
      keys.merge(KeysOf(outcome));
      position = outcome.number;
      between();
    } while (position != 0);
    return keys;
  }
};

TEST_F(ExecutorOfShardTest, AScanReturnsWhatIsThereThroughoutWhileTheTableGrows) {
  for (int i = 0; i < 300; ++i) Set(0, "k" + std::to_string(i), "v");
  int more = 0;
  const auto keys = ScanAll(10, [&] {
    for (int i = 0; i < 50 && more < 2000; ++i) Set(0, "more" + std::to_string(more++), "v");
  });
  for (int i = 0; i < 300; ++i) EXPECT_GE(keys.count("k" + std::to_string(i)), 1U) << i;
}

TEST_F(ExecutorOfShardTest, AScanIsAboutAsLongAsWasAskedFor) {
  for (int i = 0; i < 1000; ++i) Set(0, "k" + std::to_string(i), "v");
  const Outcome outcome = Scan(0, 20);
  EXPECT_NE(outcome.number, 0);
  EXPECT_GE(KeysOf(outcome).size(), 20U);
  EXPECT_LE(KeysOf(outcome).size(), 40U);
}

TEST_F(ExecutorOfShardTest, AScanHidesWhatIsRemovedOrExpiredOrDoesNotMatch) {
  Set(0, "live", "v");
  Set(0, "lift", "v");
  Set(0, "other", "v");
  Set(0, "likely dead", "v", 1000);
  Set(0, "lies", "v");
  Delete(0, "lies");
  const UnixMs later{kNow.value + 1001};
  EXPECT_EQ(KeysOf(Scan(0, 1000, "li*", later)), (std::multiset<std::string>{"lift", "live"}));
  EXPECT_EQ(KeysOf(Scan(0, 1000, {}, later)),
            (std::multiset<std::string>{"lift", "live", "other"}));
}

TEST_F(ExecutorOfShardTest, AScanOfLongKeysStopsAndGoesOn) {
  constexpr std::size_t kKeys = 40;
  for (std::size_t i = 0; i < kKeys; ++i) {
    Set(0, std::string(limits::kKeySizeMax - 2, 'k') + std::to_string(10 + i), "v");
  }
  const Outcome outcome = Scan(0, 1000);
  EXPECT_NE(outcome.number, 0) << "over " << limits::kScanBytesMax << " bytes in all";
  EXPECT_EQ(ScanAll(1000, [] {}).size(), kKeys);
}

TEST_F(ExecutorOfShardTest, AScanWhosePatternTakesLongStopsAndGoesOn) {
  constexpr std::size_t kKeys = 100;
  for (std::size_t i = 0; i < kKeys; ++i) {
    Set(0, std::string(1000, 'a') + (i % 2 == 0 ? "b" : "c") + std::to_string(i), "v");
  }
  const std::string pattern = "*" + std::string(500, 'a') + "b*";
  std::multiset<std::string> keys;
  std::int64_t position = 0;
  int calls = 0;
  do {
    const Outcome outcome = Scan(position, 1000, pattern);
    ASSERT_EQ(outcome.status, Status::kOk);
    keys.merge(KeysOf(outcome));
    position = outcome.number;
    ++calls;
  } while (position != 0);
  EXPECT_EQ(keys.size(), kKeys / 2);
  EXPECT_GT(calls, 10) << "each key takes a quarter of what a scan may";
}

TEST_F(ExecutorOfShardTest, APatternThatTakesNoLongerThanTheLookStopsNothing) {
  constexpr int kKeys = 50'000;
  for (int i = 0; i < kKeys; ++i) Set(0, "a key of usual length:" + std::to_string(i), "v");
  EXPECT_EQ(Scan(0, 2 * kKeys, "*:12345").number, 0);
}

TEST_F(ExecutorOfShardTest, APatternThatTakesTooLongForOneKeyIsRefused) {
  const std::string long_key(limits::kKeySizeMax, 'a');
  Set(0, long_key, "v");
  const Outcome outcome = Scan(0, 10, "*" + std::string(limits::kPatternSizeMax - 2, 'a') + "b");
  EXPECT_EQ(outcome.status, Status::kInvalid);
  EXPECT_EQ(outcome.error, "the pattern takes too long to match against a key that is there");
  EXPECT_EQ(KeysOf(Scan(0, 10, "*a*a?[ab]")).count(long_key), 1U);
}

TEST_F(ExecutorOfShardTest, AnyPositionIsTaken) {
  Set(0, "k", "v");
  for (const std::int64_t position : {std::int64_t{-1}, std::int64_t{1} << 40, INT64_MAX}) {
    const Outcome outcome = Scan(position, -5);
    EXPECT_EQ(outcome.status, Status::kOk);
    EXPECT_EQ(outcome.number, 0);
  }
}

TEST_F(ExecutorOfShardTest, CountsKeysAndNoTombstones) {
  for (int i = 0; i < 10; ++i) Set(0, "k" + std::to_string(i), "v");
  Delete(0, "k3");
  EXPECT_EQ(Run(0, {.code = OpCode::kCount, .key = "any"}).number, 9);
}

TEST_F(ExecutorOfShardTest, PicksEveryKeyInTheEnd) {
  EXPECT_EQ(Run(0, {.code = OpCode::kPick, .key = "any"}).status, Status::kNotFound);
  for (int i = 0; i < 8; ++i) Set(0, "k" + std::to_string(i), "v");
  Delete(0, "k0");
  std::set<std::string> picked;
  std::uint64_t random = 1;
  for (int i = 0; i < 1000; ++i) {
    random = random * 6364136223846793005ULL + 1442695040888963407ULL;
    const Outcome outcome =
        Run(0, {.code = OpCode::kPick, .key = "any", .number = static_cast<std::int64_t>(random)});
    ASSERT_EQ(outcome.status, Status::kOk);
    EXPECT_EQ(outcome.number, 7);
    picked.emplace(outcome.value);
  }
  EXPECT_EQ(picked.size(), 7U);
  EXPECT_FALSE(picked.contains("k0"));
}

TEST_F(ExecutorOfShardTest, PicksNothingWhereAllHasExpired) {
  Set(0, "k", "v", 1000);
  EXPECT_EQ(Run(0, {.code = OpCode::kPick, .key = "any"}, UnixMs{kNow.value + 1001}).status,
            Status::kNotFound);
}

TEST_F(ExecutorOfShardTest, ALookAtAllKeysWaitsForWhateverWaits) {
  LeadWith(0, 2, {1, 2}, /*quorum_used=*/true);
  Settle();
  Run(0, {.code = OpCode::kSet, .key = "k", .value = "v", .quorum = 2});
  for (const OpCode code : {OpCode::kScan, OpCode::kCount, OpCode::kPick}) {
    EXPECT_NE(Run(0, {.code = code, .key = "any", .number2 = 10}).hold.reign, Epoch{});
  }
  Settle();
  EXPECT_EQ(Run(0, {.code = OpCode::kCount, .key = "any"}).hold.reign, Epoch{});
}

}  // namespace
}  // namespace aegis::node
