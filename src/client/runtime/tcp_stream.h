// TcpStream: a ByteStream over a plain TCP socket.

#pragma once

#include <asio/io_context.hpp>
#include <asio/ip/tcp.hpp>
#include <memory>
#include <string>

#include "client/runtime/byte_stream.h"

namespace aegis::client {

class TcpStream final : public ByteStream, public std::enable_shared_from_this<TcpStream> {
 public:
  explicit TcpStream(asio::io_context& io) : resolver_(io), socket_(io) {}

  void Connect(const std::string& address, ConnectHandler done) override;
  void ReadSome(std::span<char> into, IoHandler done) override;
  void WriteSome(ByteView from, IoHandler done) override;
  void Close() override;

 private:
  using Results = asio::ip::tcp::resolver::results_type;

  void ConnectTo(const Results& results, ConnectHandler done);

  asio::ip::tcp::resolver resolver_;
  asio::ip::tcp::socket socket_;
  bool closed_ = false;
};

}  // namespace aegis::client
