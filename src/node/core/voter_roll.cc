#include "node/core/voter_roll.h"

#include <fmt/format.h>

#include <algorithm>
#include <chrono>

namespace aegis::node {

void VoterRoll::Meet(std::span<const Member> members, std::span<const NodeId> voters) {
  std::map<NodeId, Known> known;
  for (const Member& member : members) known[member.id] = {member.name, member.gossip_address};
  for (const NodeId voter : voters) {
    const auto before = known_.find(voter);
    if (before != known_.end()) known.insert(*before);
  }
  known_ = std::move(known);
  std::erase_if(heard_, [this](const auto& entry) { return !known_.contains(entry.first); });
}

void VoterRoll::Hear(NodeId node, TimePoint now) {
  if (known_.contains(node)) heard_[node] = now;
}

void VoterRoll::Look(TimePoint now) {
  if (StoodStill(now)) StartOver(now);
  looked_ = now;
}

void VoterRoll::StartOver(TimePoint now) {
  heard_.clear();
  started_ = now;
  led_until_ = TimePoint::min();
}

VoterRoll::Count VoterRoll::Call(std::span<const NodeId> voters, const control::State& state,
                                 TimePoint now) const {
  Count count{.voters = voters.size(), .absent = {}, .led = now < led_until_};
  for (const NodeId voter : voters) {
    const auto heard = heard_.find(voter);
    const Duration silent = now - (heard == heard_.end() ? started_ : heard->second);
    if (voter == self_ || silent <= kSilenceMax) continue;
    Absent absent{.node = voter, .name = "?", .address = std::nullopt, .silent = silent};
    if (const control::NodeState* const node = state.Find(voter)) absent.name = node->name;
    if (const auto known = known_.find(voter); known != known_.end()) {
      absent.name = known->second.name;
      absent.address = known->second.address;
    }
    count.absent.push_back(std::move(absent));
  }
  return count;
}

std::string VoterRoll::Count::Missing() const {
  std::string missing;
  for (const Absent& one : absent) {
    missing += fmt::format("{}{} (id {:016x}, {}, not heard for {} s)", missing.empty() ? "" : ", ",
                           one.name, one.node.value(),
                           one.address ? one.address->ToString() : "address unknown",
                           std::chrono::floor<std::chrono::seconds>(one.silent).count());
  }
  return fmt::format("{} of {} voters of the control log are heard, no majority; missing: {}",
                     voters - absent.size(), voters, missing);
}

std::string VoterRoll::Count::Describe() const {
  return Missing() +
         ". Start them again with their data directories; if they are lost for good: aegis-cli "
         "cluster recover --help";
}

}  // namespace aegis::node
