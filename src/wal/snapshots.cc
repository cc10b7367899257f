#include "wal/snapshots.h"

#include <array>

#include "base/check.h"
#include "wal/retention.h"

namespace aegis::wal {

Result<Ok> ShardSnapshot::Add(ByteView records, std::uint64_t items) {
  writer_.Add(records, items);
  return Write();
}

Result<Ok> ShardSnapshot::Write() {
  if (writer_.output().empty()) return Ok{};
  auto done = file_->Append(std::array{writer_.output()});
  writer_.ClearOutput();
  return done;
}

Result<std::unique_ptr<ShardSnapshot>> Snapshots::Begin(ShardId shard, Lsn begun) {
  const SnapshotId id{shard, begun};
  auto file = files_.Create(DraftName(SnapshotName(id)), /*room=*/0);
  if (!file.ok()) return file.error();
  return std::unique_ptr<ShardSnapshot>(
      new ShardSnapshot(manifest_.identity, id, std::move(file).value()));
}

Result<Ok> Snapshots::Finish(ShardSnapshot& snapshot, Lsn end, const Adoption& adoption) {
  AEGIS_CHECK(snapshot.id_.begun <= end, "a snapshot ends behind its beginning");
  snapshot.writer_.Finish(end, adoption);
  if (auto done = snapshot.Write(); !done.ok()) return done;
  if (auto done = snapshot.file_->Sync(); !done.ok()) return done;
  const std::string name = SnapshotName(snapshot.id_);
  if (auto done = files_.Rename(DraftName(name), name); !done.ok()) return done;
  manifest_.origins[snapshot.id_.shard] = {snapshot.id_.begun, snapshot.id_.begun, end};
  return Ok{};
}

Result<Ok> Snapshots::GiveUp(std::unique_ptr<ShardSnapshot> snapshot) {
  return files_.Remove(DraftName(SnapshotName(snapshot->id_)));
}

void Snapshots::SetEmpty(ShardId shard, Lsn at) {
  manifest_.origins[shard] = {std::nullopt, at, at};
}

void Snapshots::Touch(ShardId shard, Lsn at) {
  const auto found = manifest_.origins.find(shard);
  AEGIS_CHECK(found != manifest_.origins.end(), "what was never made cannot be kept");
  AEGIS_CHECK(at >= found->second.end, "time goes on");
  found->second.start = found->second.end = at;
}

Result<Ok> Snapshots::Publish() {
  if (manifest_ == published_) return Ok{};
  // What was renamed has to be there before it is named.
  if (auto done = files_.SyncDirectory(); !done.ok()) return done;
  auto done = ReplaceFile(files_, kManifestName, EncodeManifest(manifest_));
  if (!done.ok()) return done;
  published_ = manifest_;
  return RemoveWhatIsNotNeeded(files_, manifest_);
}

}  // namespace aegis::wal
