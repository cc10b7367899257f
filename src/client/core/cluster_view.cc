#include "client/core/cluster_view.h"

#include <algorithm>

#include "ring/slot.h"

namespace aegis::client {
namespace {

const std::string kUnknown;
const std::vector<std::string> kNobody;

std::string InCluster(ClusterId cluster) {
  constexpr ByteView kDigits = "0123456789abcdef";
  std::string text = " of cluster ";
  for (unsigned shift = 64; shift > 0; shift -= 4) {
    text += kDigits[cluster.value() >> (shift - 4) & 0xfU];
  }
  return text;
}

}  // namespace

bool ClusterView::Adopt(const RoutingTable& table) {
  if (!table.settings.born()) return false;
  if (cluster_ == ClusterId{}) cluster_ = table.settings.id;
  if (table.settings.id != cluster_) return false;

  std::map<NodeId, std::string> addresses;
  nodes_.clear();
  for (const Member& member : table.members) {
    if (member.state == MemberState::kAlive || member.state == MemberState::kSuspect) {
      const std::string address = member.client_address.ToString();
      addresses[member.id] = address;
      nodes_[address].push_back({member.id, member.name});
    }
  }
  if (table.shards.size() != routes_.size()) routes_.assign(table.shards.size(), Route{});
  for (std::size_t shard = 0; shard < routes_.size(); ++shard) {
    const ShardRoute& news = table.shards[shard];
    Route& route = routes_[shard];
    if (news.epoch < route.epoch) continue;
    const auto leader = addresses.find(news.leader);
    route = {news.epoch, leader == addresses.end() ? std::string() : leader->second};
    for (const NodeId copy : news.replicas) {
      const auto address = addresses.find(copy);
      if (address != addresses.end()) route.copies.push_back(address->second);
    }
  }
  return true;
}

std::optional<std::string> ClusterView::Objection(const std::string& address,
                                                  const wire::Identity& who, bool given) {
  if (cluster_ == ClusterId{}) cluster_ = who.cluster;
  if (who.cluster == cluster_ && (given || Expects(address, who.node))) return std::nullopt;
  std::string expected;
  const auto nodes = nodes_.find(address);
  if (nodes != nodes_.end() && !given) {
    for (const Node& node : nodes->second) {
      expected += (expected.empty() ? "node " : " or ") + node.name;
    }
  }
  return "expected " + (expected.empty() ? "a node" : expected) + InCluster(cluster_) +
         ", but node " + who.name + InCluster(who.cluster) + " answered";
}

bool ClusterView::Expects(const std::string& address, NodeId node) const {
  const auto nodes = nodes_.find(address);
  if (nodes == nodes_.end()) return true;
  return std::any_of(nodes->second.begin(), nodes->second.end(),
                     [node](const Node& each) { return each.id == node; });
}

void ClusterView::LearnLeader(ByteView key, const std::string& address) {
  if (routes_.empty()) return;
  const auto shards = static_cast<std::uint32_t>(routes_.size());
  routes_[ring::ShardOf(key, shards).value()].leader = address;
}

const std::string& ClusterView::LeaderOf(ByteView key) const {
  if (routes_.empty() || key.empty()) return kUnknown;
  const auto shards = static_cast<std::uint32_t>(routes_.size());
  return routes_[ring::ShardOf(key, shards).value()].leader;
}

const std::vector<std::string>& ClusterView::CopiesOf(ByteView key) const {
  if (routes_.empty() || key.empty()) return kNobody;
  const auto shards = static_cast<std::uint32_t>(routes_.size());
  return routes_[ring::ShardOf(key, shards).value()].copies;
}

std::vector<std::string> ClusterView::members() const {
  std::vector<std::string> addresses;
  addresses.reserve(nodes_.size());
  for (const auto& [address, nodes] : nodes_) addresses.push_back(address);
  return addresses;
}

}  // namespace aegis::client
