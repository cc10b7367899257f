// PeerLink: the one connection to one peer, over which all shards are replicated. The socket's
// side of PeerSession.
//
// Sends what the shards and the control plane have for the peer when the socket takes it, with at
// most about limits::kPeerBacklogBytes waiting: what is not sent stays in the shards' own rings.

#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <string_view>
#include <vector>

#include "base/time.h"
#include "node/core/node_statistics.h"
#include "node/core/peer_session.h"
#include "node/runtime/connection.h"
#include "node/runtime/peer_outlet.h"

namespace aegis::node {

class PeerLink;

// What a link tells PeerLinks.
class PeerLinkOwner {
 public:
  virtual ~PeerLinkOwner() = default;
  // The peer's hello was accepted. Returns the outlet that the link is to serve.
  virtual PeerOutlet& OnEstablished(PeerLink& link) = 0;
  virtual void OnGone(PeerLink& link, std::string_view reason) = 0;
};

class PeerLink final : public Connection {
 public:
  // `peer`: who should be at the other end. `number` is unlike that of any other link.
  PeerLink(Loop& loop, std::unique_ptr<ByteStream> stream, const PeerSession::Identity& self,
           NodeId peer, std::uint64_t number, bool dialed, ShardSpace& shards,
           PeerLinkOwner& owner);

  NodeId peer() const { return peer_; }
  std::uint64_t number() const { return number_; }
  bool established() const { return session_.established(); }
  // REQUIRES: established().
  Session peer_session() const { return session_.peer_session(); }

  // It was the link to this peer, and none takes its place. REQUIRES: established().
  void TellShardsItIsGone() { session_.OnLost(); }

  NodeLink Describe() const { return {peer_, dialed_, since_, backlog(), output_kept()}; }

  // There is something to send.
  void OnWoken() {
    if (established()) Resume();
  }

 private:
  Taken Take(ByteView input) override;
  bool answers() const override { return false; }
  void Fill() override;
  void OnFlushed() override {
    if (more_due_) Resume();
  }
  void OnLogDurable() override;
  void OnTick(TimePoint now) override;
  void OnClosed(std::string_view reason) override { owner_.OnGone(*this, reason); }
  void AwaitLog();
  void Refuse(const Error& error);

  PeerSession session_;
  const NodeId peer_;
  const std::uint64_t number_;
  const bool dialed_;
  PeerOutlet* outlet_ = nullptr;  // Once established.
  PeerLinkOwner& owner_;
  const TimePoint since_;
  std::vector<PeerSession::Awaited> awaited_;
  bool awaiting_log_ = false;
  bool more_due_ = false;
};

}  // namespace aegis::node
