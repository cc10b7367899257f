#include "node/runtime/control_link.h"

#include <netinet/tcp.h>

#include <algorithm>
#include <asio/buffer.hpp>
#include <asio/read.hpp>
#include <asio/steady_timer.hpp>
#include <asio/write.hpp>
#include <utility>

#include "base/log.h"
#include "model/limits.h"
#include "node/runtime/dialer.h"
#include "node/runtime/socket_options.h"
#include "node/runtime/stream_preamble.h"

namespace aegis::node {

namespace {

constexpr Duration kBackoffMin = std::chrono::milliseconds(50);
constexpr Duration kBackoffMax = std::chrono::milliseconds(500);

void GiveUpStalled(asio::ip::tcp::socket& socket) {
  const int milliseconds = static_cast<int>(
      std::chrono::duration_cast<std::chrono::milliseconds>(limits::kControlStallMax).count());
  ::setsockopt(socket.native_handle(), IPPROTO_TCP, TCP_USER_TIMEOUT, &milliseconds,
               sizeof milliseconds);
}

}  // namespace

// One link, from dialling to its end.
class ControlLinks::Link : public std::enable_shared_from_this<Link> {
 public:
  Link(ControlLinks& owner, NodeId peer_id, Endpoint peer_address)
      : peer(peer_id),
        address(std::move(peer_address)),
        owner_(&owner),
        io_(owner.io_),
        timer_(owner.io_) {}

  void DialAfter(Duration delay) {
    timer_.expires_after(delay);
    timer_.async_wait([self = shared_from_this()](const asio::error_code& error) {
      if (!error && self->owner_ != nullptr) self->Dial();
    });
  }

  void Send(const ControlEnvelope& envelope) {
    if (!up_) return;
    AppendControlFrame(envelope, waiting_);
    if (waiting_.size() > limits::kControlBacklogMax) {
      Down("it does not take what it is sent");
      return;
    }
    Write();
  }

  // The owner wants it no more.
  void Abandon() {
    owner_ = nullptr;
    Close();
  }

  const NodeId peer;
  const Endpoint address;
  Duration backoff = kBackoffMin;

 private:
  void Dial() {
    node::Dial(io_, address, limits::kControlDialTimeout,
               [self = shared_from_this()](Result<asio::ip::tcp::socket> dialed) {
                 if (self->owner_ == nullptr) return;
                 if (!dialed.ok()) {
                   self->Down(dialed.error().message);
                   return;
                 }
                 self->Begin(std::move(dialed).value());
               });
  }

  void Begin(asio::ip::tcp::socket socket) {
    socket_.emplace(std::move(socket));
    asio::error_code ignored;
    socket_->set_option(asio::ip::tcp::no_delay(true), ignored);
    KeepAlive(*socket_);
    GiveUpStalled(*socket_);
    AppendControlPreamble(owner_->cluster_, owner_->self_, peer, waiting_);
    up_ = true;
    backoff = kBackoffMin;
    Write();
    AwaitEnd();
    owner_->OnUp(shared_from_this());
  }

  // Nothing is said this way: whatever comes is the end.
  void AwaitEnd() {
    socket_->async_read_some(
        asio::buffer(&end_, 1),
        [self = shared_from_this()](const asio::error_code& error, std::size_t) {
          self->Down(error ? error.message() : "it talks out of turn");
        });
  }

  void Write() {
    if (!sending_.empty() || waiting_.empty()) return;
    std::swap(sending_, waiting_);
    asio::async_write(*socket_, asio::buffer(sending_),
                      [self = shared_from_this()](const asio::error_code& error, std::size_t) {
                        self->sending_.clear();
                        if (error) {
                          self->Down(error.message());
                        } else if (self->up_) {
                          self->Write();
                        }
                      });
  }

  void Down(const std::string& reason) {
    if (owner_ == nullptr) return;
    ControlLinks* const owner = std::exchange(owner_, nullptr);
    const bool was_up = up_;
    Close();
    owner->OnDown(shared_from_this(), was_up ? reason : std::string());
  }

