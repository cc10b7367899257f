#include "node/runtime/kept_state.h"

#include <fmt/format.h>

#include <utility>
#include <variant>

#include "base/log.h"
#include "consensus/log_store.h"
#include "control/command.h"
#include "control/state.h"
#include "node/runtime/posix_directory.h"

namespace aegis::node {

namespace {

using consensus::LogStore;

Error Invalid(std::string what) { return {ErrorCode::kInvalid, std::move(what)}; }

bool IsEmpty(const consensus::Persisted& persisted) {
  return persisted.hard_state == consensus::HardState{} && persisted.snapshot.last.index == 0 &&
         persisted.entries.empty();
}

// What the log says of the cluster; nothing if it does not say it. A birth that is not committed
// says the same as the one that will be.
std::optional<ClusterSettings> SettingsIn(const consensus::Persisted& persisted) {
  if (persisted.snapshot.last.index > 0) {
    const auto state = control::State::Decode(persisted.snapshot.state);
    if (state.ok() && state.value().born()) return state.value().settings();
  }
  for (const consensus::Entry& entry : persisted.entries) {
    if (entry.type != consensus::EntryType::kCommand) continue;
    const auto command = control::DecodeCommand(entry.data);
    if (!command.ok()) continue;
    if (const auto* birth = std::get_if<control::Birth>(&command.value())) return birth->settings;
  }
  return std::nullopt;
}

// For a log that stands without its record.
Result<NodeRecord> RecordFrom(const LogStore::Opened& opened, const std::string& data_dir,
                              const std::string& name) {
  const auto settings = SettingsIn(opened.persisted);
  if (!settings || settings->id != opened.identity.cluster) {
    return Invalid(fmt::format(
        "{0}/node.json: is missing, and {0}/control does not tell the settings of its cluster. "
        "Restore node.json from a copy, or move {0}/control away too, to let this node join its "
        "cluster as a new one",
        data_dir));
  }
  NodeRecord record;
  record.node_id = name;
  record.settings = *settings;
  if (const auto saved = NodeRecord::Save(data_dir, record); !saved.ok()) return saved.error();
  AEGIS_LOG(kWarn, "node",
            "{}/node.json was missing: this node is of cluster {:016x}, as its control log says; "
            "whom it knew is lost",
            data_dir, settings->id.value());
  return record;
}

Result<Ok> TakeLog(LogStore::Opened opened, const std::string& data_dir, const std::string& name,
                   KeptState& kept) {
  const std::string path = kept.log.directory->path();
  if (kept.record && kept.record->settings.id != opened.identity.cluster) {
    return Invalid(path +
                   ": the control log of another cluster than node.json names. Restore the one "
                   "that belongs here, or move both away to let this node join as a new one");
  }
  if (!kept.record && IsEmpty(opened.persisted)) {
    opened.store.reset();
    AEGIS_LOG(kInfo, "node", "{}: an empty log, and no node.json: this node is a new one", path);
    return LogStore::Discard(*kept.log.directory);
  }
  if (!kept.record) {
    auto record = RecordFrom(opened, data_dir, name);
    if (!record.ok()) return record.error();
    kept.record = std::move(record).value();
  }
  if (opened.torn_bytes > 0) {
    AEGIS_LOG(kWarn, "control", "{}: {} bytes of an unfinished write were cut off the end", path,
              opened.torn_bytes);
  }
  kept.log.recovered = Control::Recovered{opened.identity.server, std::move(opened.persisted)};
  kept.log.store = std::move(opened.store);
  return Ok{};
}

}  // namespace

Result<KeptState> KeptState::Load(const std::string& data_dir, const std::string& name,
                                  NodeId node) {
  KeptState kept;
  auto loaded = NodeRecord::Load(data_dir);
  if (!loaded.ok()) return loaded.error();
  kept.record = std::move(loaded).value();
  if (kept.record && kept.record->node_id != name) {
    return Invalid(fmt::format(
        "{}/node.json: is that of node {}, this is node {}. Restore the one that belongs here, or "
        "move it away, and control/ with it, to let this node join as a new one",
        data_dir, kept.record->node_id, name));
  }
  auto directory = PosixDirectory::Open(data_dir + "/control");
  if (!directory.ok()) return directory.error();
  kept.log.directory = std::move(directory).value();
  const auto exists = LogStore::Exists(*kept.log.directory);
  if (!exists.ok()) return exists.error();
  if (exists.value()) {
    auto opened = LogStore::Open(*kept.log.directory, node);
    if (!opened.ok()) return opened.error();
    const auto taken = TakeLog(std::move(opened).value(), data_dir, name, kept);
    if (!taken.ok()) return taken.error();
    return kept;
  }
  kept.founder = kept.record && kept.record->founder;
  if (kept.founder) {
    AEGIS_LOG(kWarn, "node",
              "this node founded cluster {:016x} and ended before it had a control log: it begins "
              "the log now",
              kept.record->settings.id.value());
  } else if (kept.record) {
    AEGIS_LOG(kWarn, "node",
              "{0}/control holds no control log: this node joins that of cluster {1:016x} as a new "
              "member. If the cluster has no other node, move {0}/node.json away, and this one "
              "founds a new cluster",
              data_dir, kept.record->settings.id.value());
  }
  return kept;
}

}  // namespace aegis::node
