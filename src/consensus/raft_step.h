// RaftStep: libraft's raft_step() (0.22) behind a header that C++ can include: raft.h is C only.
//
// For raft_node.cc alone, which knows what the calls mean; this file knows libraft's structures,
// its rules of ownership, and which of its fields are not filled in. Nothing here is kept by
// reference: what a call is given may go after it, what RaftStepUpdate points to lives until the
// next call.
//
// Pure and single-threaded. Time is in milliseconds and never goes back.

#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#ifdef __cplusplus
extern "C" {
#endif

struct RaftStep;

enum RaftStepRole { kRaftStepFollower, kRaftStepCandidate, kRaftStepLeader };

// The numbers of libraft, which are also those of the wire.
enum RaftStepMessageType {
  kRaftStepAppendEntries = 1,
  kRaftStepAppendEntriesResult,
  kRaftStepRequestVote,
  kRaftStepRequestVoteResult,
  kRaftStepInstallSnapshot,
  kRaftStepTimeoutNow,
};

struct RaftStepServer {
  uint64_t id;
  bool voter;
};

struct RaftStepConfiguration {
  uint64_t index;  // Of its entry.
  const struct RaftStepServer* servers;
  size_t n;
};

struct RaftStepEntry {
  uint64_t term;
  int type;          // As aegis::consensus::EntryType.
  const void* data;  // Of a configuration; libraft looks at no other.
  size_t size;
};

// `index` and `term_at_index` name an entry: the one before the entries that are sent, the last one
// of the sender (RequestVote, TimeoutNow; in results the index alone), or of the snapshot.
struct RaftStepMessage {
  enum RaftStepMessageType type;
  uint64_t server;  // It came from, or goes to.
  uint64_t term;
  uint64_t index;
  uint64_t term_at_index;
  uint64_t commit;    // AppendEntries.
  uint64_t rejected;  // AppendEntriesResult: the index that did not fit, or 0.
  bool granted;       // RequestVoteResult.
  bool pre_vote;      // RequestVote and its result.
  bool disrupt_leader;
  size_t n_entries;                            // AppendEntries.
  const struct RaftStepEntry* entries;         // Only in what is received.
  struct RaftStepConfiguration configuration;  // InstallSnapshot; only in what is received.
};

// What a step wants done.
struct RaftStepUpdate {
  bool hard_state;  // Term or vote have changed.
  // The last n entries of what was submitted or received begin at `index`; they replace all from
  // there on. `barrier`: the one entry is libraft's own.
  uint64_t entries_index;
  size_t n_entries;
  bool barrier;
  bool install_snapshot;  // The one that was received.
  const struct RaftStepMessage* messages;
  size_t n_messages;
};

struct RaftStepOptions {
  uint64_t self;
  unsigned seed;
  unsigned election_timeout;
  unsigned heartbeat;
  unsigned inflight_entries;
};

struct RaftStep* RaftStepNew(const struct RaftStepOptions* options);
void RaftStepFree(struct RaftStep* step);

// Events. `snapshot_index` 0: there is none. The entries follow it without a gap.
void RaftStepStart(struct RaftStep* step, uint64_t now, uint64_t term, uint64_t voted_for,
                   uint64_t snapshot_index, uint64_t snapshot_term,
                   const struct RaftStepConfiguration* snapshot_configuration,
                   const struct RaftStepEntry* entries, size_t n);
void RaftStepTimeout(struct RaftStep* step, uint64_t now);
// REQUIRES: it contradicts nothing that is committed, no snapshot is being installed if it brings
// one, and nobody but this server claims to lead in a term in which it leads.
void RaftStepReceive(struct RaftStep* step, uint64_t now, const struct RaftStepMessage* message);
// False: refused, this server does not lead or not now, and nothing has changed.
bool RaftStepSubmit(struct RaftStep* step, uint64_t now, const struct RaftStepEntry* entry);
void RaftStepPersistedEntries(struct RaftStep* step, uint64_t now, uint64_t index);
void RaftStepPersistedSnapshot(struct RaftStep* step, uint64_t now, uint64_t index, uint64_t term,
                               const struct RaftStepConfiguration* configuration);
void RaftStepCommittedConfiguration(struct RaftStep* step, uint64_t now,
                                    const struct RaftStepConfiguration* configuration);
void RaftStepTakenSnapshot(struct RaftStep* step, uint64_t now, uint64_t index, uint64_t term,
                           const struct RaftStepConfiguration* configuration, unsigned kept_tail);
void RaftStepCatchUp(struct RaftStep* step, uint64_t now, uint64_t server);
void RaftStepTransfer(struct RaftStep* step, uint64_t now, uint64_t server);

// Not of libraft: moves to a new term with a vote for itself. For a lone voter, whom libraft makes
// a leader without a new term. REQUIRES: a follower.
void RaftStepOpenTerm(struct RaftStep* step);

// Of the last event.
const struct RaftStepUpdate* RaftStepLastUpdate(const struct RaftStep* step);

enum RaftStepRole RaftStepCurrentRole(const struct RaftStep* step);
uint64_t RaftStepTerm(const struct RaftStep* step);
uint64_t RaftStepVotedFor(const struct RaftStep* step);
uint64_t RaftStepCommitIndex(const struct RaftStep* step);
uint64_t RaftStepDurableIndex(const struct RaftStep* step);              // Of entries.
uint64_t RaftStepUncommittedConfiguration(const struct RaftStep* step);  // Its index, or 0.
uint64_t RaftStepLeader(const struct RaftStep* step);                    // 0: not known.
uint64_t RaftStepDeadline(const struct RaftStep* step);
// 0 unless this server leads.
uint64_t RaftStepMatchIndex(const struct RaftStep* step, uint64_t server);
bool RaftStepCatchingUp(const struct RaftStep* step);  // Any server.

#ifdef __cplusplus
}
#endif
