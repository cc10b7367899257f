// Network: what this machine knows about names and routes. Blocking; for the time before serving
// and for threads that may wait.
//
// A seam: the rules that use it are tested against invented machines.

#pragma once

#include <optional>
#include <string>
#include <vector>

#include "base/result.h"
#include "model/endpoint.h"

namespace aegis::node {

class Network {
 public:
  virtual ~Network() = default;

  // Numeric addresses of `endpoint`, IPv4 first, port kept; an empty host is 0.0.0.0. Never empty.
  // Errors: kUnavailable, the name cannot be resolved.
  virtual Result<std::vector<Endpoint>> Resolve(const Endpoint& endpoint) const = 0;
  // The address of this machine that packets to `to` (numeric) leave from. Nothing: no route.
  virtual std::optional<std::string> SourceFor(const Endpoint& to) const = 0;
  // Addresses of interfaces that are up, loopback excluded.
  virtual std::vector<std::string> InterfaceAddresses() const = 0;
};

// The machine we run on.
const Network& SystemNetwork();

}  // namespace aegis::node
