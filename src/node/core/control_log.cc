#include "node/core/control_log.h"

#include <algorithm>
#include <utility>

#include "base/log.h"
#include "consensus/raft_message.h"
#include "model/limits.h"

namespace aegis::node {

using consensus::Entry;
using consensus::EntryType;

namespace {

// Entries beyond the newest snapshot, before the next one is taken.
constexpr consensus::Index kCompactAfter = 4096;

}  // namespace

ControlLog::ControlLog(NodeId self, consensus::ServerId server, consensus::Persisted persisted,
                       Beginning beginning, lease::Voter& voter, Rng rng, TimePoint now)
    : self_(self),
      voter_(voter),
      raft_(server, {}, persisted, rng, now),
      counters_(beginning.counters),
      lineage_(beginning.lineage),
      writes_(beginning.writes) {
  servers_[server] = self;
  AgreementEffects ignored;
  if (persisted.snapshot.last.index > 0) Restore(persisted.snapshot.state, ignored);
  Append(persisted.entries);
  voter_.OnDurable(persisted.entries.empty() ? persisted.snapshot.last.index
                                             : persisted.entries.back().at.index);
}

void ControlLog::Start(TimePoint now, AgreementEffects& effects) {
  raft_.Start(now, raft_effects_);
  CarryOut(now, effects);
}

void ControlLog::Tick(TimePoint now, AgreementEffects& effects) {
  raft_.Tick(now, raft_effects_);
  CarryOut(now, effects);
}

void ControlLog::Distribute(const std::set<NodeId>& peers, bool voters_settled, TimePoint now,
                            AgreementEffects& effects) {
  if (!raft_.leads()) {
    learners_.Clear();
    return;
  }
  voters_settled_ = voters_settled;
  formed_ = formed_ || (voters_settled && state_.Find(self_) != nullptr);
  learners_.Tell(peers, NewPush(), raft_, state_, now, effects);
  wake_up_at_ = std::min(wake_up_at_, learners_.next_beat());
}

void ControlLog::OnDurable(std::uint64_t number, TimePoint now, AgreementEffects& effects) {
  consensus::Index snapshot = 0;
  consensus::Index entries = 0;
  while (!pending_.empty() && pending_.front().number <= number) {
    snapshot = std::max(snapshot, pending_.front().snapshot);
    if (pending_.front().entries > 0) entries = pending_.front().entries;
    pending_.pop_front();
  }
  if (entries > 0 || snapshot > 0) voter_.OnDurable(std::max(entries, snapshot));
  while (!held_.empty() && held_.front().after <= number) {
    effects.letters.push_back(std::move(held_.front().letter));
    held_.pop_front();
  }
  if (snapshot > 0 || entries > 0) raft_.OnPersisted(snapshot, entries, now, raft_effects_);
  CarryOut(now, effects);
}

void ControlLog::OnLetter(NodeId from, const RaftLetter& letter, TimePoint now,
                          AgreementEffects& effects) {
  if (letter.to != raft_.self()) return;  // To what this node was before it lost its log.
  servers_[letter.from] = from;
  const auto taken = raft_.OnMessage(letter.from, letter.message, now, raft_effects_);
  if (!taken.ok()) AEGIS_LOG(kWarn, "control", "a raft message: {}", taken.error().message);
  CarryOut(now, effects);
}

// Carries out what the Raft member wants, until it wants nothing more.
void ControlLog::CarryOut(TimePoint now, AgreementEffects& effects) {
  consensus::Effects done = std::exchange(raft_effects_, {});
  DiskWrite write;
  write.hard_state = done.hard_state;
  write.snapshot = std::move(done.snapshot);
  write.truncate_from = done.truncate_from;
  if (done.truncate_from > 0) voter_.OnTruncated(done.truncate_from);
  Append(done.append);
  write.append = std::move(done.append);
  if (write.hard_state || write.snapshot || write.truncate_from > 0 || !write.append.empty()) {
    write.number = ++writes_;
    pending_.push_back({.number = write.number,
                        .hard_state = write.hard_state.has_value(),
                        .snapshot = write.snapshot ? write.snapshot->last.index : 0,
                        .entries = write.append.empty() ? 0 : write.append.back().at.index});
    effects.disk.push_back(std::move(write));
  }
  if (done.restore) Restore(*done.restore, effects);
  for (const Entry& entry : done.committed) Apply(entry, effects);

  std::uint64_t after = 0;
  for (const Pending& pending : pending_) {
    if (pending.hard_state) after = pending.number;
  }
  for (consensus::Effects::Mail& mail : done.mail) {
    const auto to = NodeOf(mail.to);
    if (!to) continue;
    ControlLetter letter{*to, RaftLetter{raft_.self(), mail.to, std::move(mail.message)}};
    if (after > 0 || !held_.empty()) {
      held_.push_back({after, std::move(letter)});
    } else {
      effects.letters.push_back(std::move(letter));
    }
  }
  TellVoterOfConfiguration();
  wake_up_at_ = done.wake_up_at;
  MaybeCompact(now, effects);
}

void ControlLog::Append(const std::vector<Entry>& entries) {
  for (const Entry& entry : entries) {
    if (entry.type != EntryType::kCommand) continue;
    const auto command = control::DecodeCommand(entry.data);
    if (!command.ok()) continue;
    if (const auto* fence = std::get_if<control::Fence>(&command.value())) {
      voter_.OnFence(entry.at.index, entry.at.term, fence->holder);
    }
    // Whoever restarts has to reach the other voters before anything of its log is committed.
    if (const auto* node = std::get_if<control::Register>(&command.value())) {
      if (node->server != 0) servers_.try_emplace(consensus::ServerId{node->server}, node->node);
    }
  }
}

void ControlLog::Restore(ByteView encoded, AgreementEffects& effects) {
  auto state = control::State::Decode(encoded);
  if (!state.ok()) {
    AEGIS_LOG(kError, "control", "a snapshot that cannot be read: {}", state.error().message);
    return;
  }
  // It replaces the log: its fences forbid grants from now on, and count once it is durable.
  voter_.OnTruncated(1);
  for (const control::StandingFence& fence : state.value().fences()) {
    voter_.OnFence(fence.index, fence.term, fence.holder);
  }
  if (state.value().applied().index <= state_.applied().index) return;
  state_ = std::move(state).value();
  TellVoterOfState();
  effects.state_changed = true;
}

void ControlLog::Apply(const Entry& entry, AgreementEffects& effects) {
  if (entry.at.index != state_.applied().index + 1) return;  // Heard before, or too early.
  const control::Applied at{entry.at.index, entry.at.term};
  if (entry.type == EntryType::kCommand) {
    const auto command = control::DecodeCommand(entry.data);
    if (command.ok()) {
      const std::vector<control::StandingFence> before = state_.fences();
      const bool counts = raft_.leads() && at.term == raft_.term();
      const auto shards_before = counts ? state_.shards() : std::vector<control::ShardState>();
      state_.Apply(at, command.value());
      if (counts) CountAsLeader(at, command.value(), shards_before);
      for (const control::StandingFence& fence : before) {
        if (state_.FenceOf(fence.holder) == nullptr) voter_.OnFenceDropped(fence.holder);
      }
      const auto* const fence = std::get_if<control::Fence>(&command.value());
      if (fence != nullptr && state_.FenceOf(fence->holder) == nullptr) {
        voter_.OnFenceDropped(fence->holder);  // It had no effect.
      }
      TellVoterOfState();
    } else {
      AEGIS_LOG(kError, "control", "entry {} is no command: {}", entry.at.index,
                command.error().message);
      state_.Advance(at);
    }
  } else {
    state_.Advance(at);
  }
  effects.state_changed = true;
}

void ControlLog::CountAsLeader(control::Applied at, const control::Command& command,
                               const std::vector<control::ShardState>& before) {
  if (const auto* const fence = std::get_if<control::Fence>(&command)) {
    const control::StandingFence* const stands = state_.FenceOf(fence->holder);
    if (stands == nullptr || stands->index != at.index) return;
    ++counters_.fences;
    AEGIS_LOG(kInfo, "control", "{} is fenced: it gets no more leases under this session",
              NameOf(fence->holder.node));
  }
  const auto* const assign = std::get_if<control::Assign>(&command);
  if (assign == nullptr) return;
  std::map<NodeId, std::size_t> taken_over;  // By whom they were led.
  for (const control::Assignment& item : assign->assignments) {
    const std::size_t id = item.shard.value();
    if (id >= before.size() || before[id].epoch == Epoch{}) continue;
    if (state_.shards()[id].epoch == before[id].epoch) continue;  // Its guard did not hold.
    ++counters_.failovers;
    ++taken_over[item.from.node];
    // Its node may be listed for a process that is gone, with all that it held.
    const control::Copy copy{item.to.node, state_.Find(item.to.node)->memory};
    if (!item.unclean || std::ranges::find(before[id].in_sync, copy) != before[id].in_sync.end()) {
      continue;
    }
    ++counters_.unclean_promotions;
    AEGIS_LOG(kWarn, "control",
              "shard {} is led by a copy of {} that was not in sync: writes may be lost", id,
              NameOf(item.to.node));
  }
  for (const auto& [node, count] : taken_over) {
    AEGIS_LOG(kInfo, "control", "{} shards that {} led have other leaders", count, NameOf(node));
  }
}

std::string ControlLog::NameOf(NodeId node) const {
  const control::NodeState* const state = state_.Find(node);
  return state == nullptr ? "an unknown node" : state->name;
}

void ControlLog::TellVoterOfState() {
  std::map<NodeId, Session> sessions;
  for (const auto& [id, node] : state_.nodes()) {
    if (!node.removed) sessions[id] = node.session;
    if (node.server != 0) servers_[consensus::ServerId{node.server}] = id;
  }
  voter_.SetRegistered(sessions);
}

void ControlLog::TellVoterOfConfiguration() {
  const consensus::Configuration& configuration = raft_.configuration();
  std::vector<NodeId> nodes;
  for (const consensus::Server& server : configuration.servers) {
    if (server.role != consensus::ServerRole::kVoter) continue;
    NodeId node = NodeOf(server.id).value_or(kNoNode);
    // What this node was before it lost its log: while it reads the log anew, an old configuration
    // is the newest that it knows, and nobody may take it for one that counts.
    if (node == self_ && server.id != raft_.self()) node = kNoNode;
    nodes.push_back(node);
  }
  std::sort(nodes.begin(), nodes.end());
  voter_.SetConfiguration({configuration.at.index, configuration.at.term}, std::move(nodes));
}

// --- Proposing ----------------------------------------------------------------------------------

void ControlLog::Propose(const control::Command& command, TimePoint now,
                         AgreementEffects& effects) {
  Bytes encoded = control::Encode(command);
  if (raft_.leads()) {
    OnProposal({std::move(encoded)}, now, effects);
  } else if (const NodeId to = leader(); to != kNoNode && to != self_) {
    effects.letters.push_back({to, Proposal{std::move(encoded)}});
  }
}

void ControlLog::OnProposal(const Proposal& proposal, TimePoint now, AgreementEffects& effects) {
  if (!raft_.leads() || !control::DecodeCommand(proposal.command).ok()) return;
  const auto appended = raft_.Propose(proposal.command, now, raft_effects_);
  if (!appended.ok()) AEGIS_LOG(kDebug, "control", "not appended: {}", appended.error().message);
  CarryOut(now, effects);
}

void ControlLog::Reconfigure(std::vector<consensus::Server> servers, TimePoint now,
                             AgreementEffects& effects) {
  const auto appended = raft_.Reconfigure(std::move(servers), now, raft_effects_);
  if (!appended.ok()) {
    AEGIS_LOG(kWarn, "control", "the voters were not changed: {}", appended.error().message);
  }
  CarryOut(now, effects);
}

void ControlLog::CatchUp(consensus::ServerId spare, TimePoint now, AgreementEffects& effects) {
  raft_.CatchUp(spare, now, raft_effects_);
  CarryOut(now, effects);
}

void ControlLog::TransferLeadership(consensus::ServerId successor, TimePoint now,
                                    AgreementEffects& effects) {
  raft_.TransferLeadership(successor, now, raft_effects_);
  CarryOut(now, effects);
}

// --- Reaching those that do not vote ------------------------------------------------------------

// A leader's terms do not fall, and none is above its own.
bool ControlLog::IsSound(const Push& push) const {
  consensus::Term term = state_.applied().term;
  for (const Entry& entry : push.entries) {
    if (entry.at.index <= state_.applied().index) continue;
    if (entry.at.term < term) return false;
    term = entry.at.term;
  }
  return term <= push.term && push.term <= consensus::kTermMax;
}

void ControlLog::OnPush(NodeId from, const Push& push, AgreementEffects& effects) {
  if (push.term < leader_term_) return;
  if (!IsSound(push)) {
    AEGIS_LOG(kWarn, "control", "a push of entries that cannot be, from {}", NameOf(from));
    return;
  }
  leader_term_ = push.term;
  leader_ = from;
  told_voters_ = push.voters;
  if (push.snapshot) {
    auto state = control::State::Decode(*push.snapshot);
    if (state.ok() && state.value().applied().index > state_.applied().index) {
      state_ = std::move(state).value();
      TellVoterOfState();
      effects.state_changed = true;
    }
  }
  for (const Entry& entry : push.entries) Apply(entry, effects);
  // Voters that were settled before this node was counted say nothing about those after.
  formed_ = formed_ || (push.voters_settled && state_.Find(self_) != nullptr);
}

void ControlLog::OnApplied(NodeId from, control::Applied applied, TimePoint now) {
  if (raft_.leads()) learners_.OnApplied(from, applied.index, now);
}

Push ControlLog::NewPush() const {
  Push push;
  push.term = raft_.term();
  push.voters = voters();
  push.voters_settled = voters_settled_;
  return push;
}

void ControlLog::OnLinkDown(NodeId peer) { learners_.OnLinkDown(peer); }

void ControlLog::MaybeCompact(TimePoint now, AgreementEffects& effects) {
  const consensus::Index applied = state_.applied().index;
  if (raft_.commit_index() != applied) return;
  if (applied < raft_.snapshot().last.index + kCompactAfter) return;
  raft_.Compact(state_.Encode(), now, raft_effects_);
  CarryOut(now, effects);
}

// --- Looking in ---------------------------------------------------------------------------------

NodeId ControlLog::leader() const {
  if (raft_.leads()) return self_;
  const consensus::ServerId known = raft_.leader();
  if (known != consensus::ServerId{} && raft_.term() >= leader_term_) {
    if (const auto node = NodeOf(known)) return *node;
  }
  return leader_;
}

std::optional<NodeId> ControlLog::NodeOf(consensus::ServerId server) const {
  const auto found = servers_.find(server);
  if (found == servers_.end()) return std::nullopt;
  return found->second;
}

// A server that is removed does not hear of it through its log.
std::vector<NodeId> ControlLog::voters() const {
  if (!raft_.leads() && !told_voters_.empty()) return told_voters_;
  std::vector<NodeId> nodes;
  for (const consensus::Server& server : raft_.configuration().servers) {
    const auto node = NodeOf(server.id);
    if (node && server.role == consensus::ServerRole::kVoter) nodes.push_back(*node);
  }
  return nodes;
}

}  // namespace aegis::node
