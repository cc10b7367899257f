// StreamExchange: one question to another node's gossip port over TCP, and its answer.

#pragma once

#include <asio/io_context.hpp>
#include <functional>

#include "base/bytes.h"
#include "base/result.h"
#include "base/time.h"
#include "model/endpoint.h"

namespace aegis::node {

// Connects to `to` (a name is resolved first), sends `body`, awaits the reply, closes. Calls `done`
// once, later, on the thread that runs `io`, with the reply or kUnavailable. Bodies have at most
// limits::kPushPullSizeMax bytes each way.
void ExchangeOverStream(asio::io_context& io, const Endpoint& to, Bytes body, Duration patience,
                        std::function<void(Result<Bytes>)> done);

}  // namespace aegis::node
