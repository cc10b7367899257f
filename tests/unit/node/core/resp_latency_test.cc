// LATENCY: histograms of commands, and what held the node up.

#include <string>

#include "resp_test_support.h"

namespace aegis::node {
namespace {

class RespLatencyTest : public RespTest {
 protected:
  // `short_calls` took 1.5 us, and one took 100 us.
  static CommandUsage Usage(ByteView name, std::uint64_t short_calls) {
    CommandUsage usage;
    usage.name = name;
    usage.calls = short_calls + 1;
    for (std::size_t i = 1; i < kUsageBounds; ++i) {
      usage.within[i] = UsageBound(i) > std::chrono::microseconds(100) ? usage.calls : short_calls;
    }
    return usage;
  }
  static std::string Histogram(const std::string& name, const std::string& short_calls,
                               const std::string& calls, char map) {
    const std::string two = map == '%' ? "%2\r\n" : "*4\r\n";
    return "$" + std::to_string(name.size()) + "\r\n" + name + "\r\n" + two +
           "$5\r\ncalls\r\n:" + calls + "\r\n$14\r\nhistogram_usec\r\n" + two +
           ":2\r\n:" + short_calls + "\r\n:131\r\n:" + calls + "\r\n";
  }
};

TEST_F(RespLatencyTest, HistogramsAreOfTheCommandsAskedFor) {
  CommandUsage refused;
  refused.name = "incr";
  refused.rejected = 1;
  node.usages = {Usage("config|get", 7), Usage("get", 3), refused};
  const std::string config = Histogram("config|get", "7", "8", '*');
  const std::string get = Histogram("get", "3", "4", '*');
  EXPECT_EQ(Reply({"latency", "histogram"}), "*4\r\n" + config + get);
  EXPECT_EQ(Reply({"latency", "histogram", "GET", "nothing", "incr"}), "*2\r\n" + get);
  EXPECT_EQ(Reply({"latency", "histogram", "get", "Config"}), "*4\r\n" + get + config);
  EXPECT_EQ(Reply({"latency", "histogram", "config|get"}), "*2\r\n" + config);
  EXPECT_EQ(Reply({"latency", "histogram", "conf"}), "*0\r\n");
  session.version = 3;
  EXPECT_EQ(Reply({"latency", "histogram", "get"}), "%1\r\n" + Histogram("get", "3", "4", '%'));
}

TEST_F(RespLatencyTest, EventsAreListedAndForgotten) {
  node.latency_events = {{"command", {{1'700'000'000, 30}, {1'700'000'005, 20}}, 90},
                         {"loop", {{1'700'000'001, 11}}, 11}};
  EXPECT_EQ(Reply({"latency", "latest"}),
            "*2\r\n*4\r\n$7\r\ncommand\r\n:1700000005\r\n:20\r\n:90\r\n"
            "*4\r\n$4\r\nloop\r\n:1700000001\r\n:11\r\n:11\r\n");
  EXPECT_EQ(Reply({"latency", "history", "Command"}),
            "*2\r\n*2\r\n:1700000000\r\n:30\r\n*2\r\n:1700000005\r\n:20\r\n");
  EXPECT_EQ(Reply({"latency", "history", "fork"}), "*0\r\n");
  EXPECT_EQ(Reply({"latency", "reset", "loop", "fork"}), ":1\r\n");
  EXPECT_EQ(node.latency_events.size(), 1U);
  EXPECT_EQ(Reply({"latency", "reset"}), ":1\r\n");
  EXPECT_EQ(Reply({"latency", "reset"}), ":0\r\n");
  EXPECT_EQ(Reply({"latency", "latest"}), "*0\r\n");
}

TEST_F(RespLatencyTest, TheDoctorSaysWhatThereIs) {
  const auto says = [&](ByteView text) {
    return Reply({"latency", "doctor"}).find(text) != std::string::npos;
  };
  EXPECT_TRUE(says("The latency monitor is off"));
  node.latency_threshold_ms = 25;
  EXPECT_TRUE(says("Nothing has taken 25 ms or longer."));
  node.latency_events = {{"command", {{1'700'000'000, 30}, {1'700'000'005, 40}}, 90}};
  EXPECT_TRUE(
      says("command: in 2 seconds that were so slow, 35 ms on average and 90 ms at worst."));
  EXPECT_FALSE(says("Nothing has taken"));
}

}  // namespace
}  // namespace aegis::node
