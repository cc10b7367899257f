#include "lease/candidate.h"

#include <algorithm>
#include <utility>

namespace aegis::lease {
namespace {

// Which of two entries of the control log was written later. Not the order of their indices: a
// later term may have overwritten what stood at a higher index.
bool IsNewer(ConfigurationId a, ConfigurationId b) {
  return std::pair(a.term, a.index) > std::pair(b.term, b.index);
}

}  // namespace

// Numbers begin at random, as sessions are: a late answer to an earlier process of this node, whose
// grants were for another session, must not be taken for one to this.
Candidate::Candidate(Options options, Holder self)
    : options_(options), self_(self), number_(self.session.value() >> 1U) {}

std::optional<Candidate::Attempt> Candidate::Tick(std::span<const NodeId> voters, bool healthy,
                                                  TimePoint now) {
  if (fenced_ || now < next_attempt_) return std::nullopt;
  std::set<NodeId> asked = named_;
  asked.insert(voters.begin(), voters.end());
  if (!healthy || asked.empty()) {
    next_attempt_ = now + soon();
    return std::nullopt;
  }
  next_attempt_ = now + options_.renewal();
  std::erase_if(open_, [&](const Open& open) { return open.began + options_.duration <= now; });
  Attempt attempt{.request = {.holder = self_, .number = ++number_, .succeeded = succeeded_},
                  .voters = {asked.begin(), asked.end()}};
  open_.push_back({.number = number_, .began = now, .asked = std::move(asked), .granted = {}});
  return attempt;
}

void Candidate::OnGrant(NodeId voter, const Grant& grant, TimePoint now) {
  const auto open = std::ranges::find(open_, grant.number, &Open::number);
  if (open == open_.end()) return;  // Of an older session, or too late to be worth anything.
  if (IsNewer(grant.configuration, newest_)) {
    newest_ = grant.configuration;
    named_ = {grant.voters.begin(), grant.voters.end()};
  }
  if (grant.verdict == Verdict::kFenced) fenced_ = true;
  if (grant.verdict == Verdict::kUnknown) open->unknown = true;
  if (grant.verdict == Verdict::kGranted && std::ranges::count(grant.voters, voter) > 0) {
    std::set<NodeId>& granted = open->granted[grant.configuration];
    granted.insert(voter);
    if (granted.size() >= grant.voters.size() / 2 + 1) {
      open->succeeded = true;
      const TimePoint end = open->began + options_.duration;
      valid_until_ = std::max(valid_until_, end);
      // A majority that came too late is no success: this node led nothing by it.
      if (now < end) succeeded_ = std::max(succeeded_, open->number);
    }
  }
  if (open->number == number_) Reschedule(*open, now);
}

void Candidate::Reschedule(const Open& newest, TimePoint now) {
  next_attempt_ = newest.began + options_.renewal();
  if (newest.succeeded) return;
  // Voters whose logs differ will soon agree, those that have not heard of a registration will, and
  // those that were not asked can be: the lease need not wait for a whole renewal. Attempts are
  // never closer together than soon().
  const bool divided = newest.granted.size() > 1;
  const bool incomplete = !std::ranges::includes(newest.asked, named_);
  if (divided || incomplete || newest.unknown) {
    next_attempt_ = std::min(next_attempt_, std::max(now, newest.began + soon()));
  }
}

void Candidate::Renew(Session session) {
  self_.session = session;
  open_.clear();
  succeeded_ = 0;
  valid_until_ = TimePoint::min();
  next_attempt_ = TimePoint::min();
  fenced_ = false;
}

void Candidate::StartOver(Session session) {
  Renew(session);
  named_.clear();
  newest_ = {};
}

TimePoint Candidate::wake_up_at() const { return fenced_ ? TimePoint::max() : next_attempt_; }

}  // namespace aegis::lease
