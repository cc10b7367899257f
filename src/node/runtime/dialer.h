// Dialing: one TCP connection to a numeric address, or the reason there is none, within a time.

#pragma once

#include <asio/io_context.hpp>
#include <asio/ip/tcp.hpp>
#include <functional>

#include "base/result.h"
#include "base/time.h"
#include "model/endpoint.h"

namespace aegis::node {

using Dialed = std::function<void(Result<asio::ip::tcp::socket>)>;

// Calls `done` once, later, on the thread that runs `io`; errors: kUnavailable. When `io` is
// destroyed first, `done` is not called.
void Dial(asio::io_context& io, const Endpoint& to, Duration patience, Dialed done);

}  // namespace aegis::node
