#include "node/runtime/log_sink.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <nlohmann/json.hpp>
#include <sstream>
#include <thread>
#include <vector>

namespace aegis::node {
namespace {

using nlohmann::json;
using testing::HasSubstr;
using testing::MatchesRegex;
using testing::Not;

constexpr UnixMs kTime{1'800'000'000'007};

class LogSinkTest : public testing::Test {
 protected:
  void TearDown() override {
    GlobalLog().sink = nullptr;
    GlobalLog().threshold = LogLevel::kOff;
  }
};

TEST_F(LogSinkTest, TextLineHasTimeLevelModuleAndMessage) {
  EXPECT_EQ(LogLine(LogFormat::kText, kTime, LogLevel::kWarn, "gossip", "b is suspected"),
            "2027-01-15T08:00:00.007Z warn  gossip       b is suspected\n");
}

TEST_F(LogSinkTest, JsonLineIsOneObject) {
  const std::string line =
      LogLine(LogFormat::kJson, kTime, LogLevel::kError, "main", "it's \"so\"");
  EXPECT_EQ(line,
            "{\"time\":\"2027-01-15T08:00:00.007Z\",\"level\":\"error\",\"module\":\"main\","
            "\"message\":\"it's \\\"so\\\"\"}\n");
}

TEST_F(LogSinkTest, MessageCannotForgeALineOrDriveATerminal) {
  EXPECT_EQ(LogLine(LogFormat::kText, kTime, LogLevel::kInfo, "m", "a\nb\tc\x1b[2J\x7f"),
            "2027-01-15T08:00:00.007Z info  m            a\\nb\\tc\\x1b[2J\\x7f\n");
}

TEST_F(LogSinkTest, EveryByteMakesValidJsonOnOneLine) {
  for (int byte = 0; byte < 256; ++byte) {
    const std::string message = std::string("a") + static_cast<char>(byte) + "b";
    std::string line = LogLine(LogFormat::kJson, kTime, LogLevel::kInfo, "m", message);
    ASSERT_EQ(line.back(), '\n');
    line.pop_back();
    EXPECT_EQ(line.find('\n'), std::string::npos);
    const json parsed = json::parse(line, nullptr, false);
    ASSERT_TRUE(parsed.is_object()) << byte;
    if (byte < 128) {
      EXPECT_EQ(parsed["message"], message);
    }
  }
}

TEST_F(LogSinkTest, WritesWhatReachesTheThresholdToStandardError) {
  testing::internal::CaptureStderr();
  InstallLogSink(LogLevel::kWarn, LogFormat::kText);
  AEGIS_LOG(kInfo, "test", "not this");
  AEGIS_LOG(kWarn, "test", "but {}", "this");
  InstallLogSink(LogLevel::kInfo, LogFormat::kJson);
  AEGIS_LOG(kInfo, "test", "and {}", 7);
  const std::string written = testing::internal::GetCapturedStderr();
  EXPECT_THAT(written, Not(HasSubstr("not this")));
  EXPECT_THAT(written, HasSubstr("Z warn  test         but this\n"));
  EXPECT_THAT(written,
              HasSubstr("\"level\":\"info\",\"module\":\"test\",\"message\":\"and 7\"}\n"));
}

TEST_F(LogSinkTest, LinesOfManyThreadsStayWhole) {
  testing::internal::CaptureStderr();
  InstallLogSink(LogLevel::kInfo, LogFormat::kJson);
  std::vector<std::thread> threads;
  for (int t = 0; t < 4; ++t) {
    threads.emplace_back([t] {
      for (int i = 0; i < 200; ++i) AEGIS_LOG(kInfo, "test", "line {} of {}", i, t);
    });
  }
  for (std::thread& thread : threads) thread.join();
  std::istringstream written(testing::internal::GetCapturedStderr());
  int lines = 0;
  for (std::string line; std::getline(written, line); ++lines) {
    EXPECT_TRUE(json::accept(line)) << line;
  }
  EXPECT_EQ(lines, 800);
}

}  // namespace
}  // namespace aegis::node
