// HttpConnection: one connection of an HttpServer. Lives and dies on the server's thread.

#pragma once

#include <array>
#include <asio/ip/tcp.hpp>
#include <asio/steady_timer.hpp>
#include <cstdint>
#include <memory>

#include "base/bytes.h"
#include "base/time.h"
#include "node/runtime/http_message.h"
#include "node/runtime/http_server.h"

namespace aegis::node {

class HttpConnection : public std::enable_shared_from_this<HttpConnection> {
 public:
  HttpConnection(HttpServer& server, asio::ip::tcp::socket socket);

  void Start();
  // At once. The server is not touched any more.
  void Close();

  // Nothing of a request has come and nothing is being answered.
  bool idle() const { return state_ == State::kReading && input_.empty() && !begun_; }
  std::uint64_t last_turn() const { return last_turn_; }

 private:
  enum class State : std::uint8_t {
    kReading,    // A request, or nothing yet.
    kWriting,    // A response.
    kLingering,  // All was sent and no more is taken; the client is to see it before the reset.
  };

  void Read();
  void OnRead(const asio::error_code& error, std::size_t count);
  void Advance();
  void Answer(const HttpRequest& request);
  void Refuse(unsigned status, const std::string& why);
  void Write(Bytes response, bool keep_alive);
  void OnWritten(bool keep_alive);
  void Linger();
  void AllowFor(Duration duration);
  void OnDeadline();
  void Finish();

  HttpServer& server_;
  asio::ip::tcp::socket socket_;
  asio::steady_timer deadline_;
  HttpRequestParser parser_;
  std::array<char, 2048> chunk_;
  Bytes input_;  // Received and not taken; at most kHttpHeaderSizeMax and a chunk.
  Bytes output_;
  State state_ = State::kReading;
  bool begun_ = false;  // A part of a request was taken.
  bool reading_ = false;
  bool closed_ = false;
  std::size_t lingered_ = 0;
  std::uint64_t last_turn_ = 0;
};

}  // namespace aegis::node
