// PeerMessage: what two nodes say to each other about shards, over their one TCP link.
//
// Frame: | length u32, big-endian | PeerMessage of proto/peer.proto |. Encoded and decoded with
// protozero, so that records are never copied on the way in.

#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "base/bytes.h"
#include "base/result.h"
#include "model/ids.h"
#include "model/version.h"
#include "model/version_vector.h"

namespace aegis::replication {

enum class PeerMessageType : std::uint8_t {
  kHello = 1,      // First in both directions; with `refusal`, also the last.
  kReports = 2,    // What the sender knows of each shard, where that changed.
  kWant = 3,       // Follower to leader: I follow you in `epoch`; `reigns` is what I have.
  kRecords = 4,    // Leader to follower: `records` that follow what was sent before.
  kAck = 5,        // Follower to leader: applied up to `version`.
  kCopyBegin = 6,  // Leader to follower: forget what you have; a copy follows ...
  kCopyChunk = 7,  // ... as set and erase records, newest version wins ...
  kCopyEnd = 8,    // ... after which you have `reigns`.
  kHandOver = 9,   // Leader to successor: I have stopped at `reigns`; lead in a higher epoch.
};

// How one node stands to one shard.
enum class ShardRole : std::uint8_t {
  kNone,      // Follows nobody; may hold a replica all the same.
  kFollower,  // Follows `leader`.
  kLeader,
  kDraining,  // Was the leader; has stopped and waits for its successor to take over.
};

struct ShardReport {
  ShardId shard;
  ShardRole role = ShardRole::kNone;
  Epoch epoch;         // The highest that the reporter has seen of this shard.
  NodeId leader;       // Whom it follows; itself if it leads; its successor if it is draining.
  bool whole = false;  // It holds the shard as of `last`; false: nothing, or a copy in progress.
  // Leader only: the sum of the ids of itself and its followers, once each of them is in sync; 0
  // before. So a node that is no longer among the replicas knows when those that are need it no
  // more.
  std::uint64_t settled = 0;
  Version last;  // Its newest write. Kept up to date only while nobody leads.

  friend bool operator==(const ShardReport&, const ShardReport&) = default;
};

struct Hello {
  std::uint32_t protocol = 0;
  ClusterId cluster;
  NodeId node;
  Session session;
  std::string name;
  std::string refusal;  // Not empty: why the sender will not talk to the receiver.
};

inline constexpr std::uint32_t kPeerProtocol = 1;

// Views borrow from the frame.
struct PeerMessage {
  PeerMessageType type = PeerMessageType::kHello;
  ShardId shard;
  Epoch epoch;  // Of the leader's reign that this message belongs to.
  std::uint64_t copy_id = 0;
  Version version;
  std::vector<Reign> reigns;
  ByteView records;
  std::int64_t clock_ms = 0;  // kRecords: the leader's wall clock; hiding expired keys uses it.
  bool pressure = false;      // kAck: short of memory.
  std::vector<ShardReport> reports;
  bool leaving = false;  // kReports: the sender wants to hand over what it leads.
  std::optional<Hello> hello;
};

// Appends the whole frame, its length first.
void AppendPeerFrame(const PeerMessage& message, Bytes& out);

// Decodes the payload of one frame. Errors: kMalformed.
Result<PeerMessage> DecodePeerMessage(ByteView payload);

// The size of the frame at the front of `input`, its length field included; 0: not known yet.
// Errors: kTooLarge over limits::kPeerFrameSizeMax.
Result<std::size_t> PeerFrameSize(ByteView input);

}  // namespace aegis::replication
