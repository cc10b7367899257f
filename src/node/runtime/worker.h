// Worker: one thread of the data plane, with its own loop, its own share of the listening port and
// its own links for forwarding. A connection lives and dies on one worker: on the one that accepted
// it, or a client's on one with fewer clients (choose_worker.h).

#pragma once

#include <asio/ip/tcp.hpp>
#include <asio/steady_timer.hpp>
#include <atomic>
#include <cstdint>
#include <functional>
#include <memory>
#include <mutex>
#include <optional>
#include <unordered_map>
#include <vector>

#include "base/time.h"
#include "node/core/resp_commands.h"
#include "node/runtime/acceptor.h"
#include "node/runtime/client_connection.h"
#include "node/runtime/counters.h"
#include "node/runtime/forwarder.h"
#include "node/runtime/held_outcomes.h"
#include "node/runtime/loop.h"
#include "node/runtime/maintenance.h"
#include "node/runtime/node_state.h"
#include "node/runtime/peer_links.h"
#include "node/runtime/rate.h"
#include "node/runtime/router.h"

namespace aegis::node {

class Worker {
 public:
  // Its shares of the ports where clients connect.
  struct Ports {
    UniqueFd main;
    std::optional<UniqueFd> memcached;
  };

  // `view` answers commands about the node, on this worker's thread.
  Worker(NodeState& node, std::uint32_t index, Ports ports, PeerLinkEvents& events,
         std::unique_ptr<NodeView> view, std::function<Bytes()> statistics);
  ~Worker();

  // The thread's life: until Stop().
  void Run();

  // --- Any thread -------------------------------------------------------------------------------

  void Stop() { loop_.Stop(); }
  // There is a new routing table on the board.
  void OnRouting();
  void AcceptPeer(int socket, asio::ip::tcp protocol, NodeId peer);
  void AcceptForwards(int socket, asio::ip::tcp protocol);
  // REQUIRES: CountClient() was called for it.
  void AcceptClient(UniqueFd socket, ClientPort port);
  void CountClient() { clients_.fetch_add(1); }
  void WakePeer(NodeId peer);
  // Set before there are shards. The log is durable up to a later place, or has failed.
  void SetLog(NodeLog* log) { loop_.SetLog(log); }
  void OnLogProgress() { loop_.OnLogProgress(); }
  // Outcomes of this shard that were held may be shown now, or never.
  void OnSettled(ShardId shard) { held_.MarkSettled(shard); }
  void SetPeers(std::vector<PeerLinks::Target> targets);
  void StopAccepting();
  // Closes every client connection as soon as it owes nothing.
  void Drain();
  void Kill(std::uint64_t client_id);

  const WorkerCounters& counters() const { return loop_.counters(); }
  // When the loop last went round.
  TimePoint last_tick() const { return TimePoint(Duration(last_tick_.load())); }
  std::size_t clients() const { return clients_.load(); }
  std::size_t forwards_pending() const { return forwards_pending_.load(); }
  std::size_t outcomes_held() const { return held_.size(); }
  // What the operations that wait for other nodes cost, and what all client connections hold, as
  // of about a second ago.
  std::size_t forward_held_bytes() const { return forward_held_bytes_.load(); }
  std::size_t client_held_bytes() const { return client_held_bytes_.load(); }
  // Of commands and bytes, lately.
  struct Rates {
    Rate commands;
    Rate received;
    Rate sent;
    Rate peer_received;
    Rate peer_sent;
  };
  const Rates& rates() const { return rates_; }
  // Links to other nodes that stand, as of about a second ago.
  std::vector<NodeLink> Links() const;

  // Copies of this worker's RESP sessions. On a worker's own thread within a turn, that worker
  // must have let go of sessions_mutex() first.
  std::vector<RespSession> Sessions();
  std::mutex& sessions_mutex() { return sessions_mutex_; }

 private:
  void OnAccept(asio::ip::tcp::socket socket, ClientPort port);
  std::size_t WorkerForNext() const;
  void Begin(UniqueFd socket, ClientPort port);
  void TurnAway(asio::ip::tcp::socket socket, ClientPort port);
  void OnClosed(std::shared_ptr<ClientConnection> client);
  void Tick();
  void SlowTick(TimePoint now);

  NodeState& node_;
  const std::uint32_t index_;
  std::size_t turned_away_ = 0;  // Connections that are being told so.
  Loop loop_;
  std::mutex sessions_mutex_;  // Held during turns; guards clients_by_id_ and their sessions.
  std::unordered_map<std::uint64_t, ClientConnection*> clients_by_id_;
  HeldOutcomes held_;
  Forwarder forwarder_;
  Router router_;
  std::unique_ptr<NodeView> view_;
  ClientServices services_;
  Maintenance maintenance_;
  PeerLinks peers_;
  Acceptor acceptor_;
  std::optional<Acceptor> memcached_acceptor_;
  asio::steady_timer timer_;
  TimePoint tick_due_ = TimePoint::max();
  TimePoint next_slow_tick_{};
  Rates rates_;
  mutable std::mutex links_mutex_;
  std::vector<NodeLink> links_;  // Guarded by links_mutex_.
  std::atomic<Duration::rep> last_tick_{0};
  std::atomic<std::size_t> clients_{0};
  std::atomic<std::size_t> forwards_pending_{0};
  std::atomic<std::size_t> forward_held_bytes_{0};
  std::atomic<std::size_t> client_held_bytes_{0};
  bool draining_ = false;
};

}  // namespace aegis::node
