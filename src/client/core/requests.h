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

Expected<Request> GetRequest(std::string_view key);
Expected<Request> SetRequest(std::string_view key, std::string_view value,
                             const SetOptions& options);
Expected<Request> CompareAndSetRequest(std::string_view key, std::string_view value,
                                       std::uint64_t expected, Ttl ttl);
Expected<Request> DeleteRequest(std::string_view key);
Expected<Request> ExpireRequest(std::string_view key, Ttl ttl);
Expected<Request> IncrementRequest(std::string_view key, std::int64_t delta);

// Asks one node, not a key's leader. An empty address: any node.
Expected<Request> NodeRequest(wire::Command command, std::string_view address);

// "host:port", in the one form that addresses are compared in. Errors: kInvalid.
Expected<std::string> CheckAddress(std::string_view address);

}  // namespace aegis::client
