#include "bench/load_view.h"

#include <gtest/gtest.h>

#include <nlohmann/json.hpp>
#include <sstream>

namespace aegis::bench {
namespace {

using std::chrono::microseconds;

LoadReport Report() {
  LoadReport report;
  report.elapsed = std::chrono::seconds(2);
  for (int i = 0; i < 1500; ++i) report.reads.Record(microseconds(100));
  for (int i = 0; i < 500; ++i) report.writes.Record(microseconds(4000));
  report.misses = 7;
  report.errors["Timeout"] = 3;
  return report;
}

TEST(LoadViewTest, ReportLinesUp) {
  EXPECT_EQ(ToText(Report()),
            "                 calls  per second       p50       p90       p99     p99.9       max\n"
            "reads            1,500         750    100 us    100 us    100 us    100 us    100 us\n"
            "writes             500         250    4.0 ms    4.0 ms    4.0 ms    4.0 ms    4.0 ms\n"
            "all              2,000        1000    100 us    4.0 ms    4.0 ms    4.0 ms    4.0 ms\n"
            "7 reads found no key\n"
            "3 calls failed: Timeout\n");
}

TEST(LoadViewTest, JsonHasTheSameFigures) {
  const auto json = nlohmann::json::parse(ToJson(Report()));
  EXPECT_EQ(json["calls"], 2000);
  EXPECT_EQ(json["calls_per_second"], 1000.0);
  EXPECT_EQ(json["misses"], 7);
  EXPECT_EQ(json["errors"]["Timeout"], 3);
  EXPECT_EQ(json["reads"]["p99_us"], 100.0);
  EXPECT_EQ(json["writes"]["calls"], 500);
}

TEST(LoadViewTest, ProgressIsOneLineThatIsClearedAgain) {
  EXPECT_EQ(ProgressLine("load", 0.5, 1234567),
            "    load  [###############...............]  50 %  1,234,567 calls");
  std::ostringstream out;
  {
    ProgressBar bar(out);
    bar.Show("load", 0, 0);
    bar.Show("load", 1, 10);
  }
  EXPECT_EQ(out.str().find('\n'), std::string::npos);
  EXPECT_TRUE(out.str().ends_with("\r\x1b[K"));
}

}  // namespace
}  // namespace aegis::bench
