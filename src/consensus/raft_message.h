// RaftMessage: what the servers of a log say to each other, and its bytes.
//
//   | version 1 u8 | type u8 | term u64 | index u64 | term at index u64 | by type ... |
//
//   1 AppendEntries        commit u64, entries until the end: | term u64 | type u8 | size u32 |
//   data | 2 AppendEntriesResult  rejected u64 3 RequestVote          flags u8: 1 pre-vote, 2
//   disrupts the leader 4 RequestVoteResult    flags u8: 1 pre-vote, 4 granted 5 InstallSnapshot
//   index u64, term u64, size u32 and servers of the configuration;
//                          the state until the end
//   6 TimeoutNow
//
// Big-endian. The index and its term name an entry: the one before those sent, the sender's last
// (3 and 6; in 2 without a term), the snapshot's last; in 4 there is none.

#pragma once

#include <cstddef>
#include <cstdint>
#include <vector>

#include "base/bytes.h"
#include "base/result.h"
#include "consensus/log.h"

namespace aegis::consensus {

// A command, and a snapshot's state. A larger one is refused where it arises.
inline constexpr std::size_t kCommandSizeMax = std::size_t{1} << 20U;
inline constexpr std::size_t kSnapshotSizeMax = std::size_t{16} << 20U;
// Entries that a leader sends before it hears that they have arrived: all in one message, at most.
inline constexpr std::size_t kEntriesInFlightMax = 16;
// Of an encoded message. A longer frame need not be read to be refused.
inline constexpr std::size_t kRaftMessageSizeMax = (std::size_t{16} << 20U) + (64U << 10U);
// A thousand elections a second for 8,900 years. Beyond it counting could come to an end.
inline constexpr std::uint64_t kTermMax = std::uint64_t{1} << 48U;
inline constexpr std::uint64_t kIndexMax = std::uint64_t{1} << 48U;

static_assert(kEntriesInFlightMax * (kCommandSizeMax + 13) + 64 <= kRaftMessageSizeMax);

enum class RaftMessageType : std::uint8_t {
  kAppendEntries = 1,
  kAppendEntriesResult,
  kRequestVote,
  kRequestVoteResult,
  kInstallSnapshot,
  kTimeoutNow,
};

struct RaftMessage {
  RaftMessageType type = RaftMessageType::kTimeoutNow;
  Term term = 0;
  LogPosition at;      // In InstallSnapshot snapshot.last.
  Index commit = 0;    // AppendEntries.
  Index rejected = 0;  // AppendEntriesResult: the index that did not fit; 0: all did.
  bool pre_vote = false;
  bool disrupt_leader = false;
  bool granted = false;
  std::vector<Entry> entries;  // AppendEntries: they follow `at`.
  Snapshot snapshot;           // InstallSnapshot.

  friend bool operator==(const RaftMessage&, const RaftMessage&) = default;
};

Bytes EncodeRaftMessage(const RaftMessage& message);

// What is decoded is sound in itself: no gap, terms that never fall and are not above the
// message's, configurations that can be read. Errors: kMalformed, kTooLarge.
Result<RaftMessage> DecodeRaftMessage(ByteView bytes);

}  // namespace aegis::consensus
