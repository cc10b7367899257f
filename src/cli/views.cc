#include "cli/views.h"

#include <fmt/format.h>

#include <algorithm>
#include <map>
#include <utility>

#include "cli/table.h"

namespace aegis::cli {
namespace {

using Align = Table::Align;

// How many shards each node leads and holds.
struct Share {
  std::uint64_t leads = 0;
  std::uint64_t holds = 0;
};

std::map<std::uint64_t, Share> Shares(const ClusterInfo& cluster) {
  std::map<std::uint64_t, Share> shares;
  for (const ShardInfo& shard : cluster.shards) {
    if (shard.leader != 0) ++shares[shard.leader].leads;
    for (const std::uint64_t replica : shard.replicas) ++shares[replica].holds;
  }
  return shares;
}

std::string NameIn(const ClusterInfo& cluster, std::uint64_t id) {
  if (id == 0) return "none";
  for (const NodeInfo& node : cluster.nodes) {
    if (node.id == id) return node.name;
  }
  return fmt::format("{:016x}", id);  // A node that was just forgotten.
}

std::vector<std::string> NamesIn(const ClusterInfo& cluster,
                                 const std::vector<std::uint64_t>& ids) {
  std::vector<std::string> names;
  for (const std::uint64_t id : ids) names.push_back(NameIn(cluster, id));
  return names;
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
               {.title = "HOLDS", .align = Align::kRight},
               {.title = "VERSION"}});
  std::map<std::uint64_t, Share> shares = Shares(cluster);
  for (const NodeInfo& node : ByName(cluster.nodes)) {
    const Share& share = shares[node.id];
    table.Add({node.name, node.state, node.client_address, node.gossip_address,
               node.zone.empty() ? "-" : node.zone, std::to_string(node.weight),
               std::to_string(share.leads), std::to_string(share.holds), node.software});
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
                       {"holds", share.holds},
                       {"software", node.software},
                       {"incarnation", node.incarnation}});
  }
  return {{"cluster_id", fmt::format("{:016x}", cluster.cluster_id)},
          {"answered_by", NameIn(cluster, cluster.self)},
          {"topology_version", cluster.version},
          {"replication_factor", cluster.replication_factor},
          {"members", std::move(members)}};
}

std::string ShardsTable(const ClusterInfo& cluster) {
  Table table({{.title = "SHARD", .align = Align::kRight},
               {.title = "EPOCH", .align = Align::kRight},
               {.title = "LEADER"},
               {.title = "REPLICAS"}});
  for (std::size_t i = 0; i < cluster.shards.size(); ++i) {
    const ShardInfo& shard = cluster.shards[i];
    table.Add({std::to_string(i), std::to_string(shard.epoch), NameIn(cluster, shard.leader),
               fmt::format("{}", fmt::join(NamesIn(cluster, shard.replicas), ", "))});
  }
  return table.Render();
}

std::string ShardsSummary(const ClusterInfo& cluster) {
  Table table({{.title = "NODE"},
               {.title = "STATE"},
               {.title = "LEADS", .align = Align::kRight},
               {.title = "HOLDS", .align = Align::kRight}});
  std::map<std::uint64_t, Share> shares = Shares(cluster);
  for (const NodeInfo& node : ByName(cluster.nodes)) {
    table.Add({node.name, node.state, std::to_string(shares[node.id].leads),
               std::to_string(shares[node.id].holds)});
  }
  const auto led = std::ranges::count_if(cluster.shards,
                                         [](const ShardInfo& shard) { return shard.leader != 0; });
  return table.Render() +
         fmt::format("{} of {} shards have a leader\n", led, cluster.shards.size());
}

Json ShardsJson(const ClusterInfo& cluster) {
  Json shards = Json::array();
  for (std::size_t i = 0; i < cluster.shards.size(); ++i) {
    const ShardInfo& shard = cluster.shards[i];
    shards.push_back({{"shard", i},
                      {"epoch", shard.epoch},
                      {"leader", shard.leader == 0 ? Json() : Json(NameIn(cluster, shard.leader))},
                      {"replicas", NamesIn(cluster, shard.replicas)}});
  }
  return {{"topology_version", cluster.version}, {"shards", std::move(shards)}};
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
