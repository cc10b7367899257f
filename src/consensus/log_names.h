// The names of a LogStore's files. For this module alone.
//
//     identity                       whose log this is
//     term                           hard state
//     log-00000000000000000001       entries from this index on, up to the next such file's
//     snapshot-00000000000000000100  what the entries up to this index amount to
//     creating                       the log is being created and has promised nothing yet,
//                                    unless there is an identity

#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "consensus/log.h"

namespace aegis::consensus {

inline constexpr const char* kIdentityName = "identity";
inline constexpr const char* kTermName = "term";
inline constexpr const char* kCreatingName = "creating";

std::string SegmentName(Index first);
std::string SnapshotName(Index last);

// What a directory holds of a log. Other files are left alone.
struct LogNames {
  bool identity = false;
  bool term = false;
  bool creating = false;
  std::vector<Index> segments;       // Ascending.
  std::vector<Index> snapshots;      // Ascending.
  std::vector<std::string> unknown;  // Begin like a segment or a snapshot, but are none.

  // There is a log, whole or not, rather than nothing or a creation that was cut short.
  bool IsLog() const;
};
LogNames SortNames(const std::vector<std::string>& names);

}  // namespace aegis::consensus
