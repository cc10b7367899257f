// Every limit has a number, and here it stands with what happens when it is reached.

#pragma once

#include <chrono>
#include <cstddef>
#include <cstdint>

#include "base/time.h"

namespace aegis::limits {

// --- Data -------------------------------------------------------------------------------------
inline constexpr std::size_t kKeySizeMin = 1;              // Shorter: kInvalid.
inline constexpr std::size_t kKeySizeMax = 64 * 1024;      // Longer: kTooLarge, nothing applied.
inline constexpr std::size_t kValueSizeMax = 64ULL << 20;  // Longer: kTooLarge, nothing applied.
// From this size on a value lies in a block of its own (model/block.h): a SET only hands it over
// under the shard's lock, and a reply is sent from it. Below, a copy is cheap.
inline constexpr std::size_t kBlockValueMin = 16 * 1024;
inline constexpr std::int64_t kUnixMsMax = 253'402'300'799'999;  // Of a clock: the year 9999 ends.
// A TTL is 1 ms to about 10,000 years; outside: kInvalid.
inline constexpr std::int64_t kTtlMsMax = 315'360'000'000'000;
inline constexpr std::uint32_t kSlots = 16384;  // Fixed by Redis Cluster's hash rule.
inline constexpr std::uint32_t kReplicationFactorMax = 7;
inline constexpr std::uint32_t kShardsMin = 1;
inline constexpr std::uint32_t kShardsMax = kSlots;  // A shard is at least one slot.

// --- Native protocol --------------------------------------------------------------------------
// A frame announcing more is answered with an error and the connection is closed. The slack
// covers headers and the protobuf framing of extended commands.
inline constexpr std::size_t kFrameSizeMax = kKeySizeMax + kValueSizeMax + 64 * 1024;
inline constexpr std::size_t kBatchOperationsMax = 10'000;  // In one MULTI frame: kTooLarge.

// --- RESP -------------------------------------------------------------------------------------
inline constexpr std::size_t kRespArgumentsMax = 1 << 20;     // More: protocol error, close.
inline constexpr std::size_t kRespInlineSizeMax = 64 * 1024;  // Longer: protocol error, close.
// Bytes of one command with all its arguments. More: protocol error, close.
inline constexpr std::size_t kRespCommandSizeMax = 2 * kValueSizeMax;
// Keys of one command: MGET, MSET, DEL and the like. Each costs an operation and an outcome, some
// 450 bytes. More: an error, nothing of it is done.
inline constexpr std::size_t kKeysPerCommandMax = 65'536;

// SCAN and KEYS. Items that one scan of a shard looks at, and bytes of keys that it finds before
// the last. More was asked for: it stops there and tells where to go on.
inline constexpr std::size_t kScanItemsMax = 1 << 20;
inline constexpr std::size_t kScanBytesMax = 1 << 20;
// Free slots that it passes for each item that it is to look at. More: likewise.
inline constexpr std::size_t kScanHomesPerItem = 16;
// A pattern of keys; all those of one CONFIG GET. Longer: kTooLarge, nothing is looked at.
inline constexpr std::size_t kPatternSizeMax = 1024;
// Bytes of the pattern that a scan of a shard goes through, again and again, until it stops as
// above: so many, about a millisecond's work, and those for each item, which cost no more than to
// look at it.
inline constexpr std::size_t kScanMatchSteps = 1 << 20;
inline constexpr std::size_t kScanMatchStepsPerItem = 64;
// The same for one key. More: kInvalid, the pattern takes too long.
inline constexpr std::size_t kKeyMatchSteps = 1 << 20;
// Shards that one SCAN goes through when they hold few keys.
inline constexpr std::uint32_t kScanShardsMax = 64;
// MULTI: commands queued, and bytes of them. More: an error, and EXEC will refuse.
inline constexpr std::size_t kQueuedCommandsMax = kBatchOperationsMax;
inline constexpr std::size_t kQueuedBytesMax = 1 << 20;
// WATCH: keys of one connection, and bytes of them. More: error reply, and they are not watched.
inline constexpr std::size_t kWatchedKeysMax = 4096;
inline constexpr std::size_t kWatchedBytesMax = 1 << 20;
// EXEC. Bytes of the records that its operations may write, at most as they stand, and of the
// values that they may show. More: kTooLarge, nothing of it is applied.
inline constexpr std::size_t kBatchStoredMax = 4 << 20;
inline constexpr std::size_t kBatchShownMax = 16 << 20;
// Of an outcome in a batch, besides its value: numbers, and the text of an error.
inline constexpr std::size_t kBatchOutcomeBytes = 256;
// SLOWLOG: what is kept of one command, and the most that slowlog-max-len may be set to.
inline constexpr std::size_t kSlowArgumentsMax = 32;
inline constexpr std::size_t kSlowArgumentBytesMax = 128;
inline constexpr std::int64_t kSlowLogEntriesMax = 16'384;
// LATENCY: what is kept of one kind of event. More: the oldest goes.
inline constexpr std::size_t kLatencySamplesMax = 160;

// --- memcached --------------------------------------------------------------------------------
inline constexpr std::size_t kMemcachedKeySizeMax = 250;  // Longer: CLIENT_ERROR.
// Bytes of a command's line; of one that names many keys. Longer: CLIENT_ERROR, close.
inline constexpr std::size_t kMemcachedLineSizeMax = 2048;
inline constexpr std::size_t kMemcachedKeysLineSizeMax = 1 << 20;
// Keys of one get, gets, gat or gats. More: CLIENT_ERROR, nothing is looked up.
inline constexpr std::size_t kMemcachedKeysMax = 1024;
inline constexpr std::size_t kMemcachedFlagsMax = 20;  // Of a meta command. More: CLIENT_ERROR.
inline constexpr std::size_t kMemcachedOpaqueSizeMax = 31;  // Longer: CLIENT_ERROR.

// --- Client connections -----------------------------------------------------------------------
inline constexpr std::size_t kConnectionsMax = 20'000;  // Per node; more: error reply, close.
// Connections over the limit that wait for their error reply, per worker, and how long they may
// take to ask for it. More or longer: closed without a word.
inline constexpr std::size_t kTurnedAwayMax = 64;
inline constexpr Duration kTurnedAwayTimeout = std::chrono::seconds(1);
inline constexpr std::size_t kReadChunk = 16 * 1024;  // Bytes asked of the socket per read.
// Commands, and bytes of commands, that one connection runs in a row. Then others get their turn.
inline constexpr std::size_t kCommandsPerTurn = 1024;
inline constexpr std::size_t kBytesPerTurn = 1 << 20;
// Bytes that one connection makes this node hold, wherever they are: replies not sent yet or
// waiting for their turn, values gathered, operations on their way to other nodes and the room set
// aside for their outcomes. Above: its reading stops until that has halved. One command may take
// it over the limit, so the most is this and what one command needs.
inline constexpr std::size_t kHeldPause = 1 << 20;
// Room set aside at least for a value that another node will send. An operation whose value turns
// out to be larger than its room is not run; it is sent again, with enough room, once everything
// before it was answered.
inline constexpr std::size_t kValueRoomMin = 4 * 1024;
// A reader that takes nothing for this long while replies wait is disconnected.
inline constexpr Duration kOutputStallMax = std::chrono::seconds(60);
// Commands of one connection that wait for other nodes. Above: its reading stops.
inline constexpr std::size_t kInFlightPerConnection = 4096;
// Bytes of values that one command over many keys may show. More: error reply instead.
inline constexpr std::size_t kReplySizeMax = 8 * kValueSizeMax;

// --- Gossip -----------------------------------------------------------------------------------
inline constexpr std::size_t kDatagramSizeMax = 1400;  // Larger is never sent; received: dropped,
                                                       // counted.
inline constexpr std::size_t kNameSizeMax = 128;       // --node-id, --zone. Longer: kInvalid.
inline constexpr std::size_t kMembersMax = 1024;       // More: newcomers are refused, loudly.
inline constexpr std::size_t kPushPullSizeMax = 1 << 20;

// --- Peers ------------------------------------------------------------------------------------
// A message between nodes about the control log: the largest is a snapshot of the state.
inline constexpr std::size_t kControlFrameSizeMax = 65 * 1024 * 1024;
inline constexpr std::size_t kControlBacklogMax = 2 * kControlFrameSizeMax;  // Then: a new link.
inline constexpr Duration kControlStallMax = std::chrono::seconds(2);        // Likewise.
inline constexpr Duration kControlDialTimeout = std::chrono::milliseconds(500);
inline constexpr std::size_t kPeerFrameSizeMax = kFrameSizeMax + 64 * 1024;
// How long a command waits for its shard to get a leader before it is answered UNAVAILABLE.
inline constexpr Duration kRouteWait = std::chrono::seconds(4);
// How long an outcome is held for the copies that it waits for. Then a write is UNKNOWN OUTCOME,
// and a read UNAVAILABLE. Longer than it takes to remove a copy that hangs from those in sync.
inline constexpr Duration kQuorumWait = std::chrono::seconds(4);
// Outcomes that are held for one worker of another node. More: its link is not read until some have
// been shown. Far more than one shard's clients have under way, so that a copy that hangs holds up
// its own shards only.
inline constexpr std::size_t kHeldPerLink = 65'536;
// A write of a larger value, if that has to be copied under the lock, may take long to apply: it
// goes the way of those whose outcome can be held, in case the lease runs out under it.
inline constexpr std::size_t kQuickValueBytes = 1 << 20;
// The bound that a read may set on the age of a copy that answers it: from 1 ms to this, or none at
// all. Beyond: kInvalid.
inline constexpr std::int64_t kStalenessMsMax = 24LL * 3600 * 1000;
// While such reads come in, a copy asks its leader at least this often how fresh it is.
inline constexpr Duration kFreshnessPeriod = std::chrono::milliseconds(50);
// A node that owes answers and sends nothing for this long is taken to be gone: what it was asked
// is UNKNOWN OUTCOME for writes, and asked again elsewhere for reads, which once get another
// kRouteWait for it.
inline constexpr Duration kForwardTimeout = std::chrono::seconds(5);
inline constexpr Duration kDialTimeout = std::chrono::seconds(2);
// Bytes of operations that one worker keeps for one node. Above: connections that send it more
// are not read until that has halved, each after the command that it is at.
inline constexpr std::size_t kForwardBacklogPause = 16 << 20;
// Between attempts to reach a node, doubling.
inline constexpr Duration kRedialMin = std::chrono::milliseconds(50);
inline constexpr Duration kRedialMax = std::chrono::seconds(1);
// Streams to the gossip port that have not yet said what they are, and how long they may take.
// More or longer: closed.
inline constexpr std::size_t kHalfOpenStreamsMax = 256;
inline constexpr Duration kHalfOpenTimeout = std::chrono::seconds(5);
// Unsent bytes of a link between nodes, above which shards are not asked for more.
inline constexpr std::size_t kPeerBacklogBytes = 256 * 1024;
// A worker whose loop has not gone round for this long makes /health fail.
inline constexpr Duration kWorkerStallMax = std::chrono::seconds(2);
// Bytes of recent records kept per shard for followers to catch up from; a follower further
// behind gets a full copy.
inline constexpr std::size_t kRecentRecordsBytes = 256 * 1024;
// The same, for records that a connected follower has not been sent yet: it falls this far behind
// before it is given up for a copy. The newest record is always kept, whatever its size.
inline constexpr std::size_t kUnsentRecordsBytes = 8 << 20;
// A follower counts as in sync while at most this many bytes are on their way to it.
inline constexpr std::size_t kInSyncLagBytes = 64 * 1024;
// Bytes of one copy chunk, before its last item.
inline constexpr std::size_t kCopyChunkBytes = 64 * 1024;
// Epochs a version vector remembers; a replica that differs further back gets a full copy.
inline constexpr std::size_t kVersionVectorEpochsMax = 64;
// Records of removed keys kept per shard until every replica has passed them. Above: the oldest
// are trimmed, and a replica still behind them gets a full copy.
inline constexpr std::size_t kTombstonesMax = 65'536;

// --- Anti-entropy -----------------------------------------------------------------------------
// Sums in the digest of one shard, and of all shards of a node together (512 KiB): with many shards
// each has fewer.
inline constexpr std::uint32_t kDigestBucketsMax = 1024;
inline constexpr std::uint32_t kDigestSumsMax = 1 << 16;
// A leader has its followers compare once in so many calls of Shard::Maintain(), of which there is
// one in 10 ms, and more seldom with more shards than those whose digests take turns in that time.
inline constexpr std::uint32_t kDigestVisits = 100;
inline constexpr std::uint32_t kDigestTurns = 256;
// Bytes of items, before the last one, that are compared bit by bit each time.
inline constexpr std::size_t kDigestWalkBytes = 16 * 1024;
// Ranges that a follower asks for at once, and that a leader has yet to send it. The rest is found
// again by the next comparison.
inline constexpr std::size_t kDigestRangesMax = 64;
// Bytes of one piece of a repair, before its last item.
inline constexpr std::size_t kRepairPieceBytes = 64 * 1024;

static_assert(2 * kBatchStoredMax <= kUnsentRecordsBytes, "else a batch costs whole copies");
static_assert(kBatchShownMax + kBatchOperationsMax * kBatchOutcomeBytes < kValueSizeMax,
              "the outcomes of a batch travel in one value");
static_assert(kQuorumWait < kForwardTimeout, "else who forwarded would give up first");
static_assert(kFrameSizeMax < UINT32_MAX, "frame lengths are u32");
static_assert(kPeerFrameSizeMax < UINT32_MAX, "frame lengths are u32");
static_assert(kRespCommandSizeMax > kKeySizeMax + kValueSizeMax, "a SET at the limit must fit");

}  // namespace aegis::limits
