#include "consensus/raft_member.h"

#include <fmt/format.h>

#include <algorithm>
#include <utility>

#include "base/check.h"
#include "base/log.h"
#include "consensus/raft_step_values.h"

namespace aegis::consensus {
namespace {

// Entries that a leader takes before the first of them is committed.
constexpr Index kUncommittedMax = 1024;
// A spare that lacks no more than this is brought up to date within a message or two.
constexpr Index kCaughtUpLag = kEntriesInFlightMax;
// What libraft takes for the time between two heartbeats, in milliseconds. To a follower that it
// has given up on it sends nothing more often, new entries neither, until that one has acknowledged
// one of those; so the first entry after a quiet time would wait. When heartbeats are sent is for
// Tick() to say.
constexpr unsigned kProbeEvery = 1;
// Of the entries that Compact() keeps.
constexpr std::size_t kKeptTailSizeMax = kSnapshotSizeMax;

}  // namespace

RaftMember::RaftMember(ServerId self, RaftNode::Options options, Persisted&& persisted, Rng rng,
                       TimePoint now)
    : self_(self),
      options_(options),
      origin_(now),
      initial_(persisted.hard_state),
      log_(std::move(persisted)),
      applied_(log_.snapshot().last.index) {
  AEGIS_CHECK(self != ServerId{}, "a server's id is 0");
  const auto milliseconds = [](Duration duration) {
    const auto count = std::chrono::duration_cast<std::chrono::milliseconds>(duration).count();
    return static_cast<unsigned>(std::max<decltype(count)>(count, 1));
  };
  const RaftStepOptions step_options = {self.value(), static_cast<unsigned>(rng.Next()),
                                        milliseconds(options.election_timeout), kProbeEvery,
                                        kEntriesInFlightMax};
  step_.reset(RaftStepNew(&step_options));
}

std::uint64_t RaftMember::Milliseconds(TimePoint now) {
  const auto since = std::chrono::duration_cast<std::chrono::milliseconds>(now - origin_).count();
  if (since > 0) now_ = std::max(now_, static_cast<std::uint64_t>(since) + 1);
  return now_;
}

void RaftMember::Start(TimePoint now, Effects& effects) {
  HardState state = initial_;
  if (IsLoneVoter(log_.configuration().servers, self_)) {
    // libraft makes a lone voter the leader of the term that it finds. An entry of that term which
    // was sent to a spare but lost here would then be written a second time, differently.
    state = {state.term + 1, self_};
    effects.hard_state = state;
  }
  const Snapshot& snapshot = log_.snapshot();
  std::vector<RaftStepEntry> entries;
  for (Index i = log_.first_index(); i <= log_.last().index; ++i) {
    entries.push_back(ToStep(*log_.At(i)));
  }
  RaftStepStart(step_.get(), Milliseconds(now), state.term, state.voted_for.value(),
                snapshot.last.index, snapshot.last.term,
                StepConfiguration(snapshot.configuration).get(), entries.data(), entries.size());
  Take({}, effects);
}

void RaftMember::Tick(TimePoint now, Effects& effects) {
  const std::uint64_t time = Milliseconds(now);
  const std::uint64_t deadline = RaftStepDeadline(step_.get());
  // To libraft a timeout is also the moment to give up on followers that have not answered since
  // the last one: a leader's come so far apart that each of them was sent a heartbeat in between.
  if (time >= deadline && (!leads() || time >= earliest_timeout_)) {
    if (RaftStepCurrentRole(step_.get()) == kRaftStepFollower &&
        IsLoneVoter(log_.configuration().servers, self_) && EverythingIsDurable()) {
      RaftStepOpenTerm(step_.get());  // As in Start(): there may be another leader of this one.
      Take({}, effects);
    }
    RaftStepTimeout(step_.get(), time);
    earliest_timeout_ =
        time + static_cast<std::uint64_t>(
                   std::chrono::ceil<std::chrono::milliseconds>(options_.heartbeat).count());
    Take({}, effects);
  }
}

void RaftMember::Receive(const RaftMessage& message, ServerId from, std::span<const Entry> entries,
                         LogPosition at, Effects& effects) {
  const std::vector<RaftStepEntry> step_entries = ToStep(entries);
  RaftStepMessage step = {};
  step.type = static_cast<RaftStepMessageType>(message.type);
  step.server = from.value();
  step.term = message.term;
  step.index = at.index;
  step.term_at_index = at.term;
  step.commit = message.commit;
  step.rejected = message.rejected;
  step.granted = message.granted;
  step.pre_vote = message.pre_vote;
  step.disrupt_leader = message.disrupt_leader;
  step.n_entries = step_entries.size();
  step.entries = step_entries.data();
  RaftStepReceive(step_.get(), now_, &step);
  Take(entries, effects);
}

void RaftMember::Take(std::span<const Entry> offered, Effects& effects) {
  const RaftStepUpdate& update = *RaftStepLastUpdate(step_.get());
  if (update.hard_state) {
    effects.hard_state = HardState{term(), ServerId{RaftStepVotedFor(step_.get())}};
  }
  if (update.n_entries > 0) {
    const Index first = update.entries_index;
    if (first <= log_.last().index) {
      log_.TruncateFrom(first);
      effects.truncate_from =
          effects.truncate_from == 0 ? first : std::min(effects.truncate_from, first);
      std::erase_if(effects.append, [first](const Entry& e) { return e.at.index >= first; });
    }
    const Entry barrier{{first, term()}, EntryType::kBarrier, {}};
    const std::span<const Entry> news =
        update.barrier ? std::span(&barrier, 1) : offered.last(update.n_entries);
    for (const Entry& entry : news) {
      log_.Append(entry);
      effects.append.push_back(entry);
    }
  }
  for (std::size_t i = 0; i < update.n_messages; ++i) Send(update.messages[i], effects);
}

void RaftMember::Send(const RaftStepMessage& message, Effects& effects) const {
  RaftMessage out;
  out.type = static_cast<RaftMessageType>(message.type);
  out.term = message.term;
  out.at = {message.index, message.term_at_index};
  out.commit = message.commit;
  out.rejected = message.rejected;
  out.pre_vote = message.pre_vote;
  out.disrupt_leader = message.disrupt_leader;
  out.granted = message.granted;
  for (std::size_t i = 0; i < message.n_entries; ++i) {
    const Entry* const entry = log_.At(message.index + 1 + i);
    AEGIS_CHECK(entry != nullptr, "an entry to send is not kept");
    out.entries.push_back(*entry);
  }
  if (out.type == RaftMessageType::kInstallSnapshot) {
    AEGIS_CHECK(out.at == log_.snapshot().last, "a snapshot to send is not kept");
    out.snapshot = log_.snapshot();
  }
  if (out.type == RaftMessageType::kRequestVoteResult && out.pre_vote && !out.granted) {
    // libraft echoes the candidate's term. One that is behind would never learn it from us, and
    // might be the only one that we could elect.
    out.term = std::max(out.term, term());
  }
  effects.mail.push_back({ServerId{message.server}, EncodeRaftMessage(out)});
}

void RaftMember::Finish(Effects& effects) {
  // libraft writes it only if something waits to be committed. A leader that has not committed an
  // entry of its own term does not know what is committed, and must not change the voters.
  if (leads() && log_.last().term != term()) {
    const Entry barrier{{log_.last().index + 1, term()}, EntryType::kBarrier, {}};
    const RaftStepEntry step = ToStep(barrier);
    if (RaftStepSubmit(step_.get(), now_, &step)) Take(std::span(&barrier, 1), effects);
  }
  ApplyCommitted(effects);
  std::uint64_t deadline = RaftStepDeadline(step_.get());
  if (leads()) deadline = std::max(deadline, earliest_timeout_);
  effects.wake_up_at = origin_ + std::chrono::milliseconds(deadline - 1);
}

void RaftMember::ApplyCommitted(Effects& effects) {
  while (applied_ < commit_index()) {
    const Entry* const entry = log_.At(applied_ + 1);
    AEGIS_CHECK(entry != nullptr, "a committed entry is not kept");
    effects.committed.push_back(*entry);
    ++applied_;
    if (entry->type == EntryType::kConfiguration) {
      RaftStepCommittedConfiguration(step_.get(), now_,
                                     StepConfiguration(log_.ConfigurationAt(applied_)).get());
      Take({}, effects);
    }
  }
}

void RaftMember::Install(Snapshot snapshot, Effects& effects) {
  applied_ = installing_ = snapshot.last.index;
  effects.restore = snapshot.state;
  effects.committed.clear();
  effects.snapshot = snapshot;
  effects.truncate_from = 0;
  effects.append.clear();
  log_.Reset(std::move(snapshot));
}

void RaftMember::OnPersisted(Index snapshot, Index entries, TimePoint now, Effects& effects) {
  const std::uint64_t time = Milliseconds(now);
  if (installing_ != 0 && snapshot == installing_) {
    installing_ = 0;
    const Snapshot& installed = log_.snapshot();
    RaftStepPersistedSnapshot(step_.get(), time, installed.last.index, installed.last.term,
                              StepConfiguration(installed.configuration).get());
    Take({}, effects);
  }
  if (entries > RaftStepDurableIndex(step_.get()) && installing_ == 0) {
    AEGIS_CHECK(entries <= log_.last().index, "entries are durable that are not in the log");
    RaftStepPersistedEntries(step_.get(), time, entries);
    Take({}, effects);
  }
}

Result<LogPosition> RaftMember::Submit(EntryType type, Bytes data, Effects& effects) {
  const Error not_now{ErrorCode::kUnavailable, "this server does not lead the control log"};
  if (!leads()) return not_now;
  if (log_.last().index - commit_index() >= kUncommittedMax) {
    return Error{ErrorCode::kUnavailable,
                 fmt::format("{} entries wait to be committed", kUncommittedMax)};
  }
  const Entry entry{{log_.last().index + 1, term()}, type, std::move(data)};
  const RaftStepEntry step = ToStep(entry);
  if (!RaftStepSubmit(step_.get(), now_, &step)) return not_now;
  Take(std::span(&entry, 1), effects);
  return entry.at;
}

Result<LogPosition> RaftMember::Propose(Bytes command, TimePoint now, Effects& effects) {
  if (command.size() > kCommandSizeMax) {
    return Error{ErrorCode::kTooLarge,
                 fmt::format("a command has at most {} bytes", kCommandSizeMax)};
  }
  Milliseconds(now);
  return Submit(EntryType::kCommand, std::move(command), effects);
}

Result<LogPosition> RaftMember::Reconfigure(const std::vector<Server>& servers, TimePoint now,
                                            Effects& effects) {
  Milliseconds(now);
  if (leads()) {
    if (Result<Ok> good = CheckChange(log_.configuration().servers, servers); !good.ok()) {
      return good.error();
    }
    if (const Server* const server = FindServer(servers, self_);
        server == nullptr || server->role != ServerRole::kVoter) {
      // Until that is committed it could be the only one that can be elected, but would not stand.
      return Error{ErrorCode::kInvalid, "a leader has to hand over before it is removed"};
    }
    if (log_.configuration().at.index > commit_index() || log_.TermAt(commit_index()) != term() ||
        RaftStepCatchingUp(step_.get())) {
      return Error{ErrorCode::kUnavailable, "another change of the voters is under way"};
    }
  }
  return Submit(EntryType::kConfiguration, EncodeServers(servers), effects);
}

void RaftMember::CatchUp(ServerId spare, TimePoint now, Effects& effects) {
  const std::uint64_t time = Milliseconds(now);
  const Server* const server = FindServer(log_.configuration().servers, spare);
  if (!leads() || server == nullptr || server->role != ServerRole::kSpare ||
      RaftStepCatchingUp(step_.get()) ||
      RaftStepMatchIndex(step_.get(), spare.value()) == log_.last().index) {
    return;
  }
  RaftStepCatchUp(step_.get(), time, spare.value());
  Take({}, effects);
}

bool RaftMember::CaughtUp(ServerId spare) const {
  const Index match = RaftStepMatchIndex(step_.get(), spare.value());
  return match != 0 && match + kCaughtUpLag >= log_.last().index &&
         !RaftStepCatchingUp(step_.get());
}

void RaftMember::TransferLeadership(ServerId successor, TimePoint now, Effects& effects) {
  const std::uint64_t time = Milliseconds(now);
  if (!leads()) return;
  RaftStepTransfer(step_.get(), time, successor.value());
  Take({}, effects);
}

void RaftMember::Compact(Bytes state, TimePoint now, Effects& effects) {
  const std::uint64_t time = Milliseconds(now);
  if (applied_ <= log_.snapshot().last.index) return;
  if (state.size() > kSnapshotSizeMax) {
    AEGIS_LOG(kError, "consensus", "the control state has {} bytes, a snapshot at most {}",
              state.size(), kSnapshotSizeMax);
    return;
  }
  const LogPosition last = log_.At(applied_)->at;
  // libraft wants to know those whose storing it still waits for.
  const Index durable = std::min(RaftStepDurableIndex(step_.get()), last.index);
  std::size_t tail = last.index - durable;
  for (std::size_t size = 0; tail < options_.kept_tail; ++tail) {
    const Entry* const entry = log_.At(last.index - tail);
    if (entry == nullptr) break;
    size += entry->data.size();
    if (size > kKeptTailSizeMax) break;
  }
  log_.Compact(last, std::move(state), tail);
  RaftStepTakenSnapshot(step_.get(), time, last.index, last.term,
                        StepConfiguration(log_.snapshot().configuration).get(),
                        static_cast<unsigned>(tail));
  Take({}, effects);
  // Storing the snapshot comes first, and is all that these were to be stored for.
  effects.snapshot = log_.snapshot();
  std::erase_if(effects.append, [last](const Entry& e) { return e.at.index <= last.index; });
  if (effects.truncate_from <= last.index) effects.truncate_from = 0;
}

ServerId RaftMember::leader() const {
  if (leads()) return self_;
  // libraft keeps the old leader's name when it hears of a new term.
  return leader_term_ == term() ? ServerId{RaftStepLeader(step_.get())} : ServerId{};
}

}  // namespace aegis::consensus
