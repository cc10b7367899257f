#include "node/runtime/log_keeper.h"

#include <fmt/format.h>
#include <pthread.h>

#include <algorithm>
#include <chrono>
#include <filesystem>
#include <system_error>
#include <utility>

#include "base/log.h"
#include "node/core/snapshot_round.h"
#include "node/runtime/clocks.h"
#include "node/runtime/random.h"

namespace aegis::node {

namespace {

// A log that has grown by more than this since the last snapshots, and by more than twice what the
// node holds, is cut short whatever the time.
constexpr std::uint64_t kGrowthMin = 512 << 20;

double SecondsSince(TimePoint began) {
  return std::chrono::duration<double>(SteadyNow() - began).count();
}

Error OfDirectory(const Error& error) { return {error.code, "--wal-dir: " + error.message}; }

}  // namespace

LogKeeper::LogKeeper(Options options, ShardHost& shards)
    : options_(std::move(options)), shards_(shards) {}

LogKeeper::~LogKeeper() { End(); }

void LogKeeper::End() {
  stop_ = true;
  { const std::lock_guard lock(mutex_); }
  changed_.notify_all();
  if (thread_.joinable()) thread_.join();
  log_.reset();
}

Result<Ok> LogKeeper::Open(std::optional<NodeRecord> record, RecordKeeper& records) {
  if (!on()) {
    if (!record || record->memory == Session{}) return Ok{};
    record->memory = {};
    if (records.KeepNow(*record)) return Ok{};
    return Error{ErrorCode::kUnavailable,
                 "--data-dir: that this node keeps no log any more cannot be written there"};
  }
  memory_ = options_.session;
  std::error_code ignored;  // Whoever opens the directory says what is wrong.
  const auto parent = std::filesystem::path(options_.directory).parent_path();
  if (!parent.empty()) std::filesystem::create_directories(parent, ignored);
  auto files = wal::PosixLogFiles::Open(options_.directory, wal::PosixLogFiles::Access::kAlone);
  if (!files.ok()) return OfDirectory(files.error());
  files_ = std::move(files).value();
  const auto exists = wal::LogExists(*files_);
  if (!exists.ok()) return OfDirectory(exists.error());
  if (exists.value()) {
    if (!record) {
      return Error{ErrorCode::kInvalid,
                   fmt::format("--wal-dir: {} holds the log of a node that --data-dir does not "
                               "know: give both of one node, or remove the log",
                               options_.directory)};
    }
    if (auto recovered = Recover(*record); !recovered.ok()) return OfDirectory(recovered.error());
  }
  if (!record) return Ok{};
  record->memory = memory_;
  record->lineage = lineage_;
  if (!records.KeepNow(*record)) {
    return Error{ErrorCode::kUnavailable, "--data-dir: node.json cannot be written"};
  }
  return Ok{};
}

Result<Ok> LogKeeper::Recover(const NodeRecord& record) {
  const TimePoint began = SteadyNow();
  restored_.emplace([this, settings = record.settings] { return shards_.NewReplica(settings); },
                    shards_.RingBytes(record.settings));
  auto recovered = wal::Recover(
      *files_, {.cluster = record.settings.id, .node = options_.node, .boot = wal::ReadBootId()},
      *restored_);
  if (!recovered.ok()) return recovered.error();
  recovered_ = std::move(recovered).value();
  recovered_of_ = record.settings;
  restored_to_ = recovered_->end;
  if (recovered_->torn) AEGIS_LOG(kWarn, "wal", "{}", recovered_->torn->Describe());
  const bool goes_on = MayGoOn(record);
  if (goes_on) {
    memory_ = record.memory;
    lineage_ = record.lineage;
  }
  const double seconds = SecondsSince(began);
  AEGIS_LOG(kInfo, "wal",
            "recovered from {}: {} items of snapshots, {} records behind them, {:.1f} MiB of log "
            "in {:.2f} s; {}",
            options_.directory, recovered_->counts.items, recovered_->counts.records,
            static_cast<double>(recovered_->bytes) / (1 << 20), seconds,
            goes_on ? "all that was acknowledged is there"
                    : "something that was acknowledged may be missing: other copies go first");
  const std::lock_guard lock(mutex_);
  figures_.recovery_seconds = seconds;
  figures_.recovered_bytes = recovered_->bytes;
  figures_.recovered_records = recovered_->counts.records + recovered_->counts.items;
  return Ok{};
}

// True: nothing that the process which wrote the log's end has acknowledged can be missing, and no
// other process of this node has been there since.
bool LogKeeper::MayGoOn(const NodeRecord& record) const {
  if (!recovered_->last || recovered_->repaired) return false;
  const wal::Opening& last = *recovered_->last;
  if (record.lineage == control::Lineage{}) return false;
  if (record.memory == Session{} || last.session != record.memory) return false;
  // What was only handed to the system is there as long as that runs.
  const wal::BootId boot = wal::ReadBootId();
  return last.durability == wal::Durability::kFsync || (boot.known() && last.boot == boot);
}

Result<Ok> LogKeeper::Begin(const ClusterSettings& settings, NodeLog::Handlers handlers) {
  if (!on()) return Ok{};
  const auto durability =
      options_.mode == WalMode::kFsync ? wal::Durability::kFsync : wal::Durability::kWrite;
  const wal::LogWriter::Options options{
      .opening = {.session = memory_, .boot = wal::ReadBootId(), .durability = durability},
      .segment_size = options_.segment_size};
  wal::Manifest manifest;
  if (recovered_) {
    if (!(recovered_of_->id == settings.id)) {
      return Error{ErrorCode::kInvalid,
                   fmt::format("{} is the log of another cluster, {:016x}: remove it",
                               options_.directory, recovered_of_->id.value())};
    }
    manifest = recovered_->manifest;
    auto writer = wal::LogWriter::Resume(*files_, *recovered_, options);
    if (!writer.ok()) return OfDirectory(writer.error());
    writer_ = std::move(writer).value();
    recovered_.reset();
  } else {
    manifest.identity = {.cluster = settings.id,
                         .node = options_.node,
                         .log = wal::LogId{RandomNumber() | 1U},
                         .num_shards = settings.num_shards};
    auto writer = wal::LogWriter::Create(*files_, manifest.identity, options);
    if (!writer.ok()) return OfDirectory(writer.error());
    writer_ = std::move(writer).value();
  }
  snapshots_.emplace(*files_, std::move(manifest));
  log_ = std::make_unique<NodeLog>(*std::move(writer_), durability, std::move(handlers));
  writer_.reset();
  last_round_ = log_->end();
  return Ok{};
}

std::unique_ptr<Replica> LogKeeper::TakeRestored(ShardId shard) {
  return restored_ ? restored_->Take(shard) : nullptr;
}

void LogKeeper::EndRestoring() {
  restored_.reset();
  if (!on()) return;
  thread_ = std::thread([this] { RunSnapshots(); });
  ::pthread_setname_np(thread_.native_handle(), "aegis-snap");
}

LogKeeper::Figures LogKeeper::figures() const {
  const std::lock_guard lock(mutex_);
  return figures_;
}

void LogKeeper::RunSnapshots() {
  while (WaitForNextRound()) TakeSnapshots();
}

// False: the node ends.
bool LogKeeper::WaitForNextRound() {
  constexpr Duration kLook = std::chrono::milliseconds(200);
  const TimePoint due = SteadyNow() + options_.snapshot_interval;
  std::unique_lock lock(mutex_);
  while (!stop_) {
    const std::uint64_t grown = wal::BytesBetween(last_round_, log_->end());
    const bool long_log = grown > std::max(kGrowthMin, 2 * shards_.meter().used());
    if (!log_->failed() && (SteadyNow() >= due || long_log)) return true;
    changed_.wait_for(lock, kLook);
  }
  return false;
}

void LogKeeper::TakeSnapshots() {
  const TimePoint began = SteadyNow();
  last_round_ = log_->end();
  SnapshotRound round(shards_, *snapshots_,
                      {.end = [this] { return log_->end(); },
                       .sync = [this] { return log_->SyncAll(); },
                       .stops = [this] { return stop_ || log_->failed(); }});
  const auto taken = round.Run();
  const std::lock_guard lock(mutex_);
  figures_.last_snapshot_seconds = SecondsSince(began);
  if (!taken.ok()) {
    ++figures_.snapshot_failures;
    AEGIS_LOG(kError, "wal",
              "snapshots cannot be made: {}. The log is whole and grows until they can",
              taken.error().message);
    return;
  }
  if (stop_ || log_->failed()) return;  // It was not ended.
  ++figures_.snapshots;
  figures_.snapshot_bytes += taken.value().bytes;
  AEGIS_LOG(kDebug, "wal", "snapshots: {} made, {} kept, {} given up, {} items in {:.2f} s",
            taken.value().made, taken.value().kept, taken.value().given_up, taken.value().items,
            figures_.last_snapshot_seconds);
}

}  // namespace aegis::node
