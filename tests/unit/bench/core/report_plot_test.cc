#include "bench/core/report_plot.h"

#include <gtest/gtest.h>

namespace aegis::bench {
namespace {

RunReport Report() {
  RunReport report;
  report.seconds = 2;
  report.replies = 1000;
  for (int i = 1; i <= 1000; ++i) report.gets.Record(std::chrono::microseconds(i));
  report.timeline = {{1, 400}, {2, 600}};
  report.server = ServerFigures{.cpu_seconds = 0.002};
  return report;
}

TEST(ReportPlotTest, AReportInJsonIsPlottedAsTheOneItWasMadeFrom) {
  const PlottedRun direct = PlottedOf(Report(), "ours");
  const auto read = ReadPlotted(ToJson(Report(), {{"label", "ours"}}));
  ASSERT_TRUE(read.ok());
  EXPECT_EQ(read.value().label, "ours");
  EXPECT_DOUBLE_EQ(read.value().cpu_us_per_command, 2);
  EXPECT_EQ(PlotOf({read.value()}), PlotOf({direct}));
}

TEST(ReportPlotTest, WhatIsNoReportIsRefused) {
  for (const char* text : {"", "{}", "[]", R"({"setup":{"label":1}})"}) {
    EXPECT_FALSE(ReadPlotted(text).ok()) << text;
  }
}

TEST(ReportPlotTest, RunsAreToldApartByTheirLabels) {
  const std::string svg = PlotOf({PlottedOf(Report(), "ours"), PlottedOf(Report(), "theirs")});
  EXPECT_NE(svg.find(">ours<"), std::string::npos);
  EXPECT_NE(svg.find(">theirs<"), std::string::npos);
  EXPECT_NE(svg.find(">2.00 us<"), std::string::npos);
}

TEST(ReportPlotTest, CpuTimeThatNobodyWatchedHasNoBar) {
  RunReport report = Report();
  report.server.reset();
  EXPECT_EQ(PlotOf({PlottedOf(report, "ours")}).find("CPU"), std::string::npos);
}

}  // namespace
}  // namespace aegis::bench
