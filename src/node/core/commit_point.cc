#include "node/core/commit_point.h"

#include <algorithm>

namespace aegis::node {

void CommitPoint::OnRecord(const replication::Record& record) {
  using Type = replication::RecordType;
  const bool vanishes =
      record.type == Type::kExpire || record.type == Type::kEvict || record.type == Type::kClear ||
      // Tombstones that not every copy has passed.
      (record.type == Type::kTrim && Version::Unpack(record.argument) > committed_);
  if (vanishes) vanished_ = record.version;
}

void CommitPoint::Learn(Version committed, bool quorum_used) {
  committed_ = std::max(committed_, committed);
  quorum_used_ = quorum_used_ || quorum_used;
}

void CommitPoint::BeginReign(Version last, bool quorum_used) {
  told_ = false;
  quorum_used_ = quorum_used;
  inherited_ = quorum_used ? last : Version{};
  waiting_.clear();
  awaited_.clear();
  set_.clear();
}

bool CommitPoint::Set(const ReplicaSet& set, Version last, const Acked& acked) {
  const bool more = !told_ || set.in_sync != set_ || set.quorum_used != quorum_used_;
  told_ = true;
  quorum_used_ = set.quorum_used;
  awaited_ = set.awaited;
  set_ = set.in_sync;
  return Advance(last, acked) || more;
}

bool CommitPoint::Advance(Version last, const Acked& acked) {
  if (!told_) return false;
  Version committed = last;
  for (const control::Copy& copy : awaited_) committed = std::min(committed, acked(copy));
  return MoveTo(committed);
}

bool CommitPoint::MoveTo(Version committed) {
  if (committed <= committed_) return false;
  committed_ = committed;
  while (!waiting_.empty() && waiting_.front().last <= committed_) waiting_.pop_front();
  return true;
}

bool CommitPoint::Admit(const control::Copy& copy, const Acked& acked) {
  if (std::find(awaited_.begin(), awaited_.end(), copy) == awaited_.end()) awaited_.push_back(copy);
  return acked(copy) >= std::max(committed_, inherited_);
}

void CommitPoint::OnQuorumWrite(Version before, Version last) {
  if (last <= committed_) return;  // Nobody else is waited for.
  if (!waiting_.empty() && waiting_.back().last == before) {
    waiting_.back().last = last;
  } else {
    waiting_.push_back({before, last});
  }
}

Version CommitPoint::WaitOfAnything() const {
  Version wait = WaitOfAbsence();
  if (inherited_ > committed_) wait = std::max(wait, inherited_);
  if (!waiting_.empty()) wait = std::max(wait, waiting_.back().last);
  return wait;
}

Version CommitPoint::WaitOf(Version item) const {
  if (item <= committed_) return {};
  if (item <= inherited_) return item;
  const auto range = std::partition_point(
      waiting_.begin(), waiting_.end(), [&](const Range& waiting) { return waiting.last < item; });
  return range != waiting_.end() && item > range->after ? item : Version{};
}

}  // namespace aegis::node
