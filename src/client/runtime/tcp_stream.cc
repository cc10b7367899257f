#include "client/runtime/tcp_stream.h"

#include <asio/buffer.hpp>
#include <asio/connect.hpp>
#include <asio/error.hpp>
#include <utility>

#include "base/check.h"
#include "model/endpoint.h"

namespace aegis::client {

using asio::ip::tcp;

void TcpStream::Connect(const std::string& address, ConnectHandler done) {
  const Result<Endpoint> endpoint = ParseEndpoint(address);
  AEGIS_CHECK(endpoint.ok(), "addresses are checked before they are dialled");
  const std::string& host = endpoint.value().host;
  const std::uint16_t port = endpoint.value().port;
  std::error_code not_numeric;
  const asio::ip::address numeric = asio::ip::make_address(host, not_numeric);
  if (!not_numeric) {  // Spares the thread that asio starts to resolve names.
    return ConnectTo(Results::create(tcp::endpoint(numeric, port), host, ""), std::move(done));
  }
  resolver_.async_resolve(host, std::to_string(port), tcp::resolver::numeric_service,
                          [self = shared_from_this(), done = std::move(done)](
                              std::error_code error, const Results& results) mutable {
                            if (!error && self->closed_) error = asio::error::operation_aborted;
                            if (error) return done(error);
                            self->ConnectTo(results, std::move(done));
                          });
}

void TcpStream::ConnectTo(const Results& results, ConnectHandler done) {
  asio::async_connect(socket_, results,
                      [self = shared_from_this(), done = std::move(done)](std::error_code error,
                                                                          const tcp::endpoint&) {
                        if (!error && self->closed_) error = asio::error::operation_aborted;
                        if (!error) {
                          // Requests are batched above; keep-alive finds hosts that vanished.
                          std::error_code ignored;
                          self->socket_.set_option(tcp::no_delay(true), ignored);
                          self->socket_.set_option(tcp::socket::keep_alive(true), ignored);
                        }
                        done(error);
                      });
}

void TcpStream::ReadSome(std::span<char> into, IoHandler done) {
  socket_.async_read_some(asio::buffer(into.data(), into.size()),
                          [self = shared_from_this(), done = std::move(done)](
                              std::error_code error, std::size_t bytes) { done(error, bytes); });
}

void TcpStream::WriteSome(ByteView from, IoHandler done) {
  socket_.async_write_some(asio::buffer(from.data(), from.size()),
                           [self = shared_from_this(), done = std::move(done)](
                               std::error_code error, std::size_t bytes) { done(error, bytes); });
}

void TcpStream::Close() {
  closed_ = true;
  std::error_code ignored;
  resolver_.cancel();
  socket_.close(ignored);
}

}  // namespace aegis::client
