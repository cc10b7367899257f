#include "node/runtime/network.h"

#include <arpa/inet.h>
#include <ifaddrs.h>
#include <net/if.h>
#include <netdb.h>
#include <netinet/in.h>
#include <sys/socket.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <memory>
#include <system_error>

#include "node/runtime/unique_fd.h"

namespace aegis::node {

namespace {

using AddressList = std::unique_ptr<addrinfo, decltype(&::freeaddrinfo)>;

struct Lookup {
  AddressList list;
  std::string error;  // Empty: the list has at least one address.
};

Lookup LookUp(const std::string& host, std::uint16_t port, int flags) {
  addrinfo hints{};
  hints.ai_family = AF_UNSPEC;
  hints.ai_socktype = SOCK_DGRAM;  // One entry per address instead of one per protocol.
  hints.ai_flags = flags | AI_NUMERICSERV;
  addrinfo* found = nullptr;
  const int status = ::getaddrinfo(host.c_str(), std::to_string(port).c_str(), &hints, &found);
  Lookup lookup{AddressList(found, &::freeaddrinfo), {}};
  if (status == EAI_SYSTEM) {
    lookup.error = std::generic_category().message(errno);
  } else if (status != 0) {
    lookup.error = ::gai_strerror(status);
  }
  return lookup;
}

// Empty if the family is neither IPv4 nor IPv6.
std::string NumericHost(const sockaddr* address) {
  socklen_t size = 0;
  if (address->sa_family == AF_INET) size = sizeof(sockaddr_in);
  if (address->sa_family == AF_INET6) size = sizeof(sockaddr_in6);
  std::array<char, NI_MAXHOST> text{};
  if (size == 0 ||
      ::getnameinfo(address, size, text.data(), text.size(), nullptr, 0, NI_NUMERICHOST) != 0) {
    return {};
  }
  return text.data();
}

class ThisMachine final : public Network {
 public:
  Result<std::vector<Endpoint>> Resolve(const Endpoint& endpoint) const override {
    const std::string host = endpoint.host.empty() ? "0.0.0.0" : endpoint.host;
    const Lookup lookup = LookUp(host, endpoint.port, 0);
    if (!lookup.error.empty()) {
      return Error{ErrorCode::kUnavailable, host + ": cannot be resolved: " + lookup.error};
    }
    std::vector<Endpoint> addresses;
    for (const addrinfo* entry = lookup.list.get(); entry != nullptr; entry = entry->ai_next) {
      addresses.push_back({NumericHost(entry->ai_addr), endpoint.port});
    }
    std::stable_partition(addresses.begin(), addresses.end(), [](const Endpoint& address) {
      return address.host.find(':') == std::string::npos;
    });
    return addresses;
  }

  std::optional<std::string> SourceFor(const Endpoint& to) const override {
    const Lookup lookup = LookUp(to.host, to.port, AI_NUMERICHOST);
    if (!lookup.error.empty()) return std::nullopt;
    const addrinfo& address = *lookup.list;
    // Connecting a UDP socket sends nothing: it only asks the routing table.
    const UniqueFd socket(::socket(address.ai_family, SOCK_DGRAM | SOCK_CLOEXEC, 0));
    sockaddr_storage source{};
    auto* const source_address = reinterpret_cast<sockaddr*>(&source);
    socklen_t size = sizeof source;
    if (!socket.valid() || ::connect(socket.get(), address.ai_addr, address.ai_addrlen) != 0 ||
        ::getsockname(socket.get(), source_address, &size) != 0) {
      return std::nullopt;
    }
    return NumericHost(source_address);
  }

  std::vector<std::string> InterfaceAddresses() const override {
    std::vector<std::string> addresses;
    ifaddrs* first = nullptr;
    if (::getifaddrs(&first) != 0) return addresses;
    const std::unique_ptr<ifaddrs, decltype(&::freeifaddrs)> list(first, &::freeifaddrs);
    for (const ifaddrs* entry = first; entry != nullptr; entry = entry->ifa_next) {
      const bool usable =
          (entry->ifa_flags & IFF_UP) != 0 && (entry->ifa_flags & IFF_LOOPBACK) == 0;
      if (!usable || entry->ifa_addr == nullptr) continue;
      std::string address = NumericHost(entry->ifa_addr);
      if (!address.empty()) addresses.push_back(std::move(address));
    }
    return addresses;
  }
};

}  // namespace

const Network& SystemNetwork() {
  static const ThisMachine machine;
  return machine;
}

}  // namespace aegis::node
