#include "node/core/electorate.h"

#include <algorithm>
#include <string>
#include <utility>

#include "base/log.h"

namespace aegis::node {

using consensus::Server;
using consensus::ServerRole;

namespace {

// A voter that has been gone for this long is replaced.
constexpr Duration kPatience = std::chrono::seconds(5);
// With two nodes left of three, one vote each would make either of them indispensable, and one vote
// in all makes one of them so for good: the third may only be starting again.
constexpr Duration kLastOnePatience = std::chrono::seconds(60);

std::size_t SizeFor(std::size_t members) { return members >= 5 ? 5 : members >= 3 ? 3 : 1; }

template <class T>
bool Contains(const std::vector<T>& all, const T& one) {
  return std::find(all.begin(), all.end(), one) != all.end();
}

std::vector<consensus::ServerId> VotersOf(const consensus::Configuration& configuration) {
  std::vector<consensus::ServerId> ids;
  for (const Server& server : configuration.servers) {
    if (server.role == ServerRole::kVoter) ids.push_back(server.id);
  }
  return ids;
}

bool IsMember(const control::NodeState* node) {
  return node != nullptr && !node->removed && !node->leaving;
}

}  // namespace

Electorate::Electorate(Options options, NodeId self, ControlLog& log, TimePoint now)
    : options_(options),
      self_(self),
      log_(log),
      began_(now),
      voters_(VotersOf(log.raft().configuration())),
      may_change_(now) {
  // Another leader may have changed them a moment ago; before the first change there is none.
  if (log.raft().configuration().at.index > 1) may_change_ += Spacing();
}

void Electorate::Tick(const std::set<NodeId>& usable, const std::set<NodeId>& live, TimePoint now,
                      AgreementEffects& effects) {
  const std::vector<ServerId> wanted = Wanted(usable, now);
  settled_ = AreSettled(wanted, now);
  if (!log_.raft().configuration_committed()) return;
  NoticeChange(now);
  if (now < may_change_ || wanted.empty()) return;
  if (auto servers = Next(wanted, usable, live, now, effects)) {
    std::ranges::sort(*servers, {}, &Server::id);
    log_.Reconfigure(*std::move(servers), now, effects);
  }
}

// Those that are, this node first, for as long as they are there; others in their place else, from
// zones that have fewest of them.
std::vector<consensus::ServerId> Electorate::Wanted(const std::set<NodeId>& usable, TimePoint now) {
  const control::State& state = log_.state();
  std::size_t members = 0;
  for (const auto& [id, node] : state.nodes()) {
    if (!IsMember(&node)) continue;
    ++members;
    if (usable.contains(id)) {
      gone_since_.erase(id);
    } else {
      gone_since_.try_emplace(id, now);
    }
  }
  const std::vector<ServerId> present = VotersOf(log_.raft().configuration());
  std::size_t size = SizeFor(members);
  if (size > 1 || present.size() != 3 || members < 2) {
    last_one_since_.reset();
  } else {
    if (!last_one_since_) last_one_since_ = now;
    if (now - *last_one_since_ < kLastOnePatience) size = present.size();
  }
  std::vector<NodeId> wanted;
  std::map<std::string, std::size_t> per_zone;
  const auto take = [&](NodeId node) {
    if (wanted.size() == size || Contains(wanted, node)) return;
    wanted.push_back(node);
    ++per_zone[state.Find(node)->zone];
  };
  std::vector<NodeId> voters = log_.voters();
  std::erase_if(voters, [&](NodeId voter) { return !IsMember(state.Find(voter)); });
  std::stable_partition(voters.begin(), voters.end(), [&](NodeId voter) { return voter == self_; });
  for (const NodeId voter : voters) {
    const auto gone = gone_since_.find(voter);
    if (gone == gone_since_.end() || now - gone->second < kPatience) take(voter);
  }
  std::vector<NodeId> others(usable.begin(), usable.end());
  std::erase_if(others, [&](NodeId node) { return Contains(wanted, node); });
  while (wanted.size() < size && !others.empty()) {
    const auto least = std::ranges::min_element(
        others, {}, [&](NodeId node) { return per_zone[state.Find(node)->zone]; });
    take(*least);
    others.erase(least);
  }
  for (const NodeId voter : voters) take(voter);  // Nobody replaces them.

  std::vector<ServerId> ids;
  for (const NodeId node : wanted) ids.push_back(ServerId{state.Find(node)->server});
  for (const ServerId voter : present) {  // Of nodes that left.
    if (ids.size() < size && size > SizeFor(members) && !Contains(ids, voter)) ids.push_back(voter);
  }
  return ids;
}

// Before the nodes that a new cluster waits for have registered, losing its founder would lose it.
bool Electorate::AreSettled(std::vector<ServerId> wanted, TimePoint now) const {
  const auto registered = std::ranges::count_if(
      log_.state().nodes(), [](const auto& entry) { return !entry.second.removed; });
  const bool all_here = static_cast<std::uint64_t>(registered) >= options_.first_nodes ||
                        now - began_ >= options_.first_patience;
  if (!all_here || wanted.empty() || !log_.raft().configuration_committed()) return false;
  std::vector<ServerId> voters = VotersOf(log_.raft().configuration());
  std::ranges::sort(wanted);
  std::ranges::sort(voters);
  return voters == wanted;
}

void Electorate::NoticeChange(TimePoint now) {
  std::vector<ServerId> voters = VotersOf(log_.raft().configuration());
  if (voters == voters_) return;
  voters_ = std::move(voters);
  may_change_ = now + Spacing();
  std::string names;
  for (const NodeId voter : log_.voters()) {
    const control::NodeState* const node = log_.state().Find(voter);
    names.append(names.empty() ? "" : ", ").append(node == nullptr ? "?" : node->name);
  }
  AEGIS_LOG(kInfo, "control", "the voters are now {}", names);
}

std::optional<Electorate::Servers> Electorate::Next(const std::vector<ServerId>& wanted,
                                                    const std::set<NodeId>& usable,
                                                    const std::set<NodeId>& live, TimePoint now,
                                                    AgreementEffects& effects) {
  Servers servers = log_.raft().configuration().servers;
  const std::size_t known = servers.size();
  for (const ServerId id : wanted) {
    if (std::ranges::find(servers, id, &Server::id) == servers.end()) {
      servers.push_back({id, ServerRole::kSpare});
    }
  }
  if (servers.size() > known) return servers;

  if (!CatchUpAll(wanted, now, effects)) return std::nullopt;
  const auto is_spare = [&](bool of_those_wanted) {
    return [&, of_those_wanted](const Server& server) {
      return server.role == ServerRole::kSpare && Contains(wanted, server.id) == of_those_wanted;
    };
  };
  if (const auto spare = std::ranges::find_if(servers, is_spare(true)); spare != servers.end()) {
    spare->role = ServerRole::kVoter;
    return servers;
  }
  if (const auto surplus = Surplus(servers, wanted, usable, live); surplus != servers.end()) {
    if (surplus->id == log_.server()) {
      log_.TransferLeadership({}, now, effects);  // The next leader removes this one.
      may_change_ = now + Spacing();
      return std::nullopt;
    }
    servers.erase(surplus);
    return servers;
  }
  if (const auto idle = std::ranges::find_if(servers, is_spare(false)); idle != servers.end()) {
    servers.erase(idle);
    return servers;
  }
  return std::nullopt;
}

bool Electorate::CatchUpAll(const std::vector<ServerId>& wanted, TimePoint now,
                            AgreementEffects& effects) {
  bool all = true;
  // A copy: asking may change the configuration's place in memory.
  const Servers servers = log_.raft().configuration().servers;
  for (const Server& server : servers) {
    if (server.role != ServerRole::kSpare || !Contains(wanted, server.id)) continue;
    if (log_.raft().CaughtUp(server.id)) continue;
    all = false;
    log_.CatchUp(server.id, now, effects);  // Nothing while one is under way.
  }
  return all;
}

// A voter that should be none. Those that are not there go first: of the others fewer might be no
// majority beside them. Then those that are leaving.
Electorate::Servers::iterator Electorate::Surplus(Servers& servers,
                                                  const std::vector<ServerId>& wanted,
                                                  const std::set<NodeId>& usable,
                                                  const std::set<NodeId>& live) const {
  const auto is_surplus = [&](const Server& server) {
    return server.role == ServerRole::kVoter && !Contains(wanted, server.id);
  };
  for (const std::set<NodeId>* const present : {&live, &usable}) {
    const auto absent = std::ranges::find_if(servers, [&](const Server& server) {
      const auto node = log_.NodeOf(server.id);
      return is_surplus(server) && !(node && present->contains(*node));
    });
    if (absent != servers.end()) return absent;
  }
  return std::ranges::find_if(servers, is_surplus);
}

// Two changes of voters are so far apart that no grant from before the first is good after the
// second: else a majority that granted and one that fences might have no voter in common.
Duration Electorate::Spacing() const {
  Duration longest = options_.lease.duration;
  for (const auto& [id, node] : log_.state().nodes()) {
    if (!node.removed) longest = std::max<Duration>(longest, node.lease);
  }
  return std::chrono::duration_cast<Duration>(longest * (1 + options_.lease.drift_max));
}

}  // namespace aegis::node
