#include "lease/voter.h"

#include <algorithm>
#include <utility>

#include "base/check.h"

namespace aegis::lease {

Voter::Voter(NodeId self, TimePoint started) : self_(self), remembers_from_(started) {}

void Voter::SetRegistered(const std::map<NodeId, Session>& sessions) {
  registered_ = sessions;
  ForgetOthers();
}

void Voter::OnFence(std::uint64_t index, std::uint64_t term, Holder holder) {
  OnTruncated(index);  // A log has one entry per index: what stood from here on was replaced.
  fences_.push_back({.index = index, .term = term, .holder = holder});
}

void Voter::OnDurable(std::uint64_t index) {
  for (Fence& fence : fences_) fence.durable = fence.durable || fence.index <= index;
}

void Voter::OnTruncated(std::uint64_t index) {
  std::erase_if(fences_, [&](const Fence& fence) { return fence.index >= index; });
  ForgetOthers();
}

void Voter::OnSnapshot(std::uint64_t index, const std::vector<StoredFence>& fences) {
  std::vector<Fence> standing;
  for (const StoredFence& fence : fences) {
    standing.push_back({.index = fence.index,
                        .term = fence.term,
                        .holder = fence.last_grant.holder,
                        .durable = true});
  }
  std::ranges::copy_if(fences_, std::back_inserter(standing),
                       [&](const Fence& fence) { return fence.index > index; });
  AEGIS_CHECK(std::ranges::is_sorted(standing, {}, &Fence::index), "fences come in log order");
  fences_ = std::move(standing);
  ForgetOthers();
}

void Voter::OnFenceDropped(Holder holder) {
  std::erase_if(fences_, [&](const Fence& fence) { return fence.holder == holder; });
  ForgetOthers();
}

void Voter::SetConfiguration(ConfigurationId id, std::vector<NodeId> voters) {
  configuration_ = id;
  voters_ = std::move(voters);
  std::ranges::sort(voters_);
}

void Voter::StartOver(TimePoint now) {
  registered_.clear();
  fences_.clear();
  granted_.clear();
  succeeded_.clear();
  configuration_ = {};
  voters_.clear();
  remembers_from_ = now;
}

Grant Voter::OnRequest(const Request& request, TimePoint now) {
  Grant grant{.number = request.number,
              .verdict = Judge(request.holder),
              .configuration = configuration_,
              .voters = voters_};
  if (grant.verdict == Verdict::kGranted) {
    granted_[request.holder] = now;
    NoteSuccess(request, now);
  }
  return grant;
}

// The first request of a holder counts as a success, whatever it names: one that has just begun
// had no chance yet, and what one named to an earlier run of this voter is not known.
void Voter::NoteSuccess(const Request& request, TimePoint now) {
  const Success success{.number = request.succeeded, .at = now};
  const auto [known, first] = succeeded_.try_emplace(request.holder, success);
  if (!first && known->second.number < request.succeeded) known->second = success;
}

Verdict Voter::Judge(const Holder& holder) const {
  if (!std::ranges::binary_search(voters_, self_)) return Verdict::kNotVoter;
  if (IsFenced(holder)) return Verdict::kFenced;
  return IsRegistered(holder) ? Verdict::kGranted : Verdict::kUnknown;
}

VoterReport Voter::Report(std::uint64_t number, TimePoint now) const {
  const auto since = [&](TimePoint then) { return std::max(now - then, Duration::zero()); };
  VoterReport report{.number = number, .configuration = configuration_, .ages = {}, .fences = {}};
  for (const auto& [node, session] : registered_) {
    const Holder holder{.node = node, .session = session};
    report.ages.push_back({.holder = holder,
                           .grant = since(LastGrant(holder)),
                           .success = since(LastSuccess(holder))});
  }
  for (const Fence& fence : fences_) {
    if (!fence.durable) continue;
    report.fences.push_back(
        {.index = fence.index,
         .term = fence.term,
         .last_grant = {.holder = fence.holder, .age = since(LastGrant(fence.holder))}});
  }
  return report;
}

bool Voter::IsFenced(const Holder& holder) const {
  return std::ranges::count(fences_, holder, &Fence::holder) > 0;
}

bool Voter::IsRegistered(const Holder& holder) const {
  const auto found = registered_.find(holder.node);
  return found != registered_.end() && found->second == holder.session;
}

TimePoint Voter::LastGrant(const Holder& holder) const {
  const auto found = granted_.find(holder);
  return found != granted_.end() ? found->second : remembers_from_;
}

TimePoint Voter::LastSuccess(const Holder& holder) const {
  const auto found = succeeded_.find(holder);
  return found != succeeded_.end() ? found->second.at : remembers_from_;
}

void Voter::ForgetOthers() {
  std::erase_if(succeeded_, [&](const auto& known) { return !IsRegistered(known.first); });
  for (auto it = granted_.begin(); it != granted_.end();) {
    if (IsRegistered(it->first) || IsFenced(it->first)) {
      ++it;
    } else {
      // Whoever asks about that holder after all must not hear of a time before this grant.
      remembers_from_ = std::max(remembers_from_, it->second);
      it = granted_.erase(it);
    }
  }
}

}  // namespace aegis::lease
