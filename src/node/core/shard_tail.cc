// The part of Shard that saves what an earlier leader wrote and nobody else had: asynchronous
// writes that a failover left behind, and whose memory has survived it.
//
// A replica whose history leaves its leader's is asked for the items that it wrote behind the point
// where they part. The leader writes again, in its own reign, those whose keys nobody has written
// since. Giving the same items twice, or by two replicas, changes nothing: what was written again
// is written since.

#include <algorithm>

#include "base/log.h"
#include "model/limits.h"
#include "node/core/shard.h"

namespace aegis::node {

using replication::PeerMessage;
using replication::PeerMessageType;
using replication::Record;
using replication::RecordType;

namespace {

constexpr std::size_t kHomesPerTurn = 4096;  // What a follower looks through under its lock.

bool IsOfATail(const Record& record, Version common) {
  const bool item = record.type == RecordType::kSet || record.type == RecordType::kErase;
  return item && record.version > common && !record.key.empty();
}

}  // namespace

// --- Following ----------------------------------------------------------------------------------

void Shard::OnTailAsk(const PeerMessage& message, ShardEffects& effects) {
  if (copy_ || duty_.want) return;  // Of what was asked for before.
  duty_.tail = TailGift{.since = message.version};
  WakeLeader(effects);
}

// True: more is due.
bool Shard::PumpTail(std::size_t bytes_max, Bytes& out) {
  TailGift& gift = *duty_.tail;
  const std::size_t start = out.size();
  Bytes items;
  const auto flush = [&](bool last) {
    PeerMessage tail = Message(PeerMessageType::kTail);
    tail.records = items;
    tail.last = last;
    replication::AppendPeerFrame(tail, out);
    items.clear();
  };
  std::size_t homes = 0;
  do {
    gift.cursor =
        replica_->table().Scan(gift.cursor, /*homes=*/1, [&](const store::ItemView& item) {
          if (item.version <= gift.since) return;
          replication::AppendRecord(RecordOf(item), items);
          if (items.size() >= limits::kCopyChunkBytes) flush(/*last=*/false);
        });
  } while (gift.cursor != 0 && out.size() - start + items.size() < bytes_max &&
           ++homes < kHomesPerTurn);
  const bool last = gift.cursor == 0;
  if (last || !items.empty()) flush(last);
  if (last) duty_.tail.reset();
  return !last;
}

// --- Leading ------------------------------------------------------------------------------------

Result<Ok> Shard::OnTail(const control::Copy& from, const PeerMessage& message,
                         ShardEffects& effects) {
  const Version* const common = followers_->AskedBehind(from);
  if (common == nullptr) return Ok{};
  replication::TailFate fate;
  ByteView rest = message.records;
  while (true) {
    const auto record = replication::TakeRecord(rest);
    if (!record.ok()) return record.error();
    if (!record.value()) break;
    if (!IsOfATail(*record.value(), *common)) {
      return Error{ErrorCode::kMalformed, "a tail that is not of items behind what both have"};
    }
    ++(WriteAgain(*record.value(), *common, effects) ? fate.recovered : fate.passed_over);
  }
  counters_.writes_recovered += fate.recovered;
  followers_->OnGiven(from, fate);
  if (!message.last) return Ok{};
  fate = followers_->OnAllGiven(from, effects);
  AEGIS_LOG(kWarn, "replication",
            "shard {}: an earlier leader had written what no other copy has: {} keys are written "
            "again, {} are not, because they were written or removed since, or are gone anyway",
            options_.id.value(), fate.recovered, fate.passed_over);
  return Ok{};
}

// True: nobody has written the key behind `common`, so that it has become again what it was.
bool Shard::WriteAgain(const Record& lost, Version common, ShardEffects& effects) {
  if (!leads()) return false;  // It has stopped: who leads next gets it from a copy, or not at all.
  const auto present = replica_->table().Find(lost.key);
  if ((present ? present->version : replica_->vanished()) > common) return false;
  const bool there = present && !present->tombstone;
  const auto expires_at = static_cast<std::int64_t>(lost.argument);
  Record again = lost;
  if (expires_at != 0 && expires_at <= Clock(tail_.now()).value) {
    // What it took the place of must not live on.
    again = {};
    again.type = RecordType::kErase;
    again.key = lost.key;
  }
  if (again.type == RecordType::kErase) {
    if (!there) return false;
    again.value = {};
  } else {
    // Nothing that is here makes room for what was lost.
    const std::size_t room = store::Table::ItemBytes(again.key.size(), again.value.size());
    if (followers_->pressure() || !options_.meter->Fits(room)) return false;
  }
  const Version before = replica_->history().last();
  const Version written = Write(again, effects);
  // It may be a write that was to wait for a quorum.
  if (commit_.recorded()) commit_.OnQuorumWrite(before, written);
  return true;
}

}  // namespace aegis::node
