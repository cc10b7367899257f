// How values of settings are written: one parser and, where it is not obvious, one writer each.
//
// A parser takes the whole text or nothing (nullopt); what is allowed is said by the setting.

#pragma once

#include <charconv>
#include <concepts>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/time.h"
#include "model/endpoint.h"

namespace aegis::node {

// Decimal digits only: no sign, no space, no exponent.
template <std::integral T>
std::optional<T> ParseNumber(std::string_view text) {
  T value = 0;
  const char* const end = text.data() + text.size();
  const auto [stop, error] = std::from_chars(text.data(), end, value);
  if (text.empty() || error != std::errc{} || stop != end) return std::nullopt;
  return value;
}

// Digits and at most one point: "0.1".
std::optional<double> ParseDecimal(std::string_view text);

// "a:1,b:2"; spaces around the commas are dropped. Empty text is an empty list.
std::optional<std::vector<Endpoint>> ParseEndpoints(std::string_view text);
std::string EndpointsText(const std::vector<Endpoint>& endpoints);

// Where to listen. Port 0 lets the system choose; ":7700" is 0.0.0.0:7700.
std::optional<Endpoint> ParseListenAddress(std::string_view text);
// What others can dial: a host, and not all interfaces, with a port.
bool IsDialable(const Endpoint& endpoint);
std::optional<Endpoint> ParseDialAddress(std::string_view text);

// Up to limits::kNameSizeMax printable ASCII characters and no space: a name must survive in log
// lines, labels and the space-separated replies of CLUSTER NODES.
bool IsName(std::string_view text);

// "1m30s", as ParseDuration() of model/duration_text.h reads it.
std::string RenderDuration(Duration duration);

}  // namespace aegis::node
