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
#include <set>
#include <string>
#include <vector>

#include "base/rng.h"
#include "base/time.h"
#include "cluster_invariants.h"
#include "model/operation.h"
#include "node/core/control.h"
#include "node/core/peer_session.h"
#include "node/core/shard_space.h"
#include "node/core/unreplicated_tail.h"
#include "sometimes.h"
#include "store/memory_meter.h"
#include "write_ledger.h"

namespace aegis::sim {

class SimCalls;
class SimClient;
class SimNode;

// The checker is checked: a rule that a run breaks on purpose.
enum class BrokenRule : std::uint8_t {
  kNone,
  kClocksDriftTooFar,     // Beyond lease::Options::drift_max.
  kNoSecondLook,          // A leader does not look at its lease again after it applied.
  kLeaseIgnored,          // Nor before.
  kGrantAgesOverstated,   // Voters say that they last granted to whom they fenced longer ago.
  kFencesIgnored,         // Voters grant to whom they hold a fence against.
  kVotersForget,          // A restarted voter has lost what it promised, but not its name.
  kSessionsUsedTwice,     // A restarted process goes on under the session of the one before.
  kRecordsAltered,        // A record changes on its way to a follower.
  kOldEpochsAccepted,     // Records of an epoch that is over are acknowledged as if it went on.
  kRemovedTooEarly,       // What a quorum waits for leaves out whose removal is only asked for.
  kOldSessionsCounted,    // What a process acknowledged counts for the next one on its node.
  kPendingShown,          // Nothing is held until a quorum has it.
  kLossesUncounted,       // Nobody counts what is dropped or found missing.
  kTokensIgnored,         // Copies answer a session that has seen more than they hold.
  kFreshWithoutLease,     // A leader says how fresh a copy is although its lease is over.
  kAllTakenForCommitted,  // Copies believe that all they have is committed.
  kLostWritesRepeated,    // A client sends a write again although it may have been carried out.
  kTailsWrittenOver,      // What an old leader has is written over what was written since.
  kBatchesTakenApart,     // A follower applies each record of a batch when it comes.
  kBatchesNotJoined,      // A leader sends the records of a batch as if each stood for itself.
  kBatchesRunInParts,     // A leader carries out the first operation of a batch before the others.
  kWatchedIgnored,        // A batch is carried out whatever became of what its client watches.
  kClearsSkipped,         // A follower takes no notice of a clear.
  kLineagesMixed,         // What is said in another lineage of the control log counts too.
  kAnyLeaseSettles,       // What waits for its leader's lease does not look whose comes back, or
                          // what the leader leads by then.
};

struct SimOptions {
  std::uint64_t seed = 1;
  std::uint32_t num_shards = 16;
  std::uint32_t replication_factor = 3;
  double datagram_loss = 0.01;
  double hiccup_chance = 0.01;  // Of a message or a disk write to take up to 100 ms longer.
  double call_loss = 0;         // Of connections that carry an operation, how many break meanwhile.
  std::size_t ring_bytes = 4096;  // Small, so that copies happen.
  std::uint64_t copy_rate = 0;    // Of each node, in bytes per second; see node::CopyBudget.
  node::UnreplicatedTail::Bounds tail_bounds{};
  BrokenRule broken = BrokenRule::kNone;
  double clock_drift = 0.05;  // Clock rates lie between 1 and 1 + this.
  // Operations after which the process stands still before it looks at its lease again, and for
  // how long at most.
  double stall_chance = 0;
  Duration stall_max = std::chrono::seconds(2);
  // There will be FlipBit(): differences are no violation while they last.
  bool memory_fails = false;
};

class SimCluster {
 public:
  explicit SimCluster(SimOptions options);
  ~SimCluster();

  // Adds a node and starts it. `seeds`: indices of nodes to join through.
  std::size_t Start(const std::vector<std::size_t>& seeds, std::uint32_t bootstrap_expect = 0);
  void Kill(std::size_t node);  // The process is gone at once; its memory too.
  // After Kill(): same name, new session, remembered peers; or an empty directory.
  void Restart(std::size_t node, bool empty_disk = false);
  // The node goes on as the only voter. Errors: Control::Recover()'s.
  Result<Ok> Recover(std::size_t node);
  // An operator at `node` gives up `lost`. See Control::Forget().
  Result<bool> Forget(std::size_t node, std::size_t lost);
  void Leave(std::size_t node);  // Graceful; the process ends when it is drained.
  void Cut(std::size_t a, std::size_t b, bool cut);  // Both ways.
  void CutOneWay(std::size_t from, std::size_t to, bool cut);
  void Pause(std::size_t node, Duration duration);  // As SIGSTOP and, later, SIGCONT.
  // Every write takes `more` longer, for a while.
  void SlowDisk(std::size_t node, Duration more, Duration duration);
  void ChangeClock(std::size_t node);  // Draws another rate.
  // Of a value that the node stores of this shard. False: there is none.
  bool FlipBit(std::size_t node, std::uint32_t shard);
  void set_stall_chance(double chance) { stall_chance_ = chance; }

