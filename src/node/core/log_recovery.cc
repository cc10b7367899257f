#include "node/core/log_recovery.h"

#include <algorithm>

#include "control/command.h"

namespace aegis::node {

namespace {

void Apply(const consensus::Entry& entry, control::State& state) {
  const control::Applied at{entry.at.index, entry.at.term};
  if (entry.type == consensus::EntryType::kCommand) {
    if (const auto command = control::DecodeCommand(entry.data); command.ok()) {
      state.Apply(at, command.value());
      return;
    }
  }
  state.Advance(at);
}

// A node that was no voter lately may have entries that never were committed, in the place of those
// that it has heard of since.
bool LeadsUpTo(const consensus::RaftNode& raft, control::Applied applied) {
  const consensus::Entry* const entry = raft.At(applied.index);
  if (entry != nullptr) return entry->at.term == applied.term;
  return raft.snapshot().last.index == applied.index &&
         (applied.index == 0 || raft.snapshot().last.term == applied.term);
}

}  // namespace

std::optional<consensus::Persisted> RecoveredLog(control::State state,
                                                 const consensus::RaftNode& raft,
                                                 control::Lineage lineage) {
  const control::Applied known = state.applied();
  if (LeadsUpTo(raft, known)) {
    for (consensus::Index i = known.index + 1; i <= raft.last_index(); ++i) {
      Apply(*raft.At(i), state);
    }
  }
  if (!state.born()) return std::nullopt;
  const consensus::Term term = std::max(raft.term(), state.applied().term) + 1;
  state.Recover(lineage, known, term);

  consensus::Persisted persisted;
  persisted.hard_state = {.term = term, .voted_for = raft.self()};
  persisted.snapshot.last = {.index = state.applied().index, .term = term};
  persisted.snapshot.configuration = {.at = persisted.snapshot.last,
                                      .servers = {{raft.self(), consensus::ServerRole::kVoter}}};
  persisted.snapshot.state = state.Encode();
  return persisted;
}

}  // namespace aegis::node
