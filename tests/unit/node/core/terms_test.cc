#include "node/core/terms.h"

#include <gtest/gtest.h>

#include <optional>

namespace aegis::node {
namespace {

constexpr UnixMs kNow{1'000'000};

store::ItemView ItemOf(Version version, ByteView value) {
  store::ItemView item;
  item.version = version;
  item.value = value;
  return item;
}

TEST(TermsTest, AConditionIsOnWhatIsThere) {
  const Version version{Epoch{1}, Seq{7}};
  const auto item = std::optional(ItemOf(version, "v"));
  const auto holds = [&](const Operation& op, bool with_item) {
    return ConditionHolds(op, with_item ? item : std::nullopt);
  };
  for (const bool there : {false, true}) {
    EXPECT_TRUE(holds({.condition = Condition::kAlways}, there));
    EXPECT_EQ(holds({.condition = Condition::kIfAbsent}, there), !there);
    EXPECT_EQ(holds({.condition = Condition::kIfPresent}, there), there);
    EXPECT_EQ(holds({.condition = Condition::kIfVersion, .expected = version}, there), there);
    EXPECT_EQ(holds({.condition = Condition::kIfVersion, .expected = {}}, there), !there)
        << "no version is that of a key that is absent";
    EXPECT_EQ(holds({.match = "v", .condition = Condition::kIfValue}, there), there);
    EXPECT_FALSE(holds({.match = "w", .condition = Condition::kIfValue}, there));
    EXPECT_FALSE(holds({.match = "", .condition = Condition::kIfValue}, false));
  }
}

TEST(TermsTest, AnExpiryCountsFromTheLeadersClockOrIsATimeOrWhatItWas) {
  const auto expiry = [](ExpiryKind kind, std::int64_t ms) {
    return ExpiryOf({.expiry = kind, .expiry_ms = ms}, /*current=*/5, kNow);
  };
  EXPECT_EQ(expiry(ExpiryKind::kNone, 0), 0);
  EXPECT_EQ(expiry(ExpiryKind::kRelative, 10), kNow.value + 10);
  EXPECT_EQ(expiry(ExpiryKind::kAbsolute, 77), 77);
  EXPECT_EQ(expiry(ExpiryKind::kAbsolute, 0), 1) << "0 would be never";
  EXPECT_EQ(expiry(ExpiryKind::kKeep, 10), 5);
}

TEST(TermsTest, AKeyWithoutExpiryLivesLongerThanAnyOther) {
  EXPECT_TRUE(RuleHolds(ExpireRule::kIfLess, 0, 100));
  EXPECT_FALSE(RuleHolds(ExpireRule::kIfGreater, 0, 100));
  EXPECT_TRUE(RuleHolds(ExpireRule::kIfGreater, 100, 0));
  EXPECT_FALSE(RuleHolds(ExpireRule::kIfLess, 100, 0));
  EXPECT_FALSE(RuleHolds(ExpireRule::kIfGreater, 0, 0));
}

TEST(TermsTest, ARuleComparesWhatIsWithWhatShouldBe) {
  EXPECT_TRUE(RuleHolds(ExpireRule::kAlways, 100, 50));
  EXPECT_TRUE(RuleHolds(ExpireRule::kIfNone, 0, 100));
  EXPECT_FALSE(RuleHolds(ExpireRule::kIfNone, 50, 100));
  EXPECT_TRUE(RuleHolds(ExpireRule::kIfSome, 50, 100));
  EXPECT_FALSE(RuleHolds(ExpireRule::kIfSome, 0, 100));
  EXPECT_TRUE(RuleHolds(ExpireRule::kIfGreater, 50, 100));
  EXPECT_FALSE(RuleHolds(ExpireRule::kIfGreater, 100, 100));
  EXPECT_FALSE(RuleHolds(ExpireRule::kIfLess, 100, 100));
  EXPECT_TRUE(RuleHolds(ExpireRule::kIfSomeAndLess, 100, 50));
  EXPECT_FALSE(RuleHolds(ExpireRule::kIfSomeAndLess, 0, 50));
}

}  // namespace
}  // namespace aegis::node
