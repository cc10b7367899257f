#include "node/runtime/advertise_address.h"

#include <algorithm>
#include <string>
#include <string_view>

namespace aegis::node {

namespace {

bool IsIpv6(std::string_view host) { return host.find(':') != std::string_view::npos; }

bool IsLoopback(std::string_view host) { return host.starts_with("127.") || host == "::1"; }

bool IsLinkLocal(std::string_view host) {
  return host.starts_with("169.254.") || host.starts_with("fe80:");
}

// What a socket on all interfaces can be reached at. "::" takes IPv4 connections too.
class Candidates {
 public:
  Candidates(bool with_ipv6, const Network& network) : with_ipv6_(with_ipv6), network_(network) {}

  std::string Best(const std::vector<Endpoint>& seeds) const {
    std::string loopback;
    bool all_resolved = true;
    for (const Endpoint& seed : seeds) {
      const auto addresses = network_.Resolve(seed);
      all_resolved = all_resolved && addresses.ok();
      if (!addresses.ok()) continue;
      for (const Endpoint& address : addresses.value()) {
        const auto source = Source(address);
        if (!source) continue;
        if (!IsLoopback(*source)) return *source;
        if (loopback.empty()) loopback = *source;
      }
    }
    // A seed without an address yet may turn out to be anywhere.
    if (!loopback.empty() && all_resolved) return loopback;
    return WithoutSeeds();
  }

 private:
  bool Usable(std::string_view host) const { return with_ipv6_ || !IsIpv6(host); }

  std::optional<std::string> Source(const Endpoint& to) const {
    return Usable(to.host) ? network_.SourceFor(to) : std::nullopt;
  }

  std::string WithoutSeeds() const {
    // Addresses for documentation (RFC 5737, RFC 3849): only the default route leads there.
    for (const char* beyond : {"192.0.2.1", "2001:db8::1"}) {
      const auto source = Source({beyond, 9});
      if (source && !IsLoopback(*source)) return *source;
    }
    const std::vector<std::string> interfaces = network_.InterfaceAddresses();
    const auto found = std::ranges::find_if(interfaces, [this](const std::string& address) {
      return Usable(address) && !IsLinkLocal(address);
    });
    return found == interfaces.end() ? "127.0.0.1" : *found;
  }

  const bool with_ipv6_;
  const Network& network_;
};

}  // namespace

Result<Endpoint> AdvertiseAddress(const Endpoint& bind, const std::optional<Endpoint>& advertise,
                                  const std::vector<Endpoint>& seeds, const Network& network) {
  if (advertise) return *advertise;
  const auto bound = network.Resolve(bind);
  if (!bound.ok()) return bound.error();
  const std::string& host = bound.value().front().host;
  if (host != "0.0.0.0" && host != "::") return bound.value().front();
  return Endpoint{Candidates(host == "::", network).Best(seeds), bind.port};
}

Result<Endpoint> NumericAdvertiseAddress(const Endpoint& bind,
                                         const std::optional<Endpoint>& advertise,
                                         const std::vector<Endpoint>& seeds,
                                         const Network& network) {
  const auto address = AdvertiseAddress(bind, advertise, seeds, network);
  if (!address.ok()) return address.error();
  const auto numeric = network.Resolve(address.value());
  if (!numeric.ok()) return numeric.error();
  return numeric.value().front();
}

}  // namespace aegis::node
