#include "control_leader.h"

#include <algorithm>
#include <utility>

namespace aegis::lease::sim {
namespace {

Options AsTheWatchSeesThem(Mutant mutant, Options options) {
  if (mutant == Mutant::kHalveTheWait) options.duration /= 2;
  return options;
}

// An entry of this kind is on its way already.
bool Pending(const LogServer& log, const Agreed& agreed, Kind kind) {
  for (std::size_t index = agreed.applied() + 1; index <= log.last(); ++index) {
    if (log.At(index).kind == kind) return true;
  }
  return false;
}

std::optional<ConfigurationId> FenceInLog(const LogServer& log, const Holder& holder) {
  for (std::size_t index = log.last(); index > 0; --index) {
    const Entry& entry = log.At(index);
    if (entry.kind != Kind::kFence || entry.holder != holder) continue;
    return ConfigurationId{.index = index, .term = entry.term};
  }
  return std::nullopt;
}

}  // namespace

ControlLeader::ControlLeader(Mutant mutant, const Options& options, NodeId self, TimePoint now)
    : mutant_(mutant),
      options_(options),
      self_(self),
      watch_(AsTheWatchSeesThem(mutant, options), now) {}

std::optional<std::uint64_t> ControlLeader::Question(const LogServer& log, TimePoint now) {
  if (mutant_ == Mutant::kSkipTheFence) {
    watch_.SetConfiguration(log.configuration(), {self_});
  } else {
    watch_.SetConfiguration(log.configuration(), log.voters());
  }
  return watch_.Tick(now);
}

void ControlLeader::OnReport(NodeId voter, const VoterReport& report, TimePoint now) {
  watch_.OnReport(voter, report, now);
}

std::optional<Entry> ControlLeader::Next(const LogServer& log, const Agreed& agreed,
                                         const std::vector<NodeId>& wanted, Rng& rng,
                                         TimePoint now) {
  if (configuration_ != log.configuration()) {
    configuration_ = log.configuration();
    configuration_committed_.reset();
  }
  if (!configuration_committed_ && configuration_.index <= log.commit()) {
    configuration_committed_ = now;
  }
  if (!log.HasCommittedOfItsTerm()) return std::nullopt;
  std::optional<Entry> next = NextConfiguration(log, wanted, now);
  if (!next && !Pending(log, agreed, Kind::kFence)) next = NextFence(agreed, now);
  if (!next && !Pending(log, agreed, Kind::kAssign)) next = NextAssign(log, agreed, rng, now);
  if (!next && !Pending(log, agreed, Kind::kRegister) && !Pending(log, agreed, Kind::kFence)) {
    next = NextOfRegistration(agreed);
  }
  return next;
}

std::optional<Entry> ControlLeader::NextFence(const Agreed& agreed, TimePoint now) {
  const bool silent = watch_.Silent(agreed.leader(), options_.duration, now);
  const bool suspicious = std::exchange(suspicious_, false);
  if (agreed.leader() == kNobody || agreed.IsFenced(agreed.leader())) return std::nullopt;
  if (!silent && !suspicious) return std::nullopt;
  if (silent) ++silent_;
  return Entry{.kind = Kind::kFence, .holder = agreed.leader()};
}

bool ControlLeader::LeaseIsOver(const LogServer& log, const Agreed& agreed, TimePoint now) const {
  if (agreed.leader() == kNobody) return true;
  std::optional<ConfigurationId> fence;
  if (mutant_ == Mutant::kSkipTheFence) {
    fence = FenceInLog(log, agreed.leader());
  } else if (agreed.IsFenced(agreed.leader())) {
    fence = agreed.fences().at(agreed.leader());
  }
  if (!fence) return false;
  if (mutant_ == Mutant::kSkipTheWait) return true;
  const std::optional<TimePoint> safe =
      watch_.SafeAt(fence->index, fence->term, AsTheWatchSeesThem(mutant_, options_).duration);
  return safe && *safe <= now;
}

std::optional<Entry> ControlLeader::NextAssign(const LogServer& log, const Agreed& agreed, Rng& rng,
                                               TimePoint now) {
  if (!LeaseIsOver(log, agreed, now)) return std::nullopt;
  std::vector<Holder> eligible;
  for (const auto& [node, session] : agreed.registered()) {
    const Holder holder{.node = node, .session = session};
    if (!agreed.IsFenced(holder) && holder != agreed.leader()) eligible.push_back(holder);
  }
  if (eligible.empty()) return std::nullopt;
  return Entry{.kind = Kind::kAssign,
               .holder = eligible[rng.Below(eligible.size())],
               .previous = agreed.leader(),
               .epoch = agreed.epoch()};
}

std::optional<Entry> ControlLeader::NextOfRegistration(const Agreed& agreed) {
  for (const auto& [node, want] : wants_) {
    if (want.previous == kNobody) {
      if (agreed.registered().contains(node)) continue;
    } else if (!agreed.IsRegistered(want.previous)) {
      continue;
    } else if (!agreed.IsFenced(want.previous)) {
      return Entry{.kind = Kind::kFence, .holder = want.previous};
    }
    return Entry{.kind = Kind::kRegister, .holder = want.holder, .previous = want.previous};
  }
  return std::nullopt;
}

std::optional<Entry> ControlLeader::NextConfiguration(const LogServer& log,
                                                      const std::vector<NodeId>& wanted,
                                                      TimePoint now) {
  if (!configuration_committed_ || wanted.empty()) return std::nullopt;
  if (mutant_ != Mutant::kHurryVoterChanges) {
    const double duration = static_cast<double>(options_.duration.count());
    const Duration spacing(static_cast<Duration::rep>(duration * (1 + options_.drift_max)) + 1);
    // Seen by this control leader, so a new one waits that long as well.
    if (now <= *configuration_committed_ + spacing) return std::nullopt;
  }
  std::vector<NodeId> voters = log.voters();
  const auto missing = std::ranges::find_if(
      wanted, [&](NodeId node) { return !std::ranges::binary_search(voters, node); });
  const auto surplus = std::ranges::find_if(
      voters, [&](NodeId node) { return std::ranges::count(wanted, node) == 0; });
  if (missing != wanted.end() && voters.size() <= wanted.size()) {
    voters.push_back(*missing);
  } else if (surplus != voters.end()) {
    voters.erase(surplus);
  } else {
    return std::nullopt;
  }
  std::ranges::sort(voters);
  return Entry{.kind = Kind::kConfiguration, .voters = std::move(voters)};
}

}  // namespace aegis::lease::sim
