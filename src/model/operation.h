// Operation and Outcome: one command on one shard, and what became of it.
//
// Every door (native frames, RESP, memcached) translates to these, every node
// forwards these, and node/core/shard executes them. A command over several keys becomes several
// operations unless its meaning is atomic across keys (kRename, kCopy, kMultiSetNx), which needs
// all keys in one shard. What is about a whole shard names it by a key that lies in it: any
// (ring::KeyOf), so that it finds its way as everything else does.

#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/bytes.h"
#include "base/time.h"
#include "model/block.h"
#include "model/ids.h"
#include "model/version.h"

namespace aegis {

enum class OpCode : std::uint8_t {
  kGet = 1,        // value, version, ttl
  kPeek = 2,       // As kGet without the value; `number` = value size. EXISTS, TTL, STRLEN; with
                   // `number` kUses, TOUCH.
  kSet = 3,        // `value`, `expiry`, `condition`
  kDelete = 4,     // `condition`. Outcome kNotFound when there was nothing to delete.
  kGetDelete = 5,  // value of what was deleted
  kExpire = 6,     // `expiry` (kNone = persist), `expire_rule`. `number` = 1 if changed, else 0.
  kGetExpire = 7,  // GETEX: kGet, then as kExpire; expiry kKeep = leave it
  kIncrement = 8,  // += `number`; a missing key counts as 0 and gets `expiry`
  kIncrementFloat = 9,  // += `value` read as a decimal; value = the new decimal text
  kAppend = 10,         // `value`, `condition`; `number` = new size. A new key gets `expiry`
  kSetRange = 11,       // `value` at byte `number`; `number` = new size
  kGetRange = 12,       // bytes [`number`, `number2`], negative from the end, as GETRANGE
  kRename = 13,         // `key` to `key2`; kNotFound if missing; `condition` kIfAbsent = RENAMENX
  kCopy = 14,           // `key` to `key2`; `condition` kIfAbsent unless REPLACE
  kMultiSetNx = 15,     // `key`/`value` and `more`, all or nothing
  kAwait = 16,  // Waits until `number` followers hold all of the shard that is there now, for at
                // most `expiry_ms`; `number` = how many do. `key`: any of the shard. WAIT
  kClear = 17,  // Removes everything in the shard; `number` = how many keys. `key`: any of it
  kScan = 18,   // Keys of the shard from position `number` on (0: its begin), about `number2` of
                // them looked at, those that match the pattern `match`, if any. value = the keys
                // (see node/core/key_list.h), `number` = where to go on, 0: it was all. `key`: any
  kCount = 19,  // `number` = how many keys the shard has. `key`: any of it
  kPick = 20,   // value = some key of it that lives, as the 64 bits of `number` choose; `number` =
                // how many it has. `key`: any of it
  kBatch = 21,  // The operations in `value`, a MultiRequest, all of them on keys of the shard, one
                // after the other with nothing in between, by leader and copies alike; value = a
                // MultiReply. kConflict, and nothing was done, unless every key in `more` has the
                // version that is its value (8 bytes, packed, little-endian); or, if that is
                // (0,0), was never there behind the position that follows it (8 bytes more).
                // `number` 1: they only read. `key`: any of the shard. EXEC
  kPrepend = 22,  // As kAppend, at the front
  // A counter as memcached has it, an unsigned number of 64 bits in decimal; here `number` is such
  // a number's bits, in the operation (how far) and in the outcome (what it is now). Up wraps, down
  // stops at 0. `condition`, `expiry`. A missing key is kNotFound; or, with a `value`, becomes
  // that, to live for `number2` ms (0: for ever; below: not at all).
  kCountUp = 23,
  kCountDown = 24,
};

// A quorum that means: as many copies as the cluster keeps of every shard.
inline constexpr std::int32_t kAllCopies = -1;

// Operation::number of a kPeek that counts as a use of the key.
inline constexpr std::int64_t kUses = 1;

// Operation::number of a kBatch that writes nothing.
inline constexpr std::int64_t kOnlyReads = 1;

// A bound on staleness that means: none. And an age that nobody knows.
inline constexpr std::int64_t kAnyStaleness = -1;
inline constexpr std::int64_t kUnknownAge = -1;

enum class Condition : std::uint8_t {
  kAlways,
  kIfAbsent,   // NX
  kIfPresent,  // XX
  kIfVersion,  // compare-and-set: the key's version is `expected` ((0,0) = absent)
  kIfValue,    // IFEQ: the key's value is `match`
};

enum class ExpiryKind : std::uint8_t {
  kNone,      // No expiry: SET without a TTL clears one; kExpire with it is PERSIST.
  kRelative,  // `expiry_ms` from now, on the leader's clock
  kAbsolute,  // Unix time in ms; in the past = expired at once
  kKeep,      // KEEPTTL
};

enum class ExpireRule : std::uint8_t {
  kAlways,
  kIfNone,
  kIfSome,
  kIfGreater,
  kIfSomeAndLess,  // EXPIRE ... XX LT
  kIfLess,
};

struct KeyValue {
  ByteView key{};
  ByteView value{};
};

// Views borrow from the bytes that the command was parsed from.
struct Operation {
  OpCode code = OpCode::kGet;
  ByteView key{};
  ByteView value{};
  ByteView key2{};   // kRename, kCopy
  ByteView match{};  // Condition::kIfValue
  Condition condition = Condition::kAlways;
  Version expected{};  // Condition::kIfVersion
  ExpiryKind expiry = ExpiryKind::kNone;
  std::int64_t expiry_ms = 0;
  ExpireRule expire_rule = ExpireRule::kAlways;
  std::int64_t number = 0;
  std::int64_t number2 = 0;
  std::uint32_t client_flags = 0;  // Opaque to us (memcached); stored with the value.
  bool return_old = false;         // SET ... GET: the outcome carries the previous value.
  // A write is acknowledged when every copy in sync holds it and there are at least so many, the
  // leader's included; a read is answered when so many have confirmed that the leader leads. 0: the
  // leader alone. Nothing: as the leader's node is set (--write-quorum, --read-quorum).
  std::optional<std::int32_t> quorum{};
  std::vector<KeyValue> more{};  // kMultiSetNx, kBatch
  // A read may be answered by a copy that does not lead, if it holds all that there was at most so
  // many ms ago; kAnyStaleness: whatever it holds. Nothing: by the leader alone.
  std::optional<std::int64_t> max_stale_ms{};
  // In a session, the outcome tells its position, and the operation runs only on a history that
  // holds the shard up to here. (0,0): a session that has seen nothing yet. Nothing: no session.
  std::optional<Version> session{};
  // What `value` lies in; whoever stores it keeps that rather than a copy. Null: it is borrowed.
  const Block* block = nullptr;

