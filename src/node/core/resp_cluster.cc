// CLUSTER: who leads which slots, in the shapes of Redis Cluster, so that its clients find the node
// that leads a key by themselves. Any node answers any key all the same.
//
// A node is a master of the slots that it leads, and a replica of others: of the two, lists of
// nodes show the former.

#include <fmt/format.h>

#include <algorithm>
#include <chrono>
#include <cstdint>
#include <map>
#include <string>
#include <utility>
#include <vector>

#include "model/limits.h"
#include "node/core/resp_call.h"
#include "node/core/resp_handlers.h"
#include "node/core/resp_text.h"
#include "ring/slot.h"

namespace aegis::node::resp {
namespace {

using wire::RespWriter;

// Consecutive slots with the same leader and the same copies.
struct SlotRun {
  ring::SlotRange slots;
  const ShardRoute* route;
};

// Those that somebody leads.
std::vector<SlotRun> RunsOf(const RoutingTable& table) {
  std::vector<SlotRun> runs;
  const auto count = static_cast<std::uint32_t>(table.shards.size());
  for (std::uint32_t shard = 0; shard < count; ++shard) {
    const ShardRoute& route = table.shards[shard];
    if (route.leader == kNoNode || table.Find(route.leader) == nullptr) continue;
    const ring::SlotRange slots = ring::SlotsOf(ShardId{shard}, count);
    const bool goes_on = !runs.empty() && runs.back().route->leader == route.leader &&
                         runs.back().route->replicas == route.replicas &&
                         runs.back().slots.last.value() + 1 == slots.first.value();
    if (goes_on) {
      runs.back().slots.last = slots.last;
    } else {
      runs.push_back({slots, &route});
    }
  }
  return runs;
}

// 40 digits, as in Redis; people are shown the first eight.
constexpr std::size_t kNameSize = 40;
std::string NameOfNode(NodeId id) { return fmt::format("{:016x}{:024x}", id.value(), 0); }

std::vector<const Member*> CopiesOf(const RoutingTable& table, const ShardRoute& route) {
  std::vector<const Member*> copies;
  for (const NodeId id : route.replicas) {
    const Member* const member = id == route.leader ? nullptr : table.Find(id);
    if (member != nullptr) copies.push_back(member);
  }
  return copies;
}

void WriteNode(const Member& member, RespWriter& reply) {
  reply.Array(4);
  reply.Bulk(member.client_address.host);
  reply.Integer(member.client_address.port);
  reply.Bulk(NameOfNode(member.id));
  reply.Array(0);
}

void WriteShardNode(const Member& member, ByteView role, RespWriter& reply) {
  reply.Map(7);
  reply.Bulk("id");
  reply.Bulk(NameOfNode(member.id));
  reply.Bulk("port");
  reply.Integer(member.client_address.port);
  reply.Bulk("ip");
  reply.Bulk(member.client_address.host);
  reply.Bulk("endpoint");
  reply.Bulk(member.client_address.host);
  reply.Bulk("role");
  reply.Bulk(role);
  reply.Bulk("replication-offset");
  reply.Integer(0);
  reply.Bulk("health");
  reply.Bulk(member.state == MemberState::kDead ? "fail" : "online");
}

std::string Flags(const RoutingTable& table, const Member& member) {
  std::string flags = member.id == table.self ? "myself,master" : "master";
  if (member.state == MemberState::kSuspect) flags += ",fail?";
  if (member.state == MemberState::kDead) flags += ",fail";
  return flags;
}

std::string RangeText(const ring::SlotRange& slots) {
  if (slots.first == slots.last) return std::to_string(slots.first.value());
  return fmt::format("{}-{}", slots.first.value(), slots.last.value());
}

Epoch NewestEpoch(const RoutingTable& table, NodeId leader) {
  Epoch newest;
  for (const ShardRoute& route : table.shards) {
    if (leader == kNoNode || route.leader == leader) newest = std::max(newest, route.epoch);
  }
  return newest;
}

// A line of CLUSTER NODES, without the slots.
std::string NodeLine(const RoutingTable& table, const Member& member, ByteView flags,
                     ByteView master) {
  return fmt::format("{} {}:{}@{} {} {} 0 0 {} {}", NameOfNode(member.id),
                     member.client_address.host, member.client_address.port,
                     member.gossip_address.port, flags, master,
                     NewestEpoch(table, member.id).value(),
                     member.state == MemberState::kDead ? "disconnected" : "connected");
}

// argv[2] as the name of a node; null, and the error is written, if it is none.
const Member* NodeArgument(const RespCall& call) {
  for (const Member& member : call.node.Routing().members) {
    if (member.state != MemberState::kLeft && NameOfNode(member.id) == call.argv[2]) return &member;
  }
  call.Fail(fmt::format("ERR Unknown node {}", Excerpt(call.argv[2], kNameSize)));
  return nullptr;
}

// argv[2] as a slot; nothing, and the error is written, if it is none.
std::optional<Slot> SlotArgument(const RespCall& call) {
  const auto slot = ParseInteger(call.argv[2]);
  if (!slot || *slot < 0 || *slot >= static_cast<std::int64_t>(limits::kSlots)) {
    call.Fail("ERR Invalid or out of range slot");
    return std::nullopt;
  }
  return Slot{static_cast<std::uint16_t>(*slot)};
}

// The keys of the slot's whole shard are looked at; the reply keeps those of the slot.
Translation PlanSlot(RespCall& call, Slot slot, ReplyForm form, std::uint64_t enough) {
  Operation& scan = call.Add(OpCode::kScan, ring::KeyOf(slot));
  scan.number2 = static_cast<std::int64_t>(limits::kScanItemsMax);
  call.plan.form = form;
  call.plan.from = slot.value();
  call.plan.enough = enough;
  return Translation::kPlanned;
}

}  // namespace

Translation ClusterSlots(RespCall& call) {
  const RoutingTable& table = call.node.Routing();
  const std::vector<SlotRun> runs = RunsOf(table);
  RespWriter reply = call.Reply();
  reply.Array(runs.size());
  for (const SlotRun& run : runs) {
    const auto copies = CopiesOf(table, *run.route);
    reply.Array(3 + copies.size());
    reply.Integer(run.slots.first.value());
    reply.Integer(run.slots.last.value());
    WriteNode(*table.Find(run.route->leader), reply);
    for (const Member* const copy : copies) WriteNode(*copy, reply);
  }
  return Translation::kReplied;
}

Translation ClusterShards(RespCall& call) {
  const RoutingTable& table = call.node.Routing();
  std::map<std::pair<NodeId, std::vector<NodeId>>, std::vector<SlotRun>> shards;
  for (const SlotRun& run : RunsOf(table)) {
    shards[{run.route->leader, run.route->replicas}].push_back(run);
  }
  RespWriter reply = call.Reply();
  reply.Array(shards.size());
  for (const auto& [who, runs] : shards) {
    reply.Map(2);
    reply.Bulk("slots");
    reply.Array(2 * runs.size());
    for (const SlotRun& run : runs) {
      reply.Integer(run.slots.first.value());
      reply.Integer(run.slots.last.value());
    }
    const auto copies = CopiesOf(table, *runs.front().route);
    reply.Bulk("nodes");
    reply.Array(1 + copies.size());
    WriteShardNode(*table.Find(who.first), "master", reply);
    for (const Member* const copy : copies) WriteShardNode(*copy, "replica", reply);
  }
  return Translation::kReplied;
}

Translation ClusterNodes(RespCall& call) {
  const RoutingTable& table = call.node.Routing();
  std::vector<SlotRun> runs = RunsOf(table);
  std::string text;
  for (const Member& member : table.members) {
    if (member.state == MemberState::kLeft) continue;
    text += NodeLine(table, member, Flags(table, member), "-");
    // Of copies nothing is said here, so what they differ in does not part two runs.
    std::vector<ring::SlotRange> led;
    for (const SlotRun& run : runs) {
      if (run.route->leader != member.id) continue;
      if (!led.empty() && led.back().last.value() + 1 == run.slots.first.value()) {
        led.back().last = run.slots.last;
      } else {
        led.push_back(run.slots);
      }
    }
    for (const ring::SlotRange& slots : led) text += " " + RangeText(slots);
    text += "\n";
  }
  call.Reply().Verbatim(text);
  return Translation::kReplied;
}

Translation ClusterInfo(RespCall& call) {
  const RoutingTable& table = call.node.Routing();
  std::uint32_t led = 0;
  std::vector<NodeId> leaders;
  for (const SlotRun& run : RunsOf(table)) {
    led += run.slots.last.value() - run.slots.first.value() + 1U;
    leaders.push_back(run.route->leader);
  }
  std::sort(leaders.begin(), leaders.end());
  leaders.erase(std::unique(leaders.begin(), leaders.end()), leaders.end());
  const auto known =
      std::count_if(table.members.begin(), table.members.end(),
                    [](const Member& member) { return member.state != MemberState::kLeft; });
  call.Reply().Verbatim(
      fmt::format("cluster_enabled:1\r\ncluster_state:{}\r\ncluster_slots_assigned:{}\r\ncluster_"
                  "slots_ok:{}\r\n"
                  "cluster_slots_pfail:0\r\ncluster_slots_fail:{}\r\ncluster_known_nodes:{}\r\n"
                  "cluster_size:{}\r\ncluster_current_epoch:{}\r\ncluster_my_epoch:{}\r\n",
                  led == limits::kSlots ? "ok" : "fail", table.shards.empty() ? 0 : limits::kSlots,
                  led, table.shards.empty() ? 0 : limits::kSlots - led, known, leaders.size(),
                  NewestEpoch(table, kNoNode).value(), NewestEpoch(table, table.self).value()));
  return Translation::kReplied;
}

Translation ClusterMyId(RespCall& call) {
  call.Reply().Bulk(NameOfNode(call.node.Routing().self));
  return Translation::kReplied;
}

Translation ClusterLinks(RespCall& call) {
  const std::vector<NodeLink> links = call.node.Links();
  RespWriter reply = call.Reply();
  reply.Array(links.size());
  for (const NodeLink& link : links) {
    const auto age = std::chrono::duration_cast<std::chrono::milliseconds>(call.now - link.since);
    reply.Map(6);
    reply.Bulk("direction");
    reply.Bulk(link.dialed ? "to" : "from");
    reply.Bulk("node");
    reply.Bulk(NameOfNode(link.peer));
    reply.Bulk("create-time");
    reply.Integer(call.unix_now.value - age.count());
    reply.Bulk("events");
    reply.Bulk(link.unsent > 0 ? "rw" : "r");
    reply.Bulk("send-buffer-allocated");
    reply.Integer(static_cast<std::int64_t>(link.buffer));
    reply.Bulk("send-buffer-used");
    reply.Integer(static_cast<std::int64_t>(link.unsent));
  }
  return Translation::kReplied;
}

// Whoever copies something that the node leads, as replicas of it.
Translation ClusterReplicas(RespCall& call) {
  const Member* const leader = NodeArgument(call);
  if (leader == nullptr) return Translation::kReplied;
  const RoutingTable& table = call.node.Routing();
  std::vector<NodeId> copies;
  for (const ShardRoute& route : table.shards) {
    if (route.leader != leader->id) continue;
    copies.insert(copies.end(), route.replicas.begin(), route.replicas.end());
  }
  RespWriter reply = call.Reply();
  std::vector<std::string> lines;
  for (const Member& member : table.members) {
    const bool copies_some = std::ranges::find(copies, member.id) != copies.end();
    if (member.id == leader->id || !copies_some || member.state == MemberState::kLeft) continue;
    std::string flags = Flags(table, member);
    flags.replace(flags.find("master"), ByteView("master").size(), "slave");
    lines.push_back(NodeLine(table, member, flags, NameOfNode(leader->id)));
  }
  reply.Array(lines.size());
  for (const std::string& line : lines) reply.Bulk(line);
  return Translation::kReplied;
}

// What others say of it is one thing with what this node says.
Translation ClusterCountFailureReports(RespCall& call) {
  const Member* const member = NodeArgument(call);
  if (member != nullptr) call.Reply().Integer(member->state == MemberState::kSuspect ? 1 : 0);
  return Translation::kReplied;
}

Translation ClusterKeySlot(RespCall& call) {
  call.Reply().Integer(ring::SlotOf(call.argv[2]).value());
  return Translation::kReplied;
}

Translation ClusterCountKeysInSlot(RespCall& call) {
  const auto slot = SlotArgument(call);
  if (!slot) return Translation::kReplied;
  return PlanSlot(call, *slot, ReplyForm::kCountInSlot, 0);
}

Translation ClusterGetKeysInSlot(RespCall& call) {
  const auto slot = SlotArgument(call);
  if (!slot) return Translation::kReplied;
  const auto count = ParseInteger(call.argv[3]);
  if (!count || *count < 0) return call.Fail("ERR Invalid number of keys");
  return PlanSlot(call, *slot, ReplyForm::kKeysInSlot, static_cast<std::uint64_t>(*count));
}

// READONLY, READWRITE, ASKING: whoever does not lead a key forwards, whatever was said before.
Translation Assent(RespCall& call) { return call.Ok(); }

}  // namespace aegis::node::resp
