// Simulation: the whole lease rule in one thread and one seed: candidates, voters and control
// leaders with clocks of their own, over a network that delays, loses, doubles and reorders what it
// carries, in a world of pauses, crashes, cuts, elections and voter changes.
//
// There is one shard. After every step at most one node may hold it, and a write that is
// acknowledged must not be of an older epoch than one that was acknowledged before.

#pragma once

#include <cstdint>
#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <set>
#include <string>
#include <utility>
#include <vector>

#include "agreed.h"
#include "base/rng.h"
#include "base/time.h"
#include "control_leader.h"
#include "drifting_clock.h"
#include "lease/candidate.h"
#include "lease/voter.h"
#include "log_server.h"
#include "rules.h"

namespace aegis::lease::sim {

class Simulation {
 public:
  Simulation(std::uint64_t seed, Theme theme, Mutant mutant);

  // Runs in chaos, until a violation at most. Empty: there was none.
  std::string Run(Duration chaos);
  // Ends all trouble; true if, after half of this time, some node comes to hold the shard.
  bool Recovers(Duration within);

  // What rare things happened, and how often.
  const std::map<std::string, std::uint64_t>& sometimes() const { return sometimes_; }
  const std::string& violation() const { return violation_; }
  std::uint64_t hash() const { return hash_; }  // Of everything that happened.

 private:
  struct Node {
    Node(NodeId node, TimePoint shows, std::vector<Entry> log)
        : id(node), clock(shows), server(node, std::move(log)) {}

    const NodeId id;
    DriftingClock clock;
    LogServer server;
    Duration flush_mean{};
    std::uint64_t run = 0;  // Of its process; what was meant for an older one is dropped.
    bool up = false;
    bool paused = false;
    std::vector<std::function<void()>> waiting;  // What came while it was paused.

    // Of this process.
    std::optional<Candidate> candidate;
    std::optional<Voter> voter;
    std::uint64_t attempt = 0;  // That the newest grant was for ...
    ConfigurationId named;      // ... and what it named.
    // For Mutant::kForgetFences: whose fences it saw appended; and whom it granted all the same.
    std::set<Holder> fenced;
    std::map<Holder, TimePoint> granted;
    std::optional<ControlLeader> control;  // While its server leads.
    Agreed agreed;
    TimePoint election_at;
    TimePoint heartbeat_at;
    TimePoint want_at;
  };

  struct Step {
    Duration at;
    std::uint64_t order;  // Of two steps at once the one planned first comes first.
    std::function<void()> run;
    friend bool operator>(const Step& a, const Step& b) {
      return std::pair(a.at, a.order) > std::pair(b.at, b.order);
    }
  };

  // The world.
  void Plan(Duration in, std::function<void()> run);
  void StepOnce();
  void Repeat(Duration mean, const std::function<void()>& event);
  void BeginChaos();
  void SetRate(Node& node);
  void Start(Node& node);
  void Crash(Node& node);
  void Pause(Node& node);
  void Resume(Node& node);
  void Cut();
  void CutOff(const Node& node);
  void TroubleAtAFence(const Node& leader);
  void WantOtherVoters();
  void SuspectTheLeader();
  // One that is `preferred`, if there is any.
  Node& AnyOf(const std::function<bool(const Node&)>& preferred);
  Node& Any() { return *nodes_[rng_.Below(nodes_.size())]; }
  Node& Of(NodeId id) { return *nodes_[id.value() - 1]; }
  TimePoint Now(const Node& node) const { return node.clock.At(now_); }
  void Sometimes(const std::string& what) { ++sometimes_[what]; }

  // Runs `what` at `to`, unless it is lost on its way or `to` is not the same process any more.
  void Send(const Node& from, Node& to, const std::function<void(Node&)>& what);
  void Arrive(Node& to, std::uint64_t run, const std::function<void(Node&)>& what);
  // At this node, after a while; not for a process that has ended.
  void Later(Node& node, Duration in, const std::function<void(Node&)>& what);

  // What a node does.
  void Poll(Node& node);
  void Ask(Node& node, TimePoint now);
  void SeekRegistration(Node& node, TimePoint now);
  Grant GrantAt(Node& voter, const Request& request);
  VoterReport ReportOf(Node& voter, std::uint64_t number);
  void DeliverGrant(Node& node, NodeId voter, const Grant& grant);
  void Write(Node& node);
  void Lead(Node& node, TimePoint now);
  // A majority of the voters go on granting to `holder`, and see it succeed no more.
  bool IsGrantedInVain(const Holder& holder, const LogServer& log);
  void Campaign(Node& node, bool by_force);
  void Replicate(Node& node);
  void OnAppend(Node& node, const Append& append);
  void Tell(Node& node, const LogServer::Change& change);
  void Flush(Node& node);
  void Acknowledge(Node& node);
  void ApplyUpTo(Node& node, std::size_t commit);
  void RestoreVoter(Node& node);
  TimePoint NextElection(const Node& node);

  // What must never be.
  bool Holds(const Node& node) const;
  void Check();

  const Mutant mutant_;
  const Options options_;
  Rng rng_;
  Swarm swarm_;
  const RateBounds rates_;
  Duration now_{};
  std::uint64_t next_order_ = 0;
  std::uint64_t hash_ = 0;
  bool chaos_ = true;
  std::vector<Step> steps_;  // A heap; the next one first.
  std::vector<std::unique_ptr<Node>> nodes_;
  std::set<std::pair<NodeId, NodeId>> cuts_;  // From, to.
  std::vector<NodeId> wanted_;                // Voters.
  std::vector<Entry> committed_;              // As any server has seen first.
  // Configurations that some grant has named, for Mutant::kMixConfigurations.
  std::map<ConfigurationId, std::vector<NodeId>> named_;
  std::uint32_t acknowledged_ = 0;  // The newest epoch of an acknowledged write.
  std::string violation_;
  std::map<std::string, std::uint64_t> sometimes_;
};

}  // namespace aegis::lease::sim
