#include "control/proto_fields.h"

#include <bit>
#include <utility>

#include "model/limits.h"
#include "model/version.h"

namespace aegis::control {

Error Malformed(std::string what) { return {ErrorCode::kMalformed, std::move(what)}; }

bool Parse(ByteView data, std::size_t size_max, google::protobuf::MessageLite& message) {
  return data.size() <= size_max &&
         message.ParseFromArray(data.data(), static_cast<int>(data.size()));
}

void Fill(const Holder& holder, proto::ControlHolder& out) {
  out.set_node(holder.node.value());
  out.set_session(holder.session.value());
}

void Fill(const Copy& copy, proto::ControlCopy& out) {
  out.set_node(copy.node.value());
  out.set_memory(copy.memory.value());
}

void Fill(const ClusterSettings& settings, proto::ControlBirth& out) {
  out.set_cluster(settings.id.value());
  out.set_num_shards(settings.num_shards);
  out.set_replication_factor(settings.replication_factor);
  out.set_virtual_nodes(settings.virtual_nodes);
  out.set_hash_seed(settings.hash_seed);
}

void Fill(const Register& registration, proto::ControlRegister& out) {
  out.set_node(registration.node.value());
  out.set_session(registration.session.value());
  out.set_previous(registration.previous.value());
  out.set_memory(registration.memory.value());
  out.set_server(registration.server);
  out.set_name(registration.name);
  out.set_zone(registration.zone);
  out.set_weight(registration.weight);
  out.set_lease_ms(static_cast<std::uint32_t>(registration.lease.count()));
}

void Fill(const std::vector<NodeId>& nodes, google::protobuf::RepeatedField<std::uint64_t>& out) {
  for (const NodeId node : nodes) out.Add(node.value());
}

std::optional<ShardId> TakeShard(std::uint32_t from) {
  if (from >= limits::kShardsMax) return std::nullopt;
  return ShardId{from};
}

std::optional<Epoch> TakeEpoch(std::uint32_t from) {
  if (from >= Version::kEpochMax) return std::nullopt;
  return Epoch{from};
}

std::optional<Holder> TakeHolder(const proto::ControlHolder& from) {
  if (from.node() == 0 || from.session() == 0) return std::nullopt;
  return Holder{NodeId{from.node()}, Session{from.session()}};
}

std::optional<Holder> TakeHolderOrNobody(const proto::ControlHolder& from) {
  if (from.node() == 0 && from.session() == 0) return kNobody;
  return TakeHolder(from);
}

std::optional<Copy> TakeCopy(const proto::ControlCopy& from) {
  if (from.node() == 0 || from.memory() == 0) return std::nullopt;
  return Copy{NodeId{from.node()}, Session{from.memory()}};
}

std::optional<ClusterSettings> TakeSettings(const proto::ControlBirth& from) {
  const ClusterSettings settings{.id = ClusterId{from.cluster()},
                                 .num_shards = from.num_shards(),
                                 .replication_factor = from.replication_factor(),
                                 .virtual_nodes = from.virtual_nodes(),
                                 .hash_seed = from.hash_seed()};
  if (!settings.born() || settings.num_shards < limits::kShardsMin ||
      settings.num_shards > limits::kShardsMax || !std::has_single_bit(settings.num_shards) ||
      settings.replication_factor == 0 || settings.replication_factor > kCopiesMax ||
      settings.virtual_nodes == 0) {
    return std::nullopt;
  }
  return settings;
}

std::optional<Register> TakeRegister(const proto::ControlRegister& from) {
  if (from.node() == 0 || from.session() == 0 || from.memory() == 0 || from.weight() == 0 ||
      from.lease_ms() == 0 || from.lease_ms() > kLeaseMax.count() ||
      from.name().size() > limits::kNameSizeMax || from.zone().size() > limits::kNameSizeMax) {
    return std::nullopt;
  }
  return Register{.node = NodeId{from.node()},
                  .session = Session{from.session()},
                  .previous = Session{from.previous()},
                  .memory = Session{from.memory()},
                  .server = from.server(),
                  .name = from.name(),
                  .zone = from.zone(),
                  .weight = from.weight(),
                  .lease = std::chrono::milliseconds(from.lease_ms())};
}

std::optional<std::vector<NodeId>> TakeNodes(
    const google::protobuf::RepeatedField<std::uint64_t>& from) {
  if (static_cast<std::size_t>(from.size()) > kCopiesMax) return std::nullopt;
  std::vector<NodeId> nodes;
  for (const std::uint64_t id : from) {
    if (id == 0) return std::nullopt;
    nodes.emplace_back(id);
  }
  return nodes;
}

}  // namespace aegis::control
