// Endpoint: a host and a port, as people write them: "10.0.0.1:7700", "[::1]:7700", "node1:7700".

#pragma once

#include <compare>
#include <cstdint>
#include <string>
#include <string_view>

#include "base/result.h"

namespace aegis {

struct Endpoint {
  std::string host;  // Name or numeric address, without brackets. Empty: all interfaces.
  std::uint16_t port = 0;

  // "host:port"; an IPv6 host comes out in brackets.
  std::string ToString() const;

  friend bool operator==(const Endpoint&, const Endpoint&) = default;
  friend auto operator<=>(const Endpoint&, const Endpoint&) = default;
};

// Reads "host:port", "[v6]:port" or ":port" (host stays empty). Errors: kInvalid, with what is
// wrong: no port, a port outside 0..65535, an unclosed bracket.
Result<Endpoint> ParseEndpoint(std::string_view text);

}  // namespace aegis
