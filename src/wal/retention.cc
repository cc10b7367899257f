#include "wal/retention.h"

namespace aegis::wal {
namespace {

Result<Ok> RemoveAll(LogFiles& files, const std::vector<std::string>& names) {
  for (const std::string& name : names) {
    if (auto removed = files.Remove(name); !removed.ok()) return removed;
  }
  return names.empty() ? Ok{} : files.SyncDirectory();
}

bool IsNamed(const Manifest& manifest, const SnapshotId& snapshot) {
  const auto found = manifest.origins.find(snapshot.shard);
  return found != manifest.origins.end() && found->second.snapshot == snapshot.begun;
}

}  // namespace

std::vector<std::string> NotNeeded(const Manifest& manifest, const LogNames& names) {
  std::vector<std::string> going;
  for (const SnapshotId& snapshot : names.snapshots) {
    if (!IsNamed(manifest, snapshot)) going.push_back(SnapshotName(snapshot));
  }
  const Lsn needed = manifest.Needed();
  for (std::size_t i = 0; i + 1 < names.segments.size(); ++i) {
    if (names.segments[i + 1].first <= needed) {
      going.push_back(SegmentName(names.segments[i].first));
    }
  }
  return going;
}

Result<Ok> RemoveWhatIsNotNeeded(LogFiles& files, const Manifest& manifest) {
  const auto listed = files.List();
  if (!listed.ok()) return listed.error();
  return RemoveAll(files, NotNeeded(manifest, SortNames(listed.value())));
}

Result<Ok> RemoveDrafts(LogFiles& files) {
  const auto listed = files.List();
  if (!listed.ok()) return listed.error();
  return RemoveAll(files, SortNames(listed.value()).drafts);
}

Result<Ok> RemoveUnfinishedLog(LogFiles& files) {
  const auto listed = files.List();
  if (!listed.ok()) return listed.error();
  LogNames names = SortNames(listed.value());
  for (const SegmentFile& segment : names.segments) {
    names.drafts.push_back(SegmentName(segment.first));
  }
  return RemoveAll(files, names.drafts);
}

}  // namespace aegis::wal
