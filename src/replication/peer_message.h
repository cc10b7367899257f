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
#include "model/hash_range.h"
#include "model/ids.h"
#include "model/outgoing.h"
#include "model/version.h"
#include "model/version_vector.h"

namespace aegis::replication {

enum class PeerMessageType : std::uint8_t {
  kHello = 1,      // First in both directions; with `refusal`, also the last.
  kWant = 2,       // Follower to leader: I follow you in `epoch`; `reigns` is what I have.
  kRecords = 3,    // Leader to follower: `records` that follow what was sent before.
  kAck = 4,        // Follower to leader: applied up to `version`.
  kCopyBegin = 5,  // Leader to follower: forget what you have; a copy follows ...
  kCopyChunk = 6,  // ... as set and erase records, newest version wins ...
  kCopyEnd = 7,    // ... after which you have `reigns`.
  kProbe = 8,      // Leader to follower: do you still follow me?
  kConfirm = 9,    // Follower to leader: I did when I got your probe of this `round`.
  kAsk = 10,       // Follower to leader: it is `round` on my clock; what is there, if you lead?
  kFresh = 11,     // Leader to follower: at your `round` there was nothing beyond `version`. With
                   // `round` 0, only to tell what is committed.

  kTailAsk = 12,  // Leader to follower: what did you write behind `version`, which I lack?
  kTail = 13,     // Follower to leader: these items, as set and erase records; `last`: no more.

  // Anti-entropy. What a leader says holds where the history ends in `reigns`, the present reign
  // alone, and is for a follower that is exactly there.
  kDigest = 20,          // Leader to follower: `root` of all, `content` of `ranges`, one of them.
  kDigestQuestion = 21,  // Follower to leader: what are your `ranges`? Without any: your sums?
  kDigestSums = 22,      // Leader to follower: the `sums` of my digest.
  kDigestRepair = 23,    // Leader to follower: `records` are all that I hold in `ranges`, one.
};

struct Hello {
  std::uint32_t protocol = 0;
  ClusterId cluster;
  NodeId node;
  Session session;
  std::string name;
  std::string refusal;  // Not empty: why the sender will not talk to the receiver.
  Session memory = {};  // See control::Copy; none: the session's.
};

inline constexpr std::uint32_t kPeerProtocol = 4;

// Views borrow from the frame.
struct PeerMessage {
  PeerMessageType type = PeerMessageType::kHello;
  ShardId shard;
  Epoch epoch;  // Of the leader's reign that this message belongs to.
  std::uint64_t copy_id = 0;
  Version version;  // kCopyEnd: see Replica::vanished().
  std::vector<Reign> reigns;
  ByteView records;
  // Of a message to be sent: what follows `records`, and lies in a block.
  ByteView records_end;
  const Block* block = nullptr;
  std::int64_t clock_ms = 0;  // kRecords: the leader's wall clock; hiding expired keys uses it.
  bool pressure = false;      // kAck: short of memory.
  // kWant, kAck: the change number of the shard in the map that the follower was told. Who was told
  // of a change has nothing any more that it dropped because of an earlier one.
  std::uint32_t change = 0;
  Version newest;  // kRecords: the leader's newest record, these or behind them.
  // kRecords, kFresh: every copy in sync holds the shard up to here.
  Version committed;
  bool quorum_used = false;  // kRecords, kFresh, kCopyEnd: what lies beyond may not be shown.
  std::uint64_t round = 0;   // kProbe, kConfirm, kAsk, kFresh.
  std::optional<Hello> hello;

  // Anti-entropy.
  std::uint64_t root = 0;
  std::uint64_t content = 0;
  std::vector<HashRange> ranges;
  std::vector<std::uint64_t> sums;
  bool last = false;  // kDigestRepair, kTail: the last piece of what was asked for.
};

// Appends the whole frame, its length first.
void AppendPeerFrame(const PeerMessage& message, OutgoingTail tail);

// Decodes the payload of one frame. Errors: kMalformed.
Result<PeerMessage> DecodePeerMessage(ByteView payload);
// The same into a message that is used again and again; after an error it is of no use.
Result<Ok> DecodePeerMessage(ByteView payload, PeerMessage& message);

// The size of the frame at the front of `input`, its length field included; 0: not known yet.
// Errors: kTooLarge over limits::kPeerFrameSizeMax.
Result<std::size_t> PeerFrameSize(ByteView input);

}  // namespace aegis::replication
