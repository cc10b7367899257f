// AdvertiseAddress: which of its addresses a node tells to others.

#pragma once

#include <optional>
#include <vector>

#include "base/result.h"
#include "model/endpoint.h"
#include "node/runtime/network.h"

namespace aegis::node {

// The address at which others reach what listens on `bind` (its real port, never 0):
//   1. `advertise`, if given, word for word: it may hold a name that only others can resolve;
//   2. `bind`, resolved, unless it means all interfaces;
//   3. the address of this machine that routes to a seed, preferably to one on another machine;
//   4. without seeds, or while none can be resolved yet, the address that routes to the internet,
//      else that of any interface, else loopback.
// Only addresses of the family that `bind` listens on count. Errors: kUnavailable, the host of
// `bind` cannot be resolved.
Result<Endpoint> AdvertiseAddress(const Endpoint& bind, const std::optional<Endpoint>& advertise,
                                  const std::vector<Endpoint>& seeds,
                                  const Network& network = SystemNetwork());

// As AdvertiseAddress(), but numeric, as gossip needs it: `advertise` must resolve here.
Result<Endpoint> NumericAdvertiseAddress(const Endpoint& bind,
                                         const std::optional<Endpoint>& advertise,
                                         const std::vector<Endpoint>& seeds,
                                         const Network& network = SystemNetwork());

}  // namespace aegis::node
