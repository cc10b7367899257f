#include "ring/topology.h"

#include <algorithm>
#include <map>
#include <string>

#include "base/check.h"
#include "model/limits.h"

namespace aegis::ring {

Topology::Topology(std::vector<PlacementMember> members, const PlacementOptions& placement_options)
    : options(placement_options) {
  AEGIS_CHECK(options.num_shards >= limits::kShardsMin && options.num_shards <= limits::kShardsMax,
              "a cluster has between one shard and one shard per slot");
  AEGIS_CHECK(options.replication_factor >= 1 && options.virtual_nodes >= 1,
              "a shard has a replica, a node a point on the ring");
  AEGIS_CHECK(options.load_bound_percent >= 100 && options.load_bound_percent <= 1000,
              "below the fair share nothing fits");

  AEGIS_CHECK(members.size() <= limits::kMembersMax, "gossip refuses more members");

  std::ranges::sort(members, {}, &PlacementMember::id);
  const auto twin = std::ranges::adjacent_find(members, {}, &PlacementMember::id);
  AEGIS_CHECK(twin == members.end(), "a member is named once");

  std::map<std::string, ZoneIndex> zone_of;
  for (const PlacementMember& member : members) zone_of.emplace(member.zone, 0);
  for (auto& [name, index] : zone_of) index = zones++;

  for (const PlacementMember& member : members) {
    nodes.push_back({.id = member.id,
                     .weight = std::clamp(member.weight, 1U, kWeightMax),
                     .zone = zone_of.at(member.zone)});
  }
  replicas = std::min(options.replication_factor, static_cast<std::uint32_t>(nodes.size()));
  distinct_zones = std::min(replicas, zones);
}

}  // namespace aegis::ring
