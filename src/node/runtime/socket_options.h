// Options of the sockets between nodes.

#pragma once

#include <asio/ip/tcp.hpp>

namespace aegis::node {

// A peer whose machine is gone is noticed within about ten seconds although nothing is said.
void KeepAlive(asio::ip::tcp::socket& socket);

}  // namespace aegis::node
