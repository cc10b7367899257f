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
#include "node/runtime/poller.h"
#include "node/runtime/unique_fd.h"

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
  // Sends from the front of these, one behind the other; maybe no more than the first. REQUIRES:
  // there are 1 to kPiecesMax, none of them empty.
  static constexpr std::size_t kPiecesMax = 64;
  virtual Transfer SendAll(std::span<const ByteView> pieces) { return Send(pieces.front()); }
  // At most one of each may be outstanding. A listener that is gone by then is not told: who owns
  // it, and by it the stream, is somebody else.
  virtual void AwaitReadable(std::shared_ptr<Listener> listener) = 0;
  virtual void AwaitWritable(std::shared_ptr<Listener> listener) = 0;
  // Tells the peer that nothing more will be sent.
  virtual void EndSending() = 0;
  virtual void Close() = 0;

  virtual std::string PeerAddress() const = 0;   // "ip:port"
  virtual std::string LocalAddress() const = 0;  // "ip:port"
};

// The listener that waits owns the stream, or outlives it.
class TcpStream final : public ByteStream, private Poller::Watcher {
 public:
  // Takes a connected socket; turns off Nagle's algorithm and blocking.
  TcpStream(Poller& poller, UniqueFd socket);
  TcpStream(Poller& poller, asio::ip::tcp::socket socket);
  ~TcpStream() override;

  Transfer Receive(std::span<char> room) override;
  Transfer Send(ByteView bytes) override;
  Transfer SendAll(std::span<const ByteView> pieces) override;
  void AwaitReadable(std::shared_ptr<Listener> listener) override;
  void AwaitWritable(std::shared_ptr<Listener> listener) override;
  void EndSending() override;
  void Close() override;
  std::string PeerAddress() const override;
  std::string LocalAddress() const override;

 private:
  void OnEvents(std::uint32_t events) override;

  Poller& poller_;
  UniqueFd fd_;
  std::weak_ptr<Listener> reader_;
  std::weak_ptr<Listener> writer_;
  bool readable_ = false;  // As far as is known: a receive that fills its room does not change it.
  bool urgent_ = false;    // The peer has sent an urgent byte: a receive may end before it.
  bool hung_up_ = false;   // What is there is the last: no further event tells of it.
};

}  // namespace aegis::node
