// UdpSocket: gossip's datagrams, on the control thread.

#pragma once

#include <asio/io_context.hpp>
#include <asio/ip/udp.hpp>
#include <functional>

#include "base/bytes.h"
#include "base/result.h"
#include "model/endpoint.h"
#include "node/runtime/unique_fd.h"

namespace aegis::node {

// Errors: kUnavailable, naming the address.
Result<UniqueFd> BindUdp(const Endpoint& address);

class UdpSocket {
 public:
  using OnDatagram = std::function<void(const Endpoint& from, ByteView body)>;

  UdpSocket(asio::io_context& io, UniqueFd bound, OnDatagram on_datagram);

  void Start();
  // A datagram that the system does not take now is lost, as any may be.
  void Send(const Endpoint& to, ByteView body);

 private:
  void Await();
  void ReceiveSome();

  asio::ip::udp::socket socket_;
  const OnDatagram on_datagram_;
  const bool v6_;
};

}  // namespace aegis::node
