// Progress: what the leader of a shard knows about one follower, and what it owes it next.
//
//     kSilent   -> the follower has not said what it has; it is invited once to do so
//     kTailing  -> it holds everything up to `sent`; the records after that are sent as they come
//     kCopying  -> it is being sent the whole shard, and the tail meanwhile
//
// Owned by the shard, under its lock.

#pragma once

#include <cstdint>

#include "model/ids.h"
#include "model/version.h"

namespace aegis::replication {

struct Progress {
  enum class State : std::uint8_t { kSilent, kTailing, kCopying };

  State state = State::kSilent;
  bool invited = false;
  Version sent;   // Last record put on the link.
  Version acked;  // Last record the follower says it has applied; (0,0) while it is copying.
  bool pressure = false;  // The follower is short of memory.

  // kCopying:
  std::uint64_t copy_id = 0;      // Names this copy, so that leftovers of an older one are known.
  std::uint64_t copy_cursor = 0;  // Of Table::Scan().
  bool copy_begun = false;        // The begin message was sent.
};

}  // namespace aegis::replication
