#include "bench/leaders.h"

#include <poll.h>

#include <algorithm>
#include <optional>

#include "bench/load_connection.h"
#include "model/routing.h"
#include "ring/slot.h"
#include "wire/native.h"
#include "wire/topology_codec.h"

namespace aegis::bench {
namespace {

using Clock = std::chrono::steady_clock;

Error Refusal(ErrorCode code, const std::string& server, const std::string& why) {
  return {code, server + ": " + why};
}

Result<RoutingTable> TableIn(const wire::ReplyFrame& reply, const std::string& server) {
  if (reply.status != wire::ReplyStatus::kOk) {
    return Refusal(ErrorCode::kUnavailable, server, std::string(reply.error));
  }
  auto table = wire::DecodeTopology(reply.value);
  if (!table.ok()) return Refusal(ErrorCode::kInvalid, server, table.error().message);
  return table;
}

Result<RoutingTable> Ask(const std::string& server, std::chrono::milliseconds patience) {
  auto opened = LoadConnection::Open(server, 0, 1);
  if (!opened.ok()) return opened.error();
  LoadConnection& connection = *opened.value();
  wire::AppendRequest({.command = static_cast<std::uint8_t>(wire::Command::kTopology), .id = 1},
                      connection.out());
  if (const auto why = connection.Flush()) return Refusal(ErrorCode::kUnavailable, server, *why);
  const Clock::time_point deadline = Clock::now() + patience;
  while (Clock::now() < deadline) {
    constexpr int kLookAgainMs = 100;
    pollfd ready = {.fd = connection.fd(), .events = POLLIN, .revents = 0};
    if (poll(&ready, 1, kLookAgainMs) <= 0) continue;
    if (const auto why = connection.Receive())
      return Refusal(ErrorCode::kUnavailable, server, *why);
    std::size_t consumed = 0;
    const auto reply = wire::DecodeReply(connection.input(), consumed);
    if (!reply.ok()) {
      return Refusal(ErrorCode::kInvalid, server, "no node of AegisKV: " + reply.error().message);
    }
    if (reply.value()) return TableIn(*reply.value(), server);
  }
  return Refusal(ErrorCode::kUnavailable, server, "did not say who leads what");
}

}  // namespace

Result<Leaders> Leaders::Of(const std::vector<std::string>& servers,
                            std::chrono::milliseconds patience) {
  std::vector<NodeId> nodes;
  std::optional<RoutingTable> table;
  for (const std::string& server : servers) {
    auto asked = Ask(server, patience);
    if (!asked.ok()) return asked.error();
    nodes.push_back(asked.value().self);
    if (!table) table = std::move(asked).value();
  }
  if (table->shards.empty()) {
    return Refusal(ErrorCode::kUnavailable, servers.front(), "has no cluster yet");
  }
  Leaders leaders;
  for (const ShardRoute& shard : table->shards) {
    const auto found = std::ranges::find(nodes, shard.leader);
    if (found != nodes.end()) {
      leaders.by_shard_.push_back(static_cast<std::size_t>(found - nodes.begin()));
    } else if (const Member* member = table->Find(shard.leader); member != nullptr) {
      return Error{ErrorCode::kInvalid, member->name + " leads keys and is not among --servers"};
    } else {
      return Error{ErrorCode::kUnavailable, "some keys have no leader now"};
    }
  }
  return leaders;
}

bool Leaders::Leads(std::size_t server) const {
  return std::ranges::find(by_shard_, server) != by_shard_.end();
}

std::size_t Leaders::ServerOf(ByteView key) const {
  const auto shards = static_cast<std::uint32_t>(by_shard_.size());
  return by_shard_[ring::ShardOf(key, shards).value()];
}

}  // namespace aegis::bench
