#include "node/runtime/peer_port.h"

#include <asio/buffer.hpp>
#include <asio/read.hpp>
#include <asio/steady_timer.hpp>
#include <asio/write.hpp>
#include <utility>

#include "base/log.h"
#include "model/limits.h"
#include "node/runtime/addresses.h"
#include "node/runtime/stream_preamble.h"

namespace aegis::node {

// One stream until it is known what it is for; a gossip stream until its end.
class PeerPort::Beginning : public std::enable_shared_from_this<Beginning> {
 public:
  Beginning(asio::ip::tcp::socket socket, std::shared_ptr<Shared> shared)
      : socket_(std::move(socket)), timer_(socket_.get_executor()), shared_(std::move(shared)) {
    ++shared_->beginnings;
    asio::error_code error;
    const auto peer = socket_.remote_endpoint(error);
    if (!error) from_ = ToEndpoint(peer);
  }
  ~Beginning() { --shared_->beginnings; }

  void Start() {
    timer_.expires_after(limits::kHalfOpenTimeout);
    timer_.async_wait([self = shared_from_this()](const asio::error_code& error) {
      if (!error) self->Close("it does not say what it wants");
    });
    Read(kStreamKindSize, [this] { OnKind(); });
  }

 private:
  // Goes on when `input_` has `size` bytes.
  void Read(std::size_t size, std::function<void()> next) {
    const std::size_t have = input_.size();
    input_.resize(size);
    asio::async_read(socket_, asio::buffer(input_.data() + have, size - have),
                     [self = shared_from_this(), next = std::move(next)](
                         const asio::error_code& error, std::size_t) {
                       if (error) {
                         self->Close("it ended early");
                       } else {
                         next();
                       }
                     });
  }

  void OnKind() {
    if (!input_.starts_with(kStreamMagic)) {
      Close("not a stream of ours");
      return;
    }
    switch (input_[kStreamKindSize - 1]) {
      case kGossipStream:
        return Read(kGossipPreambleSize, [this] { OnGossip(); });
      case kPeerStream:
        return Read(kPeerPreambleSize, [this] { OnPeer(); });
      case kControlStream:
        return Read(kControlPreambleSize, [this] { OnControl(); });
      case kForwardStream:
        return Read(kForwardPreambleSize, [this] { OnForwards(); });
      default:
        Close("an unknown kind of stream");
    }
  }

  std::uint64_t Number(std::size_t at) const {
    return LoadBigEndian<std::uint64_t>(ByteView(input_).substr(at));
  }

  void OnGossip() {
    const std::size_t size = LoadBigEndian<std::uint32_t>(ByteView(input_).substr(kStreamKindSize));
    if (size > limits::kPushPullSizeMax) {
      Close("a gossip message over the limit");
      return;
    }
    Read(kGossipPreambleSize + size, [this] { OnGossipBody(); });
  }

  void OnGossipBody() {
    const Bytes reply =
        shared_->handlers.on_gossip(from_, ByteView(input_).substr(kGossipPreambleSize));
    input_.clear();
    AppendBigEndian(static_cast<std::uint32_t>(reply.size()), input_);
    input_.append(reply);
    asio::async_write(
        socket_, asio::buffer(input_),
        [self = shared_from_this()](const asio::error_code&, std::size_t) { self->Close(""); });
  }

  void OnPeer() {
    timer_.cancel();
    const auto protocol = Protocol();
    const NodeId peer{Number(kStreamKindSize)};
    if (const int socket = Release(); socket >= 0) {
      shared_->handlers.on_peer(socket, protocol, peer);
    }
  }

  void OnControl() {
    timer_.cancel();
    const ClusterId cluster{Number(kStreamKindSize)};
    const NodeId peer{Number(kStreamKindSize + 8)};
    const NodeId target{Number(kStreamKindSize + 16)};
    shared_->handlers.on_control(std::move(socket_), cluster, peer, target);
  }

  void OnForwards() {
    const ClusterId cluster{Number(kStreamKindSize)};
    if (const auto refusal = shared_->handlers.refusal(cluster)) {
      AEGIS_LOG(kWarn, "peer", "operations from {} are refused: {}", from_.ToString(), *refusal);
      input_.clear();
      AppendForwardAnswer({.accepted = false, .node = shared_->self, .reason = *refusal}, input_);
      asio::async_write(
          socket_, asio::buffer(input_),
          [self = shared_from_this()](const asio::error_code&, std::size_t) { self->Close(""); });
      return;
    }
    timer_.cancel();
    const auto protocol = Protocol();
    if (const int socket = Release(); socket >= 0) {
      shared_->handlers.on_forwards(socket, protocol);
    }
  }

  asio::ip::tcp Protocol() const {
    asio::error_code ignored;
    return socket_.local_endpoint(ignored).protocol();
  }

  int Release() {
    asio::error_code error;
    const int socket = socket_.release(error);
    return error ? -1 : socket;
  }

  void Close(const std::string& why) {
    if (!socket_.is_open()) return;
    if (!why.empty()) AEGIS_LOG(kDebug, "peer", "stream from {}: {}", from_.ToString(), why);
    timer_.cancel();
    asio::error_code ignored;
    socket_.close(ignored);
  }

  asio::ip::tcp::socket socket_;
  asio::steady_timer timer_;
  const std::shared_ptr<Shared> shared_;
  Endpoint from_;
  Bytes input_;
};

PeerPort::PeerPort(asio::io_context& io, UniqueFd listening, NodeId self, Handlers handlers)
    : shared_(std::make_shared<Shared>(Shared{self, std::move(handlers)})),
      acceptor_(io, std::move(listening),
                [this](asio::ip::tcp::socket socket) { OnAccept(std::move(socket)); }) {}

PeerPort::~PeerPort() = default;

void PeerPort::OnAccept(asio::ip::tcp::socket socket) {
  if (shared_->beginnings >= limits::kHalfOpenStreamsMax) {
    AEGIS_LOG(kWarn, "peer", "too many streams begin at once: one is closed");
    return;
  }
  std::make_shared<Beginning>(std::move(socket), shared_)->Start();
}

}  // namespace aegis::node
