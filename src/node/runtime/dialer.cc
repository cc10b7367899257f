#include "node/runtime/dialer.h"

#include <asio/ip/address.hpp>
#include <asio/post.hpp>
#include <asio/steady_timer.hpp>
#include <memory>
#include <utility>

namespace aegis::node {

namespace {

struct Attempt {
  Attempt(asio::io_context& io, Dialed when_done)
      : socket(io), timer(io), done(std::move(when_done)) {}

  void Finish(Result<asio::ip::tcp::socket> result) {
    if (!done) return;
    timer.cancel();
    std::exchange(done, nullptr)(std::move(result));
  }

  asio::ip::tcp::socket socket;
  asio::steady_timer timer;
  Dialed done;
};

}  // namespace

void Dial(asio::io_context& io, const Endpoint& to, Duration patience, Dialed done) {
  const auto attempt = std::make_shared<Attempt>(io, std::move(done));
  const auto fail = [attempt, to](const std::string& why) {
    attempt->Finish(Error{ErrorCode::kUnavailable, to.ToString() + ": " + why});
  };
  asio::error_code error;
  const auto address = asio::ip::make_address(to.host, error);
  if (error) {
    asio::post(io, [fail] { fail("not a numeric address"); });
    return;
  }
  attempt->timer.expires_after(patience);
  attempt->timer.async_wait([attempt, fail](const asio::error_code& cancelled) {
    if (cancelled) return;
    fail("no connection in time");
    asio::error_code ignored;
    attempt->socket.close(ignored);
  });
  attempt->socket.async_connect({address, to.port},
                                [attempt, fail](const asio::error_code& failed) {
                                  if (failed) {
                                    fail(failed.message());
                                  } else {
                                    attempt->Finish(std::move(attempt->socket));
                                  }
                                });
}

}  // namespace aegis::node
