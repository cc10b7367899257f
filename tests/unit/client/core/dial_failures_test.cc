#include "client/core/dial_failures.h"

#include <gtest/gtest.h>

#include "client/core/options.h"

namespace aegis::client {
namespace {

TEST(DialFailuresTest, LastReasonOfEachIsTold) {
  DialFailures failures;
  EXPECT_EQ(failures.Of({"a:1"}), "");
  failures.Note("a:1", "a:1: no route");
  failures.Note("a:1", "a:1: refused");
  failures.Note("b:1", "b:1: no such host");
  failures.Note("c:1", "c:1: refused");
  EXPECT_EQ(failures.Of({"a:1"}), " (a:1: refused)");
  EXPECT_EQ(failures.Of({"a:1", "b:1", "d:1"}), " (a:1: refused; b:1: no such host)");
}

TEST(DialFailuresTest, ForgottenOnesAreNotTold) {
  DialFailures failures;
  failures.Note("a:1", "a:1: refused");
  failures.Note("b:1", "b:1: refused");
  failures.Note("c:1", "c:1: refused");
  failures.Forget("a:1");
  failures.Keep({"a:1", "b:1", "d:1"});
  EXPECT_EQ(failures.Of({"a:1", "b:1", "c:1", "d:1"}), " (b:1: refused)");
}

TEST(DialFailuresTest, OfManyOnlySomeAreShown) {
  DialFailures failures;
  std::vector<std::string> addresses;
  for (std::size_t i = 0; i < kFailuresShown + 2; ++i) {
    addresses.push_back("a:" + std::to_string(i + 1));
    failures.Note(addresses.back(), addresses.back());
  }
  EXPECT_EQ(failures.Of(addresses), " (a:1; a:2; a:3; a:4; a:5; 2 more)");
}

}  // namespace
}  // namespace aegis::client
