// SimCluster: whole nodes, in one thread, on one virtual clock, from one seed.
//
// Each node is the production cores (Control with gossip, leadership and placement; every Shard;
// a PeerSession per link) without the shell around them. The network delays everything, loses and
// repeats datagrams, keeps the order within a link, and can be cut between any two nodes. The same
// seed gives the same run.

#pragma once

#include <cstdint>
#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <queue>
#include <set>
#include <string>
#include <vector>

#include "base/rng.h"
#include "base/time.h"
#include "model/operation.h"
#include "node/core/control.h"
#include "node/core/gossip_leadership.h"
#include "node/core/peer_session.h"
#include "node/core/shard_space.h"
#include "store/memory_meter.h"

namespace aegis::sim {

class SimNode;

struct SimOptions {
  std::uint64_t seed = 1;
  std::uint32_t num_shards = 16;
  std::uint32_t replication_factor = 3;
  double datagram_loss = 0.01;
  std::size_t ring_bytes = 4096;  // Small, so that copies happen.
};

class SimCluster {
 public:
  explicit SimCluster(SimOptions options);
  ~SimCluster();

  // Adds a node and starts it. `seeds`: indices of nodes to join through.
  std::size_t Start(const std::vector<std::size_t>& seeds, std::uint32_t bootstrap_expect = 0);
  void Kill(std::size_t node);     // The process is gone at once; its memory too.
  void Restart(std::size_t node);  // After Kill(): same name, new session, remembered peers.
  void Leave(std::size_t node);    // Graceful; the process ends when it is drained.
  void Cut(std::size_t a, std::size_t b, bool cut);  // Both ways.

  void After(Duration delay, std::function<void()> run) { At(now_ + delay, std::move(run)); }
  void RunFor(Duration duration);
  // Runs until `done` holds or `limit` has passed; returns whether it held.
  bool RunUntil(const std::function<bool()>& done, Duration limit);

  // Sends an operation through `node` as its clients would, on whichever path it takes; `done`
  // is called with the outcome in the end. `value` in the outcome is valid during the call.
  using Done = std::function<void(const Outcome&)>;
  void Submit(std::size_t node, Operation operation, Bytes key, Bytes value, Done done);

  bool alive(std::size_t node) const;
  std::size_t size() const { return nodes_.size(); }
  const node::Control& control(std::size_t node) const;
  const node::Shard* shard(std::size_t node, std::uint32_t shard) const;  // Null before birth.
  bool Ready(std::size_t node) const;
  bool AllReady() const;  // Every live node.
  NodeId id(std::size_t node) const;
  const SimOptions& options() const { return options_; }
  Rng& rng() { return rng_; }
  TimePoint now() const { return now_; }
  UnixMs unix_now() const;

  // --- Invariants, checked by the tests --------------------------------------------------------
  // What is wrong now, if anything: replicas at one position that differ; and, unless a partition
  // has ever been (`allow_twins`), two leaders of one shard in one epoch.
  std::string Violation(bool allow_twins) const;
  // Everything at rest: every shard led by the first live node of its placement, and every
  // placed replica equal to its leader's, or, while clients are `busy`, in sync but for a short
  // tail. Empty, or what is missing.
  std::string Unsettled(bool busy = false) const;
  // How every live node stands to one shard, a line each.
  std::string Describe(std::uint32_t shard) const;

  // A number that two runs of one seed share.
  std::uint64_t trace_hash() const { return trace_hash_; }

 private:
  friend class SimNode;

  struct Event {
    TimePoint at;
    std::uint64_t order;
    std::function<void()> run;
    bool operator<(const Event& other) const {
      return at != other.at ? at > other.at : order > other.order;
    }
  };

  void At(TimePoint when, std::function<void()> run);
  Duration Latency();
  bool Connected(std::size_t a, std::size_t b) const;
  std::optional<std::size_t> NodeAt(const Endpoint& gossip_address) const;
  std::optional<std::size_t> IndexOf(NodeId id) const;
  void Attempt(std::size_t node, std::shared_ptr<struct SimCall> call);
  void Retry(std::size_t node, std::shared_ptr<struct SimCall> call);

  const SimOptions options_;
  Rng rng_;
  TimePoint now_{std::chrono::hours(1)};
  std::uint64_t events_ = 0;
  std::uint64_t trace_hash_ = 0;
  std::priority_queue<Event> queue_;
  std::vector<std::unique_ptr<SimNode>> nodes_;
  std::vector<std::unique_ptr<SimNode>> graveyard_;
  std::set<std::pair<std::size_t, std::size_t>> cuts_;
};

}  // namespace aegis::sim
