#include "node/runtime/setting_values.h"

#include <algorithm>
#include <cmath>
#include <utility>

#include "model/duration_text.h"
#include "model/limits.h"

namespace aegis::node {
namespace {

std::string_view Trimmed(std::string_view text) {
  const auto first = text.find_first_not_of(" \t");
  if (first == std::string_view::npos) return {};
  return text.substr(first, text.find_last_not_of(" \t") - first + 1);
}

bool IsAnyInterface(std::string_view host) {
  return host.empty() || host == "0.0.0.0" || host == "::";
}

}  // namespace

std::optional<double> ParseDecimal(std::string_view text) {
  double value = 0;
  const char* const end = text.data() + text.size();
  const auto [stop, error] = std::from_chars(text.data(), end, value, std::chars_format::fixed);
  if (text.empty() || text.front() == '-' || error != std::errc{} || stop != end) {
    return std::nullopt;
  }
  return std::isfinite(value) ? std::optional(value) : std::nullopt;
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

std::optional<Endpoint> ParseListenAddress(std::string_view text) {
  auto endpoint = ParseEndpoint(text);
  if (!endpoint.ok() || !IsName(endpoint.value().host)) return std::nullopt;
  if (endpoint.value().host.empty()) endpoint.value().host = "0.0.0.0";
  return std::move(endpoint).value();
}

bool IsDialable(const Endpoint& endpoint) {
  return !IsAnyInterface(endpoint.host) && IsName(endpoint.host) && endpoint.port != 0;
}

std::optional<Endpoint> ParseDialAddress(std::string_view text) {
  auto endpoint = ParseEndpoint(text);
  if (!endpoint.ok() || !IsDialable(endpoint.value())) return std::nullopt;
  return std::move(endpoint).value();
}

std::string RenderDuration(Duration duration) {
  return DurationText(std::chrono::duration_cast<std::chrono::milliseconds>(duration));
}

}  // namespace aegis::node