  void After(Duration delay, std::function<void()> run) { At(now_ + delay, std::move(run)); }
  void RunFor(Duration duration);
  // Runs until `done` holds, `limit` has passed or an invariant is broken; returns whether it held.
  bool RunUntil(const std::function<bool()>& done, Duration limit);

  // Sends an operation on one key through `node` as its clients would, see SimCalls; `done` is
  // called once with the outcome. `value` in the outcome is valid during the call.
  using Done = std::function<void(const Outcome&)>;
  void Submit(std::size_t node, const Operation& operation, Done done);
  // From now on `watch` is called when a process ends.
  void WatchEnds(std::function<void(std::size_t node)> watch) {
    watches_.push_back(std::move(watch));
  }

  bool alive(std::size_t node) const;
  std::size_t size() const { return nodes_.size(); }
  const node::Control& control(std::size_t node) const;
  const node::Shard* shard(std::size_t node, std::uint32_t shard) const;  // Null before birth.
  // Who leads the control log and has applied an entry of its own term. The newest, if several
  // believe so.
  std::optional<std::size_t> ControlLeader() const;
  // The voters of the control log are still a majority without the node's part of it, and without
  // what `gone` had. False if nobody knows.
  bool CanDoWithout(std::size_t node, std::set<std::size_t> gone) const;
  void Sometimes(Rare rare) { sometimes_.Count(rare); }
  const class Sometimes& sometimes() const { return sometimes_; }
  bool Writing(std::size_t node) const;  // A write of its control log is under way.
  bool Ready(std::size_t node) const;
  bool AllReady() const;  // Every live node.
  std::string Readiness(std::size_t node) const;
  bool HoldsLease(std::size_t node) const;
  NodeId id(std::size_t node) const;
  const SimOptions& options() const { return options_; }
  Rng& rng() { return rng_; }
  TimePoint now() const { return now_; }
  UnixMs unix_now() const;

  // --- Invariants ------------------------------------------------------------------------------
  // Empty, or what has ever gone wrong. A run stops there.
  const std::string& violation() const { return invariants_.violation(); }
  ClusterInvariants& invariants() { return invariants_; }
  WriteLedger& ledger() { return ledger_; }
  // Fails unless replicas of the shard at one position are equal. Dear: scans them.
  void CompareReplicas(std::uint32_t shard);
  // Fails unless every acknowledged write that is gone is counted. REQUIRES: everything is at rest.
  void CheckLosses();
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
  friend class SimCalls;
  friend class SimClient;

  struct Event {
    TimePoint at;
    std::uint64_t order;
    std::function<void()> run;
    // A heap of them has the first one on top.
    bool operator<(const Event& other) const {
      return at != other.at ? at > other.at : order > other.order;
    }
  };

  void At(TimePoint when, std::function<void()> run);
  Duration Latency();
  Duration DiskLatency();
  void BreakFarEnd(std::size_t from, std::size_t to, std::uint64_t serial);
  Duration Stall();
  std::uint64_t NextSerial() { return ++serials_; }
  double ClockRate();
  bool Reaches(std::size_t from, std::size_t to) const;
  bool Connected(std::size_t a, std::size_t b) const;
  std::optional<std::size_t> NodeAt(const Endpoint& gossip_address) const;
  std::optional<std::size_t> IndexOf(NodeId id) const;
  static std::uint32_t LeaderlessOn(const SimNode& node);
  void NoteInSync(const control::State& state);
  // Over a standing link, a follower holds what its leader takes for acknowledged.
  void CheckAcknowledged(const SimNode& leader, ShardId shard);
  void BeginReign(const SimNode& leader, ShardId shard);

  const SimOptions options_;
  Rng rng_;
  TimePoint now_{std::chrono::hours(1)};
  ClusterInvariants invariants_;
  std::uint64_t events_ = 0;
  std::uint64_t serials_ = 0;
  std::uint32_t next_compared_ = 0;
  std::uint64_t trace_hash_ = 0;
  std::vector<Event> queue_;  // A heap.
  class Sometimes sometimes_;
  double stall_chance_;
  WriteLedger ledger_;
  std::uint64_t newest_control_entry_ = 0;  // That anybody has applied.
  std::unique_ptr<SimCalls> calls_;
  std::vector<std::function<void(std::size_t node)>> watches_;
  std::vector<std::unique_ptr<SimNode>> nodes_;
  std::vector<std::unique_ptr<SimNode>> graveyard_;
  std::set<std::pair<std::size_t, std::size_t>> cuts_;  // From, to.
};

}  // namespace aegis::sim
