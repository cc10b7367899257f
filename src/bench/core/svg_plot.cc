#include "bench/core/svg_plot.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <cmath>
#include <cstddef>
#include <iterator>

namespace aegis::bench {
namespace {

// Pixels.
constexpr double kWidth = 800;
constexpr double kLeft = 90;  // Room for the labels of the y axis; bars need more for names.
constexpr double kBarLeft = 200;
constexpr double kRight = 30;
constexpr double kBarRight = 110;  // Room for what stands at the ends of bars.
constexpr double kTop = 44;
constexpr double kBottom = 56;
constexpr double kLineHeight = 280;
constexpr double kBarHeight = 30;
constexpr double kLegendRow = 20;

constexpr std::array kColours = {"#0072b2", "#d55e00", "#009e73", "#cc79a7",
                                 "#e69f00", "#56b4e9", "#000000"};

const char* ColourOf(std::size_t i) { return kColours[i % kColours.size()]; }

std::string Escaped(const std::string& text) {
  std::string out;
  for (const char c : text) {
    switch (c) {
      case '<':
        out += "&lt;";
        break;
      case '>':
        out += "&gt;";
        break;
      case '&':
        out += "&amp;";
        break;
      default:
        out += static_cast<unsigned char>(c) < ' ' ? ' ' : c;
    }
  }
  return out;
}

// Where a figure lies on an axis of so many pixels that begins at `from`.
class Scale {
 public:
  Scale(const Axis& axis, double from, double to) : axis_(axis), from_(from), to_(to) {}

  double operator()(double value) const {
    const double inside = std::clamp(value, axis_.least, axis_.most);
    const double part = axis_.is_log
                            ? std::log(inside / axis_.least) / std::log(axis_.most / axis_.least)
                            : (inside - axis_.least) / (axis_.most - axis_.least);
    return from_ + part * (to_ - from_);
  }

 private:
  const Axis& axis_;
  double from_;
  double to_;
};

class Writer {
 public:
  void Line(double x1, double y1, double x2, double y2, const char* colour) {
    Add(R"(<line x1="{:.1f}" y1="{:.1f}" x2="{:.1f}" y2="{:.1f}" stroke="{}"/>)", x1, y1, x2, y2,
        colour);
  }
  void Rectangle(double x, double y, double width, double height, const char* colour) {
    Add(R"(<rect x="{:.1f}" y="{:.1f}" width="{:.1f}" height="{:.1f}" fill="{}"/>)", x, y, width,
        height, colour);
  }
  void Text(double x, double y, const char* anchor, const std::string& text,
            const char* more = "") {
    Add(R"(<text x="{:.1f}" y="{:.1f}" text-anchor="{}"{}>{}</text>)", x, y, anchor, more,
        Escaped(text));
  }
  void Curve(const Series& series, const Scale& x, const Scale& y, const char* colour) {
    std::string points;
    for (const auto& [at, value] : series.points) {
      fmt::format_to(std::back_inserter(points), "{:.1f},{:.1f} ", x(at), y(value));
    }
    Add(R"(<polyline points="{}" fill="none" stroke="{}" stroke-width="2"/>)", points, colour);
  }
  template <class... Values>
  void Add(fmt::format_string<Values...> form, Values&&... values) {
    fmt::format_to(std::back_inserter(text_), form, std::forward<Values>(values)...);
    text_ += '\n';
  }
  std::string Take() { return std::move(text_); }

