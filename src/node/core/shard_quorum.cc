// The part of Shard that waits for copies: quorum writes, reads that a failover must not unsay,
// reads that others confirm, and WAIT.

#include <fmt/format.h>

#include <algorithm>
#include <chrono>
#include <string>
#include <utility>

#include "model/limits.h"
#include "node/core/batch_cost.h"
#include "node/core/shard.h"
#include "wire/operation_codec.h"

namespace aegis::node {

namespace {

void Fail(Status status, std::string why, Outcome& outcome) {
  outcome = {};
  outcome.status = status;
  outcome.error = std::move(why);
}

Outcome TooFewCopies(std::uint32_t in_sync, std::uint32_t wanted) {
  Outcome outcome;
  const std::string there = in_sync == 1 ? "1 copy is" : std::to_string(in_sync) + " copies are";
  Fail(Status::kTooFewCopies, fmt::format("{} in sync, {} are wanted", there, wanted), outcome);
  return outcome;
}

// At least, of the record that the operation will be if it writes one.
std::size_t BytesBrought(const Operation& operation) {
  std::size_t bytes = replication::kRecordHeaderSize + operation.key.size() +
                      operation.key2.size() + operation.value.size();
  for (const KeyValue& pair : operation.more) {
    bytes += replication::kRecordHeaderSize + pair.key.size() + pair.value.size();
  }
  return bytes;
}

}  // namespace

// Why nothing may be written now, if that is so.
std::optional<Outcome> Shard::Brake(const Operation& operation, UnixMs now) {
  tail_.OnTime(now);
  if (options_.min_in_sync > 1) {
    if (commit_.in_sync() == 0) return NotLed();  // Not told yet; it soon will be.
    if (commit_.in_sync() < options_.min_in_sync) {
      return TooFewCopies(commit_.in_sync(), options_.min_in_sync);
    }
  }
  if (!tail_.Holds(BytesBrought(operation))) return std::nullopt;
  Outcome outcome;
  Fail(Status::kBusy,
       fmt::format("{} bytes of what was written to its shard are on no other copy after {} ms",
                   tail_.bytes(),
                   std::chrono::duration_cast<std::chrono::milliseconds>(tail_.time()).count()),
       outcome);
  return outcome;
}

void Shard::MeasureTail() {
  const auto& in_sync = commit_.followers_in_sync();
  tail_.Measure(in_sync, followers_->BestWhole(), followers_->none());
  for (const control::Copy& copy : in_sync) tail_.OnAcked(copy, followers_->AckedBy(copy));
}

std::uint32_t Shard::CopiesWanted(const Operation& operation) const {
  if (operation.code == OpCode::kAwait) return 0;
  // Who would take an older answer does not want others to confirm the leader.
  if (operation.max_stale_ms) return 0;
  const std::int32_t quorum =
      operation.quorum.value_or(operation.IsWrite() ? options_.write_quorum : options_.read_quorum);
  if (quorum == kAllCopies) return options_.replication_factor;
  return static_cast<std::uint32_t>(std::max(quorum, 0));
}

template <class Visit>
void Shard::ForEachKey(const Operation& operation, Visit visit) {
  if (operation.code == OpCode::kBatch) {
    const auto operations = wire::DecodeMultiRequest(operation.value);
    if (!operations.ok()) return;
    for (const Operation& one : operations.value()) ForEachKey(one, visit);
  } else {
    visit(operation.key);
  }
  if (!operation.key2.empty()) visit(operation.key2);
  for (const KeyValue& pair : operation.more) visit(pair.key);
}

bool Shard::MayHold(const Operation& operation, UnixMs now) const {
  if (WaitsForCopies(operation)) return true;
  // Of a SET it is put in a block first, by whoever runs it.
  const bool copied = operation.block == nullptr && operation.code != OpCode::kSet;
  if (copied && operation.value.size() > limits::kQuickValueBytes) return true;
  if (operation.code == OpCode::kBatch && operation.IsWrite()) {
    // What it stores may be far more than what it says.
    const auto operations = wire::DecodeMultiRequest(operation.value);
    if (!operations.ok()) return false;
    const BatchCost cost(replica_->table(), operations.value());
    if (cost.stored() > limits::kQuickValueBytes) return true;
  }
  if (!commit_.matters()) return false;
  bool expires = false;
  ForEachKey(operation, [&](ByteView key) {
    const auto item = replica_->table().Find(key);
    expires = expires || (item && item->ExpiredAt(Clock(now)));
  });
  return expires || WaitOf(operation) != Version{};
}

Outcome Shard::ExecuteCarefully(const Operation& operation, UnixMs now, ShardEffects& effects) {
  if (operation.code == OpCode::kAwait) return Await(operation);
  const std::uint32_t copies = CopiesWanted(operation);
  if (copies > 0 && commit_.in_sync() == 0) return NotLed();  // Not told yet; it soon will be.
  if (copies > 0 && operation.IsWrite() && !commit_.recorded()) {
    // The first one waits until the cluster knows: another leader might show it and lose it.
    if (!std::exchange(wants_quorum_, true)) effects.changed = true;
    return NotLed();
  }
  if (copies > commit_.in_sync()) return TooFewCopies(commit_.in_sync(), copies);
  ExpireDue(operation, Clock(now), effects);
  Hold hold{.reign = epoch_};
  const Version wait = WaitOf(operation);
  const Version before = replica_->history().last();

  Outcome outcome = Run(operation, now, effects);
  const Version last = replica_->history().last();
  const bool written = outcome.status == Status::kOk && last != before;
  if (operation.ReadsState() || !written) hold.until = wait;
  if (operation.IsWrite() && copies > 0 && written) {
    commit_.OnQuorumWrite(before, last);
    hold.until = last;
    hold.copies = copies;
  }
  const bool covered = LeaseHolds();
  if (!covered && !operation.IsWrite()) return NotLed();
  Count(operation, outcome);
  if (!operation.IsWrite() && copies > 1) {
    hold.round = followers_->Probe(effects);
    hold.copies = copies;
  }
  hold.lease = !covered;
  if (Satisfied(hold)) return outcome;
  held_until_ = std::max(held_until_, hold.until);
  outcome.hold = hold;
  return outcome;
}

Outcome Shard::Await(const Operation& operation) {
  Hold hold{.reign = epoch_, .until = replica_->history().last()};
  hold.followers = static_cast<std::uint32_t>(
      std::clamp<std::int64_t>(operation.number, 0, limits::kMembersMax));
  Outcome outcome;
  outcome.number = followers_->HoldersOf(hold.until);
  if (outcome.number < operation.number) {
    outcome.hold = hold;
    held_until_ = hold.until;
  }
  return outcome;
}

// What is due among the keys that the operation touches goes first: a leader whose clock is behind
// might show it again else.
void Shard::ExpireDue(const Operation& operation, UnixMs now, ShardEffects& effects) {
  ForEachKey(operation, [&](ByteView key) {
    const auto item = replica_->table().Find(key);
    if (!item || item->tombstone || !item->ExpiredAt(now)) return;
    Expire(replica_->table().Hash(key), item->version, effects);
  });
}

// The position that has to be committed before what the operation sees may be shown.
Version Shard::WaitOf(const Operation& operation) const {
  if (operation.IsOfShard()) return commit_.WaitOfAnything();
  Version wait;
  ForEachKey(operation, [&](ByteView key) {
    const auto item = replica_->table().Find(key);
    wait = std::max(wait, item ? commit_.WaitOf(item->version) : commit_.WaitOfAbsence());
  });
  return wait;
}

CommitPoint::Acked Shard::Acked() const {
  return [this](const control::Copy& copy) { return followers_->AckedBy(copy); };
}

// REQUIRES: the reign of the hold goes on.
bool Shard::Satisfied(const Hold& hold) const {
  if (hold.lease && !LeaseHolds()) return false;
  if (hold.followers > 0) return followers_->HoldersOf(hold.until) >= hold.followers;
  if (hold.until > Version{}) {
    if (commit_.committed() < hold.until || !commit_.recorded()) return false;
  }
  if (hold.copies > 0 && commit_.in_sync() < hold.copies) return false;
  if (hold.round == 0) return true;
  const auto& others = commit_.followers_in_sync();
  const auto confirmed = std::ranges::count_if(
      others, [&](const control::Copy& copy) { return followers_->Confirmed(copy, hold.round); });
  return static_cast<std::uint32_t>(confirmed) + 1 >= hold.copies;
}

bool Shard::Settle(bool write, Outcome& outcome) const {
  const Hold hold = outcome.hold;
  if (!followers_ || epoch_ != hold.reign) {
    Fail(write ? Status::kUnknownOutcome : Status::kUnavailable,
         hold.lease ? "the leader's lease ran out while it was applied"
                    : "the node that led the key stopped leading before enough copies had answered",
         outcome);
    return true;
  }
  if (!Satisfied(hold)) return false;
  outcome.hold = {};
  if (hold.followers > 0) outcome.number = followers_->HoldersOf(hold.until);
  return true;
}

void Shard::GiveUp(bool write, Outcome& outcome) const {
  const Hold hold = outcome.hold;
  if (hold.followers > 0 && followers_ && epoch_ == hold.reign) {
    outcome.hold = {};
    outcome.number = followers_->HoldersOf(hold.until);
    return;
  }
  Fail(write ? Status::kUnknownOutcome : Status::kUnavailable,
       hold.lease ? "the leader's lease ran out while it was applied"
                  : "not enough copies have answered in time",
       outcome);
}

}  // namespace aegis::node
