// Progress: what the leader of a shard knows about one follower, and what it owes it next.
//
//     kSilent   -> the follower has not said what it has; it is invited once to do so
//     kTailing  -> it holds everything up to `sent`; the records after that are sent as they come
//     kGiving   -> it has writes that the leader lacks, and is asked for them before it gets a copy
//     kCopying  -> it is being sent the whole shard, and the tail meanwhile
//
// Owned by the shard, under its lock.

#pragma once

#include <cstdint>

#include "model/ids.h"
#include "model/version.h"
#include "replication/digest_due.h"

namespace aegis::replication {

// What became of the keys that a follower had written behind the leader's back.
struct TailFate {
  std::uint64_t recovered = 0;  // Written again by the leader.
  std::uint64_t passed_over = 0;
};

struct Progress {
  enum class State : std::uint8_t { kSilent, kTailing, kGiving, kCopying };

  State state = State::kSilent;
  Session memory;  // The process that said what it has; that of another one may have less.
  bool invited = false;
  Version sent;   // Last record put on the link.
  Version acked;  // Last record the follower says it has applied; (0,0) while it is copying.
  std::uint32_t change = 0;     // What it had been told of the map by then, see PeerMessage.
  bool pressure = false;        // The follower is short of memory.
  std::uint64_t probed = 0;     // The newest round in which it was asked whether it follows still,
  std::uint64_t confirmed = 0;  // and the newest in which it said so.
  DigestDue digests;            // kTailing: what it is to compare.
  // kTailing: it asked how fresh it is, at this time of its own, when this was the end of the
  // history; 0: it waits for no answer.
  std::uint64_t question = 0;
  Version question_end;
  Version told;       // What it was told to be committed.
  bool tell = false;  // Tell it what is more by now, though there is no record to tell it with.

  // kGiving:
  Version common;      // Up to here both have the same history.
  bool asked = false;  // The question was sent.
  TailFate fate;

  // kCopying:
  std::uint64_t copy_id = 0;      // Names this copy, so that leftovers of an older one are known.
  std::uint64_t copy_cursor = 0;  // Of Table::Scan().
  bool copy_begun = false;        // The begin message was sent.
  std::uint64_t copy_ticket = 0;  // Names this copy among all that the node sends; 0: none yet.
  bool copy_waits = false;        // More of it may be sent later.
};

}  // namespace aegis::replication
