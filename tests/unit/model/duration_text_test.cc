#include "model/duration_text.h"

#include <gtest/gtest.h>

namespace aegis {
namespace {

using std::chrono::days;
using std::chrono::hours;
using std::chrono::milliseconds;
using std::chrono::minutes;
using std::chrono::seconds;

TEST(DurationTextTest, ReadsPartsOfAnyUnit) {
  EXPECT_EQ(ParseDuration("30s"), seconds(30));
  EXPECT_EQ(ParseDuration("500ms"), milliseconds(500));
  EXPECT_EQ(ParseDuration("1m30s"), seconds(90));
  EXPECT_EQ(ParseDuration("1d2h"), hours(26));
  EXPECT_EQ(ParseDuration("2h3m4s5ms"), hours(2) + minutes(3) + seconds(4) + milliseconds(5));
  EXPECT_EQ(ParseDuration("3652500d"), days(3'652'500)) << "the longest TTL, 10,000 years";
  EXPECT_EQ(ParseDuration("0"), milliseconds::zero());
  EXPECT_EQ(ParseDuration("0s"), milliseconds::zero());
}

TEST(DurationTextTest, RefusesWhatIsNoDurationOrOverflows) {
  for (const BareNumber bare : {BareNumber::kRefused, BareNumber::kSeconds}) {
    for (const char* text :
         {"", "s", "-1s", "1s2", "1m 30s", "1.5s", "1 s", "1S", "1us", "5y", "106751991168d",
          "9223372036854775808ms", "9223372036854775807ms1ms", "99999999999999999999s"}) {
      EXPECT_EQ(ParseDuration(text, bare), std::nullopt) << text;
    }
  }
}

TEST(DurationTextTest, ABareNumberIsSecondsWhereItIsAllowed) {
  EXPECT_EQ(ParseDuration("60", BareNumber::kSeconds), seconds(60));
  EXPECT_EQ(ParseDuration("60"), std::nullopt);
  EXPECT_EQ(ParseDuration("1m60", BareNumber::kSeconds), std::nullopt);
  EXPECT_EQ(ParseDuration("99999999999999999999", BareNumber::kSeconds), std::nullopt);
}

TEST(DurationTextTest, IsWrittenAsItIsRead) {
  for (const char* text : {"0s", "1ms", "30s", "1m30s", "1h", "2h3m4s5ms", "1d2h"}) {
    EXPECT_EQ(DurationText(ParseDuration(text).value()), text);
  }
  EXPECT_EQ(DurationText(ParseDuration("90s").value()), "1m30s");
}

}  // namespace
}  // namespace aegis
