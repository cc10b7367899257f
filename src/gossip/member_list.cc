#include "gossip/member_list.h"

#include <algorithm>
#include <utility>

#include "base/check.h"

namespace aegis::gossip {

MemberList::MemberList(Member self, Rng& rng, TimePoint now) : rng_(rng) {
  const NodeId id = self.id;
  self_ = entries_.emplace(id, Entry{std::move(self), now}).first;
}

MemberList::Entry* MemberList::Find(NodeId id) {
  const auto found = entries_.find(id);
  return found == entries_.end() ? nullptr : &found->second;
}

const MemberList::Entry* MemberList::Find(NodeId id) const {
  const auto found = entries_.find(id);
  return found == entries_.end() ? nullptr : &found->second;
}

MemberList::Entry& MemberList::Add(Member member, TimePoint now) {
  const NodeId id = member.id;
  const auto [added, is_new] = entries_.emplace(id, Entry{std::move(member), now});
  AEGIS_CHECK(is_new, "a member is added once");

  // Among those still to come in this round or already past, so that its first probe comes at a
  // random time and nobody's turn is skipped.
  const std::size_t at = rng_.Below(round_.size() + 1);
  round_.insert(round_.begin() + static_cast<std::ptrdiff_t>(at), id);
  if (at < next_in_round_) ++next_in_round_;
  return added->second;
}

void MemberList::Remove(NodeId id) {
  AEGIS_CHECK(id != self().id, "a node never forgets itself");
  entries_.erase(id);
  const auto place = std::ranges::find(round_, id);
  if (place == round_.end()) return;
  if (place - round_.begin() < static_cast<std::ptrdiff_t>(next_in_round_)) --next_in_round_;
  round_.erase(place);
}

const Member* MemberList::NextToProbe() {
  // Two passes see everybody: the rest of this round and the whole of the next.
  for (std::size_t looked_at = 0; looked_at < 2 * round_.size(); ++looked_at) {
    if (next_in_round_ == round_.size()) {
      std::shuffle(round_.begin(), round_.end(), rng_);
      next_in_round_ = 0;
    }
    const Member& member = entries_.at(round_[next_in_round_++]).member;
    if (IsLive(member)) return &member;
  }
  return nullptr;
}

std::vector<const Member*> MemberList::Pick(std::size_t count,
                                            const std::function<bool(const Entry&)>& wanted) {
  std::vector<const Member*> candidates;
  for (const auto& [id, entry] : entries_) {
    if (id != self().id && wanted(entry)) candidates.push_back(&entry.member);
  }
  // The beginning of a Fisher-Yates shuffle.
  count = std::min(count, candidates.size());
  for (std::size_t i = 0; i < count; ++i) {
    std::swap(candidates[i], candidates[i + rng_.Below(candidates.size() - i)]);
  }
  candidates.resize(count);
  return candidates;
}

std::size_t MemberList::CountLive() const {
  return static_cast<std::size_t>(std::ranges::count_if(
      entries_, [](const auto& known) { return IsLive(known.second.member); }));
}

}  // namespace aegis::gossip