  void Close() {
    up_ = false;
    timer_.cancel();
    if (!socket_) return;
    asio::error_code ignored;
    socket_->close(ignored);
  }

  ControlLinks* owner_;  // Null: nobody's any more.
  asio::io_context& io_;
  asio::steady_timer timer_;
  std::optional<asio::ip::tcp::socket> socket_;
  bool up_ = false;
  Bytes sending_;
  Bytes waiting_;
  char end_ = 0;
};

ControlLinks::ControlLinks(asio::io_context& io, NodeId self, Handlers handlers)
    : io_(io), self_(self), handlers_(std::move(handlers)) {}

ControlLinks::~ControlLinks() {
  for (const auto& [peer, link] : links_) link->Abandon();
}

void ControlLinks::SetTargets(ClusterId cluster, const std::vector<Target>& targets) {
  cluster_ = cluster;
  std::erase_if(links_, [&](const auto& entry) {
    const bool wanted = std::any_of(targets.begin(), targets.end(), [&](const Target& target) {
      return target.peer == entry.first && target.address == entry.second->address;
    });
    if (wanted) return false;
    entry.second->Abandon();
    handlers_.on_down(entry.first, "not wanted any more");
    return true;
  });
  for (const Target& target : targets) {
    const auto [found, fresh] = links_.try_emplace(target.peer);
    if (!fresh) continue;
    found->second = std::make_shared<Link>(*this, target.peer, target.address);
    found->second->DialAfter(Duration{});
  }
}

void ControlLinks::Send(NodeId peer, const ControlEnvelope& envelope) {
  const auto link = links_.find(peer);
  if (link == links_.end()) return;
  const std::shared_ptr<Link> kept = link->second;  // Sending may end it.
  kept->Send(envelope);
}

void ControlLinks::OnUp(const std::shared_ptr<Link>& link) { handlers_.on_up(link->peer); }

void ControlLinks::OnDown(const std::shared_ptr<Link>& link, const std::string& reason) {
  auto next = std::make_shared<Link>(*this, link->peer, link->address);
  next->backoff = std::min(link->backoff * 2, kBackoffMax);
  next->DialAfter(link->backoff);
  links_[link->peer] = std::move(next);
  if (!reason.empty()) handlers_.on_down(link->peer, reason);
}

// --- The other end ------------------------------------------------------------------------------

ControlStream::ControlStream(asio::ip::tcp::socket socket, Handler handler)
    : socket_(std::move(socket)), handler_(std::move(handler)) {}

void ControlStream::Start() {
  KeepAlive(socket_);
  ReadLength();
}

void ControlStream::Close() {
  asio::error_code ignored;
  socket_.close(ignored);
}

void ControlStream::ReadLength() {
  input_.resize(4);
  asio::async_read(socket_, asio::buffer(input_),
                   [self = shared_from_this()](const asio::error_code& error, std::size_t) {
                     if (error) return;
                     const std::size_t size = LoadBigEndian<std::uint32_t>(self->input_);
                     if (size > limits::kControlFrameSizeMax) {
                       AEGIS_LOG(kWarn, "control", "a control message over the limit");
                       self->Close();
                       return;
                     }
                     self->ReadPayload(size);
                   });
}

void ControlStream::ReadPayload(std::size_t size) {
  input_.resize(size);
  asio::async_read(socket_, asio::buffer(input_),
                   [self = shared_from_this()](const asio::error_code& error, std::size_t) {
                     if (error) return;
                     const auto envelope = DecodeControlEnvelope(self->input_);
                     if (!envelope.ok()) {
                       AEGIS_LOG(kWarn, "control", "{}", envelope.error().message);
                       self->Close();
                       return;
                     }
                     if (!self->handler_(envelope.value())) {
                       self->Close();
                       return;
                     }
                     self->ReadLength();
                   });
}

}  // namespace aegis::node