 private:
  std::string text_;
};

constexpr const char* kGrid = "#dddddd";
constexpr const char* kInk = "#333333";

// The x axis with its grid; `top` and `bottom` bound the area.
void DrawX(Writer& out, const Axis& axis, double left, double right, double top, double bottom) {
  const Scale scale(axis, left, right);
  for (const Tick& tick : axis.ticks) {
    out.Line(scale(tick.at), top, scale(tick.at), bottom, kGrid);
    out.Text(scale(tick.at), bottom + 18, "middle", tick.label);
  }
  out.Line(left, bottom, right, bottom, kInk);
  out.Text((left + right) / 2, bottom + 40, "middle", axis.label);
}

void DrawY(Writer& out, const Axis& axis, double top, double bottom) {
  const Scale scale(axis, bottom, top);
  for (const Tick& tick : axis.ticks) {
    out.Line(kLeft, scale(tick.at), kWidth - kRight, scale(tick.at), kGrid);
    out.Text(kLeft - 8, scale(tick.at) + 4, "end", tick.label);
  }
  out.Line(kLeft, top, kLeft, bottom, kInk);
  const double middle = (top + bottom) / 2;
  out.Add(
      R"svg(<text transform="translate(18,{:.1f}) rotate(-90)" text-anchor="middle">{}</text>)svg",
      middle, Escaped(axis.label));
}

double HeightOf(const LinePanel& panel) {
  const auto rows = static_cast<double>(panel.series.size() > 1 ? panel.series.size() : 0);
  return kTop + kLegendRow * std::ceil(rows / 3) + kLineHeight + kBottom;
}

double HeightOf(const BarPanel& panel) {
  return kTop + kBarHeight * static_cast<double>(panel.bars.size()) + kBottom;
}

// What stands out of the box of a panel would be drawn into its neighbour: Scale clamps.
void Draw(Writer& out, const LinePanel& panel, double y) {
  out.Text(kLeft, y + 26, "start", panel.title, R"( font-size="16" font-weight="bold")");
  const double bottom = y + HeightOf(panel) - kBottom;
  const double top = bottom - kLineHeight;
  for (std::size_t i = 0; panel.series.size() > 1 && i < panel.series.size(); ++i) {
    const double x = kLeft + 225 * static_cast<double>(i % 3);
    const double row = y + kTop + kLegendRow * static_cast<double>(i / 3);
    out.Rectangle(x, row - 4, 18, 4, ColourOf(i));
    out.Text(x + 24, row + 3, "start", panel.series[i].name);
  }
  DrawX(out, panel.x, kLeft, kWidth - kRight, top, bottom);
  DrawY(out, panel.y, top, bottom);
  const Scale to_x(panel.x, kLeft, kWidth - kRight);
  const Scale to_y(panel.y, bottom, top);
  for (std::size_t i = 0; i < panel.series.size(); ++i) {
    out.Curve(panel.series[i], to_x, to_y, ColourOf(i));
  }
}

void Draw(Writer& out, const BarPanel& panel, double y) {
  out.Text(kBarLeft, y + 26, "start", panel.title, R"( font-size="16" font-weight="bold")");
  const double top = y + kTop;
  const double bottom = y + HeightOf(panel) - kBottom;
  DrawX(out, panel.value, kBarLeft, kWidth - kBarRight, top, bottom);
  const Scale scale(panel.value, kBarLeft, kWidth - kBarRight);
  for (std::size_t i = 0; i < panel.bars.size(); ++i) {
    const Bar& bar = panel.bars[i];
    const double row = top + kBarHeight * static_cast<double>(i);
    const double end = scale(bar.value);
    out.Rectangle(kBarLeft, row + 4, end - kBarLeft, kBarHeight - 8, ColourOf(i));
    out.Text(kBarLeft - 8, row + kBarHeight / 2 + 5, "end", bar.name);
    out.Text(end + 6, row + kBarHeight / 2 + 5, "start", bar.label);
  }
  out.Line(kBarLeft, top, kBarLeft, bottom, kInk);
}

// "20 us", "5 ms", "1 s".
std::string ShortLatency(double us) {
  if (us >= 1e6) return fmt::format("{:g} s", us / 1e6);
  if (us >= 1e3) return fmt::format("{:g} ms", us / 1e3);
  return fmt::format("{:g} us", us);
}

// "250k", "1.5M", "0.5".
std::string ShortNumber(double value) {
  if (value >= 1e6) return fmt::format("{:g}M", value / 1e6);
  if (value >= 1e3) return fmt::format("{:g}k", value / 1e3);
  return fmt::format("{:g}", value);
}

}  // namespace

Axis AxisFromZero(std::string label, double most) {
  Axis axis{.label = std::move(label)};
  const double rough = std::max(most, 1e-9) / 5;
  const double decade = std::pow(10, std::floor(std::log10(rough)));
  double step = 10 * decade;
  for (const double factor : {1.0, 2.0, 5.0}) {
    if (rough <= factor * decade) {
      step = factor * decade;
      break;
    }
  }
  const int steps = std::max(1, static_cast<int>(std::ceil(most / step - 1e-9)));
  axis.most = step * steps;
  for (int i = 0; i <= steps; ++i) axis.ticks.push_back({step * i, ShortNumber(step * i)});
  return axis;
}

Axis LatencyAxis(std::string label, double least_us, double most_us) {
  Axis axis{.label = std::move(label), .is_log = true};
  const double low = std::floor(std::log10(std::max(least_us, 0.1)));
  const double high = std::max(low + 1, std::ceil(std::log10(std::max(most_us, 0.1)) - 1e-9));
  axis.least = std::pow(10, low);
  axis.most = std::pow(10, high);
  const auto add = [&axis](double us) {
    if (us <= axis.most * 1.0001) axis.ticks.push_back({us, ShortLatency(us)});
  };
  for (double decade = low; decade <= high; ++decade) {
    add(std::pow(10, decade));
    if (high - low > 2) continue;
    add(2 * std::pow(10, decade));
    add(5 * std::pow(10, decade));
  }
  return axis;
}

double NinesOf(double fraction) { return -std::log10(1 - std::min(fraction, 1 - 1e-9)); }

Axis PercentileAxis(std::string label, double most_nines) {
  Axis axis{.label = std::move(label)};
  axis.most = std::max(1.0, std::ceil(most_nines - 1e-9));
  constexpr std::array<std::pair<double, const char*>, 8> kTicks = {{{0, "0"},
                                                                     {0.5, "50"},
                                                                     {0.9, "90"},
                                                                     {0.99, "99"},
                                                                     {0.999, "99.9"},
                                                                     {0.9999, "99.99"},
                                                                     {0.99999, "99.999"},
                                                                     {0.999999, "99.9999"}}};
  for (const auto& [fraction, text] : kTicks) {
    if (NinesOf(fraction) <= axis.most + 1e-9) axis.ticks.push_back({NinesOf(fraction), text});
  }
  return axis;
}

std::string SvgOf(const std::vector<Panel>& panels) {
  Writer body;
  double y = 0;
  for (const Panel& panel : panels) {
    std::visit(
        [&body, &y](const auto& each) {
          Draw(body, each, y);
          y += HeightOf(each);
        },
        panel);
  }
  const std::string head =
      fmt::format(R"(<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {0:.0f} {1:.0f}" )"
                  R"(width="{0:.0f}" height="{1:.0f}" font-family="sans-serif" font-size="13" )"
                  R"(fill="#333333">)",
                  kWidth, y);
  return head + "\n<rect width=\"100%\" height=\"100%\" fill=\"#ffffff\"/>\n" + body.Take() +
         "</svg>\n";
}

}  // namespace aegis::bench
