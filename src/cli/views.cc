#include "cli/views.h"

#include <fmt/format.h>

#include <algorithm>
#include <map>
#include <utility>

#include "cli/table.h"

namespace aegis::cli {
namespace {

using Align = Table::Align;

// How many shards a node leads, and how many are placed on it.
struct Share {
  std::uint64_t leads = 0;
  std::uint64_t placed = 0;
};

bool IsGone(const NodeInfo& node) { return node.state == "dead" || node.state == "left"; }

std::map<std::uint64_t, Share> Shares(const ClusterInfo& cluster) {
  std::map<std::uint64_t, Share> shares;
  for (const ShardInfo& shard : cluster.shards) {
    if (shard.leader != 0) ++shares[shard.leader].leads;
    for (const std::uint64_t replica : shard.replicas) ++shares[replica].placed;
  }
  return shares;
}

std::string PlacedText(const NodeInfo& node, const Share& share) {
  return IsGone(node) ? "-" : std::to_string(share.placed);
}

Json PlacedJson(const NodeInfo& node, const Share& share) {
  return IsGone(node) ? Json() : Json(share.placed);
}

const NodeInfo* Find(const ClusterInfo& cluster, std::uint64_t id) {
  const auto node = std::ranges::find(cluster.nodes, id, &NodeInfo::id);
  return node == cluster.nodes.end() ? nullptr : &*node;
}

std::string NameIn(const ClusterInfo& cluster, std::uint64_t id) {
  if (id == 0) return "none";
  const NodeInfo* const node = Find(cluster, id);
  return node != nullptr ? node->name : fmt::format("{:016x}", id);  // It was just forgotten.
}

// "node1", "node2 (dead)".
std::string NameAndFate(const ClusterInfo& cluster, std::uint64_t id) {
  const NodeInfo* const node = Find(cluster, id);
  const bool gone = node != nullptr && IsGone(*node);
  return NameIn(cluster, id) + (gone ? " (" + node->state + ")" : "");
}

std::string ReplicasText(const ClusterInfo& cluster, const ShardInfo& shard) {
  std::vector<std::string> names;
  for (const std::uint64_t id : shard.replicas) names.push_back(NameAndFate(cluster, id));
  return fmt::format("{}", fmt::join(names, ", "));
}

// The names of the shard's replicas, and of those among them that are gone.
void PutReplicas(Json& object, const ClusterInfo& cluster, const ShardInfo& shard) {
  Json replicas = Json::array();
  Json gone = Json::array();
  for (const std::uint64_t id : shard.replicas) {
    const NodeInfo* const node = Find(cluster, id);
    replicas.push_back(NameIn(cluster, id));
    if (node != nullptr && IsGone(*node)) gone.push_back(node->name);
  }
  object["replicas"] = std::move(replicas);
  object["replicas_gone"] = std::move(gone);
}

std::size_t ShardsLed(const ClusterInfo& cluster) {
  return static_cast<std::size_t>(std::ranges::count_if(
      cluster.shards, [](const ShardInfo& shard) { return shard.leader != 0; }));
}

std::vector<NodeInfo> ByName(std::vector<NodeInfo> nodes) {
  std::ranges::sort(nodes, {}, &NodeInfo::name);
  return nodes;
}

void Flatten(const std::string& name, const Json& value, Table& table) {
  if (value.is_structured() && !value.empty()) {
    std::size_t index = 0;
    for (const auto& [key, inner] : value.items()) {
      const std::string part = value.is_array() ? std::to_string(index++) : key;
      Flatten(name.empty() ? part : name + "." + part, inner, table);
    }
    return;
  }
  table.Add({name, value.is_string() ? value.get<std::string>() : value.dump()});
}

}  // namespace

std::string MembersTable(const ClusterInfo& cluster) {
  Table table({{.title = "NODE"},
               {.title = "STATE"},
               {.title = "CLIENTS"},
               {.title = "GOSSIP"},
               {.title = "ZONE"},
               {.title = "WEIGHT", .align = Align::kRight},
               {.title = "LEADS", .align = Align::kRight},
               {.title = "PLACED", .align = Align::kRight},
               {.title = "VERSION"}});
  std::map<std::uint64_t, Share> shares = Shares(cluster);
  for (const NodeInfo& node : ByName(cluster.nodes)) {
    const Share& share = shares[node.id];
    table.Add({node.name, node.state, node.client_address, node.gossip_address,
               node.zone.empty() ? "-" : node.zone, std::to_string(node.weight),
               std::to_string(share.leads), PlacedText(node, share), node.software});
  }
  return table.Render();
}

Json MembersJson(const ClusterInfo& cluster) {
  std::map<std::uint64_t, Share> shares = Shares(cluster);
  Json members = Json::array();
  for (const NodeInfo& node : ByName(cluster.nodes)) {
    const Share& share = shares[node.id];
    members.push_back({{"name", node.name},
                       {"id", fmt::format("{:016x}", node.id)},
                       {"state", node.state},
                       {"client_address", node.client_address},
                       {"gossip_address", node.gossip_address},
                       {"zone", node.zone},
                       {"weight", node.weight},
                       {"leads", share.leads},
                       {"placed", PlacedJson(node, share)},
                       {"software", node.software},
                       {"incarnation", node.incarnation}});
  }
  return {{"cluster_id", fmt::format("{:016x}", cluster.cluster_id)},
          {"answered_by", NameIn(cluster, cluster.self)},
          {"topology_version", cluster.version},
          {"replication_factor", cluster.replication_factor},
          {"members", std::move(members)}};
}

namespace {

// What the node said about the control log; an empty object: it did not answer.
Json ControlOf(const StatsOfNodes& stats, std::uint64_t id) {
  const auto found = stats.find(id);
  if (found == stats.end() || !found->second.is_object()) return Json::object();
  return found->second.value("control", Json::object());
}

// Of the node that leads the control log; else of whoever has heard of the newest term.
Json NewestControl(const StatsOfNodes& stats) {
  Json newest = Json::object();
  const auto rank = [](const Json& control) {
    return std::pair(control.value("term", std::uint64_t{0}),
                     control.value("role", "") == "leader");
  };
  for (const auto& [id, answer] : stats) {
    const Json control = ControlOf(stats, id);
    if (newest.empty() || rank(control) > rank(newest)) newest = control;
  }
  return newest;
}

std::vector<std::string> Names(const Json& control, const char* list) {
  std::vector<std::string> names;
  for (const Json& name : control.value(list, Json::array())) {
    if (name.is_string()) names.push_back(name.get<std::string>());
  }
  std::ranges::sort(names);
  return names;
}

std::string LeaderOf(const Json& control) {
  const auto leader = control.find("leader");
  return leader != control.end() && leader->is_string() ? leader->get<std::string>() : "";
}

// What keeps the control log from deciding, as each node that answered sees it, a line each.
std::string Problems(const ClusterInfo& cluster, const StatsOfNodes& stats) {
  std::string lines;
  for (const NodeInfo& node : ByName(cluster.nodes)) {
    const std::string problem = ControlOf(stats, node.id).value("problem", "");
    if (!problem.empty()) lines += fmt::format("problem       {}: {}\n", node.name, problem);
  }
  return lines;
}

std::string OrNone(const std::vector<std::string>& names) {
  return names.empty() ? "none" : fmt::format("{}", fmt::join(names, ", "));
}

// How many shards are led and, as the control leader has it, on their way.
std::string ShardsText(const ClusterInfo& cluster, const Json& control) {
  return fmt::format("{} of {} shards have a leader; {} on the move, {} to follow, {} have moved\n",
                     ShardsLed(cluster), cluster.shards.size(),
                     control.value("shards_moving", std::uint64_t{0}),
                     control.value("shards_to_move", std::uint64_t{0}),
                     control.value("shards_moved", std::uint64_t{0}));
}

void PutMovement(Json& object, const Json& control) {
  for (const char* const name : {"shards_moving", "shards_to_move", "shards_moved"}) {
    object[name] = control.value(name, std::uint64_t{0});
  }
}

}  // namespace

std::string ShardsTable(const ClusterInfo& cluster, const StatsOfNodes& stats) {
  Table table({{.title = "SHARD", .align = Align::kRight},
               {.title = "EPOCH", .align = Align::kRight},
               {.title = "LEADER"},
               {.title = "REPLICAS"}});
  for (std::size_t i = 0; i < cluster.shards.size(); ++i) {
    const ShardInfo& shard = cluster.shards[i];
    table.Add({std::to_string(i), std::to_string(shard.epoch), NameAndFate(cluster, shard.leader),
               ReplicasText(cluster, shard)});
  }
  return table.Render() + ShardsText(cluster, NewestControl(stats));
}

Json ShardsJson(const ClusterInfo& cluster, const StatsOfNodes& stats) {
  Json shards = Json::array();
  for (std::size_t i = 0; i < cluster.shards.size(); ++i) {
    const ShardInfo& shard = cluster.shards[i];
    Json entry = {{"shard", i},
                  {"epoch", shard.epoch},
                  {"leader", shard.leader == 0 ? Json() : Json(NameIn(cluster, shard.leader))}};
    PutReplicas(entry, cluster, shard);
    shards.push_back(std::move(entry));
  }
  Json json = {{"topology_version", cluster.version}, {"shards", std::move(shards)}};
  PutMovement(json, NewestControl(stats));
  return json;
}

std::string ShardsSummary(const ClusterInfo& cluster, const StatsOfNodes& stats) {
  Table table({{.title = "NODE"},
               {.title = "STATE"},
               {.title = "LEADS", .align = Align::kRight},
               {.title = "PLACED", .align = Align::kRight}});
  std::map<std::uint64_t, Share> shares = Shares(cluster);
  for (const NodeInfo& node : ByName(cluster.nodes)) {
    const Share& share = shares[node.id];
    table.Add({node.name, node.state, std::to_string(share.leads), PlacedText(node, share)});
  }
  return table.Render() + ShardsText(cluster, NewestControl(stats));
}

Json ShardsSummaryJson(const ClusterInfo& cluster, const StatsOfNodes& stats) {
  Json nodes = Json::array();
  std::map<std::uint64_t, Share> shares = Shares(cluster);
  for (const NodeInfo& node : ByName(cluster.nodes)) {
    const Share& share = shares[node.id];
    nodes.push_back({{"name", node.name},
                     {"state", node.state},
                     {"leads", share.leads},
                     {"placed", PlacedJson(node, share)}});
  }
  Json json = {{"topology_version", cluster.version},
               {"shards", cluster.shards.size()},
               {"shards_led", ShardsLed(cluster)},
               {"nodes", std::move(nodes)}};
  PutMovement(json, NewestControl(stats));
  return json;
}

std::string ClusterTable(const ClusterInfo& cluster, const StatsOfNodes& stats) {
  const Json control = NewestControl(stats);
  const std::string leader = LeaderOf(control);
  Table table({{.title = "NODE"},
               {.title = "STATE"},
               {.title = "CONTROL"},
               {.title = "LEASE"},
               {.title = "LEADS", .align = Align::kRight},
               {.title = "PLACED", .align = Align::kRight}});
  std::map<std::uint64_t, Share> shares = Shares(cluster);
  for (const NodeInfo& node : ByName(cluster.nodes)) {
    const Share& share = shares[node.id];
    const Json own = ControlOf(stats, node.id);
    const std::string lease = own.empty() ? "?" : own.value("lease", false) ? "holds" : "none";
    table.Add({node.name, node.state, own.value("role", "?"), lease, std::to_string(share.leads),
               PlacedText(node, share)});
  }
  return table.Render() +
         fmt::format("control log   led by {}, term {}; voters: {}\n",
                     leader.empty() ? "nobody" : leader, control.value("term", std::uint64_t{0}),
                     OrNone(Names(control, "voters"))) +
         fmt::format("fenced        {}\n", OrNone(Names(control, "fences"))) +
         ShardsText(cluster, control) + Problems(cluster, stats);
}

Json ClusterJson(const ClusterInfo& cluster, const StatsOfNodes& stats) {
  const Json control = NewestControl(stats);
  const std::string leader = LeaderOf(control);
  Json nodes = Json::array();
  std::map<std::uint64_t, Share> shares = Shares(cluster);
  for (const NodeInfo& node : ByName(cluster.nodes)) {
    const Share& share = shares[node.id];
    const Json own = ControlOf(stats, node.id);
    nodes.push_back({{"name", node.name},
                     {"state", node.state},
                     {"answered", !own.empty()},
                     {"control", own.empty() ? Json() : Json(own.value("role", "?"))},
                     {"lease", own.empty() ? Json() : Json(own.value("lease", false))},
                     {"problem", own.value("problem", "")},
                     {"leads", share.leads},
                     {"placed", PlacedJson(node, share)}});
  }
  Json json = {{"cluster_id", fmt::format("{:016x}", cluster.cluster_id)},
               {"control_leader", leader.empty() ? Json() : Json(leader)},
               {"control_term", control.value("term", std::uint64_t{0})},
               {"voters", Names(control, "voters")},
               {"fenced", Names(control, "fences")},
               {"shards", cluster.shards.size()},
               {"shards_led", ShardsLed(cluster)},
               {"nodes", std::move(nodes)}};
  PutMovement(json, control);
  return json;
}

std::string StatsTable(std::string_view json) {
  const Json stats = Json::parse(json, nullptr, false);
  if (stats.is_discarded()) return std::string(json) + "\n";
  Table table({{.title = "NAME"}, {.title = "VALUE"}});
  Flatten("", stats, table);
  return table.Render();
}

void PutBytes(Json& object, const std::string& name, std::string_view bytes) {
  if (IsUtf8(bytes)) {
    object[name] = bytes;
  } else {
    object[name + "_base64"] = Base64(bytes);
  }
}

std::string Base64(std::string_view bytes) {
  static constexpr char kDigits[] =
      "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
  std::string text;
  for (std::size_t at = 0; at < bytes.size(); at += 3) {
    const std::string_view group = bytes.substr(at, 3);
    std::uint32_t bits = 0;
    for (std::size_t i = 0; i < 3; ++i) {
      bits = bits << 8U | (i < group.size() ? static_cast<unsigned char>(group[i]) : 0U);
    }
    for (std::size_t i = 0; i < 4; ++i) {
      text += i <= group.size() ? kDigits[bits >> (18 - 6 * i) & 63U] : '=';
    }
  }
  return text;
}

}  // namespace aegis::cli
