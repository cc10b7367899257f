#include "node/runtime/http_server.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <asio/buffer.hpp>
#include <utility>

#include "base/log.h"
#include "node/runtime/http_connection.h"
#include "node/runtime/network.h"

namespace aegis::node {

namespace {

constexpr Duration kAcceptPause = std::chrono::milliseconds(100);

HttpResponse Text(unsigned status, std::string body) {
  HttpResponse response;
  response.status = status;
  response.body = std::move(body);
  return response;
}

// Said to a connection that there is no room for: at once, or not at all.
void TurnAway(asio::ip::tcp::socket& socket) {
  const Bytes reply =
      SerializeHttpResponse(Text(503, "too many connections\n"), /*head=*/false, false);
  asio::error_code ignored;
  socket.non_blocking(true, ignored);
  socket.send(asio::buffer(reply), 0, ignored);
  socket.shutdown(asio::ip::tcp::socket::shutdown_send, ignored);
  std::array<char, 2048> request;  // Left unread, it would make the close a reset.
  socket.receive(asio::buffer(request), 0, ignored);
}

}  // namespace

HttpServer::HttpServer(asio::io_context& io, Options options)
    : options_(options), io_(io), acceptor_(io), accept_again_(io) {}

HttpServer::~HttpServer() { Close(); }

void HttpServer::Handle(std::string path, Handler handler) {
  pages_.insert_or_assign(std::move(path), Page{std::move(handler), /*post=*/false});
}

void HttpServer::HandlePost(std::string path, Handler handler) {
  pages_.insert_or_assign(std::move(path), Page{std::move(handler), /*post=*/true});
}

Result<Endpoint> HttpServer::Listen(const Endpoint& address) {
  const auto numeric = SystemNetwork().Resolve(address);
  if (!numeric.ok()) return numeric.error();
  const Endpoint& bound = numeric.value().front();
  asio::error_code error;
  const asio::ip::tcp::endpoint endpoint(asio::ip::make_address(bound.host, error), bound.port);
  if (!error) acceptor_.open(endpoint.protocol(), error);
  if (!error) acceptor_.set_option(asio::ip::tcp::acceptor::reuse_address(true), error);
  if (!error) acceptor_.bind(endpoint, error);
  if (!error) acceptor_.listen(asio::ip::tcp::acceptor::max_listen_connections, error);
  if (error) {
    asio::error_code ignored;
    acceptor_.close(ignored);
    return Error{ErrorCode::kUnavailable,
                 "cannot listen on " + address.ToString() + ": " + error.message()};
  }
  Accept();
  const auto local = acceptor_.local_endpoint(error);
  return Endpoint{local.address().to_string(), local.port()};
}

void HttpServer::Close() {
  alive_.reset();
  accept_again_.cancel();
  asio::error_code ignored;
  acceptor_.close(ignored);
  for (const auto& [key, connection] : connections_) connection->Close();
  connections_.clear();
}

void HttpServer::Accept() {
  // A connection may have been accepted, and its handler be queued, when the server goes away.
  const std::weak_ptr<const char> alive = alive_;
  acceptor_.async_accept(
      [this, alive](const asio::error_code& error, asio::ip::tcp::socket socket) {
        if (alive.expired()) return;
        if (!error) {
          Admit(std::move(socket));
          return Accept();
        }
        // Out of descriptors, most likely: the next attempt would fail as fast.
        AEGIS_LOG(kWarn, "http", "cannot accept a connection: {}", error.message());
        accept_again_.expires_after(kAcceptPause);
        accept_again_.async_wait([this, alive](const asio::error_code&) {
          if (!alive.expired()) Accept();
        });
      });
}

void HttpServer::Admit(asio::ip::tcp::socket socket) {
  if (connections_.size() >= options_.connections_max && !MakeRoom()) return TurnAway(socket);
  asio::error_code ignored;
  socket.set_option(asio::ip::tcp::no_delay(true), ignored);
  auto connection = std::make_shared<HttpConnection>(*this, std::move(socket));
  HttpConnection* const key = connection.get();
  connections_.emplace(key, connection);
  connection->Start();
}

bool HttpServer::MakeRoom() {
  const auto longest_idle = std::ranges::min_element(connections_, {}, [](const auto& entry) {
    return std::pair(!entry.second->idle(), entry.second->last_turn());
  });
  if (longest_idle == connections_.end() || !longest_idle->second->idle()) return false;
  longest_idle->second->Close();
  connections_.erase(longest_idle);
  return true;
}

HttpResponse HttpServer::Answer(const HttpRequest& request) const {
  const auto page = pages_.find(request.path);
  if (page == pages_.end()) {
    std::string paths;
    for (const auto& [path, unused] : pages_) paths += (paths.empty() ? "" : ", ") + path;
    return Text(404, fmt::format("nothing here; there is {}\n", paths));
  }
  const bool post = page->second.post;
  const bool allowed =
      post ? request.method == "POST" : request.method == "GET" || request.method == "HEAD";
  if (!allowed) {
    HttpResponse response =
        Text(405, post ? "only POST is answered here\n" : "only GET and HEAD are answered\n");
    response.allow = post ? "POST" : "GET, HEAD";
    return response;
  }
  // Any page that an operator looks at could send it.
  if (post && request.by_page) return Text(403, "not for pages in browsers\n");
  return page->second.handler(request);
}

void HttpServer::Forget(HttpConnection& connection) { connections_.erase(&connection); }

}  // namespace aegis::node
