// The server on a thread of its own, its clients as plain sockets. Nothing is waited for by time:
// a client that expects an answer or the end of the connection blocks until it is there.

#include "node/runtime/http_server.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <asio/connect.hpp>
#include <asio/post.hpp>
#include <asio/read.hpp>
#include <asio/read_until.hpp>
#include <asio/write.hpp>
#include <atomic>
#include <deque>
#include <future>
#include <thread>
#include <utility>

#include "node/runtime/clocks.h"

namespace aegis::node {
namespace {

using asio::ip::tcp;
using std::chrono::milliseconds;
using testing::AllOf;
using testing::HasSubstr;
using testing::StartsWith;

class Client {
 public:
  explicit Client(const Endpoint& server) : socket_(io_) {
    socket_.connect({asio::ip::make_address(server.host), server.port});
    socket_.set_option(tcp::no_delay(true));
    timeval patience{20, 0};
    ::setsockopt(socket_.native_handle(), SOL_SOCKET, SO_RCVTIMEO, &patience, sizeof patience);
  }

  // A connection that is closed meanwhile is none of the sender's business, who is told though.
  bool Send(std::string_view text) {
    asio::error_code error;
    asio::write(socket_, asio::buffer(text), error);
    return !error;
  }
  bool HasAnswer() const { return socket_.available() > 0; }
  void EndSending() { socket_.shutdown(tcp::socket::shutdown_send); }

  // The header and, unless `head`, the body that it announces.
  std::string Receive(bool head = false) {
    asio::error_code error;
    const std::size_t header =
        asio::read_until(socket_, asio::dynamic_buffer(buffer_), "\r\n\r\n", error);
    if (error) return "no answer: " + error.message();
    std::size_t size = header;
    if (!head) {
      const auto length = buffer_.find("Content-Length: ");
      size += std::stoul(buffer_.substr(length + 16));
    }
    if (buffer_.size() < size) {
      asio::read(socket_, asio::dynamic_buffer(buffer_),
                 asio::transfer_exactly(size - buffer_.size()), error);
    }
    const std::string answer = buffer_.substr(0, size);
    buffer_.erase(0, size);
    return answer;
  }
  std::string Ask(std::string_view request, bool head = false) {
    Send(request);
    return Receive(head);
  }

  // Waits for the end; returns what came before it.
  std::string UntilClosed() {
    asio::error_code error;
    asio::read(socket_, asio::dynamic_buffer(buffer_), error);
    EXPECT_TRUE(error == asio::error::eof || error == asio::error::connection_reset)
        << error.message();
    return std::exchange(buffer_, {});
  }

 private:
  asio::io_context io_;
  tcp::socket socket_;
  std::string buffer_;
};

std::string Get(const std::string& path) { return "GET " + path + " HTTP/1.1\r\nHost: a\r\n\r\n"; }

class HttpServerTest : public testing::Test {
 protected:
  void SetUp() override { Start({}); }
  void TearDown() override { Stop(); }

  void Start(HttpServer::Options options) {
    Stop();
    io_ = std::make_unique<asio::io_context>(1);
    server_ = std::make_unique<HttpServer>(*io_, options);
    server_->Handle("/health", [](const HttpRequest&) {
      return HttpResponse{200, "text/plain", "ok\n", {}};
    });
    server_->Handle("/echo", [](const HttpRequest& request) {
      return HttpResponse{200, "text/plain", request.method + " " + request.query, {}};
    });
    server_->HandlePost("/act", [](const HttpRequest&) {
      return HttpResponse{202, "text/plain", "done\n", {}};
    });
    server_->Handle("/large", [this](const HttpRequest&) {
      large_asked_ = true;
      return HttpResponse{200, "text/plain", std::string(16 << 20, 'x'), {}};
    });
    const auto address = server_->Listen({"127.0.0.1", 0});
    ASSERT_TRUE(address.ok()) << address.error().message;
    address_ = address.value();
    thread_ = std::thread([this] { io_->run(); });
  }

  void Stop() {
    if (!server_) return;
    asio::post(*io_, [this] { server_->Close(); });
    thread_.join();  // Nothing keeps the loop running once the server is closed.
    server_.reset();
    io_.reset();
  }

  std::size_t Connections() {
    std::promise<std::size_t> count;
    asio::post(*io_, [&] { count.set_value(server_->connections()); });
    return count.get_future().get();
  }

