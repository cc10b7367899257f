#include "model/endpoint.h"

#include <charconv>

namespace aegis {

std::string Endpoint::ToString() const {
  const bool bracket = host.find(':') != std::string::npos;
  return (bracket ? "[" + host + "]" : host) + ":" + std::to_string(port);
}

Result<Endpoint> ParseEndpoint(std::string_view text) {
  const auto invalid = [&](const std::string& why) {
    return Error{ErrorCode::kInvalid, "'" + std::string(text) + "': " + why};
  };
  std::string_view host;
  std::string_view rest = text;
  if (text.starts_with('[')) {
    const auto close = text.find(']');
    if (close == std::string_view::npos) return invalid("'[' without ']'");
    host = text.substr(1, close - 1);
    rest = text.substr(close + 1);
    if (!rest.starts_with(':')) return invalid("expected ':port' after ']'");
  } else {
    const auto colon = text.rfind(':');
    if (colon == std::string_view::npos) return invalid("expected host:port");
    host = text.substr(0, colon);
    if (host.find(':') != std::string_view::npos) return invalid("write IPv6 as [address]:port");
    rest = text.substr(colon);
  }
  const std::string_view digits = rest.substr(1);
  std::uint16_t port = 0;
  const auto [end, error] = std::from_chars(digits.data(), digits.data() + digits.size(), port);
  if (digits.empty() || error != std::errc{} || end != digits.data() + digits.size()) {
    return invalid("the port must be a number from 0 to 65535");
  }
  return Endpoint{std::string(host), port};
}

}  // namespace aegis
