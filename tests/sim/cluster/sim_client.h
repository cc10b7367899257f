// SimClient: the production client core in a SimCluster, over connections on which nodes answer
// native frames as their doors do.
//
// A connection delivers in order, with a delay; it breaks when the process at its other end does,
// and now and then by itself, with what is on it or with the answer to it (SimOptions::call_loss).
// What has arrived is executed, whether or not the client still wants to know.

#pragma once

#include <cstdint>
#include <functional>
#include <map>
#include <memory>
#include <string>
#include <vector>

#include "client/core/dispatcher.h"
#include "sim_cluster.h"
#include "wire/native.h"

namespace aegis::sim {

class SimClient {
 public:
  using Done = std::function<void(const Expected<client::Reply>&)>;

  // REQUIRES: the cluster outlives this, and does not run any more when this ends.
  SimClient(SimCluster& cluster, const std::vector<std::size_t>& seeds, std::uint64_t random_seed);
  ~SimClient();

  // `done` is called once, perhaps before this returns.
  void Call(client::Request request, Done done);

 private:
  struct Connection;
  using ConnectionPtr = std::shared_ptr<Connection>;

  TimePoint now() const { return cluster_.now(); }
  void Perform();  // Carries out what the dispatcher wants.
  void TickAt(TimePoint when);

  void Dial(client::ConnectionId id, const std::string& address);
  void Flush(client::ConnectionId id);
  void Break(client::ConnectionId id, const std::string& why);
  void OnNodeGone(std::size_t node);
  ConnectionPtr Find(client::ConnectionId id) const;

  // In the node at the other end.
  void Serve(const ConnectionPtr& connection, const Bytes& bytes);
  void Answer(const ConnectionPtr& connection, const wire::RequestFrame& frame);
  void AnswerIdentity(const ConnectionPtr& connection, std::uint64_t id, bool topology);
  void Execute(const ConnectionPtr& connection, const wire::RequestFrame& frame,
               const Operation& operation);
  void SendBack(const ConnectionPtr& connection, Bytes bytes);

  SimCluster& cluster_;
  client::Dispatcher dispatcher_;
  client::Effects effects_;
  bool performing_ = false;
  std::map<client::ConnectionId, ConnectionPtr> connections_;
  std::map<client::Token, Done> pending_;
  client::Token last_token_ = 0;
  TimePoint next_tick_ = TimePoint::max();
};

}  // namespace aegis::sim
