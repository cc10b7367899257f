#include "node/runtime/slow_log.h"

#include <gtest/gtest.h>

#include <string>
#include <vector>

#include "model/limits.h"

namespace aegis::node {
namespace {

using std::chrono::microseconds;

class SlowLogTest : public ::testing::Test {
 protected:
  void Add(const std::vector<ByteView>& argv) {
    log_.Add(argv, session_, UnixMs{5}, microseconds(7));
  }

  SlowLog log_;
  RespSession session_;
};

TEST_F(SlowLogTest, KeepsTheNewestUpToItsLength) {
  log_.Set({.slower_than_us = 20, .entries_max = 2});
  EXPECT_EQ(log_.threshold(), microseconds(20));
  for (const ByteView key : {"a", "b", "c"}) Add({"get", key});
  ASSERT_EQ(log_.Commands().size(), 2U);
  EXPECT_EQ(log_.Commands()[0].id, 2U);
  EXPECT_EQ(log_.Commands()[0].arguments, (std::vector<std::string>{"get", "c"}));
  log_.Set({.slower_than_us = 20, .entries_max = 1});
  EXPECT_EQ(log_.Commands().size(), 1U);
  log_.Forget();
  EXPECT_TRUE(log_.Commands().empty());
  Add({"x"});
  EXPECT_EQ(log_.Commands()[0].id, 3U) << "numbers go on";
}

TEST_F(SlowLogTest, ANegativeTimeLogsNothing) {
  log_.Set({.slower_than_us = -1});
  EXPECT_EQ(log_.threshold(), Duration::max());
}

TEST_F(SlowLogTest, KeepsNoPassword) {
  using Arguments = std::vector<std::string>;
  const auto kept = [&](const std::vector<ByteView>& argv) {
    Add(argv);
    return log_.Commands()[0].arguments;
  };
  const std::string hidden = "(redacted)";
  EXPECT_EQ(kept({"AUTH", "secret"}), (Arguments{"AUTH", hidden}));
  EXPECT_EQ(kept({"auth", "user", "secret"}), (Arguments{"auth", hidden, hidden}));
  EXPECT_EQ(kept({"hello", "3", "Auth", "user", "secret", "setname", "me"}),
            (Arguments{"hello", "3", "Auth", hidden, hidden, "setname", "me"}));
  EXPECT_EQ(kept({"config", "set", "maxmemory", "1", "RequirePass", "secret"}),
            (Arguments{"config", "set", "maxmemory", "1", "RequirePass", hidden}));
  EXPECT_EQ(kept({"CONFIG", "SET", "masterauth", "secret"}),
            (Arguments{"CONFIG", "SET", "masterauth", hidden}));
  EXPECT_EQ(kept({"acl", "setuser", "user", ">secret"}),
            (Arguments{"acl", "setuser", "user", hidden}));
  EXPECT_EQ(kept({"config", "get", "requirepass"}), (Arguments{"config", "get", "requirepass"}));
  EXPECT_EQ(kept({"set", "auth", "x"}), (Arguments{"set", "auth", "x"}));
}

TEST_F(SlowLogTest, KeepsOnlyTheBeginOfWhatIsLong) {
  const std::string large(limits::kSlowArgumentBytesMax + 10, 'x');
  Add({"set", "k", large});
  EXPECT_EQ(log_.Commands()[0].arguments[2],
            std::string(limits::kSlowArgumentBytesMax, 'x') + "... (10 more bytes)");
  Add(std::vector<ByteView>(limits::kSlowArgumentsMax + 5, "k"));
  ASSERT_EQ(log_.Commands()[0].arguments.size(), limits::kSlowArgumentsMax);
  EXPECT_EQ(log_.Commands()[0].arguments.back(), "... (6 more arguments)");
}

}  // namespace
}  // namespace aegis::node
