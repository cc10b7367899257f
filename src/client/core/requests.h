// The requests that the calls of aegis::Client become, checked against the limits.
//
// Errors, all before anything is sent: kInvalid (an empty key, a TTL out of range, what is no
// address), kTooLarge.

#pragma once

#include <chrono>
#include <cstdint>
#include <optional>
#include <string_view>

#include "aegis/client.h"
#include "aegis/result.h"
#include "client/core/request.h"

namespace aegis::client {

using Ttl = std::optional<std::chrono::milliseconds>;

// `quorum`: see Quorums in aegis/client.h. REQUIRES: IsQuorum(quorum).
using Quorum = std::optional<int>;
// What a session has seen of the key's shard. Nothing: no session.
using Position = std::optional<Version>;
// A read of any copy that is no older; see Client::WithStaleness(). REQUIRES: IsStaleness().
using Staleness = std::optional<std::chrono::milliseconds>;

Expected<Request> GetRequest(std::string_view key, Quorum quorum = {}, Staleness staleness = {},
                             Position seen = {});
Expected<Request> SetRequest(std::string_view key, std::string_view value,
                             const SetOptions& options, Quorum quorum = {}, Position seen = {});
Expected<Request> CompareAndSetRequest(std::string_view key, std::string_view value,
                                       std::uint64_t expected, Ttl ttl, Quorum quorum = {},
                                       Position seen = {});
Expected<Request> DeleteRequest(std::string_view key, Quorum quorum = {}, Position seen = {});
Expected<Request> ExpireRequest(std::string_view key, Ttl ttl, Quorum quorum = {},
                                Position seen = {});
Expected<Request> IncrementRequest(std::string_view key, std::int64_t delta, Quorum quorum = {},
                                   Position seen = {});

bool IsQuorum(Quorum quorum);
bool IsStaleness(Staleness staleness);

// Asks one node, not a key's leader. An empty address: any node.
Expected<Request> NodeRequest(wire::Command command, std::string_view address);

// "host:port", in the one form that addresses are compared in. Errors: kInvalid.
Expected<std::string> CheckAddress(std::string_view address);

}  // namespace aegis::client
