#include "node/runtime/setting_values.h"

#include <algorithm>
#include <array>
#include <chrono>
#include <limits>

#include "model/limits.h"

namespace aegis::node {

namespace {

struct Unit {
  std::string_view name;
  Duration size;
};

constexpr std::array<Unit, 4> kUnits = {{
    {"h", std::chrono::hours(1)},
    {"m", std::chrono::minutes(1)},
    {"s", std::chrono::seconds(1)},
    {"ms", std::chrono::milliseconds(1)},
}};

std::string_view Trimmed(std::string_view text) {
  const auto first = text.find_first_not_of(" \t");
  if (first == std::string_view::npos) return {};
  return text.substr(first, text.find_last_not_of(" \t") - first + 1);
}

}  // namespace

std::optional<Duration> ParseDuration(std::string_view text) {
  if (text == "0") return Duration::zero();
  if (text.empty()) return std::nullopt;
  Duration total{};
  while (!text.empty()) {
    const auto digits = std::min(text.find_first_not_of("0123456789"), text.size());
    const auto count = ParseNumber<std::uint32_t>(text.substr(0, digits));
    text.remove_prefix(digits);
    const auto letters = std::min(text.find_first_of("0123456789"), text.size());
    const auto unit = std::ranges::find(kUnits, text.substr(0, letters), &Unit::name);
    if (!count || unit == kUnits.end()) return std::nullopt;
    text.remove_prefix(letters);
    if (*count > (Duration::max() - total) / unit->size) return std::nullopt;
    total += *count * unit->size;
  }
  return total;
}

std::string DurationText(Duration duration) {
  std::string text;
  for (const Unit& unit : kUnits) {
    const auto count = duration / unit.size;
    if (count > 0) text.append(std::to_string(count)).append(unit.name);
    duration -= count * unit.size;
  }
  return text.empty() ? "0s" : text;
}

std::optional<std::vector<Endpoint>> ParseEndpoints(std::string_view text) {
  std::vector<Endpoint> endpoints;
  if (Trimmed(text).empty()) return endpoints;
  for (;;) {
    const auto comma = text.find(',');
    auto endpoint = ParseEndpoint(Trimmed(text.substr(0, comma)));
    if (!endpoint.ok()) return std::nullopt;
    endpoints.push_back(std::move(endpoint).value());
    if (comma == std::string_view::npos) return endpoints;
    text.remove_prefix(comma + 1);
  }
}

std::string EndpointsText(const std::vector<Endpoint>& endpoints) {
  std::string text;
  for (const Endpoint& endpoint : endpoints) {
    text.append(text.empty() ? "" : ",").append(endpoint.ToString());
  }
  return text;
}

bool IsName(std::string_view text) {
  return text.size() <= limits::kNameSizeMax &&
         std::ranges::all_of(text, [](char c) { return c > ' ' && c <= '~'; });
}

}  // namespace aegis::node
