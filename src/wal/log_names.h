// The names of a log's files.
//
//     manifest                        what the log can be recovered from
//     0000000000000400.log            a segment: the entries from this Lsn on
//     00017-0000000000000400.snap     a snapshot of shard 17, begun at this Lsn
//     NAME.new                        NAME while it is being written; a leftover after a crash
//     NAME.aside-1                    NAME as it was before a repair
//
// Other files are left alone.

#pragma once

#include <compare>
#include <string>
#include <string_view>
#include <vector>

#include "model/ids.h"
#include "wal/log_files.h"
#include "wal/lsn.h"

namespace aegis::wal {

inline constexpr const char* kManifestName = "manifest";

struct SnapshotId {
  ShardId shard;
  Lsn begun;

  friend auto operator<=>(const SnapshotId&, const SnapshotId&) = default;
};

std::string SegmentName(Lsn first);
std::string SnapshotName(const SnapshotId& snapshot);
std::string DraftName(std::string_view name);

struct SegmentFile {
  Lsn first;
  std::uint64_t size = 0;
};

// What a directory holds of a log.
struct LogNames {
  bool manifest = false;
  std::vector<SegmentFile> segments;  // Ascending.
  std::vector<SnapshotId> snapshots;  // Ascending.
  std::vector<std::string> drafts;
  std::vector<std::string> unknown;  // End like a segment or a snapshot, but are none.
};
LogNames SortNames(const std::vector<FileInfo>& files);

}  // namespace aegis::wal
