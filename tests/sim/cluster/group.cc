#include "group.h"

#include <algorithm>
#include <functional>
#include <map>
#include <utility>

#include "node/core/shard.h"
#include "replication/record.h"
#include "wire/operation_codec.h"

namespace aegis::sim {

namespace {

// "{text4/2}0": the group, then which member.
std::string GroupOf(ByteView member) {
  const std::size_t end = member.find('}');
  return end == ByteView::npos ? "" : std::string(member.substr(1, end - 1));
}

std::string TextOf(const Outcome& outcome) {
  if (outcome.status != Status::kOk) {
    return "status " + std::to_string(static_cast<int>(outcome.status));
  }
  return outcome.has_value ? std::string(outcome.value) : std::to_string(outcome.number);
}

bool Equal(const Outcome& a, const Outcome& b) {
  return a.status == b.status && a.value == b.value && a.number == b.number &&
         (a.version == Version{}) == (b.version == Version{});
}

struct Members {
  std::size_t count = 0;
  Bytes value{};
  bool differ = false;
};

}  // namespace

std::vector<Bytes> MembersOf(const std::string& key, std::size_t members) {
  if (members == 1) return {key};
  std::vector<Bytes> keys;
  for (std::size_t i = 0; i < members; ++i) keys.push_back("{" + key + "}" + std::to_string(i));
  return keys;
}

Batch::Batch(const Operation& one, const std::vector<Bytes>& members,
             const std::vector<Version>& watched) {
  std::vector<Operation> operations(members.size(), one);
  for (std::size_t i = 0; i < members.size(); ++i) {
    operations[i].key = members[i];
    operations[i].quorum.reset();
  }
  wire::AppendMultiRequest(operations, requests_);
  operation_.code = OpCode::kBatch;
  operation_.key = members.front();
  operation_.value = requests_;
  operation_.number = one.OnlyReads() ? kOnlyReads : 0;
  operation_.quorum = one.quorum;
  for (const Version version : watched) versions_.push_back(replication::EncodeVersion(version));
  for (std::size_t i = 0; i < versions_.size(); ++i) {
    operation_.more.push_back({members[i], versions_[i]});
  }
}

GroupOutcome OutcomeOfAll(const Outcome& batch, std::size_t members) {
  if (batch.status != Status::kOk) return {.outcome = batch};
  const auto decoded = wire::DecodeMultiReply(batch.value);
  if (!decoded.ok() || decoded.value().size() != members) {
    return {.outcome = batch, .torn = "is answered with something else than an outcome of each"};
  }
  const std::vector<Outcome>& each = decoded.value();
  GroupOutcome all{.outcome = each.front()};
  for (const Outcome& outcome : each) {
    if (outcome.version != Version{}) all.versions.push_back(outcome.version);
    if (!Equal(outcome, each.front())) all.torn = "shows a part of a batch:";
  }
  if (all.torn.empty()) return all;
  for (const Outcome& outcome : each) all.torn += " " + TextOf(outcome);
  return all;
}

std::string TornCopy(const SimCluster& cluster, std::uint32_t shard, std::size_t members,
                     const std::function<bool(const std::string& group)>& excused) {
  for (std::size_t node = 0; node < cluster.size(); ++node) {
    const node::Shard* const copy = cluster.alive(node) ? cluster.shard(node, shard) : nullptr;
    if (copy == nullptr || !copy->Report().whole) continue;
    std::map<std::string, Members> groups;
    const store::Table& table = copy->replica().table();
    table.Scan(0, store::Table::kEverything, [&](const store::ItemView& item) {
      if (item.tombstone) return;
      Members& group = groups[GroupOf(item.key)];
      if (group.count++ == 0) group.value = item.value;
      if (group.value != item.value) group.differ = true;
    });
    for (const auto& [name, group] : groups) {
      if (name.empty() || (group.count == members && !group.differ) || excused(name)) continue;
      return name + " is a part of a batch in the copy of node" + std::to_string(node) + ": " +
             std::to_string(group.count) + " of " + std::to_string(members) + " members, " +
             (group.differ ? "with different values" : "all with one value");
    }
  }
  return "";
}

}  // namespace aegis::sim
