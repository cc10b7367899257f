// The part of Shard that answers reads without leading, and that keeps sessions from reading what
// is older than what they have seen.

#include <fmt/format.h>

#include <chrono>
#include <utility>

#include "node/core/shard.h"

namespace aegis::node {

using std::chrono::ceil;
using std::chrono::milliseconds;

std::optional<Outcome> Shard::ReadStale(const Operation& operation, UnixMs now,
                                        ShardEffects& effects) {
  if (!whole_ || (leads() && LeaseHolds())) return std::nullopt;
  const TimePoint at = options_.lease->Now();
  const std::int64_t max = *operation.max_stale_ms;
  const Duration bound = max == kAnyStaleness ? Duration::max() : Duration(milliseconds(max));
  if (role_ == ShardRole::kFollower && freshness_.Want(at, bound)) WakeLeader(effects);
  const std::optional<Duration> age = freshness_.Age(at);
  if (max != kAnyStaleness && (!age || *age > bound)) return std::nullopt;

  // Only who leads knows whether what this copy lacks is lost.
  if (operation.session &&
      replica_->history().HoldingOf(*operation.session) != VersionVector::Holding::kHeld) {
    return std::nullopt;
  }
  if (!MayShow(operation)) return std::nullopt;
  Outcome outcome = Run(operation, now, effects);
  Count(operation, outcome);
  ++counters_.stale_reads;
  if (operation.session) outcome.position = PositionOf(outcome);
  outcome.stale_ms = age ? ceil<milliseconds>(*age).count() : kUnknownAge;
  return outcome;
}

bool Shard::MayShow(const Operation& operation) const {
  const auto item = replica_->table().Find(operation.key);
  return item ? commit_.MayShow(item->version) : commit_.MayShowAbsence();
}

// The copy is no older than when it asked, as soon as it holds what there was when the leader was
// asked: a record may be missing, although the stream is in order, if the copy asked anew for it.
void Shard::OnFresh(const replication::PeerMessage& message) {
  if (!whole_ || duty_.want || replica_->history().last() < message.version) return;
  commit_.Learn(message.committed, message.quorum_used);
  if (message.round != 0) freshness_.OnAnswer(message.round);
}

// --- Sessions -----------------------------------------------------------------------------------

// REQUIRES: this node leads.
Outcome Shard::ExecuteInSession(const Operation& operation, UnixMs now, ShardEffects& effects) {
  using Holding = VersionVector::Holding;
  const Version before = replica_->history().last();
  if (replica_->history().HoldingOf(*operation.session) != Holding::kHeld) {
    // Nobody else can have it, either, while this node leads. A write that went on would take the
    // place of what was lost in the session, which would never hear of it.
    return LeaseHolds() ? SessionLost(*operation.session) : NotLed();
  }
  Outcome outcome = ExecuteLed(operation, now, effects);
  const Version after = replica_->history().last();
  const bool wrote = operation.IsWrite() && after != before;
  const bool told = outcome.status == Status::kOk || outcome.status == Status::kNotFound ||
                    outcome.status == Status::kConflict;
  if (wrote || told) outcome.position = wrote ? after : PositionOf(outcome);
  return outcome;
}

// Where a history has to come to that has all that this read reflects: that a key is not there, no
// version tells.
Version Shard::PositionOf(const Outcome& read) const {
  return read.version != Version{} ? read.version : replica_->history().last();
}

Outcome Shard::SessionLost(Version seen) const {
  const Seq left = replica_->history().SeqOf(seen.epoch);
  Outcome outcome;
  outcome.status = Status::kSessionLost;
  outcome.position = {seen.epoch, left};
  outcome.error = fmt::format("writes that the session has seen were lost: epoch {}, {} to {}",
                              seen.epoch.value(), left.value() + 1, seen.seq.value());
  return outcome;
}

}  // namespace aegis::node
