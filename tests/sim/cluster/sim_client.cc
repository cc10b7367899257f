#include "sim_client.h"

#include <algorithm>
#include <utility>

#include "node/core/native_command.h"
#include "sim_node.h"
#include "wire/identity_codec.h"
#include "wire/native_error.h"
#include "wire/operation_codec.h"
#include "wire/topology_codec.h"

namespace aegis::sim {

using wire::Command;

struct SimClient::Connection {
  client::ConnectionId id = 0;
  SimNode* node = nullptr;
  bool up = false;
  bool broken = false;  // Nothing gets through any more, either way.
  Bytes inbox{};        // At the node.
  // When the newest bytes each way arrive.
  TimePoint there{};
  TimePoint back{};
};

namespace {

std::vector<std::string> AddressesOf(const std::vector<std::size_t>& nodes) {
  std::vector<std::string> addresses;
  for (const std::size_t node : nodes) addresses.push_back(SimNode::AddressOf(node).ToString());
  return addresses;
}

}  // namespace

SimClient::SimClient(SimCluster& cluster, const std::vector<std::size_t>& seeds,
                     std::uint64_t random_seed)
    : cluster_(cluster), dispatcher_({.seeds = AddressesOf(seeds)}, random_seed) {
  cluster_.WatchEnds([this](std::size_t node) { OnNodeGone(node); });
}

SimClient::~SimClient() = default;

void SimClient::Call(client::Request request, Done done) {
  pending_[++last_token_] = std::move(done);
  dispatcher_.Submit(last_token_, std::move(request), now(), effects_);
  Perform();
}

void SimClient::Perform() {
  if (std::exchange(performing_, true)) return;  // Whoever performs goes on until there is nothing.
  while (true) {
    client::Effects effects = std::exchange(effects_, {});
    TickAt(effects.wake_up_at);
    if (effects.dials.empty() && effects.ready_to_send.empty() && effects.hang_ups.empty() &&
        effects.finished.empty()) {
      break;
    }
    for (const auto& dial : effects.dials) Dial(dial.connection, dial.address);
    for (const client::ConnectionId id : effects.ready_to_send) Flush(id);
    for (const client::ConnectionId id : effects.hang_ups) connections_.erase(id);
    for (const auto& finished : effects.finished) {
      const auto pending = pending_.find(finished.token);
      const Done done = std::move(pending->second);
      pending_.erase(pending);
      done(finished.result);
    }
  }
  performing_ = false;
}

void SimClient::TickAt(TimePoint when) {
  if (when >= next_tick_) return;
  next_tick_ = when;
  cluster_.After(std::max(when - now(), Duration{}), [this, when] {
    if (next_tick_ != when) return;
    next_tick_ = TimePoint::max();
    dispatcher_.Tick(now(), effects_);
    Perform();
  });
}

// --- The client's end ---------------------------------------------------------------------------

SimClient::ConnectionPtr SimClient::Find(client::ConnectionId id) const {
  const auto found = connections_.find(id);
  return found == connections_.end() ? nullptr : found->second;
}

void SimClient::Dial(client::ConnectionId id, const std::string& address) {
  connections_[id] = std::make_shared<Connection>(Connection{.id = id});
  cluster_.After(cluster_.Latency(), [this, id, address] {
    const ConnectionPtr connection = Find(id);
    if (!connection) return;
    for (const auto& node : cluster_.nodes_) {
      if (node->alive && node->address.ToString() == address) connection->node = node.get();
    }
    if (connection->node == nullptr) return Break(id, "connection refused");
    connection->up = true;
    dispatcher_.OnConnected(id, now(), effects_);
    Perform();
  });
}

void SimClient::Flush(client::ConnectionId id) {
  const ConnectionPtr connection = Find(id);
  if (!connection || !connection->up) return;
  Bytes bytes;
  dispatcher_.TakeOutput(id, bytes);
  if (bytes.empty() || connection->broken) return;
  bool arrives = true;
  if (cluster_.rng().Chance(cluster_.options().call_loss)) {
    // The client hears of it later; what comes back until then is lost.
    arrives = cluster_.rng().Chance(0.5);
    connection->broken = true;
    cluster_.After(3 * cluster_.Latency(), [this, id] {
      if (Find(id)) Break(id, "connection reset");
    });
  }
  if (!arrives) return;
  connection->there = std::max(connection->there, now() + cluster_.Latency());
  cluster_.After(connection->there - now(), [this, connection, bytes] {
    SimNode& node = *connection->node;
    if (!node.alive) return;
    node.After(Duration{}, [this, connection, bytes] { Serve(connection, bytes); });
  });
}

void SimClient::Break(client::ConnectionId id, const std::string& why) {
  if (connections_[id]->up) cluster_.Sometimes(Rare::kTriedAgain);
  connections_[id]->broken = true;
  connections_.erase(id);
  dispatcher_.OnBroken(id, why, now(), effects_);
  Perform();
}

void SimClient::OnNodeGone(std::size_t node) {
  std::vector<client::ConnectionId> broken;
  for (const auto& [id, connection] : connections_) {
    if (connection->node == cluster_.nodes_[node].get()) broken.push_back(id);
  }
  for (const client::ConnectionId id : broken) {
    connections_[id]->broken = true;
    cluster_.After(cluster_.Latency(), [this, id] {
      if (Find(id)) Break(id, "connection reset");
    });
  }
}

// --- The node's end -----------------------------------------------------------------------------

void SimClient::Serve(const ConnectionPtr& connection, const Bytes& bytes) {
  connection->inbox += bytes;
  while (true) {
    std::size_t consumed = 0;
    const auto frame = wire::DecodeRequest(connection->inbox, consumed);
    if (!frame.ok()) return cluster_.invariants().Fail("a client sent: " + frame.error().message);
    if (!frame.value()) return;
    Answer(connection, *frame.value());
    connection->inbox.erase(0, consumed);
  }
}

void SimClient::Answer(const ConnectionPtr& connection, const wire::RequestFrame& frame) {
  switch (static_cast<Command>(frame.command)) {
    case Command::kIdentify:
      return AnswerIdentity(connection, frame.id, /*topology=*/false);
    case Command::kTopology:
      return AnswerIdentity(connection, frame.id, /*topology=*/true);
    case Command::kGet:
    case Command::kSet:
    case Command::kDelete:
      return Execute(connection, frame, node::OperationOf(frame));
    case Command::kExecute:
      if (const auto operation = wire::DecodeOperation(frame.value); operation.ok()) {
        return Execute(connection, frame, operation.value());
      }
      [[fallthrough]];
    default:
      cluster_.invariants().Fail("a client sent what no node understands");
  }
}

void SimClient::AnswerIdentity(const ConnectionPtr& connection, std::uint64_t id, bool topology) {
  const RoutingTable& table = connection->node->control.routing();
  wire::ReplyFrame reply;
  reply.id = id;
  Bytes text;
  if (!connection->node->control.born()) {
    reply.status = wire::ReplyStatusOf(Status::kUnavailable);
    text = wire::ErrorText(Status::kUnavailable, "not born yet");
    reply.error = text;
  } else if (topology) {
    wire::AppendTopology(table, text);
    reply.value = text;
  } else {
    const Member* const self = table.Find(table.self);
    wire::AppendIdentity({table.settings.id, table.self, self == nullptr ? "" : self->name}, text);
    reply.value = text;
  }
  Bytes bytes;
  wire::AppendReply(reply, bytes);
  SendBack(connection, std::move(bytes));
}

void SimClient::Execute(const ConnectionPtr& connection, const wire::RequestFrame& frame,
                        const Operation& operation) {
  const RoutingTable& table = connection->node->control.routing();
  const Member* const leader = node::LeaderElsewhere(table, operation);
  if (frame.redirect && leader != nullptr && !operation.max_stale_ms) {
    const std::string address = leader->client_address.ToString();
    wire::ReplyFrame reply;
    reply.status = wire::ReplyStatus::kRedirect;
    reply.id = frame.id;
    reply.address = address;
    Bytes bytes;
    wire::AppendReply(reply, bytes);
    cluster_.Sometimes(Rare::kRedirected);
    return SendBack(connection, std::move(bytes));
  }
  cluster_.Submit(connection->node->index, operation,
                  [this, connection, id = frame.id,
                   command = static_cast<Command>(frame.command)](const Outcome& outcome) {
                    Bytes scratch;
                    Bytes bytes;
                    node::AppendReply(command, id, outcome, cluster_.unix_now(), scratch, bytes);
                    SendBack(connection, std::move(bytes));
                  });
}

void SimClient::SendBack(const ConnectionPtr& connection, Bytes bytes) {
  connection->back = std::max(connection->back, now() + cluster_.Latency());
  cluster_.After(connection->back - now(), [this, connection, bytes = std::move(bytes)] {
    if (connection->broken || Find(connection->id) != connection) return;
    dispatcher_.OnReceived(connection->id, bytes, now(), effects_);
    Perform();
  });
}

}  // namespace aegis::sim
