// Views: what the cluster answered, as tables for people and as JSON for programs.
//
// A topology says where each shard is placed: where its copies should be. So does a view, except
// of nodes that are dead or have left: they hold nothing, whatever the placement still says.

#pragma once

#include <cstdint>
#include <map>
#include <nlohmann/json.hpp>
#include <string>
#include <string_view>
#include <vector>

#include "aegis/client.h"

namespace aegis::cli {

using Json = nlohmann::ordered_json;

std::string MembersTable(const ClusterInfo& cluster);
Json MembersJson(const ClusterInfo& cluster);

// What each node that answered STATS said, by its id; not JSON objects: nothing.
using StatsOfNodes = std::map<std::uint64_t, Json>;

// Where the shards are, and how many are on their way.
std::string ShardsTable(const ClusterInfo& cluster, const StatsOfNodes& stats);
Json ShardsJson(const ClusterInfo& cluster, const StatsOfNodes& stats);

std::string ShardsSummary(const ClusterInfo& cluster, const StatsOfNodes& stats);
Json ShardsSummaryJson(const ClusterInfo& cluster, const StatsOfNodes& stats);

// Who decides, who may lead, and where the shards are.
std::string ClusterTable(const ClusterInfo& cluster, const StatsOfNodes& stats);
Json ClusterJson(const ClusterInfo& cluster, const StatsOfNodes& stats);

// Name and value of everything in a node's figures, nested names joined by dots. What is not JSON
// is shown as it came.
std::string StatsTable(std::string_view json);

// Puts bytes into `object` under `name`, or in base64 under `name`_base64 if they are not UTF-8.
void PutBytes(Json& object, const std::string& name, std::string_view bytes);

std::string Base64(std::string_view bytes);

}  // namespace aegis::cli