  std::unique_ptr<asio::io_context> io_;
  std::unique_ptr<HttpServer> server_;
  Endpoint address_;
  std::atomic<bool> large_asked_ = false;
  std::thread thread_;
};

// A machine that stalls before the first byte makes a connection silent, which ends it without an
// answer: then it is tried again.
constexpr int kTries = 20;

TEST_F(HttpServerTest, AnswersOnOneConnectionAgainAndAgain) {
  Client client(address_);
  for (int i = 0; i < 3; ++i) {
    EXPECT_THAT(client.Ask(Get("/health")), AllOf(StartsWith("HTTP/1.1 200"), HasSubstr("ok\n")));
  }
  EXPECT_THAT(client.Ask(Get("/echo?a=b")), HasSubstr("GET a=b"));
}

TEST_F(HttpServerTest, AnswersPipelinedRequestsInOrder) {
  Client client(address_);
  std::string requests;
  for (int i = 0; i < 100; ++i) requests += Get("/echo?" + std::to_string(i));
  client.Send(requests);
  for (int i = 0; i < 100; ++i) {
    EXPECT_THAT(client.Receive(), testing::EndsWith("GET " + std::to_string(i)));
  }
}

TEST_F(HttpServerTest, AnswersARequestThatComesInAnyTwoPieces) {
  Client client(address_);
  const std::string request = Get("/health");
  for (std::size_t cut = 1; cut < request.size(); ++cut) {
    client.Send(request.substr(0, cut));
    EXPECT_THAT(client.Ask(request.substr(cut)), HasSubstr("ok\n"));
  }
}

TEST_F(HttpServerTest, HeadIsAnsweredWithoutTheBody) {
  Client client(address_);
  EXPECT_THAT(client.Ask("HEAD /health HTTP/1.1\r\nHost: a\r\n\r\n", /*head=*/true),
              AllOf(HasSubstr("Content-Length: 3"), testing::EndsWith("\r\n\r\n")));
  EXPECT_THAT(client.Ask(Get("/health")), StartsWith("HTTP/1.1 200"));
}

TEST_F(HttpServerTest, PagesInBrowsersCanDoNothing) {
  Client client(address_);
  const std::string post = "POST /act HTTP/1.1\r\nHost: a\r\n";
  EXPECT_THAT(client.Ask(post + "Origin: http://elsewhere\r\n\r\n"), StartsWith("HTTP/1.1 403"));
  EXPECT_THAT(client.Ask(post + "Sec-Fetch-Site: cross-site\r\n\r\n"), StartsWith("HTTP/1.1 403"));
  EXPECT_THAT(client.Ask(post + "\r\n"), StartsWith("HTTP/1.1 202"));
  EXPECT_THAT(client.Ask("GET /health HTTP/1.1\r\nHost: a\r\nOrigin: http://elsewhere\r\n\r\n"),
              StartsWith("HTTP/1.1 200"));
}

TEST_F(HttpServerTest, ClosesWhenTheClientWishesOrIsOfVersion10) {
  Client close(address_);
  close.Send("GET /health HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n");
  EXPECT_THAT(close.UntilClosed(), testing::EndsWith("ok\n"));
  Client old(address_);
  old.Send("GET /health HTTP/1.0\r\n\r\n");
  EXPECT_THAT(old.UntilClosed(), testing::EndsWith("ok\n"));
}

TEST_F(HttpServerTest, AnswersAClientThatHasSaidItsLast) {
  Client client(address_);
  client.Send(Get("/health"));
  client.EndSending();
  EXPECT_THAT(client.UntilClosed(), HasSubstr("ok\n"));
}

TEST_F(HttpServerTest, APostIsAnsweredWhereItIsExpected) {
  Client client(address_);
  EXPECT_THAT(client.Ask("POST /act HTTP/1.1\r\nHost: a\r\nContent-Length: 0\r\n\r\n"),
              AllOf(StartsWith("HTTP/1.1 202"), HasSubstr("done")));
  EXPECT_THAT(client.Ask("POST /health HTTP/1.1\r\nHost: a\r\nContent-Length: 0\r\n\r\n"),
              StartsWith("HTTP/1.1 405"));
}

TEST_F(HttpServerTest, UnknownPathsAndMethodsAreExplainedAndTheConnectionStays) {
  Client client(address_);
  EXPECT_THAT(
      client.Ask(Get("/nothing")),
      AllOf(StartsWith("HTTP/1.1 404"), HasSubstr("there is /act, /echo, /health, /large")));
  EXPECT_THAT(client.Ask("DELETE /health HTTP/1.1\r\nHost: a\r\n\r\n"),
              AllOf(StartsWith("HTTP/1.1 405"), HasSubstr("Allow: GET, HEAD")));
  EXPECT_THAT(client.Ask(Get("/act")), AllOf(StartsWith("HTTP/1.1 405"), HasSubstr("Allow: POST")));
  EXPECT_THAT(client.Ask(Get("/health")), StartsWith("HTTP/1.1 200"));
}

TEST_F(HttpServerTest, BadRequestsAreExplainedAndTheConnectionCloses) {
  const std::pair<std::string, const char*> cases[] = {
      {"*1\r\n$4\r\nPING\r\n", "HTTP/1.1 400"},
      {std::string("\x16\x03\x01\0\0\r\n", 7), "HTTP/1.1 400"},
      {"GET /health HTTP/1.1\r\n\r\n", "HTTP/1.1 400"},
      {"POST /health HTTP/1.1\r\nHost: a\r\nContent-Length: 5\r\n\r\nhello", "HTTP/1.1 413"},
      {"POST /health HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n5\r\nhello\r\n",
       "HTTP/1.1 413"},
      {"GET /health HTTP/1.1\r\nA: " + std::string(100'000, 'a'), "HTTP/1.1 431"}};
  for (const auto& [request, answer] : cases) {
    Client client(address_);
    client.Send(request);
    EXPECT_THAT(client.UntilClosed(), AllOf(StartsWith(answer), HasSubstr("Connection: close")));
  }
}

TEST_F(HttpServerTest, LargeAnswersAreWhole) {
  Client client(address_);
  EXPECT_GT(client.Ask(Get("/large")).size(), std::size_t{16} << 20);
}

TEST_F(HttpServerTest, RequestThatDripsInIsCutOff) {
  HttpServer::Options options;
  options.header_timeout = milliseconds(50);
  Start(options);
  std::string answer;
  for (int tries = 0; answer.empty() && tries < kTries; ++tries) {
    Client client(address_);
    client.Send("GET /health HTTP/1.1\r\nA: ");
    answer = client.UntilClosed();
  }
  EXPECT_THAT(answer, StartsWith("HTTP/1.1 408"));
}

TEST_F(HttpServerTest, EveryFurtherByteBuysNoTime) {
  HttpServer::Options options;
  options.header_timeout = milliseconds(100);
  Start(options);
  std::string answer;
  for (int tries = 0; answer.empty() && tries < kTries; ++tries) {
    Client client(address_);
    bool open = client.Send("GET /health HTTP/1.1\r\nA: ");
    // A byte per millisecond: if each bought time, the limit of the header would come first.
    for (auto next = SteadyNow(); open && !client.HasAnswer();) {
      if (SteadyNow() < next) continue;
      open = client.Send("a");
      next += milliseconds(1);
    }
    answer = client.UntilClosed();
  }
  EXPECT_THAT(answer, StartsWith("HTTP/1.1 408"));
}

TEST_F(HttpServerTest, SilentAndIdleConnectionsAreClosed) {
  HttpServer::Options options;
  options.header_timeout = milliseconds(50);
  options.idle_timeout = milliseconds(50);
  Start(options);
  Client silent(address_);
  EXPECT_EQ(silent.UntilClosed(), "");
  Client idle(address_);
  idle.Ask(Get("/health"));
  EXPECT_EQ(idle.UntilClosed(), "");
  EXPECT_EQ(Connections(), 0U);
}

TEST_F(HttpServerTest, ClientThatDoesNotReadIsClosed) {
  HttpServer::Options options;
  options.write_timeout = milliseconds(50);
  Start(options);
  Client client(address_);
  client.Send(Get("/large"));
  while (!large_asked_) std::this_thread::yield();
  while (Connections() > 0) std::this_thread::yield();
  EXPECT_LT(client.UntilClosed().size(), std::size_t{16} << 20);
}

TEST_F(HttpServerTest, IdleConnectionsNeverLockAProbeOut) {
  HttpServer::Options options;
  options.connections_max = 8;
  Start(options);
  std::deque<Client> idle;
  for (int i = 0; i < 50; ++i) idle.emplace_back(address_);
  Client probe(address_);
  EXPECT_THAT(probe.Ask(Get("/health")), StartsWith("HTTP/1.1 200"));
  EXPECT_EQ(Connections(), 8U);
  EXPECT_EQ(idle.front().UntilClosed(), "");
  EXPECT_THAT(idle.back().Ask(Get("/health")), StartsWith("HTTP/1.1 200"));
}

TEST_F(HttpServerTest, NewcomerIsTurnedAwayOnlyWhenAllAreBusy) {
  HttpServer::Options options;
  options.connections_max = 2;
  Start(options);
  Client a(address_);
  Client b(address_);
  // The beginning comes with a whole request: once that is answered, the server has both.
  for (Client* busy : {&a, &b}) busy->Ask(Get("/health") + "GET /hea");
  const std::string answer = Client(address_).UntilClosed();
  EXPECT_THAT(answer, AllOf(StartsWith("HTTP/1.1 503"), HasSubstr("too many connections")));
}

TEST_F(HttpServerTest, AddressInUseIsAnErrorThatNamesIt) {
  asio::io_context io;
  HttpServer second(io);
  const auto listening = second.Listen(address_);
  ASSERT_FALSE(listening.ok());
  EXPECT_THAT(listening.error().message,
              AllOf(HasSubstr("cannot listen on " + address_.ToString()), HasSubstr("in use")));
  EXPECT_THAT(second.Listen({"node.invalid", 1}).error().message, HasSubstr("cannot be resolved"));
}

TEST_F(HttpServerTest, ClosingEndsConnectionsAndAnswersInFlight) {
  Client idle(address_);
  idle.Ask(Get("/health"));
  Client busy(address_);
  busy.Send(Get("/large"));
  while (!large_asked_) std::this_thread::yield();
  Stop();
  EXPECT_EQ(idle.UntilClosed(), "");
  EXPECT_LT(busy.UntilClosed().size(), std::size_t{16} << 20);
}

}  // namespace
}  // namespace aegis::node
