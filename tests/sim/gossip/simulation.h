// Simulation: a whole cluster of gossip cores in one thread, in virtual time, from one seed.
//
// The network loses, delays, duplicates and so reorders datagrams, and can be cut between any two
// nodes in either direction. Streams behave as TCP over that network: what is lost comes later.
// Nodes can be killed, restarted as a new run, and stopped without being told. The same seed gives
// the same history, event by event: hash() shows it.

#pragma once

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <functional>
#include <memory>
#include <queue>
#include <set>
#include <string>
#include <utility>
#include <vector>

#include "base/bytes.h"
#include "base/rng.h"
#include "base/time.h"
#include "gossip/effects.h"
#include "gossip/swim.h"
#include "model/cluster.h"
#include "model/endpoint.h"
#include "model/member.h"

namespace aegis::gossip::sim {

struct Network {
  double loss = 0;       // Of each datagram, and of each segment of a stream.
  double duplicate = 0;  // Of each datagram.
  Duration delay_min = std::chrono::microseconds(100);
  Duration delay_max = std::chrono::milliseconds(2);
  bool udp = true;  // False: only streams get through.
};

struct NodeSpec {
  std::string name = {};
  std::string host = {};  // Empty: one of its own, "10.x.y.z". Its gossip port is 7701.
  std::vector<Endpoint> seeds = {};
  ClusterSettings settings = {};  // Without an id: starts unborn.
  Options options = {};
};

class Simulation {
 public:
  // Sees every event at every node, in order.
  using Observer = std::function<void(std::size_t node, const Event& event, TimePoint now)>;

  explicit Simulation(std::uint64_t seed, Network network = {});

  // Starts a node now, and returns its index.
  std::size_t Add(NodeSpec spec);
  // `count` nodes "n0", "n1", ... with the first as the seed of the others; born.
  void AddCluster(std::size_t count, const Options& options = {});

  // From now on silent for good, without a goodbye; connecting to it is refused.
  void Kill(std::size_t node);
  // A new run of a killed node, with empty memory. `host`: where it runs now; empty: as before.
  void Restart(std::size_t node, const std::string& host = {});
  // Not run until Resume(); what arrives waits, as in a socket's buffer.
  void Pause(std::size_t node);
  void Resume(std::size_t node);

  // Nothing passes from `from` to `to` any more. Streams need both directions.
  void Cut(std::size_t from, std::size_t to);
  // Cuts every connection between the two groups, both ways.
  void Split(const std::vector<std::size_t>& group, const std::vector<std::size_t>& other);
  void Heal() { cuts_.clear(); }

  void RunFor(Duration duration);
  // True as soon as `condition` holds, which is looked at after every step; false after `limit`.
  bool RunUntil(const std::function<bool()>& condition, Duration limit);

  // Brings bytes from nowhere to a node, now.
  void Inject(std::size_t node, const Endpoint& from, ByteView datagram);
  // Lets a call on a node's core have its effects.
  void Call(std::size_t node, const std::function<void(Swim&, TimePoint, Effects&)>& call);

  TimePoint now() const { return now_; }
  std::size_t size() const { return nodes_.size(); }
  bool running(std::size_t node) const { return nodes_[node]->swim != nullptr; }
  // REQUIRES: running(node).
  const Swim& swim(std::size_t node) const { return *nodes_[node]->swim; }
  Swim& swim(std::size_t node) { return *nodes_[node]->swim; }
  const Endpoint& address(std::size_t node) const { return nodes_[node]->address; }
  // As others know it; also of a node that does not run.
  const Member& identity(std::size_t node) const { return nodes_[node]->identity; }

  // What `node` believes about `about`; kDead if it does not know it.
  MemberState Believes(std::size_t node, std::size_t about) const;
  // Every running node takes every running node, and nobody else, for alive.
  bool Converged() const;

  void Observe(Observer observer) { observer_ = std::move(observer); }
  // Everything that happened at any node, in words, oldest first; and a hash of it.
  const std::vector<std::string>& history() const { return history_; }
  std::uint64_t hash() const;
  std::size_t datagram_size_max() const { return datagram_size_max_; }
  // Adds up the counters of all runs so far.
  Counters Total() const;

 private:
  struct Node {
    NodeSpec spec;
    Endpoint address;
    Member identity;
    std::unique_ptr<Swim> swim;  // Null: not running.
    bool paused = false;
    std::vector<std::function<void()>> waiting;  // What arrived while paused.
    TimePoint wake_scheduled = TimePoint::max();
  };
  struct Step {
    TimePoint at;
    std::uint64_t order;  // Of two steps at once the one planned first comes first.
    std::function<void()> run;
    friend bool operator>(const Step& a, const Step& b) {
      return std::pair(a.at, a.order) > std::pair(b.at, b.order);
    }
  };

  void Start(std::size_t node);
  void Plan(Duration in, std::function<void()> run);
  bool StepBefore(TimePoint end);
  void Arrive(std::size_t node, Session run, std::function<void()> what);
  void Carry(std::size_t node, Effects effects);
  void CarryDatagram(std::size_t from, Datagram datagram);
  void CarryStream(std::size_t from, StreamRequest request);
  void FinishStream(std::size_t from, Session run, std::uint64_t id, Result<Bytes> reply);
  void Wake(std::size_t node);
  Duration Delay();
  Duration StreamDelay(Duration first_retry);
  std::size_t Find(const Endpoint& address) const;

  Rng rng_;
  const Network network_;
  TimePoint now_{std::chrono::hours(1)};
  std::uint64_t next_order_ = 0;
  std::uint64_t next_session_ = 1;
  std::vector<std::unique_ptr<Node>> nodes_;
  std::priority_queue<Step, std::vector<Step>, std::greater<>> steps_;
  std::set<std::pair<std::size_t, std::size_t>> cuts_;
  Observer observer_;
  std::vector<std::string> history_;
  std::size_t datagram_size_max_ = 0;
  Counters ended_;  // Of the runs that were killed.
};

}  // namespace aegis::gossip::sim
