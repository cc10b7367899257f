#include "bench/core/run_report.h"

#include <gtest/gtest.h>

#include <nlohmann/json.hpp>

namespace aegis::bench {
namespace {

using std::chrono::microseconds;

RunReport Report() {
  RunReport report;
  report.keys_filled = 1000;
  report.fill_seconds = 0.5;
  report.seconds = 2;
  report.replies = 2000;
  for (int i = 0; i < 1500; ++i) report.gets.Record(microseconds(100));
  for (int i = 0; i < 500; ++i) report.sets.Record(microseconds(4000));
  report.timeline = {{1, 900}, {2, 1100}};
  report.server = ServerFigures{.cpu_seconds = 0.5,
                                .user_seconds = 0.2,
                                .system_seconds = 0.3,
                                .voluntary_switches = 500,
                                .rss_before_fill = 1 << 20,
                                .rss_after_fill = (1 << 20) + 150'000,
                                .rss_at_end = 3 << 20};
  return report;
}

TEST(RunReportTest, ReportLinesUp) {
  EXPECT_EQ(
      ToText(Report()),
      "1,000 keys filled in within 0.5 s\n"
      "2,000 replies in 2.0 s: 1,000 per second\n"
      "               calls      mean       p50       p90       p95       p99     p99.9    p99.99"
      "       max\n"
      "GET            1,500    100 us    100 us    100 us    100 us    100 us    100 us    100 us"
      "    100 us\n"
      "SET              500    4.0 ms    4.0 ms    4.0 ms    4.0 ms    4.0 ms    4.0 ms    4.0 ms"
      "    4.0 ms\n"
      "all            2,000    1.1 ms    100 us    4.0 ms    4.0 ms    4.0 ms    4.0 ms    4.0 ms"
      "    4.0 ms\n"
      "server: 250.000 us of CPU per command (0.25 cores busy: 0.10 user, 0.15 system), "
      "0.250 voluntary switches per command\n"
      "server: 3.0 MiB resident at the end, 1.0 before and 1.1 after filling in: 150.0 bytes per "
      "key\n");
}

TEST(RunReportTest, WhatWentWrongStandsBelow) {
  RunReport report;
  report.seconds = 1;
  report.rate_wanted = 5000;
  report.misses = 7;
  report.never_sent = 1200;
  report.errors["OOM no room"] = 3;
  const std::string text = ToText(report);
  EXPECT_NE(text.find("of 5,000 wanted; latency counts from when a call was due\n"),
            std::string::npos);
  EXPECT_NE(text.find("7 GETs found no key\n"), std::string::npos);
  EXPECT_NE(text.find("1,200 calls were due and never sent"), std::string::npos);
  EXPECT_NE(text.find("3 calls failed: OOM no room\n"), std::string::npos);
  EXPECT_EQ(report.failed(), 3U);
}

TEST(RunReportTest, AFillAloneTellsOfMemoryOnly) {
  RunReport report = Report();
  report.seconds = 0;
  report.replies = 0;
  const std::string text = ToText(report);
  EXPECT_EQ(text.find("nan"), std::string::npos) << text;
  EXPECT_EQ(text.find("CPU"), std::string::npos) << text;
  EXPECT_NE(text.find("150.0 bytes per key"), std::string::npos);
}

TEST(RunReportTest, JsonHasTheSameFigures) {
  const auto json = nlohmann::json::parse(ToJson(Report(), {{"pipeline", "32"}}));
  EXPECT_EQ(json["setup"]["pipeline"], "32");
  EXPECT_EQ(json["per_second"], 1000.0);
  EXPECT_EQ(json["gets"]["p99_us"], 100.0);
  EXPECT_EQ(json["all"]["p99.99_us"], 4000.0);
  EXPECT_EQ(json["sets"]["max_us"], 4000.0);
  EXPECT_EQ(json["server"]["cpu_us_per_command"], 250.0);
  EXPECT_EQ(json["server"]["rss_per_key"], 150.0);
  EXPECT_EQ(json["timeline"][1]["per_second"], 1100.0);
}

TEST(RunReportTest, WithoutAServerItsFiguresAreMissingNotZero) {
  RunReport report = Report();
  report.server.reset();
  EXPECT_FALSE(nlohmann::json::parse(ToJson(report, {})).contains("server"));
  EXPECT_EQ(ToText(report).find("CPU"), std::string::npos);
}

TEST(RunReportTest, ErrorsThatAreNoTextDoNotSpoilTheJson) {
  RunReport report;
  report.errors["\xff\x80"] = 1;
  EXPECT_EQ(nlohmann::json::parse(ToJson(report, {}))["errors"].size(), 1U);
}

TEST(RunReportTest, TheCurveGoesAsFarAsTheCallsReachAndNeverDown) {
  const auto curve = Report().LatencyCurve();
  ASSERT_FALSE(curve.empty());
  EXPECT_NEAR(curve.back().first, 1 - 1.0 / 2000, 1e-4);
  EXPECT_NEAR(curve.front().second, 100, 1);
  EXPECT_NEAR(curve.back().second, 4000, 40);
  for (std::size_t i = 1; i < curve.size(); ++i) {
    EXPECT_GT(curve[i].first, curve[i - 1].first);
    EXPECT_GE(curve[i].second, curve[i - 1].second);
  }
  EXPECT_TRUE(RunReport().LatencyCurve().empty());
}

}  // namespace
}  // namespace aegis::bench
