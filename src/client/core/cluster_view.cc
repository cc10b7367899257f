#include "client/core/cluster_view.h"

#include <algorithm>
#include <map>

#include "ring/slot.h"

namespace aegis::client {
namespace {

const std::string kUnknown;

}  // namespace

void ClusterView::Adopt(const RoutingTable& table) {
  std::map<NodeId, std::string> addresses;
  for (const Member& member : table.members) {
    if (member.state == MemberState::kAlive || member.state == MemberState::kSuspect) {
      addresses[member.id] = member.client_address.ToString();
    }
  }
  members_.clear();
  for (const auto& [id, address] : addresses) members_.push_back(address);
  std::sort(members_.begin(), members_.end());

  if (table.settings.id != cluster_ || table.shards.size() != routes_.size()) {
    cluster_ = table.settings.id;
    routes_.assign(table.shards.size(), Route{});
  }
  for (std::size_t shard = 0; shard < routes_.size(); ++shard) {
    const ShardRoute& news = table.shards[shard];
    Route& route = routes_[shard];
    if (news.epoch < route.epoch) continue;
    const auto leader = addresses.find(news.leader);
    route = {news.epoch, leader == addresses.end() ? std::string() : leader->second};
  }
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

}  // namespace aegis::client
