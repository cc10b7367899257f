#include "bench/core/svg_plot.h"

#include <gtest/gtest.h>

#include <cmath>
#include <regex>

namespace aegis::bench {
namespace {

std::vector<std::string> LabelsOf(const Axis& axis) {
  std::vector<std::string> labels;
  for (const Tick& tick : axis.ticks) labels.push_back(tick.label);
  return labels;
}

using Labels = std::vector<std::string>;

TEST(SvgPlotTest, AnAxisFromZeroEndsAtARoundNumberAboveTheLargest) {
  EXPECT_EQ(LabelsOf(AxisFromZero("", 4.3)), (Labels{"0", "1", "2", "3", "4", "5"}));
  EXPECT_EQ(LabelsOf(AxisFromZero("", 1'900'000)), (Labels{"0", "500k", "1M", "1.5M", "2M"}));
  EXPECT_EQ(AxisFromZero("", 1000).most, 1000);
  EXPECT_EQ(AxisFromZero("", 1001).most, 1500);
  EXPECT_EQ(LabelsOf(AxisFromZero("", 0)).size(), 2U);
}

TEST(SvgPlotTest, ALatencyAxisHoldsBothEndsInWholeDecades) {
  const Axis axis = LatencyAxis("", 12, 8000);
  EXPECT_DOUBLE_EQ(axis.least, 10);
  EXPECT_DOUBLE_EQ(axis.most, 10'000);
  EXPECT_EQ(LabelsOf(axis), (Labels{"10 us", "100 us", "1 ms", "10 ms"}));
  EXPECT_EQ(LabelsOf(LatencyAxis("", 20, 90)), (Labels{"10 us", "20 us", "50 us", "100 us"}));
}

TEST(SvgPlotTest, EachNineOfAPercentileGetsAsMuchRoom) {
  const Axis axis = PercentileAxis("", NinesOf(0.9995));
  EXPECT_EQ(LabelsOf(axis), (Labels{"0", "50", "90", "99", "99.9", "99.99"}));
  EXPECT_DOUBLE_EQ(axis.most, 4);
  EXPECT_NEAR(NinesOf(0.99) - NinesOf(0.9), NinesOf(0.999) - NinesOf(0.99), 1e-9);
  EXPECT_TRUE(std::isfinite(NinesOf(1)));
}

LinePanel Line() {
  return {.title = "How long <it> took",
          .x = AxisFromZero("time, s", 10),
          .y = LatencyAxis("latency", 10, 1000),
          .series = {{"one & only", {{0, 10}, {10, 1000}}}, {"other", {{5, 100}, {6, 1e9}}}}};
}

TEST(SvgPlotTest, PointsLieWhereTheAxesSay) {
  const std::string svg = SvgOf({Line()});
  std::smatch points;
  ASSERT_TRUE(std::regex_search(svg, points, std::regex("points=\"([^\"]+)\"")));
  // From the lower left corner of the area to the upper right one.
  EXPECT_EQ(points.str(1), "90.0,344.0 770.0,64.0 ");
}

TEST(SvgPlotTest, PointsBeyondAnAxisStayInsideThePanel) {
  EXPECT_NE(SvgOf({Line()}).find("498.0,64.0 "), std::string::npos);
}

TEST(SvgPlotTest, AxesTitlesAndCurvesAreNamedWithoutBreakingTheMarkup) {
  const std::string svg = SvgOf({Line()});
  for (const char* text : {">How long &lt;it&gt; took<", ">time, s<", ">latency<", ">100 us<",
                           ">one &amp; only<", ">other<"}) {
    EXPECT_NE(svg.find(text), std::string::npos) << text;
  }
}

TEST(SvgPlotTest, BarsAreAsLongAsTheirValues) {
  const std::string svg = SvgOf({BarPanel{.title = "t",
                                          .value = AxisFromZero("us", 10),
                                          .bars = {{"half", 5, "5 us"}, {"all", 10, "10 us"}}}});
  EXPECT_NE(svg.find(R"(width="245.0" height="22.0")"), std::string::npos);
  EXPECT_NE(svg.find(R"(width="490.0" height="22.0")"), std::string::npos);
  EXPECT_NE(svg.find(R"(<text x="696.0" y="94.0" text-anchor="start">10 us<)"), std::string::npos)
      << "behind its bar";
}

TEST(SvgPlotTest, PanelsStandBelowEachOther) {
  const std::string one = SvgOf({Line()});
  const std::string two = SvgOf({Line(), Line()});
  EXPECT_NE(one.find(R"(viewBox="0 0 800 400")"), std::string::npos);
  EXPECT_NE(two.find(R"(viewBox="0 0 800 800")"), std::string::npos);
  EXPECT_NE(two.find("90.0,744.0 770.0,464.0 "), std::string::npos);
}

}  // namespace
}  // namespace aegis::bench
