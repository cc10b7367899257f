// HttpServer: answers GET and HEAD, or POST without a body, on a few fixed paths: for health
// checks, Prometheus and operators.
//
// Everything runs on the thread of `io`, handlers included; they must not wait. Built to be left
// in the open: no client can keep it busy, hold its memory or lock others out.
//
//   a header over kHttpHeaderSizeMax    431, close
//   a request with a body               413, close
//   a request that is not complete      408, close, `header_timeout` after its first byte,
//                                       however many bytes drip in
//   a connection that asks nothing      closed after `idle_timeout`
//   a client that does not read         closed after `write_timeout`
//   more than `connections_max`         the one that has been idle longest is closed; if all are
//                                       busy, the newcomer gets 503
//
// One request of a connection is answered at a time, so pipelining costs nothing but patience.

#pragma once

#include <asio/io_context.hpp>
#include <asio/ip/tcp.hpp>
#include <asio/steady_timer.hpp>
#include <cstdint>
#include <functional>
#include <map>
#include <memory>
#include <string>

#include "base/result.h"
#include "base/time.h"
#include "model/endpoint.h"
#include "node/runtime/http_message.h"

namespace aegis::node {

class HttpConnection;

class HttpServer {
 public:
  struct Options {
    std::size_t connections_max = 256;
    Duration header_timeout = std::chrono::seconds(10);
    Duration idle_timeout = std::chrono::seconds(75);
    Duration write_timeout = std::chrono::seconds(30);
  };
  using Handler = std::function<HttpResponse(const HttpRequest& request)>;

  // REQUIRES: `io` outlives this.
  explicit HttpServer(asio::io_context& io) : HttpServer(io, Options()) {}
  HttpServer(asio::io_context& io, Options options);
  ~HttpServer();
  HttpServer(const HttpServer&) = delete;
  HttpServer& operator=(const HttpServer&) = delete;

  // To GET and HEAD, or to POST. REQUIRES: called before Listen(), once per path.
  void Handle(std::string path, Handler handler);
  void HandlePost(std::string path, Handler handler);

  // Returns the address it really listens on. Errors: kUnavailable, it cannot.
  Result<Endpoint> Listen(const Endpoint& address);

  // Closes everything, answers in flight included. The handlers are not called any more.
  void Close();

  std::size_t connections() const { return connections_.size(); }

 private:
  friend class HttpConnection;

  void Accept();
  void Admit(asio::ip::tcp::socket socket);
  bool MakeRoom();
  HttpResponse Answer(const HttpRequest& request) const;
  void Forget(HttpConnection& connection);

  const Options options_;
  asio::io_context& io_;
  asio::ip::tcp::acceptor acceptor_;
  asio::steady_timer accept_again_;
  struct Page {
    Handler handler;
    bool post = false;
  };
  std::map<std::string, Page> pages_;
  std::map<HttpConnection*, std::shared_ptr<HttpConnection>> connections_;
  std::shared_ptr<const char> alive_ = std::make_shared<const char>();  // Until Close().
  std::uint64_t turns_ = 0;  // Counts, so that the longest idle connection can be found.
};

}  // namespace aegis::node
