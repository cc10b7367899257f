#include "lease/fence_watch.h"

#include <algorithm>
#include <cmath>
#include <utility>

namespace aegis::lease {
namespace {

constexpr int kQuestionsPerSilence = 6;
constexpr Duration kAgeMax = std::chrono::hours(24);  // Older is not told apart.

Duration AtMost(double nanoseconds) {
  return Duration(static_cast<Duration::rep>(std::ceil(nanoseconds)));
}

Duration AtLeast(double nanoseconds) {
  return Duration(static_cast<Duration::rep>(std::floor(nanoseconds)));
}

double Nanoseconds(Duration duration) { return static_cast<double>(duration.count()); }

}  // namespace

FenceWatch::FenceWatch(Options options, TimePoint now)
    : options_(options), last_tick_(now), next_question_(now) {}

Duration FenceWatch::Interval() const { return options_.silence / kQuestionsPerSilence; }

void FenceWatch::SetConfiguration(ConfigurationId id, std::vector<NodeId> voters) {
  if (id == configuration_) return;
  configuration_ = id;
  voters_ = std::move(voters);
  std::ranges::sort(voters_);
  last_grants_.clear();
  std::erase_if(heard_, [&](const auto& heard) { return !IsVoter(heard.first); });
}

std::optional<std::uint64_t> FenceWatch::Tick(TimePoint now) {
  if (now - last_tick_ > 2 * Interval()) {
    heard_.clear();
    forgotten_ = number_;
  }
  last_tick_ = now;
  if (now < next_question_) return std::nullopt;
  next_question_ = now + Interval();
  return ++number_;
}

// Why a lease of the fenced holder to which `voter` granted is over at the instant returned.
//
// The rates of any two clocks differ by a factor of at most 1 + drift, so what takes x on one of
// them takes between x / (1 + drift) and x (1 + drift) on any other.
//  - The voter granted for the last time at some instant g. It stores the fence and so has not
//    granted since; the report was made `age` after g on the voter's clock, which is at least
//    age / (1 + drift) on ours, and came to us later still: g <= heard - age / (1 + drift).
//  - An attempt that this voter granted began before the grant, so before g. Its lease lasts T from
//    then on the holder's clock, which is at most T (1 + drift) on ours.
// Together: the lease is over at heard - age / (1 + drift) + T (1 + drift). Delay of the report
// only makes that later. An age that would put the end before the report says no more than "it is
// over", so the end is never earlier than that: no absurd age can make it so.
TimePoint FenceWatch::EndOfLease(const LastGrant& grant, Duration lease) const {
  const Duration longest = AtMost(Nanoseconds(lease) * (1 + options_.drift_max));
  return std::max(grant.before + longest, grant.heard_at);
}

void FenceWatch::OnReport(NodeId voter, const VoterReport& report, TimePoint now) {
  if (report.configuration != configuration_ || !IsVoter(voter)) return;

  // Every report bounds the last grant from above: the lowest bound is as true as any. A fence that
  // the voter reports no more does not stand there any more.
  std::map<ConfigurationId, LastGrant> grants;
  for (const StoredFence& fence : report.fences) {
    const ConfigurationId at{.index = fence.index, .term = fence.term};
    const double gone = Nanoseconds(fence.last_grant.age) / (1 + options_.drift_max);
    LastGrant grant{.before = now - AtLeast(std::clamp(gone, 0.0, Nanoseconds(kAgeMax))),
                    .heard_at = now};
    const auto known = last_grants_[voter].find(at);
    if (known != last_grants_[voter].end()) {
      grant.before = std::min(grant.before, known->second.before);
      grant.heard_at = known->second.heard_at;
    }
    grants[at] = grant;
  }
  last_grants_[voter] = std::move(grants);

  if (report.number <= forgotten_ || report.number > number_) return;
  const auto known = heard_.find(voter);
  if (known != heard_.end() && known->second.number >= report.number) return;
  Heard heard{.at = now, .number = report.number, .configuration = configuration_, .holders = {}};
  for (const HolderAges& ages : report.ages) {
    TimePoint listed = now;
    if (known != heard_.end()) {
      const auto before = known->second.holders.find(ages.holder);
      if (before != known->second.holders.end()) listed = before->second.listed;
    }
    heard.holders[ages.holder] = {.listed = listed, .age = std::min(ages.success, kAgeMax)};
  }
  heard_[voter] = std::move(heard);
}

bool FenceWatch::Silent(const Holder& holder, Duration lease, TimePoint now) const {
  const Duration bound = std::max(options_.silence, lease / 2);
  const auto silent_at = [&](const Heard& heard) {
    const bool lately = now - heard.at <= 2 * Interval() &&
                        number_ - heard.number < kQuestionsPerSilence &&
                        heard.configuration == configuration_;
    const auto found = heard.holders.find(holder);
    if (!lately || found == heard.holders.end()) return false;
    const Duration silence = found->second.age + (now - heard.at);
    return std::min(silence, now - found->second.listed) > bound;
  };
  const auto count = std::ranges::count_if(
      heard_, [&](const auto& voter_and_heard) { return silent_at(voter_and_heard.second); });
  return !voters_.empty() && static_cast<std::size_t>(count) >= Majority();
}

// A majority that granted and a majority that reported the fence have a voter in common, and the
// lease is over at that voter's end. So it is over at the latest end of any one majority; the
// majority with the earliest ends is the one that makes the wait short.
std::optional<TimePoint> FenceWatch::SafeAt(std::uint64_t index, std::uint64_t term,
                                            Duration lease) const {
  std::vector<TimePoint> ends;
  for (const auto& [voter, fences] : last_grants_) {
    const auto found = fences.find(ConfigurationId{.index = index, .term = term});
    if (found != fences.end()) ends.push_back(EndOfLease(found->second, lease));
  }
  if (ends.size() < Majority()) return std::nullopt;
  std::ranges::sort(ends);
  return ends[Majority() - 1];
}

bool FenceWatch::IsVoter(NodeId node) const { return std::ranges::binary_search(voters_, node); }

TimePoint FenceWatch::wake_up_at() const { return next_question_; }

}  // namespace aegis::lease
