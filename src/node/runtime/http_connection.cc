#include "node/runtime/http_connection.h"

#include <asio/buffer.hpp>
#include <asio/write.hpp>
#include <utility>

namespace aegis::node {

namespace {

constexpr Duration kLingerTimeout = std::chrono::seconds(2);
constexpr std::size_t kLingerBytesMax = 256 * 1024;

}  // namespace

HttpConnection::HttpConnection(HttpServer& server, asio::ip::tcp::socket socket)
    : server_(server), socket_(std::move(socket)), deadline_(server.io_) {}

void HttpConnection::Start() {
  last_turn_ = ++server_.turns_;
  AllowFor(server_.options_.header_timeout);
  Read();
}

void HttpConnection::Close() {
  closed_ = true;
  deadline_.cancel();
  asio::error_code ignored;
  socket_.close(ignored);
}

void HttpConnection::Read() {
  // One from before a time-out may still be outstanding.
  if (std::exchange(reading_, true)) return;
  socket_.async_read_some(
      asio::buffer(chunk_),
      [self = shared_from_this()](const asio::error_code& error, std::size_t count) {
        self->reading_ = false;
        if (self->closed_) return;
        self->OnRead(error, count);
      });
}

void HttpConnection::OnRead(const asio::error_code& error, std::size_t count) {
  if (state_ == State::kWriting) return;  // Nothing more is taken; the write tells how it ends.
  if (error) return Finish();
  if (state_ == State::kLingering) {
    lingered_ += count;
    return lingered_ > kLingerBytesMax ? Finish() : Read();
  }
  if (idle()) AllowFor(server_.options_.header_timeout);
  input_.append(chunk_.data(), count);
  Advance();
}

// Takes what has come as far as it goes: to the next answer, or to the next read.
void HttpConnection::Advance() {
  const auto taken = parser_.Take(input_);
  if (!taken.ok()) {
    return Refuse(taken.error().code == ErrorCode::kTooLarge ? 431 : 400, taken.error().message);
  }
  begun_ = begun_ || taken.value().consumed > 0;
  input_.erase(0, taken.value().consumed);
  if (!taken.value().complete) return Read();
  const HttpRequest request = parser_.request();
  parser_ = HttpRequestParser();
  begun_ = false;
  Answer(request);
}

void HttpConnection::Answer(const HttpRequest& request) {
  if (request.version >= 11 && !request.has_host) return Refuse(400, "the Host field is missing");
  if (request.has_body) return Refuse(413, "a request may have no body");
  Write(
      SerializeHttpResponse(server_.Answer(request), request.method == "HEAD", request.keep_alive),
      request.keep_alive);
}

void HttpConnection::Refuse(unsigned status, const std::string& why) {
  HttpResponse response;
  response.status = status;
  response.body = why + '\n';
  Write(SerializeHttpResponse(response, /*head=*/false, /*keep_alive=*/false), false);
}

void HttpConnection::Write(Bytes response, bool keep_alive) {
  state_ = State::kWriting;
  output_ = std::move(response);
  AllowFor(server_.options_.write_timeout);
  asio::async_write(
      socket_, asio::buffer(output_),
      [self = shared_from_this(), keep_alive](const asio::error_code& error, std::size_t) {
        if (self->closed_) return;
        if (error) return self->Finish();
        self->OnWritten(keep_alive);
      });
}

void HttpConnection::OnWritten(bool keep_alive) {
  output_ = Bytes();
  if (!keep_alive) return Linger();
  state_ = State::kReading;
  last_turn_ = ++server_.turns_;
  AllowFor(input_.empty() ? server_.options_.idle_timeout : server_.options_.header_timeout);
  if (input_.empty()) return Read();
  Advance();
}

// Closing a socket that has unread bytes resets the connection, and the reset may overtake the
// answer: so say that this was all, and read until the client has seen it.
void HttpConnection::Linger() {
  state_ = State::kLingering;
  asio::error_code ignored;
  socket_.shutdown(asio::ip::tcp::socket::shutdown_send, ignored);
  AllowFor(kLingerTimeout);
  Read();
}

void HttpConnection::AllowFor(Duration duration) {
  deadline_.expires_after(duration);
  deadline_.async_wait([self = shared_from_this()](const asio::error_code& error) {
    // A timer that was moved on may already have fired: the handler of the new wait decides.
    if (self->closed_ || error) return;
    if (self->deadline_.expiry() > asio::steady_timer::clock_type::now()) return;
    self->OnDeadline();
  });
}

void HttpConnection::OnDeadline() {
  if (state_ == State::kReading && !idle()) return Refuse(408, "the request took too long");
  Finish();
}

void HttpConnection::Finish() {
  Close();
  server_.Forget(*this);
}

}  // namespace aegis::node
