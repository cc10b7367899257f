#include "node/runtime/peer_links.h"

#include <algorithm>
#include <atomic>
#include <utility>

#include "base/log.h"
#include "model/limits.h"
#include "node/runtime/clocks.h"
#include "node/runtime/dialer.h"
#include "node/runtime/socket_options.h"

namespace aegis::node {

namespace {

std::uint64_t NextLinkNumber() {
  static std::atomic<std::uint64_t> last{0};
  return last.fetch_add(1) + 1;
}

}  // namespace

PeerLinks::PeerLinks(Loop& loop, Self self, ShardHost& shards, PeerLinkEvents& events)
    : loop_(loop),
      self_(std::move(self)),
      shards_(shards),
      events_(events),
      alive_(std::make_shared<bool>(true)) {}

PeerLinks::~PeerLinks() { *alive_ = false; }

void PeerLinks::SetTargets(const std::vector<Target>& targets, TimePoint now) {
  for (auto& [node, peer] : peers_) peer.wanted = false;
  for (const Target& target : targets) {
    Peer& peer = peers_[target.peer];
    peer.wanted = true;
    if (peer.address != target.address) {
      peer.address = target.address;
      peer.backoff = {};
      peer.dial_at = now;
    }
  }
  std::vector<std::shared_ptr<PeerLink>> unwanted;
  for (auto& [node, peer] : peers_) {
    if (!peer.wanted && peer.link) unwanted.push_back(peer.link);
  }
  for (const auto& link : unwanted) link->Close("the peer is gone");
  std::erase_if(peers_, [](const auto& entry) { return entry.second.idle(); });
  OnTick(now);
}

void PeerLinks::OnTick(TimePoint now) {
  for (auto& [node, peer] : peers_) {
    const bool ours_to_dial = self_.node < node;
    if (!ours_to_dial || !peer.wanted || peer.dialing || peer.link || peer.incoming) continue;
    if (now >= peer.dial_at) Dial(node, peer);
  }
}

void PeerLinks::Dial(NodeId node, Peer& peer) {
  peer.dialing = true;
  node::Dial(loop_.io(), peer.address, limits::kDialTimeout,
             [this, node, alive = alive_](Result<asio::ip::tcp::socket> socket) {
               if (!*alive) return;
               Peer& dialed = peers_[node];
               dialed.dialing = false;
               if (!socket.ok()) {
                 AEGIS_LOG(kDebug, "peer", "{}", socket.error().message);
                 Delay(dialed, SteadyNow());
                 return;
               }
               if (dialed.wanted && !dialed.link) Begin(std::move(socket).value(), node, true);
             });
}

void PeerLinks::Delay(Peer& peer, TimePoint now) {
  peer.backoff = std::clamp(2 * peer.backoff, limits::kRedialMin, limits::kRedialMax);
  peer.dial_at = now + peer.backoff;
}

void PeerLinks::Accept(asio::ip::tcp::socket socket, NodeId peer) {
  if (shards_.num_shards() == 0) return;  // Not born: it will come again.
  Begin(std::move(socket), peer, false);
}

void PeerLinks::Begin(asio::ip::tcp::socket socket, NodeId node, bool dialed) {
  KeepAlive(socket);
  PeerSession::Identity identity;
  identity.cluster = shards_.settings().id;
  identity.node = self_.node;
  identity.session = self_.session;
  identity.memory = self_.memory;
  identity.name = self_.name;
  auto link = std::make_shared<PeerLink>(
      loop_, std::make_unique<TcpStream>(loop_.poller(), std::move(socket)), std::move(identity),
      node, NextLinkNumber(), dialed, shards_, *this);
  Peer& peer = peers_[node];
  const std::shared_ptr<PeerLink> older = std::exchange(peer.incoming, link);
  if (older) older->Close("replaced by a newer link");
  link->Start();
}

void PeerLinks::Wake(NodeId node) {
  const auto found = peers_.find(node);
  if (found != peers_.end() && found->second.link) found->second.link->OnWoken();
}

std::vector<NodeLink> PeerLinks::Links() const {
  std::vector<NodeLink> links;
  for (const auto& [node, peer] : peers_) {
    if (peer.link) links.push_back(peer.link->Describe());
  }
  return links;
}

PeerOutlet& PeerLinks::OnEstablished(PeerLink& link) {
  Peer& peer = peers_[link.peer()];
  // The older link goes without a word: for the control plane the new one takes its place.
  const std::shared_ptr<PeerLink> older = std::exchange(peer.link, std::move(peer.incoming));
  peer.incoming = nullptr;
  peer.backoff = {};
  if (older) older->Close("replaced by a newer link");
  events_.OnLinkUp(link.peer(), link.peer_session(), link.number());
  return shards_.OutletOf(link.peer());
}

void PeerLinks::OnGone(PeerLink& link, std::string_view reason) {
  const auto found = peers_.find(link.peer());
  if (found == peers_.end()) return;
  Peer& peer = found->second;
  if (peer.incoming.get() == &link) {
    peer.incoming = nullptr;
    Delay(peer, SteadyNow());
  } else if (peer.link.get() == &link) {
    peer.link = nullptr;
    Delay(peer, SteadyNow());
    link.TellShardsItIsGone();
    events_.OnLinkDown(link.peer(), link.peer_session(), link.number(), std::string(reason));
  }
  if (peer.idle()) peers_.erase(found);  // A stranger costs nothing once it is gone.
}

}  // namespace aegis::node
