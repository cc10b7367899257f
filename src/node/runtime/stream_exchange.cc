#include "node/runtime/stream_exchange.h"

#include <array>
#include <asio/buffer.hpp>
#include <asio/error.hpp>
#include <asio/ip/address.hpp>
#include <asio/ip/tcp.hpp>
#include <asio/read.hpp>
#include <asio/steady_timer.hpp>
#include <asio/write.hpp>
#include <memory>
#include <optional>
#include <utility>

#include "model/limits.h"
#include "node/runtime/dialer.h"
#include "node/runtime/stream_preamble.h"

namespace aegis::node {

namespace {

class Exchange : public std::enable_shared_from_this<Exchange> {
 public:
  Exchange(asio::io_context& io, Endpoint to, Bytes body, std::function<void(Result<Bytes>)> done)
      : io_(io), resolver_(io), timer_(io), to_(std::move(to)), done_(std::move(done)) {
    AppendStreamKind(kGossipStream, request_);
    AppendBigEndian(static_cast<std::uint32_t>(body.size()), request_);
    request_.append(body);
  }

  void Start(Duration patience) {
    patience_ = patience;
    timer_.expires_after(patience);
    timer_.async_wait([self = shared_from_this()](const asio::error_code& error) {
      if (!error) self->Fail("no answer in time");
    });
    asio::error_code not_numeric;
    asio::ip::make_address(to_.host, not_numeric);
    if (not_numeric) {
      Resolve();
    } else {
      Connect(to_);
    }
  }

 private:
  void Resolve() {
    resolver_.async_resolve(
        to_.host, std::to_string(to_.port),
        [self = shared_from_this()](const asio::error_code& error,
                                    const asio::ip::tcp::resolver::results_type& found) {
          if (error || found.empty()) {
            self->Fail("cannot be resolved: " + error.message());
            return;
          }
          // IPv4 first: most of our sockets listen on it alone.
          auto best = found.begin();
          for (auto entry = found.begin(); entry != found.end(); ++entry) {
            if (!entry->endpoint().address().is_v4()) continue;
            best = entry;
            break;
          }
          self->Connect({best->endpoint().address().to_string(), self->to_.port});
        });
  }

  void Connect(const Endpoint& numeric) {
    Dial(io_, numeric, patience_,
         [self = shared_from_this(), numeric](Result<asio::ip::tcp::socket> socket) {
           if (!self->done_) return;
           if (!socket.ok()) {
             // Of a numeric address the error speaks itself.
             if (numeric == self->to_) return self->Finish(socket.error());
             return self->Fail(socket.error().message);
           }
           self->socket_.emplace(std::move(socket).value());
           self->Ask();
         });
  }

  void Ask() {
    asio::async_write(*socket_, asio::buffer(request_),
                      [self = shared_from_this()](const asio::error_code& error, std::size_t) {
                        if (error) return self->Fail(error.message());
                        self->ReadLength();
                      });
  }

  void ReadLength() {
    asio::async_read(*socket_, asio::buffer(length_),
                     [self = shared_from_this()](const asio::error_code& error, std::size_t) {
                       if (error) return self->FailToRead(error);
                       const auto size = LoadBigEndian<std::uint32_t>(
                           ByteView(self->length_.data(), self->length_.size()));
                       if (size > limits::kPushPullSizeMax) {
                         return self->Fail("what answers there is not a gossip port");
                       }
                       self->reply_.resize(size);
                       self->ReadReply();
                     });
  }

  void ReadReply() {
    asio::async_read(*socket_, asio::buffer(reply_.data(), reply_.size()),
                     [self = shared_from_this()](const asio::error_code& error, std::size_t) {
                       if (error) return self->FailToRead(error);
                       self->Finish(std::move(self->reply_));
                     });
  }

  void FailToRead(const asio::error_code& error) {
    Fail(error == asio::error::eof ? "the connection was closed without an answer"
                                   : error.message());
  }

  void Fail(const std::string& why) {
    Finish(Error{ErrorCode::kUnavailable, to_.ToString() + ": " + why});
  }

  void Finish(Result<Bytes> result) {
    if (!done_) return;
    timer_.cancel();
    resolver_.cancel();
    asio::error_code ignored;
    if (socket_) socket_->close(ignored);
    std::exchange(done_, nullptr)(std::move(result));
  }

  asio::io_context& io_;
  asio::ip::tcp::resolver resolver_;
  asio::steady_timer timer_;
  const Endpoint to_;
  std::function<void(Result<Bytes>)> done_;
  Duration patience_{};
  Bytes request_;
  std::array<char, 4> length_{};
  Bytes reply_;
  std::optional<asio::ip::tcp::socket> socket_;
};

}  // namespace

void ExchangeOverStream(asio::io_context& io, const Endpoint& to, Bytes body, Duration patience,
                        std::function<void(Result<Bytes>)> done) {
  std::make_shared<Exchange>(io, to, std::move(body), std::move(done))->Start(patience);
}

}  // namespace aegis::node
