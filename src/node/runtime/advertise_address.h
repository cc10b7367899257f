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
//   3. else the address from which this machine reaches the first seed that is on another machine,
//      else the one from which it reaches the internet, else that of any interface.
// Loopback is no answer to 3: others would dial themselves. Only a machine that has nothing else
// tells 127.0.0.1; see IsOnlyLocal(). Only addresses of the family that `bind` listens on count.
// Errors: kUnavailable, the host of `bind` cannot be resolved.
Result<Endpoint> AdvertiseAddress(const Endpoint& bind, const std::optional<Endpoint>& advertise,
                                  const std::vector<Endpoint>& seeds,
                                  const Network& network = SystemNetwork());

// As AdvertiseAddress(), but numeric, as gossip needs it: `advertise` must resolve here.
Result<Endpoint> NumericAdvertiseAddress(const Endpoint& bind,
                                         const std::optional<Endpoint>& advertise,
                                         const std::vector<Endpoint>& seeds,
                                         const Network& network = SystemNetwork());

// `told`, found out for `bind`, is of use on this machine alone although `bind` is all interfaces.
bool IsOnlyLocal(const Endpoint& bind, const Endpoint& told);

// True if who dials `seed` (numeric) ends up at this node, which listens on `bind` (numeric).
bool IsThisNode(const Endpoint& seed, const Endpoint& bind,
                const Network& network = SystemNetwork());

}  // namespace aegis::node
