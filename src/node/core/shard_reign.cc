// The part of Shard that is told who leads: how reigns begin and end, and what becomes of the
// replica then.

#include <algorithm>
#include <memory>
#include <utility>

#include "base/check.h"
#include "base/log.h"
#include "node/core/shard.h"

namespace aegis::node {

using replication::Record;
using replication::RecordType;

// It follows nobody yet, and knows of nothing that was committed.
void Shard::Restore(std::unique_ptr<Replica> replica, wal::Lsn journaled) {
  AEGIS_CHECK(role_ == ShardRole::kNone && epoch_ == Epoch{}, "a shard is restored at first");
  ReplaceReplica(std::move(replica));
  journal_.Restored(journaled);
  epoch_ = replica_->history().last().epoch;
  whole_ = epoch_ != Epoch{};
  commit_.OnVanished(replica_->history().last());
  // Until a leader says more, any of it may be a write that waited for a quorum.
  commit_.Learn({}, /*quorum_used=*/true);
  TrimRing();
}

void Shard::Lead(Epoch epoch, Session session, bool quorum_used, ShardEffects& effects) {
  AEGIS_CHECK(epoch > epoch_, "an epoch is led once");
  AEGIS_CHECK(epoch.value() <= Version::kEpochMax, "this shard is out of epochs");
  if (!whole_) ReplaceReplica(NewReplica());
  role_ = ShardRole::kLeader;
  epoch_ = epoch;
  leader_ = options_.self;
  lease_session_ = session;
  whole_ = true;
  copy_.reset();
  unit_.Clear();  // Its end never came: none of it happened.
  followers_.emplace(options_.id, epoch, *replica_, counters_, options_.copies,
                     DigestVisits(options_.num_shards));
  commit_.BeginReign(replica_->history().last(), quorum_used);
  tail_ = UnreplicatedTail(options_.tail_bounds, replica_->recent(), commit_.committed(),
                           replica_->history().last(), tail_.now());
  wants_quorum_ = false;
  held_until_ = {};

  unsettled_.reset();
  const Version missing = CountMissing();
  told_ = {};

  Record begin;
  begin.type = RecordType::kBegin;
  begin.argument = options_.session.value();
  Bytes ended = replication::EncodeVersion(replica_->history().last());
  if (missing != Version{}) ended += replication::EncodeVersion(missing);
  begin.value = ended;
  Write(begin, effects);
  effects.changed = true;
  effects.settled = true;
}

void Shard::EndReign() {
  if (followers_ && tail_.bytes() > 0) unsettled_ = tail_.replicated();
  followers_.reset();
  unit_.Clear();
  tail_.End();
}

// Of the reign that is over, what this node was told of and does not have. Returns the newest such,
// (0,0) if there is none.
Version Shard::CountMissing() {
  const Version last = replica_->history().last();
  if (told_.epoch != last.epoch || told_ <= last) return {};
  const std::uint64_t missing = told_.seq.value() - last.seq.value();
  counters_.writes_lost += missing;
  AEGIS_LOG(kWarn, "replication",
            "shard {}: this node begins to lead without {} writes that are known to be missing: "
            "epoch {}, seq {} to {}",
            options_.id.value(), missing, last.epoch.value(), last.seq.value() + 1,
            told_.seq.value());
  return told_;
}

// What this node wrote as a leader and shared with nobody goes with its copy.
void Shard::CountWiped() {
  if (!unsettled_) return;
  const std::uint64_t lost = replica_->history().RecordsAfter(*unsettled_);
  counters_.writes_lost += lost;
  AEGIS_LOG(kWarn, "replication",
            "shard {}: {} writes, up to epoch {} seq {}, may be on no other copy and are dropped: "
            "this node is to hold the shard no longer",
            options_.id.value(), lost, replica_->history().last().epoch.value(),
            replica_->history().last().seq.value());
  unsettled_.reset();
}

void Shard::Follow(NodeId leader, Epoch epoch, std::uint32_t change, ShardEffects& effects) {
  AEGIS_CHECK(leader != options_.self, "nobody follows itself");
  if (epoch < epoch_) return;
  const bool follows = role_ == ShardRole::kFollower && leader_ == leader && epoch_ == epoch;
  if (follows && change <= change_) return;
  change_ = std::max(change_, change);
  if (follows) {
    duty_.acked = {};  // Once more, see Admit().
    WakeLeader(effects);
    return;
  }
  role_ = ShardRole::kFollower;
  epoch_ = epoch;
  leader_ = leader;
  copy_.reset();
  EndReign();
  duty_ = {.want = true};
  WakeLeader(effects);
  effects.changed = true;
  effects.settled = true;
}

void Shard::Orphan(ShardEffects& effects) {
  if (role_ == ShardRole::kNone) return;
  role_ = ShardRole::kNone;
  leader_ = kNoNode;
  copy_.reset();
  EndReign();
  effects.changed = true;
  effects.settled = true;
}

void Shard::SetReplicas(const ReplicaSet& set, ShardEffects& effects) {
  if (!followers_ || set.epoch != epoch_) return;
  followers_->Set(set.followers, effects);
  if (commit_.Set(set, replica_->history().last(), Acked())) effects.settled = true;
  MeasureTail();
}

bool Shard::Admit(const control::Copy& copy, std::uint32_t change) {
  return leads() && InSync(copy.node) && commit_.Admit(copy, Acked()) &&
         followers_->Knows(copy, change);
}

void Shard::HandOver(NodeId successor, ShardEffects& effects) {
  if (!leads()) return;
  role_ = ShardRole::kDraining;
  successor_ = successor;
  effects.wake.push_back(successor);
  effects.changed = true;
}

void Shard::Release(ShardEffects& effects) {
  role_ = ShardRole::kNone;
  leader_ = kNoNode;
  whole_ = false;
  copy_.reset();
  EndReign();
  CountWiped();
  told_ = {};
  journal_.Released();
  ReplaceReplica(NewReplica());
  commit_ = {};
  freshness_ = {};
  effects.changed = true;
  effects.settled = true;
}

std::unique_ptr<Replica> Shard::NewReplica() const {
  return std::make_unique<Replica>(options_.hash_seed, *options_.meter,
                                   store::DigestBuckets(options_.num_shards), options_.eviction);
}

void Shard::ReplaceReplica(std::unique_ptr<Replica> replica) {
  MeterRing(0, 0);
  sweep_cursor_ = 0;
  unit_.Clear();
  journal_.Forget();
  ++replica_number_;
  replica_ = std::move(replica);
}

}  // namespace aegis::node