  // True: the outcome carries what the shard holds, however large that is.
  bool ShowsValue() const {
    return code == OpCode::kGet || code == OpCode::kGetDelete || code == OpCode::kGetExpire ||
           code == OpCode::kGetRange || (code == OpCode::kSet && return_old) ||
           code == OpCode::kScan || code == OpCode::kBatch;
  }
  bool OnlyReads() const {
    return code == OpCode::kGet || code == OpCode::kPeek || code == OpCode::kGetRange ||
           (code >= OpCode::kScan && code <= OpCode::kPick) ||
           (code == OpCode::kBatch && number == kOnlyReads);
  }
  // True: it looks for what `key` has, and that counts as a hit or a miss.
  bool LooksUp() const {
    return code == OpCode::kGet || code == OpCode::kPeek || code == OpCode::kGetRange ||
           code == OpCode::kGetExpire || code == OpCode::kGetDelete;
  }
  // True: it is about a whole shard, and `key` only says which.
  bool IsOfShard() const { return code >= OpCode::kAwait && code <= OpCode::kPick; }
  bool IsWrite() const { return !OnlyReads() && code != OpCode::kAwait; }
  // True: its outcome tells something about what was there before.
  bool ReadsState() const {
    if (code == OpCode::kClear) return false;
    return code != OpCode::kSet || condition != Condition::kAlways || return_old ||
           expiry == ExpiryKind::kKeep;
  }
};

enum class Status : std::uint8_t {
  kOk,
  kNotFound,        // No such key; for conditional writes of absent keys see kConflict.
  kConflict,        // The condition did not hold; nothing was written.
  kInvalid,         // Not an integer, overflow, bad range: `error` in Redis' words, without code.
  kTooLarge,        // A key or the resulting value over its limit. Nothing was written.
  kOutOfMemory,     // Over --max-memory and nothing can be evicted. Nothing was written.
  kNotLeader,       // This node does not lead the shard. Nothing happened.
  kUnavailable,     // No leader in time. Nothing happened.
  kUnknownOutcome,  // It may or may not have happened.
  kTooFewCopies,    // Fewer copies are in sync than its quorum wants. Nothing happened.
  kBusy,            // Too much of what was written to its shard is on no other copy yet, and that
                    // did not change in time. Nothing happened.
  kSessionLost,     // A failover lost writes that the session has seen: `position` is the last of
                    // that epoch that is left. Nothing happened.
};

// What has to come true before an outcome may be shown; see Shard::Settle(). As long as it is not
// known, a write is of unknown outcome and a read unanswered.
struct Hold {
  Epoch reign{};                // Of the leader that executed it. 0: nothing has to.
  Version until{};              // All copies in sync hold the shard up to here,
  std::uint32_t copies = 0;     // there are at least so many, the leader's included,
  std::uint64_t round = 0;      // and so many have confirmed the leader in this round, if any.
  std::uint32_t followers = 0;  // kAwait: instead, so many others hold it up to there.
  bool lease = false;           // And the leader, whose lease ran out meanwhile, has it again.
};

// The value view is valid only as long as the shard's lock (or the frame it came in) is held,
// unless it lies in `block`: then as long as that.
struct Outcome {
  Status status = Status::kOk;
  bool has_value = false;
  ByteView value{};
  Version version{};            // Of the key after the operation; (0,0) if absent.
  std::int64_t expires_at = 0;  // Unix ms of the key after the operation; 0 = never.
  std::int64_t number = 0;
  std::uint32_t client_flags = 0;
  std::string error{};  // Empty unless status is an error; for people.
  NodeId leader{};      // kNotLeader: who leads, if known.
  // From a copy that does not lead: for how many ms, at most, it may have missed writes;
  // kUnknownAge. Nothing: it is the leader's.
  std::optional<std::int64_t> stale_ms{};
  Version position{};  // In a session: a history that comes up to here has all that this reflects.
  Hold hold{};         // Not to be shown before.
  BlockRef block{};    // What `value` lies in, if that is large.
};

}  // namespace aegis
