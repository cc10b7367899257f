// SimCalls: the operations of clients that are under way in a SimCluster.
//
// A client hands an operation to any node. That node executes it if its routing table names the
// node itself, and else forwards it to whom the table names: one hop, over a connection that
// delays, breaks, and holds back what is on it while the network is cut. A refusal means that
// nothing happened: the node routes anew until limits::kRouteWait is over. No answer means that the
// outcome of a write is unknown, and it may still be executed later; a read is asked again.
//
// A read that allows it, the node answers itself, if its copy is fresh enough.
//
// What must not be shown yet, the leader holds, and asks again whenever the shard says so, for
// limits::kQuorumWait.

#pragma once

#include <cstdint>
#include <functional>
#include <map>
#include <memory>
#include <utility>
#include <vector>

#include "model/operation.h"
#include "sim_cluster.h"

namespace aegis::sim {

class SimCalls {
 public:
  explicit SimCalls(SimCluster& cluster);
  ~SimCalls();

  // `done` is called once.
  void Submit(std::size_t node, const Operation& operation, SimCluster::Done done);
  // The process has ended, and its connections with it.
  void OnGone(const SimNode& process);
  // Outcomes of the shard that this process holds may be settled.
  void OnSettled(SimNode& process, ShardId shard);

 private:
  struct Call;
  struct Visit;
  struct Answer;
  struct Held;
  using CallPtr = std::shared_ptr<Call>;

  void Enter(const CallPtr& call);
  void Route(const CallPtr& call);
  // True: the node answered from its copy without leading.
  bool ReadStale(const CallPtr& call);
  void Forward(const CallPtr& call, SimNode& to, ShardId shard);
  void Execute(const Visit& visit);
  bool RunsFirstPart(const Visit& visit);
  Version SeenOf(const node::Shard& shard, const Bytes& key) const;
  void Record(const Visit& visit, const node::Shard& shard, Version before, bool pending);
  void NoticeRare(const Visit& visit, const Outcome& outcome, node::ShardRole role);
  void Keep(const Visit& visit, const Answer& answer);
  bool Settles(SimNode& process, ShardId shard, bool write, Outcome& outcome) const;
  void AskUntilLeased(SimNode& process, ShardId shard);
  void AskAgain(SimNode& process, ShardId shard);
  void GiveUp(SimNode& process, ShardId shard, std::uint64_t number);
  void Show(const Visit& visit, const Answer& answer, const Hold& hold);
  void SendBack(const Visit& visit, const Answer& answer);
  void Land(const CallPtr& call, std::uint64_t attempt, const Answer& answer);
  void NoAnswer(const CallPtr& call, std::uint64_t attempt);
  void Finish(const CallPtr& call, const Outcome& outcome);
  void Finish(const CallPtr& call, Status status);

  // Runs `what` in the node that the client turned to, unless the call has moved on by then.
  void InEntry(const CallPtr& call, Duration delay, std::function<void()> what);
  static bool IsAt(const Call& call, std::uint64_t attempt);

  SimCluster& cluster_;
  std::uint64_t serials_ = 0;
  std::map<std::uint64_t, CallPtr> calls_;
  std::map<std::pair<std::uint64_t, ShardId>, std::vector<Held>> held_;  // By process.
};

}  // namespace aegis::sim
