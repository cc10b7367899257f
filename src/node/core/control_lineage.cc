// What Control does when the control log has lost the majority of its voters, and when two lineages
// of it meet. What is said in one lineage counts for nothing in another: no vote, no grant, no
// entry. A node that hears of a recovery that knows all that it knows itself goes over to it with
// its memory; any other takes part in nothing any more. Why that is safe: docs/adr/0011.

#include <fmt/format.h>

#include <algorithm>
#include <utility>

#include "base/log.h"
#include "node/core/control.h"
#include "node/core/draw.h"
#include "node/core/log_recovery.h"

namespace aegis::node {

namespace {

constexpr Duration kTellEvery = std::chrono::milliseconds(100);

Error Refused(std::string why) { return {ErrorCode::kInvalid, std::move(why)}; }

bool Lists(const std::vector<control::Recovery>& recoveries, control::Lineage parent) {
  return std::ranges::find(recoveries, parent, &control::Recovery::parent) != recoveries.end();
}

}  // namespace

// --- Loss of the majority -----------------------------------------------------------------------

VoterRoll::Count Control::CallVoters(TimePoint now) const {
  return roll_.Call(log_->voters(), log_->state(), now);
}

void Control::WatchVoters(TimePoint now) {
  const VoterRoll::Count roll = CallVoters(now);
  const bool lost = superseded_.empty() && !roll.majority();
  if (lost == lost_majority_) return;
  lost_majority_ = lost;
  if (lost) {
    AEGIS_LOG(kError, "control", "nothing can be led or decided: {}", roll.Describe());
  } else if (superseded_.empty()) {
    AEGIS_LOG(kInfo, "control", "a majority of the voters of the control log is heard again");
  }
}

Result<VoterRoll::Count> Control::MayRecover(TimePoint now) const {
  if (!log_) return Refused("this node is no member of a cluster");
  if (!superseded_.empty()) return Refused(superseded_);
  if (roll_.StoodStill(now)) return Refused("this node stood still a moment ago: ask again");
  VoterRoll::Count roll = CallVoters(now);
  if (roll.voters == 0) return Refused("this node has not heard yet who the voters are");
  if (!roll.majority()) return roll;
  const std::size_t heard = roll.voters - roll.absent.size();
  if (2 * heard <= roll.voters) {
    return Refused("nothing is lost: whom a majority of the voters follows is heard");
  }
  return Refused(
      fmt::format("nothing is lost: {} of {} voters of the control log are heard, a majority",
                  heard, roll.voters));
}

Result<Ok> Control::Recover(TimePoint now, ControlEffects& effects) {
  if (const auto roll = MayRecover(now); !roll.ok()) return roll.error();
  const auto lineage = Draw<control::Lineage>(rng_);
  auto persisted = RecoveredLog(log_->state(), log_->raft(), lineage);
  if (!persisted) return Refused("this node knows nothing of the cluster that it could go on with");

  AEGIS_LOG(kWarn, "control",
            "recovery: this node is the only voter from now on, by order of an operator; what the "
            "lost voters had decided beyond entry {} is lost with them. Lineage {:016x} becomes "
            "{:016x}",
            log_->state().applied().index, log_->lineage().value(), lineage.value());
  recovering_ = log_->writes() + 1;
  agreed_.Clear();
  agreed_.disk.push_back({.number = recovering_,
                          .hard_state = persisted->hard_state,
                          .snapshot = persisted->snapshot,
                          .truncate_from = 0,
                          .append = {}});
  recovered_ = {log_->server(), *std::move(persisted)};
  ReplaceLog(lineage, recovering_, now);
  Proceed(now, effects);
  return Ok{};
}

void Control::ReplaceLog(control::Lineage lineage, std::uint64_t writes, TimePoint now) {
  leader_.reset();
  leases_.StartOver(Draw<Session>(rng_), now);
  follows_.reset();
  reporter_.StartOver(now);
  next_wish_ = now;
  strangers_.clear();
  roll_.StartOver(now);
  const ControlCounters counters = log_->counters();
  log_.emplace(swim_.self().id, recovered_->server, std::move(recovered_->persisted),
               ControlLog::Beginning{.lineage = lineage, .writes = writes, .counters = counters},
               leases_.voter(), Rng(rng_.Next()), now);
  log_->Start(now, agreed_);
  agreed_.state_changed = true;
}

// --- Two lineages meet --------------------------------------------------------------------------

bool Control::IsOfThisLog(NodeId from, const ControlEnvelope& envelope, TimePoint now,
                          ControlEffects& effects) {
  if (!superseded_.empty()) return false;
  const control::Lineage own = log_->lineage();
  const control::Lineage theirs = envelope.lineage;
  const auto* const descent = std::get_if<Descent>(&envelope.message);
  if (theirs == own || theirs == control::Lineage{}) {
    strangers_.erase(from);
    return descent == nullptr;
  }
  if (own == control::Lineage{}) {
    // A new member of whichever log it hears of first: from who leads that, or brings it up to
    // date.
    const auto* const letter = std::get_if<RaftLetter>(&envelope.message);
    const bool told = std::holds_alternative<Push>(envelope.message) ||
                      (letter != nullptr && letter->to == log_->server());
    if (told && GoesOn() && theirs != options_.memory_lineage) {
      BeSuperseded(from, now);
      return false;
    }
    if (told) log_->Join(theirs);
    return told;
  }
  strangers_.try_emplace(from, now);
  if (descent != nullptr) {
    OnDescent(from, *descent, theirs, now, effects);
  } else {
    TellDescent(from, now);
  }
  return false;
}

// Who knows the state knows where it comes from.
void Control::TellDescent(NodeId to, TimePoint now) {
  TimePoint& next = strangers_[to];
  if (now < next || !log_->state().born()) return;
  next = now + kTellEvery;
  agreed_.letters.push_back({to, Descent{log_->state().recoveries()}, {}});
}

void Control::OnDescent(NodeId from, const Descent& descent, control::Lineage theirs, TimePoint now,
                        ControlEffects& effects) {
  const auto recovery =
      std::ranges::find(descent.recoveries, log_->lineage(), &control::Recovery::parent);
  if (recovery != descent.recoveries.end()) {
    if (MayFollow(*recovery)) {
      Follow(theirs, from, now, effects);
    } else {
      BeSuperseded(from, now);
    }
  } else if (Lists(log_->state().recoveries(), theirs)) {
    TellDescent(from, now);
  } else if (log_->state().born() && strangers_[from] != TimePoint::max()) {
    strangers_[from] = TimePoint::max();
    AEGIS_LOG(kError, "control",
              "{} is in another lineage of the control log, {:016x}: this cluster was recovered "
              "twice, and is two clusters. Restart the nodes of one of them with empty data "
              "directories",
              swim_.Find(from) == nullptr ? "a node" : swim_.Find(from)->name, theirs.value());
  }
}

// This process was counted before the loss, and knows nothing that the recovery does not: then its
// memory holds what the recovery takes it to hold. One that goes on with a memory from before does
// not know what that process knew.
bool Control::MayFollow(const control::Recovery& recovery) const {
  if (GoesOn()) return false;
  // It went over to that log a moment ago, and has not been told anything of it yet.
  if (!log_->state().born() && log_->raft().last_index() == 0) return true;
  const control::NodeState* const self = log_->state().Find(swim_.self().id);
  return self != nullptr && !self->removed && self->memory == memory_ &&
         recovery.Covers(log_->state().applied());
}

// As a new member of that log, as if with an empty directory: what it promised in the old one it
// can no longer be asked for.
void Control::Follow(control::Lineage lineage, NodeId with, TimePoint now,
                     ControlEffects& effects) {
  AEGIS_LOG(kWarn, "control",
            "the cluster was recovered, as {} says, and knows all that this node knows: it goes "
            "over to lineage {:016x}",
            swim_.Find(with) == nullptr ? "a node" : swim_.Find(with)->name, lineage.value());
  const std::uint64_t writes = log_->writes();
  recovered_ = {Draw<consensus::ServerId>(rng_), consensus::Persisted{}};
  effects.new_log = {{settings().id, swim_.self().id, recovered_->server},
                     recovered_->persisted,
                     /*replaces=*/true};
  agreed_.Clear();
  ReplaceLog(lineage, writes, now);
}

void Control::BeSuperseded(NodeId by, TimePoint now) {
  superseded_ = fmt::format(
      "the cluster was recovered without this node, as {} says: this node's control log is of a "
      "lineage that is over. Restart it with an empty data directory, and it joins as a new node",
      swim_.Find(by) == nullptr ? "a node" : swim_.Find(by)->name);
  AEGIS_LOG(kError, "control", "{}", superseded_);
  leader_.reset();
  leases_.StartOver(Draw<Session>(rng_), now);
  agreed_.Clear();
  agreed_.state_changed = true;
}

}  // namespace aegis::node
