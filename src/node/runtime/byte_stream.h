// ByteStream: an established connection as bytes, without ever blocking.
//
// The seam between connections and what carries them: TCP here (TcpStream), TLS later. Owned by
// one Connection and touched by that connection's thread only.

#pragma once

#include <asio/ip/tcp.hpp>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <span>
#include <string>

#include "base/bytes.h"

namespace aegis::node {

class ByteStream {
 public:
  enum class State : std::uint8_t {
    kMoved,       // `bytes` went; more may go at once.
    kWouldBlock,  // Nothing can go now: await.
    kEnded,       // Receiving only: the peer will send no more.
    kBroken,      // Reset, timed out, ...
  };
  struct Transfer {
    State state = State::kMoved;
    std::size_t bytes = 0;
  };

  // Told once for every Await...() call, unless the stream was closed in between.
  class Listener {
   public:
    virtual ~Listener() = default;
    virtual void OnReadable() = 0;
    virtual void OnWritable() = 0;
  };

  virtual ~ByteStream() = default;

  virtual Transfer Receive(std::span<char> room) = 0;
  virtual Transfer Send(ByteView bytes) = 0;
  // At most one of each may be outstanding. The listener lives until it was told.
  virtual void AwaitReadable(std::shared_ptr<Listener> listener) = 0;
  virtual void AwaitWritable(std::shared_ptr<Listener> listener) = 0;
  // Tells the peer that nothing more will be sent.
  virtual void EndSending() = 0;
  virtual void Close() = 0;

  virtual std::string PeerAddress() const = 0;   // "ip:port"
  virtual std::string LocalAddress() const = 0;  // "ip:port"
};

class TcpStream final : public ByteStream {
 public:
  // Takes a connected socket; turns off Nagle's algorithm and blocking.
  explicit TcpStream(asio::ip::tcp::socket socket);

  Transfer Receive(std::span<char> room) override;
  Transfer Send(ByteView bytes) override;
  void AwaitReadable(std::shared_ptr<Listener> listener) override;
  void AwaitWritable(std::shared_ptr<Listener> listener) override;
  void EndSending() override;
  void Close() override;
  std::string PeerAddress() const override;
  std::string LocalAddress() const override;

 private:
  asio::ip::tcp::socket socket_;
};

}  // namespace aegis::node
