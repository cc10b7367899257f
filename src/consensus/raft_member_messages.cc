// What a RaftMember makes of the messages of its peers.

#include <algorithm>
#include <utility>

#include "consensus/raft_member.h"
#include "consensus/raft_step_values.h"

namespace aegis::consensus {
namespace {

Error Malformed(const char* why) { return {ErrorCode::kMalformed, why}; }

}  // namespace

Result<Ok> RaftMember::OnMessage(ServerId from, ByteView bytes, TimePoint now, Effects& effects) {
  Result<RaftMessage> decoded = DecodeRaftMessage(bytes);
  if (!decoded.ok()) return decoded.error();
  if (from == ServerId{} || from == self_) return Malformed("a Raft message from nobody else");
  RaftMessage message = std::move(decoded).value();
  Milliseconds(now);

  Result<Ok> result = Ok{};
  switch (message.type) {
    case RaftMessageType::kAppendEntries:
      result = OnAppendEntries(std::move(message), from, effects);
      break;
    case RaftMessageType::kInstallSnapshot:
      result = OnInstallSnapshot(std::move(message), from, effects);
      break;
    case RaftMessageType::kRequestVoteResult:
      if (message.granted && message.term > term() + 1) return Malformed("a vote not asked for");
      // libraft looks into a candidate's state before it looks whether there is one.
      if (RaftStepCurrentRole(step_.get()) == kRaftStepCandidate) {
        Receive(message, from, {}, message.at, effects);
      }
      break;
    case RaftMessageType::kTimeoutNow:
      // A lone voter takes over by itself, in a new term: see Tick().
      if (!IsLoneVoter(log_.configuration().servers, self_)) {
        Receive(message, from, {}, message.at, effects);
      }
      break;
    case RaftMessageType::kAppendEntriesResult:
    case RaftMessageType::kRequestVote:
      Receive(message, from, {}, message.at, effects);
      break;
  }
  return result;
}

// Ok, or why a leader of our term or a later one cannot have sent this.
Result<Ok> RaftMember::CheckAgainstCommitted(const RaftMessage& message) const {
  if (message.term < term()) return Ok{};
  if (message.term == term() && leads()) return Malformed("another leader of this term");
  const auto contradicts = [this](LogPosition at) {
    const Term known = log_.TermAt(at.index);
    return at.index <= commit_index() && known != 0 && known != at.term;
  };
  if (contradicts(message.at)) return Malformed("it contradicts what is committed");
  for (const Entry& entry : message.entries) {
    if (contradicts(entry.at)) return Malformed("it contradicts what is committed");
  }
  return Ok{};
}

// A leader may begin before our snapshot if it has not heard that we are further. To libraft those
// entries would be missing, and it would even append them at the end; but what is in a snapshot is
// committed, so it is also in the log of this leader.
void RaftMember::StartAtTheSnapshot(RaftMessage& message) const {
  const LogPosition last = log_.snapshot().last;
  if (message.at.index >= last.index || log_.TermAt(message.at.index) != 0) return;
  std::erase_if(message.entries,
                [last](const Entry& entry) { return entry.at.index <= last.index; });
  message.at = last;
}

// Entries that would replace others wait until those are durable (the leader sends them again).
// Otherwise OnPersisted() of the old ones could be taken for that of the new ones.
void RaftMember::HoldBackUnstorable(RaftMessage& message) const {
  if (EverythingIsDurable()) return;
  const auto conflict = std::ranges::find_if(message.entries, [this](const Entry& entry) {
    const Term known = log_.TermAt(entry.at.index);
    return known != 0 && known != entry.at.term;
  });
  message.entries.erase(conflict, message.entries.end());
}

Result<Ok> RaftMember::OnAppendEntries(RaftMessage message, ServerId from, Effects& effects) {
  if (Result<Ok> sound = CheckAgainstCommitted(message); !sound.ok()) return sound;
  if (message.term < term()) {
    AppendPart(message, message.entries, message.at, from, effects);
    return Ok{};
  }
  StartAtTheSnapshot(message);
  HoldBackUnstorable(message);

  // libraft takes the first new entry's index for that of a configuration anywhere among them, and
  // can only roll back to the last but one if it was told in between that that one is committed.
  const std::span<const Entry> entries = message.entries;
  LogPosition before = message.at;
  std::size_t begin = 0;
  do {
    std::size_t end = std::min(begin + 1, entries.size());
    while (end < entries.size() && entries[end].type != EntryType::kConfiguration) ++end;
    AppendPart(message, entries.subspan(begin, end - begin), before, from, effects);
    if (end < entries.size() &&
        log_.TermAt(entries[end - 1].at.index) != entries[end - 1].at.term) {
      break;  // It did not fit.
    }
    if (end > begin) before = entries[end - 1].at;
    begin = end;
  } while (begin < entries.size());
  return Ok{};
}

// REQUIRES: only the first of `part` may be a new configuration, or the leader's term is over.
void RaftMember::AppendPart(const RaftMessage& message, std::span<const Entry> part,
                            LogPosition before, ServerId from, Effects& effects) {
  const Index uncommitted = RaftStepUncommittedConfiguration(step_.get());
  if (message.term >= term() && !part.empty() && part.front().type == EntryType::kConfiguration &&
      uncommitted != 0 && uncommitted < part.front().at.index &&
      log_.TermAt(before.index) == before.term) {
    // A leader appends a configuration only when the one before it is committed.
    RaftStepCommittedConfiguration(step_.get(), now_,
                                   StepConfiguration(log_.ConfigurationAt(uncommitted)).get());
    Take({}, effects);
  }
  Receive(message, from, part, before, effects);
  if (message.term == term()) leader_term_ = message.term;
  ApplyCommitted(effects);
}

Result<Ok> RaftMember::OnInstallSnapshot(RaftMessage message, ServerId from, Effects& effects) {
  if (Result<Ok> sound = CheckAgainstCommitted(message); !sound.ok()) return sound;
  // The leader sends it again. See HoldBackUnstorable(); libraft forgets a second one.
  const bool news = log_.TermAt(message.at.index) != message.at.term &&
                    message.at.index > log_.snapshot().last.index;
  if (message.term >= term() && (installing_ != 0 || (news && !EverythingIsDurable()))) return Ok{};
  const Term its_term = message.term;
  const StepConfiguration configuration(message.snapshot.configuration);
  RaftStepMessage step = {};
  step.type = kRaftStepInstallSnapshot;
  step.server = from.value();
  step.term = message.term;
  step.index = message.at.index;
  step.term_at_index = message.at.term;
  step.configuration = *configuration.get();
  RaftStepReceive(step_.get(), now_, &step);
  const bool install = RaftStepLastUpdate(step_.get())->install_snapshot;
  Take({}, effects);
  if (install) Install(std::move(message.snapshot), effects);
  if (its_term == term()) leader_term_ = its_term;
  return Ok{};
}

}  // namespace aegis::consensus
