#include "node/runtime/node_record.h"

#include <fmt/format.h>

#include <bit>
#include <charconv>
#include <filesystem>
#include <nlohmann/json.hpp>
#include <system_error>

#include "model/limits.h"
#include "node/runtime/files.h"
#include "node/runtime/setting_values.h"

namespace aegis::node {

namespace {

using nlohmann::json;

constexpr std::uint32_t kFormat = 1;
constexpr std::size_t kSizeMax = 1 << 20;  // 1,024 members need a tenth of it.

Error Invalid(const std::string& what) { return {ErrorCode::kInvalid, what}; }

std::string Path(const std::string& data_dir) { return data_dir + "/node.json"; }

// A reader that remembers the first thing that is wrong, so that each field is one line below.
class Fields {
 public:
  explicit Fields(const json& object) : object_(object) {}

  const std::string& problem() const { return problem_; }

  std::uint32_t Number(const char* name, std::uint32_t min, std::uint32_t max) {
    const json* field = Find(name);
    if (field != nullptr && field->is_number_unsigned()) {
      const auto number = field->get<std::uint64_t>();
      if (number >= min && number <= max) return static_cast<std::uint32_t>(number);
    }
    Refuse(fmt::format("'{}' must be a number from {} to {}", name, min, max));
    return min;
  }

  std::uint64_t Hexadecimal(const char* name) {
    const std::string text = Text(name);
    std::uint64_t number = 0;
    const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), number, 16);
    if (text.size() != 16 || error != std::errc{} || end != text.data() + text.size()) {
      Refuse(fmt::format("'{}' must be 16 hexadecimal digits", name));
    }
    return number;
  }

  // False if it is missing.
  bool Flag(const char* name) {
    const json* field = Find(name);
    if (field == nullptr) return false;
    if (field->is_boolean()) return field->get<bool>();
    Refuse(fmt::format("'{}' must be true or false", name));
    return false;
  }

  std::string Text(const char* name) {
    const json* field = Find(name);
    if (field != nullptr && field->is_string()) return field->get<std::string>();
    Refuse(fmt::format("'{}' must be a text", name));
    return {};
  }

  std::vector<Endpoint> Endpoints(const char* name) {
    std::vector<Endpoint> endpoints;
    const json* field = Find(name);
    const std::string wrong = fmt::format("'{}' must be a list of addresses", name);
    if (field == nullptr || !field->is_array() || field->size() > limits::kMembersMax) {
      Refuse(wrong);
      return endpoints;
    }
    for (const json& item : *field) {
      auto endpoint = ParseEndpoint(item.is_string() ? item.get<std::string>() : std::string());
      if (!endpoint.ok()) {
        Refuse(wrong);
        return endpoints;
      }
      endpoints.push_back(std::move(endpoint).value());
    }
    return endpoints;
  }

  const json& Object(const char* name) {
    static const json empty = json::object();
    const json* field = Find(name);
    if (field != nullptr && field->is_object()) return *field;
    Refuse(fmt::format("'{}' must be an object", name));
    return empty;
  }

  void Refuse(const std::string& problem) {
    if (problem_.empty()) problem_ = problem;
  }

 private:
  const json* Find(const char* name) const {
    const auto field = object_.find(name);
    return field == object_.end() ? nullptr : &*field;
  }

  const json& object_;
  std::string problem_;
};

}  // namespace

Result<NodeRecord> NodeRecord::Parse(std::string_view text) {
  const json document = json::parse(text, nullptr, /*allow_exceptions=*/false);
  if (!document.is_object()) return Invalid("it is not a JSON object");
  Fields fields(document);
  fields.Number("format", kFormat, kFormat);
  NodeRecord record;
  record.node_id = fields.Text("node_id");
  if (record.node_id.empty() || !IsName(record.node_id)) fields.Refuse("'node_id' is not a name");
  record.founder = fields.Flag("founder");
  if (document.contains("memory")) {
    record.memory = Session{fields.Hexadecimal("memory")};
    record.lineage = control::Lineage{fields.Hexadecimal("lineage")};
  }
  record.peers = fields.Endpoints("peers");

  Fields cluster(fields.Object("cluster"));
  record.settings.id = ClusterId(cluster.Hexadecimal("id"));
  record.settings.hash_seed = cluster.Hexadecimal("hash_seed");
  record.settings.num_shards = cluster.Number("shards", limits::kShardsMin, limits::kShardsMax);
  record.settings.replication_factor = cluster.Number("replication_factor", 1, UINT32_MAX);
  record.settings.virtual_nodes = cluster.Number("virtual_nodes", 1, UINT32_MAX);
  if (!std::has_single_bit(record.settings.num_shards)) {
    cluster.Refuse("'shards' must be a power of two");
  }
  if (!record.settings.born()) cluster.Refuse("'id' must not be 0");

  if (!fields.problem().empty()) return Invalid(fields.problem());
  if (!cluster.problem().empty()) return Invalid("cluster: " + cluster.problem());
  return record;
}

std::string NodeRecord::ToText() const {
  nlohmann::ordered_json document;
  document["format"] = kFormat;
  document["node_id"] = node_id;
  if (founder) document["founder"] = true;
  if (memory != Session{}) {
    document["memory"] = fmt::format("{:016x}", memory.value());
    document["lineage"] = fmt::format("{:016x}", lineage.value());
  }
  document["cluster"] = {
      {"id", fmt::format("{:016x}", settings.id.value())},
      {"hash_seed", fmt::format("{:016x}", settings.hash_seed)},
      {"shards", settings.num_shards},
      {"replication_factor", settings.replication_factor},
      {"virtual_nodes", settings.virtual_nodes},
  };
  document["peers"] = json::array();
  for (const Endpoint& peer : peers) document["peers"].push_back(peer.ToString());
  return document.dump(2) + '\n';
}

Result<std::optional<NodeRecord>> NodeRecord::Load(const std::string& data_dir) {
  std::error_code error;
  if (!std::filesystem::exists(Path(data_dir), error) && !error) return std::optional<NodeRecord>();
  const auto text = ReadFile(Path(data_dir), kSizeMax);
  if (!text.ok()) return text.error();
  auto record = Parse(text.value());
  if (record.ok()) return std::optional(std::move(record).value());
  return Invalid(Path(data_dir) + ": is damaged: " + record.error().message +
                 ". Restore it, or move it away to let this node join its cluster as a new one");
}

Result<Ok> NodeRecord::Save(const std::string& data_dir, const NodeRecord& record) {
  return WriteFileAtomically(Path(data_dir), record.ToText());
}

}  // namespace aegis::node
