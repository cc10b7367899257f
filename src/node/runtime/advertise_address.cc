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

bool IsAnyInterface(std::string_view host) { return host == "0.0.0.0" || host == "::"; }

// What a socket on all interfaces can be reached at. "::" takes IPv4 connections too.
class Candidates {
 public:
  Candidates(bool with_ipv6, const Network& network) : with_ipv6_(with_ipv6), network_(network) {}

  std::string Best(const std::vector<Endpoint>& seeds) const {
    if (auto source = TowardsSeeds(seeds)) return *std::move(source);
    // Addresses for documentation (RFC 5737, RFC 3849): only the default route leads there.
    for (const char* beyond : {"192.0.2.1", "2001:db8::1"}) {
      if (auto source = Source({beyond, 9})) return *std::move(source);
    }
    return OfAnInterface().value_or("127.0.0.1");
  }

 private:
  bool Usable(std::string_view host) const { return with_ipv6_ || !IsIpv6(host); }

  // The address that packets to `to` leave from, if another machine can send to it.
  std::optional<std::string> Source(const Endpoint& to) const {
    if (!Usable(to.host)) return std::nullopt;
    auto source = network_.SourceFor(to);
    return source && IsLoopback(*source) ? std::nullopt : source;
  }

  std::optional<std::string> TowardsSeeds(const std::vector<Endpoint>& seeds) const {
    for (const Endpoint& seed : seeds) {
      const auto addresses = network_.Resolve(seed);
      if (!addresses.ok()) continue;
      for (const Endpoint& address : addresses.value()) {
        if (auto source = Source(address)) return source;
      }
    }
    return std::nullopt;
  }

  std::optional<std::string> OfAnInterface() const {
    std::optional<std::string> link_local;
    for (const std::string& address : network_.InterfaceAddresses()) {
      if (!Usable(address)) continue;
      if (!IsLinkLocal(address)) return address;
      // An IPv6 one means nothing without the name of an interface, and that is ours alone.
      if (!IsIpv6(address) && !link_local) link_local = address;
    }
    return link_local;
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
  if (!IsAnyInterface(host)) return bound.value().front();
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

bool IsOnlyLocal(const Endpoint& bind, const Endpoint& told) {
  return IsAnyInterface(bind.host) && IsLoopback(told.host);
}

bool IsThisNode(const Endpoint& seed, const Endpoint& bind, const Network& network) {
  if (seed == bind) return true;
  if (seed.port != bind.port || !IsAnyInterface(bind.host)) return false;
  // What this machine sends to itself leaves from where it goes to.
  return IsLoopback(seed.host) || network.SourceFor(seed) == seed.host;
}

}  // namespace aegis::node
