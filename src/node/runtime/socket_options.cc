#include "node/runtime/socket_options.h"

#include <netinet/in.h>
#include <netinet/tcp.h>
#include <sys/socket.h>

namespace aegis::node {

void KeepAlive(asio::ip::tcp::socket& socket) {
  const auto set = [&](int level, int option, int value) {
    // Best effort: without it a lost machine is still found by gossip.
    static_cast<void>(::setsockopt(socket.native_handle(), level, option, &value, sizeof(value)));
  };
  set(SOL_SOCKET, SO_KEEPALIVE, 1);
  set(IPPROTO_TCP, TCP_KEEPIDLE, 4);
  set(IPPROTO_TCP, TCP_KEEPINTVL, 2);
  set(IPPROTO_TCP, TCP_KEEPCNT, 3);
  set(IPPROTO_TCP, TCP_USER_TIMEOUT, 10'000);
}

}  // namespace aegis::node
