#include "node/runtime/udp_socket.h"

#include <sys/socket.h>

#include <array>
#include <asio/ip/address.hpp>
#include <cerrno>
#include <cstring>

#include "node/runtime/addresses.h"

namespace aegis::node {

namespace {

constexpr int kDatagramsPerTurn = 64;
// Larger than any datagram that gossip accepts, so that it sees, and counts, those that are not.
constexpr std::size_t kReceiveSize = 2048;

int FamilyOf(int fd) {
  sockaddr_storage name{};
  socklen_t size = sizeof(name);
  ::getsockname(fd, reinterpret_cast<sockaddr*>(&name), &size);
  return name.ss_family;
}

asio::ip::udp ProtocolOf(int fd) {
  return FamilyOf(fd) == AF_INET6 ? asio::ip::udp::v6() : asio::ip::udp::v4();
}

}  // namespace

Result<UniqueFd> BindUdp(const Endpoint& address) {
  asio::error_code error;
  const auto host = asio::ip::make_address(address.host.empty() ? "0.0.0.0" : address.host, error);
  if (error) return Error{ErrorCode::kInvalid, address.ToString() + ": not a numeric address"};
  const asio::ip::udp::endpoint endpoint(host, address.port);
  UniqueFd fd(::socket(endpoint.protocol().family(), SOCK_DGRAM | SOCK_CLOEXEC | SOCK_NONBLOCK,
                       IPPROTO_UDP));
  if (!fd.valid() ||
      ::bind(fd.get(), endpoint.data(), static_cast<socklen_t>(endpoint.size())) != 0) {
    return Error{ErrorCode::kUnavailable,
                 "cannot bind UDP " + address.ToString() + ": " + std::strerror(errno)};
  }
  return fd;
}

UdpSocket::UdpSocket(asio::io_context& io, UniqueFd bound, OnDatagram on_datagram)
    : socket_(io), on_datagram_(std::move(on_datagram)), v6_(FamilyOf(bound.get()) == AF_INET6) {
  const auto protocol = ProtocolOf(bound.get());
  socket_.assign(protocol, bound.Release());
}

void UdpSocket::Start() { Await(); }

void UdpSocket::Await() {
  socket_.async_wait(asio::ip::udp::socket::wait_read, [this](const asio::error_code& error) {
    if (error == asio::error::operation_aborted) return;
    ReceiveSome();
    Await();
  });
}

void UdpSocket::ReceiveSome() {
  std::array<char, kReceiveSize> room;
  for (int i = 0; i < kDatagramsPerTurn; ++i) {
    asio::ip::udp::endpoint from;
    auto size = static_cast<socklen_t>(from.capacity());
    const ssize_t bytes =
        ::recvfrom(socket_.native_handle(), room.data(), room.size(), 0, from.data(), &size);
    if (bytes < 0) return;
    from.resize(size);
    on_datagram_(ToEndpoint(from), {room.data(), static_cast<std::size_t>(bytes)});
  }
}

void UdpSocket::Send(const Endpoint& to, ByteView body) {
  asio::error_code error;
  asio::ip::address address = asio::ip::make_address(to.host, error);
  if (error || (address.is_v6() && !v6_)) return;
  if (address.is_v4() && v6_) {
    address = asio::ip::make_address_v6(asio::ip::v4_mapped, address.to_v4());
  }
  const asio::ip::udp::endpoint endpoint(address, to.port);
  static_cast<void>(::sendto(socket_.native_handle(), body.data(), body.size(), MSG_NOSIGNAL,
                             endpoint.data(), static_cast<socklen_t>(endpoint.size())));
}

}  // namespace aegis::node
