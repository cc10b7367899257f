#include "client/core/cluster_info.h"

#include <utility>

#include "wire/topology_codec.h"

namespace aegis::client {

Expected<ClusterInfo> ToClusterInfo(ByteView topology) {
  const Result<RoutingTable> decoded = wire::DecodeTopology(topology);
  if (!decoded.ok()) return ClientError{Errc::kProtocol, decoded.error().message};
  const RoutingTable& table = decoded.value();
  ClusterInfo info;
  info.cluster_id = table.settings.id.value();
  info.version = table.version;
  info.self = table.self.value();
  info.replication_factor = table.settings.replication_factor;
  for (const Member& member : table.members) {
    NodeInfo node;
    node.id = member.id.value();
    node.name = member.name;
    node.client_address = member.client_address.ToString();
    node.gossip_address = member.gossip_address.ToString();
    node.zone = member.zone;
    node.weight = member.weight;
    node.state = NameOf(member.state);
    node.software = member.software;
    node.incarnation = member.incarnation;
    info.nodes.push_back(std::move(node));
  }
  for (const ShardRoute& route : table.shards) {
    ShardInfo shard;
    shard.epoch = route.epoch.value();
    shard.leader = route.leader.value();
    for (const NodeId replica : route.replicas) shard.replicas.push_back(replica.value());
    info.shards.push_back(std::move(shard));
  }
  return info;
}

}  // namespace aegis::client
