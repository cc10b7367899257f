#include "node/runtime/acceptor.h"

#include <sys/socket.h>

#include <asio/ip/address.hpp>
#include <cerrno>
#include <chrono>
#include <cstring>
#include <utility>

#include "base/log.h"

namespace aegis::node {

namespace {

// After this many connections the loop looks at something else.
constexpr int kAcceptsPerTurn = 64;
// How long to wait when the process is out of file descriptors or memory.
constexpr auto kPause = std::chrono::milliseconds(100);

Error ListenError(const Endpoint& address, int error_number) {
  return {ErrorCode::kUnavailable,
          "cannot listen on " + address.ToString() + ": " + std::strerror(error_number)};
}

Result<UniqueFd> OpenBound(const asio::ip::tcp::endpoint& endpoint, bool share, bool listen,
                           const Endpoint& address) {
  UniqueFd fd(::socket(endpoint.protocol().family(), SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK,
                       IPPROTO_TCP));
  if (!fd.valid()) return ListenError(address, errno);
  const int on = 1;
  ::setsockopt(fd.get(), SOL_SOCKET, SO_REUSEADDR, &on, sizeof(on));
  if (share) ::setsockopt(fd.get(), SOL_SOCKET, SO_REUSEPORT, &on, sizeof(on));
  if (::bind(fd.get(), endpoint.data(), static_cast<socklen_t>(endpoint.size())) != 0 ||
      (listen && ::listen(fd.get(), SOMAXCONN) != 0)) {
    return ListenError(address, errno);
  }
  return fd;
}

std::uint16_t PortOf(const UniqueFd& fd, asio::ip::tcp::endpoint endpoint) {
  auto size = static_cast<socklen_t>(endpoint.capacity());
  ::getsockname(fd.get(), endpoint.data(), &size);
  return endpoint.port();
}

}  // namespace

Result<std::vector<UniqueFd>> ListenTcp(Endpoint& address, std::size_t count) {
  asio::error_code error;
  const auto host = asio::ip::make_address(address.host.empty() ? "0.0.0.0" : address.host, error);
  if (error) return Error{ErrorCode::kInvalid, address.ToString() + ": not a numeric address"};
  {
    // Sharing a port is allowed to everybody who asks for it, a second node of ours included: only
    // one who does not ask learns that it is taken.
    const auto probe = OpenBound({host, address.port}, false, true, address);
    if (!probe.ok()) return probe.error();
    address.port = PortOf(probe.value(), {host, address.port});
  }
  std::vector<UniqueFd> sockets;
  for (std::size_t i = 0; i < count; ++i) {
    auto fd = OpenBound({host, address.port}, count > 1, true, address);
    if (!fd.ok()) return fd.error();
    sockets.push_back(std::move(fd).value());
  }
  return sockets;
}

Acceptor::Acceptor(asio::io_context& io, UniqueFd listening,
                   std::function<void(asio::ip::tcp::socket)> on_accept)
    : io_(io), acceptor_(io), pause_(io), on_accept_(std::move(on_accept)) {
  sockaddr_storage name{};
  socklen_t size = sizeof(name);
  ::getsockname(listening.get(), reinterpret_cast<sockaddr*>(&name), &size);
  const auto protocol = name.ss_family == AF_INET6 ? asio::ip::tcp::v6() : asio::ip::tcp::v4();
  acceptor_.assign(protocol, listening.Release());
}

void Acceptor::Start() { Await(); }

void Acceptor::Stop() {
  if (!acceptor_.is_open()) return;
  AcceptSome();
  pause_.cancel();
  asio::error_code ignored;
  acceptor_.close(ignored);
}

void Acceptor::Await() {
  acceptor_.async_wait(asio::ip::tcp::acceptor::wait_read, [this](const asio::error_code& error) {
    if (error == asio::error::operation_aborted || !acceptor_.is_open()) return;
    AcceptSome();
    if (pause_.expiry() <= std::chrono::steady_clock::now()) Await();
  });
}

void Acceptor::AcceptSome() {
  for (int i = 0; i < kAcceptsPerTurn; ++i) {
    const int fd =
        ::accept4(acceptor_.native_handle(), nullptr, nullptr, SOCK_NONBLOCK | SOCK_CLOEXEC);
    if (fd >= 0) {
      failing_ = false;
      asio::ip::tcp::socket socket(io_);
      asio::error_code error;
      socket.assign(acceptor_.local_endpoint(error).protocol(), fd, error);
      if (error) {
        ::close(fd);
      } else {
        on_accept_(std::move(socket));
      }
      continue;
    }
    if (errno == EAGAIN || errno == EWOULDBLOCK) return;
    if (errno == ECONNABORTED || errno == EINTR) continue;
    if (!failing_) AEGIS_LOG(kError, "net", "cannot accept connections: {}", std::strerror(errno));
    failing_ = true;
    pause_.expires_after(kPause);
    pause_.async_wait([this](const asio::error_code& error) {
      if (!error && acceptor_.is_open()) Await();
    });
    return;
  }
}

}  // namespace aegis::node
