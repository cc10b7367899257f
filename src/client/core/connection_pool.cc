#include "client/core/connection_pool.h"

#include <algorithm>
#include <utility>

#include "base/check.h"
#include "client/core/backoff.h"

namespace aegis::client {

ConnectionPool::ConnectionPool(const Options& options) : options_(options) {
  for (const std::string& seed : options.seeds) AddServer(seed);
}

void ConnectionPool::AddServer(const std::string& address) {
  Server& server = servers_[address];
  server.given = true;
  server.excluded = false;
}

void ConnectionPool::RemoveServer(const std::string& address, Effects& effects) {
  Server& server = servers_[address];
  server.given = false;
  server.excluded = true;
  for (const ConnectionId id : std::vector(server.connections)) {
    Retire(connections_.at(id), effects);
  }
}

void ConnectionPool::SetMembers(const std::vector<std::string>& addresses) {
  for (auto& [address, server] : servers_) server.member = false;
  for (const std::string& address : addresses) servers_[address].member = true;
  std::erase_if(servers_, [](const auto& entry) {
    const Server& server = entry.second;
    return !server.given && !server.member && !server.excluded && server.connections.empty();
  });
}

void ConnectionPool::LearnMember(const std::string& address) { servers_[address].member = true; }

std::vector<std::string> ConnectionPool::Servers() const {
  std::vector<std::string> listed;
  for (const auto& [address, server] : servers_) {
    if (server.Listed()) listed.push_back(address);
  }
  return listed;
}

const ConnectionPool::Server* ConnectionPool::FindServer(const std::string& address) const {
  const auto server = servers_.find(address);
  return server == servers_.end() ? nullptr : &server->second;
}

Connection* ConnectionPool::LeastLoaded(const Server& server) {
  Connection* best = nullptr;
  for (const ConnectionId id : server.connections) {
    Connection& candidate = connections_.at(id);
    if (candidate.state != Connection::State::kReady || candidate.pipeline.full()) continue;
    if (best == nullptr || candidate.pipeline.live() < best->pipeline.live()) best = &candidate;
  }
  return best;
}

bool ConnectionPool::HasDial(const Server& server) const {
  return std::any_of(server.connections.begin(), server.connections.end(), [this](auto id) {
    return connections_.at(id).state == Connection::State::kDialling;
  });
}

bool ConnectionPool::Lists(const std::string& address) const {
  const Server* server = FindServer(address);
  return server != nullptr && server->Listed();
}

bool ConnectionPool::IsGiven(const std::string& address) const {
  const Server* server = FindServer(address);
  return server != nullptr && server->given && !server->excluded;
}

bool ConnectionPool::IsDialling(const std::string& address) const {
  const Server* server = FindServer(address);
  return server != nullptr && HasDial(*server);
}

Connection* ConnectionPool::PickAt(const std::string& address, TimePoint now, Effects& effects) {
  const auto found = servers_.find(address);
  if (found == servers_.end()) return nullptr;
  Server& server = found->second;
  Connection* best = LeastLoaded(server);
  const bool busy = best == nullptr || best->pipeline.live() >= kPipelineDepth;
  if (busy && server.Listed() && now >= server.avoid_until &&
      server.connections.size() < options_.max_conns && !HasDial(server)) {
    Dial(address, server, now, effects);
  }
  return best;
}

Connection* ConnectionPool::PickAny(TimePoint now, Rng& rng, Effects& effects) {
  std::vector<const std::string*> trusted;
  std::vector<const std::string*> avoided;
  for (const auto& [address, server] : servers_) {
    if (!server.Listed() || LeastLoaded(server) == nullptr) continue;
    (now >= server.avoid_until ? trusted : avoided).push_back(&address);
  }
  const auto& candidates = trusted.empty() ? avoided : trusted;
  if (candidates.empty()) return nullptr;
  return PickAt(*candidates[rng.Below(candidates.size())], now, effects);
}

bool ConnectionPool::DialAny(bool insist, TimePoint now, Rng& rng, Effects& effects) {
  if (dialling_ >= kDialsAtOnce) return true;
  using Candidate = std::pair<const std::string, Server>;
  std::vector<Candidate*> candidates;
  for (auto& entry : servers_) {
    const Server& server = entry.second;
    if (!server.Listed() || HasDial(server)) continue;
    if (server.connections.size() < options_.max_conns) candidates.push_back(&entry);
  }
  std::shuffle(candidates.begin(), candidates.end(), rng);
  const auto avoided = std::stable_partition(
      candidates.begin(), candidates.end(),
      [now](const Candidate* candidate) { return now >= candidate->second.avoid_until; });
  const bool all_avoided = avoided == candidates.begin() && dialling_ == 0;
  if (all_avoided && insist) {
    std::stable_sort(avoided, candidates.end(), [](const Candidate* a, const Candidate* b) {
      return a->second.avoid_until < b->second.avoid_until;
    });
  } else {
    candidates.erase(avoided, candidates.end());
  }
  for (Candidate* candidate : candidates) {
    if (dialling_ >= kDialsAtOnce) break;
    Dial(candidate->first, candidate->second, now, effects);
  }
  return dialling_ > 0;
}

void ConnectionPool::DialAt(const std::string& address, TimePoint now, Effects& effects) {
  Server& server = servers_[address];
  if (!HasDial(server)) Dial(address, server, now, effects);
}

void ConnectionPool::Dial(const std::string& address, Server& server, TimePoint now,
                          Effects& effects) {
  const ConnectionId id = ++last_id_;
  Connection& connection = connections_[id];
  connection.id = id;
  connection.address = address;
  connection.dial_ends = now + options_.conn_timeout;
  server.connections.push_back(id);
  ++dialling_;
  effects.dials.push_back({id, address});
}

Connection* ConnectionPool::Find(ConnectionId id) {
  const auto found = connections_.find(id);
  return found == connections_.end() ? nullptr : &found->second;
}

void ConnectionPool::Admit(Connection& connection, NodeId node, TimePoint now) {
  AEGIS_CHECK(connection.state == Connection::State::kDialling, "who answers is asked once");
  connection.state = Connection::State::kReady;
  connection.node = node;
  --dialling_;
  ++ready_;
  Server& server = servers_.at(connection.address);
  server.failures = 0;
  server.avoid_until = now;
}

void ConnectionPool::Refuse(Connection& connection, TimePoint now) {
  AEGIS_CHECK(connection.state == Connection::State::kDialling, "who answers is asked once");
  Detach(connection);
  connection.state = Connection::State::kRetired;
  Fail(servers_.at(connection.address), now);
}

void ConnectionPool::Fail(Server& server, TimePoint now) {
  server.avoid_until = now + Doubled(kAvoidBase, server.failures, kAvoidMax);
  ++server.failures;
}

void ConnectionPool::Detach(const Connection& connection) {
  if (connection.state == Connection::State::kDialling) --dialling_;
  if (connection.state == Connection::State::kReady) --ready_;
  const auto server = servers_.find(connection.address);
  if (server != servers_.end()) std::erase(server->second.connections, connection.id);
}

void ConnectionPool::ForgetIfUseless(const std::string& address) {
  const auto found = servers_.find(address);
  if (found == servers_.end()) return;
  const Server& server = found->second;
  if (!server.given && !server.member && !server.excluded && server.connections.empty()) {
    servers_.erase(found);
  }
}

std::vector<Pipeline::Waiting> ConnectionPool::Drop(Connection& connection, TimePoint now) {
  std::vector<Pipeline::Waiting> waiting = connection.pipeline.Drain();
  const std::string address = connection.address;
  const bool retired = connection.state == Connection::State::kRetired;
  Detach(connection);
  connections_.erase(connection.id);
  const auto server = servers_.find(address);
  if (server != servers_.end() && !retired) Fail(server->second, now);
  ForgetIfUseless(address);
  return waiting;
}

void ConnectionPool::OnSilence(const std::string& address, TimePoint since, TimePoint now,
                               Effects& effects) {
  const auto found = servers_.find(address);
  if (found == servers_.end()) return;
  bool silent = false;
  for (const ConnectionId id : std::vector(found->second.connections)) {
    Connection& connection = connections_.at(id);
    if (connection.state != Connection::State::kReady || connection.last_received > since) continue;
    silent = true;
    Retire(connection, effects);
  }
  if (silent) Fail(servers_[address], now);
}

void ConnectionPool::Retire(Connection& connection, Effects& effects) {
  Detach(connection);
  connection.state = Connection::State::kRetired;
  Settle(connection, effects);
}

void ConnectionPool::Settle(Connection& connection, Effects& effects) {
  if (connection.pipeline.live() > 0 || connection.state == Connection::State::kDialling) return;
  const Server* server = FindServer(connection.address);
  const bool wanted = server != nullptr && server->Listed();
  if (connection.state == Connection::State::kReady && wanted) return;
  if (connection.state == Connection::State::kReady) Detach(connection);
  effects.hang_ups.push_back(connection.id);
  const std::string address = connection.address;
  connections_.erase(connection.id);
  ForgetIfUseless(address);
}

std::vector<ConnectionId> ConnectionPool::DialsEndingBy(TimePoint now) const {
  std::vector<ConnectionId> ending;
  if (dialling_ == 0) return ending;
  for (const auto& [id, connection] : connections_) {
    if (connection.state == Connection::State::kDialling && connection.dial_ends <= now) {
      ending.push_back(id);
    }
  }
  return ending;
}

TimePoint ConnectionPool::NextDialEnd() const {
  TimePoint next = TimePoint::max();
  if (dialling_ == 0) return next;
  for (const auto& [id, connection] : connections_) {
    if (connection.state == Connection::State::kDialling) {
      next = std::min(next, connection.dial_ends);
    }
  }
  return next;
}

std::vector<ConnectionId> ConnectionPool::All() const {
  std::vector<ConnectionId> ids;
  for (const auto& [id, connection] : connections_) ids.push_back(id);
  return ids;
}

}  // namespace aegis::client
