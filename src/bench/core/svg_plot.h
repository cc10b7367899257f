// SVG plots: panels below each other, each with axes that say what they show and in which unit.
//
// Pure: figures in, the text of an SVG file out. Colours are told apart by everyone (Okabe and Ito,
// "Color universal design", 2008) and stand on white, whatever the page is.

#pragma once

#include <string>
#include <utility>
#include <variant>
#include <vector>

namespace aegis::bench {

struct Tick {
  double at;
  std::string label;
};

struct Axis {
  std::string label;  // What, and in which unit.
  double least = 0;
  double most = 1;
  bool is_log = false;  // REQUIRES then: least > 0.
  std::vector<Tick> ticks{};
};

// From 0 to a round number above `most`, with round ticks: "250k", "1.5M".
Axis AxisFromZero(std::string label, double most);

// Decades that hold both, with ticks like "10 us"; within two decades also at 2 and 5. In
// microseconds.
Axis LatencyAxis(std::string label, double least_us, double most_us);

// Of fractions of calls below 1, spread so that each further nine gets as much room: a point's x
// is NinesOf its fraction. `most` is the largest of them.
Axis PercentileAxis(std::string label, double most_nines);
double NinesOf(double fraction);

struct Series {
  std::string name;
  std::vector<std::pair<double, double>> points{};
};

struct LinePanel {
  std::string title;
  Axis x{};
  Axis y{};
  std::vector<Series> series{};
};

struct Bar {
  std::string name;
  double value;
  std::string label;  // Stands at its end.
};

struct BarPanel {
  std::string title;
  Axis value{};
  std::vector<Bar> bars{};
};

using Panel = std::variant<LinePanel, BarPanel>;

std::string SvgOf(const std::vector<Panel>& panels);

}  // namespace aegis::bench
