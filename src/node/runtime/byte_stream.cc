#include "node/runtime/byte_stream.h"

#include <sys/socket.h>

#include <cerrno>

#include "node/runtime/addresses.h"

namespace aegis::node {

namespace {

std::string Text(const asio::ip::tcp::endpoint& endpoint) {
  return ToEndpoint(endpoint).ToString();
}

ByteStream::Transfer Judge(ssize_t moved) {
  using State = ByteStream::State;
  if (moved > 0) return {State::kMoved, static_cast<std::size_t>(moved)};
  if (moved == 0) return {State::kEnded, 0};
  const bool later = errno == EAGAIN || errno == EWOULDBLOCK || errno == EINTR;
  return {later ? State::kWouldBlock : State::kBroken, 0};
}

}  // namespace

TcpStream::TcpStream(asio::ip::tcp::socket socket) : socket_(std::move(socket)) {
  asio::error_code ignored;  // A socket that is already broken says so at the first transfer.
  socket_.non_blocking(true, ignored);
  socket_.set_option(asio::ip::tcp::no_delay(true), ignored);
}

ByteStream::Transfer TcpStream::Receive(std::span<char> room) {
  return Judge(::recv(socket_.native_handle(), room.data(), room.size(), 0));
}

ByteStream::Transfer TcpStream::Send(ByteView bytes) {
  return Judge(::send(socket_.native_handle(), bytes.data(), bytes.size(), MSG_NOSIGNAL));
}

void TcpStream::AwaitReadable(std::shared_ptr<Listener> listener) {
  socket_.async_wait(asio::ip::tcp::socket::wait_read,
                     [listener = std::move(listener)](const asio::error_code& error) {
                       if (error != asio::error::operation_aborted) listener->OnReadable();
                     });
}

void TcpStream::AwaitWritable(std::shared_ptr<Listener> listener) {
  socket_.async_wait(asio::ip::tcp::socket::wait_write,
                     [listener = std::move(listener)](const asio::error_code& error) {
                       if (error != asio::error::operation_aborted) listener->OnWritable();
                     });
}

void TcpStream::EndSending() {
  asio::error_code ignored;
  socket_.shutdown(asio::ip::tcp::socket::shutdown_send, ignored);
}

void TcpStream::Close() {
  asio::error_code ignored;
  socket_.close(ignored);
}

std::string TcpStream::PeerAddress() const {
  asio::error_code error;
  const auto endpoint = socket_.remote_endpoint(error);
  return error ? std::string() : Text(endpoint);
}

std::string TcpStream::LocalAddress() const {
  asio::error_code error;
  const auto endpoint = socket_.local_endpoint(error);
  return error ? std::string() : Text(endpoint);
}

}  // namespace aegis::node
