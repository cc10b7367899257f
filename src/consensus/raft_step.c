#include "consensus/raft_step.h"

#include <inttypes.h>
#include <raft.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#if RAFT_VERSION_NUMBER < 2200 || RAFT_VERSION_NUMBER >= 2300
#error "The ownership rules below are those of libraft 0.22."
#endif

// libraft ignores results of votes that look older: they could not tell votes from pre-votes.
enum { kVoteVersion = 2 };

// As text: libraft wants each server to have another address.
typedef char Address[24];

struct RaftStep {
  struct raft raft;
  struct raft_update raft_update;
  struct RaftStepUpdate update;
  struct RaftStepMessage* messages;  // Of `update`.
  size_t messages_capacity;
};

static void* Checked(void* memory) {
  if (memory == NULL) {
    fprintf(stderr, "aegis: out of memory in the control log\n");
    abort();
  }
  return memory;
}

static void CheckOk(struct RaftStep* step, int status) {
  if (status == 0) return;
  fprintf(stderr, "aegis: libraft refused a step: %s: %s\n", raft_strerror(status),
          raft_errmsg(&step->raft));
  abort();
}

static void PrintAddress(uint64_t server, Address out) {
  snprintf(out, sizeof(Address), "%" PRIu64, server);
}

// For libraft to own.
static struct raft_configuration CopyConfiguration(const struct RaftStepConfiguration* from) {
  struct raft_configuration to;
  raft_configuration_init(&to);
  for (size_t i = 0; i < from->n; ++i) {
    Address address;
    PrintAddress(from->servers[i].id, address);
    const int role = from->servers[i].voter ? RAFT_VOTER : RAFT_SPARE;
    if (raft_configuration_add(&to, from->servers[i].id, address, role) != 0) Checked(NULL);
  }
  return to;
}

// All data of `entries` lies in one block, `batch` of each.
static struct raft_entry* CopyEntries(const struct RaftStepEntry* from, size_t n) {
  if (n == 0) return NULL;
  size_t size = 1;  // A batch is never null.
  for (size_t i = 0; i < n; ++i) size += from[i].size;
  struct raft_entry* const entries = Checked(raft_calloc(n, sizeof *entries));
  char* const batch = Checked(raft_malloc(size));
  char* end = batch;
  for (size_t i = 0; i < n; ++i) {
    entries[i].term = from[i].term;
    entries[i].type = (enum raft_entry_type)from[i].type;
    entries[i].buf.base = end;
    entries[i].buf.len = from[i].size;
    entries[i].batch = batch;
    if (from[i].size > 0) memcpy(end, from[i].data, from[i].size);
    end += from[i].size;
  }
  return entries;
}

// `batch_too`: libraft has not freed it.
static void FreeEntries(struct raft_entry* entries, bool batch_too) {
  if (entries == NULL) return;
  if (batch_too) raft_free(entries[0].batch);
  raft_free(entries);
}

static struct RaftStepMessage FromLibraft(const struct raft_message* from) {
  struct RaftStepMessage to = {.type = (enum RaftStepMessageType)from->type,
                               .server = from->server_id};
  switch (from->type) {
    case RAFT_APPEND_ENTRIES:
      to.term = from->append_entries.term;
      to.index = from->append_entries.prev_log_index;
      to.term_at_index = from->append_entries.prev_log_term;
      to.commit = from->append_entries.leader_commit;
      to.n_entries = from->append_entries.n_entries;
      break;
    case RAFT_APPEND_ENTRIES_RESULT:
      to.term = from->append_entries_result.term;
      to.index = from->append_entries_result.last_log_index;
      to.rejected = from->append_entries_result.rejected;
      break;
    case RAFT_REQUEST_VOTE:
      to.term = from->request_vote.term;
      to.index = from->request_vote.last_log_index;
      to.term_at_index = from->request_vote.last_log_term;
      to.disrupt_leader = from->request_vote.disrupt_leader;
      to.pre_vote = from->request_vote.pre_vote;
      break;
    case RAFT_REQUEST_VOTE_RESULT:
      to.term = from->request_vote_result.term;
      to.granted = from->request_vote_result.vote_granted;
      to.pre_vote = from->request_vote_result.pre_vote;
      break;
    case RAFT_INSTALL_SNAPSHOT:
      to.term = from->install_snapshot.term;
      to.index = from->install_snapshot.last_index;
      to.term_at_index = from->install_snapshot.last_term;
      break;
    case RAFT_TIMEOUT_NOW:
      to.term = from->timeout_now.term;
      to.index = from->timeout_now.last_log_index;
      to.term_at_index = from->timeout_now.last_log_term;
      break;
  }
  return to;
}

static struct raft_message ToLibraft(const struct RaftStepMessage* from, const char* address) {
  struct raft_message to;
  memset(&to, 0, sizeof to);
  to.type = (enum raft_message_type)from->type;
  to.server_id = from->server;
  to.server_address = address;
  switch (from->type) {
    case kRaftStepAppendEntries:
      to.append_entries.term = from->term;
      to.append_entries.prev_log_index = from->index;
      to.append_entries.prev_log_term = from->term_at_index;
      to.append_entries.leader_commit = from->commit;
      to.append_entries.entries = CopyEntries(from->entries, from->n_entries);
      to.append_entries.n_entries = (unsigned)from->n_entries;
      break;
    case kRaftStepAppendEntriesResult:
      to.append_entries_result.term = from->term;
      to.append_entries_result.rejected = from->rejected;
      to.append_entries_result.last_log_index = from->index;
      break;
    case kRaftStepRequestVote:
      to.request_vote.version = kVoteVersion;
      to.request_vote.term = from->term;
      to.request_vote.candidate_id = from->server;
      to.request_vote.last_log_index = from->index;
      to.request_vote.last_log_term = from->term_at_index;
      to.request_vote.disrupt_leader = from->disrupt_leader;
      to.request_vote.pre_vote = from->pre_vote;
      break;
    case kRaftStepRequestVoteResult:
      to.request_vote_result.version = kVoteVersion;
      to.request_vote_result.term = from->term;
      to.request_vote_result.vote_granted = from->granted;
      to.request_vote_result.pre_vote = from->pre_vote;
      break;
    case kRaftStepInstallSnapshot:
      to.install_snapshot.term = from->term;
      to.install_snapshot.last_index = from->index;
      to.install_snapshot.last_term = from->term_at_index;
      to.install_snapshot.conf = CopyConfiguration(&from->configuration);
      to.install_snapshot.conf_index = from->configuration.index;
      break;
    case kRaftStepTimeoutNow:
      to.timeout_now.term = from->term;
      to.timeout_now.last_log_index = from->index;
      to.timeout_now.last_log_term = from->term_at_index;
      break;
  }
  return to;
}

static void TakeMessages(struct RaftStep* step) {
  const size_t n = step->raft_update.messages.n;
  if (n > step->messages_capacity) {
    step->messages = Checked(realloc(step->messages, n * sizeof *step->messages));
    step->messages_capacity = n;
  }
  for (size_t i = 0; i < n; ++i) {
    step->messages[i] = FromLibraft(&step->raft_update.messages.batch[i]);
  }
  step->update.messages = step->messages;
  step->update.n_messages = n;
}

static int Step(struct RaftStep* step, uint64_t now, struct raft_event* event) {
  memset(&step->raft_update, 0, sizeof step->raft_update);
  memset(&step->update, 0, sizeof step->update);
  event->time = now;
  const int status = raft_step(&step->raft, event, &step->raft_update);
  if (status != 0) return status;

  const unsigned flags = step->raft_update.flags;
  step->update.hard_state = (flags & ((RAFT_UPDATE_CURRENT_TERM) | (RAFT_UPDATE_VOTED_FOR))) != 0;
  if ((flags & (RAFT_UPDATE_ENTRIES)) != 0) {
    step->update.entries_index = step->raft_update.entries.index;
    step->update.n_entries = step->raft_update.entries.n;
    if (step->raft_update.entries.batch == &step->raft.barrier) {
      step->update.barrier = true;
      raft_free(step->raft.barrier.batch);
    }
  }
  step->update.install_snapshot = (flags & (RAFT_UPDATE_SNAPSHOT)) != 0;
  if ((flags & (RAFT_UPDATE_MESSAGES)) != 0) TakeMessages(step);
  return 0;
}

struct RaftStep* RaftStepNew(const struct RaftStepOptions* options) {
  struct RaftStep* const step = Checked(calloc(1, sizeof *step));
  Address address;
  PrintAddress(options->self, address);
  CheckOk(step, raft_init(&step->raft, NULL, NULL, options->self, address));
  step->raft.tracer = NULL;  // The default one reads a clock.
  raft_seed(&step->raft, options->seed);
  raft_set_election_timeout(&step->raft, options->election_timeout);
  raft_set_heartbeat_timeout(&step->raft, options->heartbeat);
  raft_set_max_inflight_entries(&step->raft, options->inflight_entries);
  raft_set_pre_vote(&step->raft, true);
  return step;
}

void RaftStepFree(struct RaftStep* step) {
  if (step == NULL) return;
  raft_close(&step->raft, NULL);
  free(step->messages);
  free(step);
}

void RaftStepStart(struct RaftStep* step, uint64_t now, uint64_t term, uint64_t voted_for,
                   uint64_t snapshot_index, uint64_t snapshot_term,
                   const struct RaftStepConfiguration* snapshot_configuration,
                   const struct RaftStepEntry* entries, size_t n) {
  struct raft_snapshot_metadata metadata;
  memset(&metadata, 0, sizeof metadata);
  struct raft_event event = {.type = RAFT_START};
  event.start.term = term;
  event.start.voted_for = voted_for;
  if (snapshot_index > 0) {
    metadata.index = snapshot_index;
    metadata.term = snapshot_term;
    metadata.configuration_index = snapshot_configuration->index;
    metadata.configuration = CopyConfiguration(snapshot_configuration);
    event.start.metadata = &metadata;
  }
  event.start.start_index = snapshot_index + 1;
  event.start.entries = CopyEntries(entries, n);
  event.start.n_entries = (unsigned)n;
  CheckOk(step, Step(step, now, &event));
  FreeEntries(event.start.entries, true);
}

void RaftStepTimeout(struct RaftStep* step, uint64_t now) {
  struct raft* const raft = &step->raft;
  if (raft->state == RAFT_CANDIDATE && now >= raft_timeout(raft)) {
    // libraft would raise the term again and again, and a server that comes back after a while
    // alone would depose the leader of those that were many. An election that failed begins anew.
    raft->candidate_state.in_pre_vote = true;
    raft->candidate_state.disrupt_leader = false;
  }
  const bool silence = raft->state == RAFT_FOLLOWER && now >= raft_timeout(raft);
  struct raft_event event = {.type = RAFT_TIMEOUT};
  CheckOk(step, Step(step, now, &event));
  if (silence && raft->state == RAFT_FOLLOWER) {
    // One that may not stand itself. libraft would remember the leader that has gone silent, and
    // refuse everyone else its vote.
    raft->follower_state.current_leader.id = 0;
    raft_free(raft->follower_state.current_leader.address);
    raft->follower_state.current_leader.address = NULL;
  }
}

// To libraft only a voter by its own log votes. But the entry that makes it one may not have
// reached it, and whoever has that entry may need its vote to bring it. Raft lets every server vote
// (dissertation, 4.2.2); the candidate knows whose votes count.
static int StepAsVoter(struct RaftStep* step, uint64_t now, struct raft_event* event) {
  struct raft* const raft = &step->raft;
  if (raft->state == RAFT_LEADER) return Step(step, now, event);
  struct raft_server self = {.id = raft->id, .address = raft->address, .role = RAFT_VOTER};
  const struct raft_configuration real = raft->configuration;
  raft->configuration = (struct raft_configuration){.servers = &self, .n = 1};
  const int status = Step(step, now, event);
  raft->configuration = real;
  return status;
}

void RaftStepReceive(struct RaftStep* step, uint64_t now, const struct RaftStepMessage* message) {
  Address address;
  PrintAddress(message->server, address);
  struct raft_message copy = ToLibraft(message, address);
  struct raft_event event = {.type = RAFT_RECEIVE};
  event.receive.message = &copy;
  CheckOk(step, message->type == kRaftStepRequestVote ? StepAsVoter(step, now, &event)
                                                      : Step(step, now, &event));
  if (message->type == kRaftStepAppendEntries) {
    // libraft frees the batch unless it hands the entries back.
    FreeEntries(copy.append_entries.entries, step->update.n_entries > 0);
  }
  if (message->type == kRaftStepInstallSnapshot && step->update.install_snapshot) {
    raft_configuration_close(&step->raft_update.snapshot.metadata.configuration);
  }
  if (message->term < raft_current_term(&step->raft)) {
    // libraft 0.22.1 leaves this field of the refusal of an older term as it found it.
    for (size_t i = 0; i < step->update.n_messages; ++i) {
      if (step->messages[i].type == kRaftStepAppendEntriesResult) {
        step->messages[i].index = raft_last_index(&step->raft);
      }
    }
  }
}

bool RaftStepSubmit(struct RaftStep* step, uint64_t now, const struct RaftStepEntry* entry) {
  struct raft_event event = {.type = RAFT_SUBMIT};
  event.submit.entries = CopyEntries(entry, 1);
  event.submit.n = 1;
  const int status = Step(step, now, &event);
  FreeEntries(event.submit.entries, true);
  if (status == RAFT_NOTLEADER || status == RAFT_CANTCHANGE) return false;
  CheckOk(step, status);
  return true;
}

void RaftStepPersistedEntries(struct RaftStep* step, uint64_t now, uint64_t index) {
  struct raft_event event = {.type = RAFT_PERSISTED_ENTRIES};
  event.persisted_entries.index = index;
  CheckOk(step, Step(step, now, &event));
}

void RaftStepPersistedSnapshot(struct RaftStep* step, uint64_t now, uint64_t index, uint64_t term,
                               const struct RaftStepConfiguration* configuration) {
  struct raft_event event = {.type = RAFT_PERSISTED_SNAPSHOT};
  event.persisted_snapshot.metadata.index = index;
  event.persisted_snapshot.metadata.term = term;
  event.persisted_snapshot.metadata.configuration_index = configuration->index;
  event.persisted_snapshot.metadata.configuration = CopyConfiguration(configuration);
  event.persisted_snapshot.last = true;
  CheckOk(step, Step(step, now, &event));
}

void RaftStepCommittedConfiguration(struct RaftStep* step, uint64_t now,
                                    const struct RaftStepConfiguration* configuration) {
  struct raft_event event = {.type = RAFT_CONFIGURATION};
  event.configuration.index = configuration->index;
  event.configuration.conf = CopyConfiguration(configuration);
  CheckOk(step, Step(step, now, &event));
}

void RaftStepTakenSnapshot(struct RaftStep* step, uint64_t now, uint64_t index, uint64_t term,
                           const struct RaftStepConfiguration* configuration, unsigned kept_tail) {
  struct raft_event event = {.type = RAFT_SNAPSHOT};
  event.snapshot.metadata.index = index;
  event.snapshot.metadata.term = term;
  event.snapshot.metadata.configuration_index = configuration->index;
  event.snapshot.metadata.configuration = CopyConfiguration(configuration);
  event.snapshot.trailing = kept_tail;
  CheckOk(step, Step(step, now, &event));
}

void RaftStepCatchUp(struct RaftStep* step, uint64_t now, uint64_t server) {
  struct raft_event event = {.type = RAFT_CATCH_UP};
  event.catch_up.server_id = server;
  CheckOk(step, Step(step, now, &event));
}

void RaftStepTransfer(struct RaftStep* step, uint64_t now, uint64_t server) {
  struct raft_event event = {.type = RAFT_TRANSFER};
  event.transfer.server_id = server;
  const int status = Step(step, now, &event);
  // Not the leader any more, handing over already, or to nobody who could take over.
  if (status == RAFT_NOTLEADER || status == RAFT_BADID || status == RAFT_NOTFOUND) return;
  CheckOk(step, status);
}

void RaftStepOpenTerm(struct RaftStep* step) {
  step->raft.current_term += 1;
  step->raft.voted_for = step->raft.id;
  step->raft.follower_state.match = 0;
  memset(&step->update, 0, sizeof step->update);
  step->update.hard_state = true;
}

const struct RaftStepUpdate* RaftStepLastUpdate(const struct RaftStep* step) {
  return &step->update;
}

enum RaftStepRole RaftStepCurrentRole(const struct RaftStep* step) {
  switch (step->raft.state) {
    case RAFT_LEADER:
      return kRaftStepLeader;
    case RAFT_CANDIDATE:
      return kRaftStepCandidate;
    default:
      return kRaftStepFollower;
  }
}

uint64_t RaftStepTerm(const struct RaftStep* step) { return raft_current_term(&step->raft); }

uint64_t RaftStepVotedFor(const struct RaftStep* step) { return raft_voted_for(&step->raft); }

uint64_t RaftStepCommitIndex(const struct RaftStep* step) { return raft_commit_index(&step->raft); }

uint64_t RaftStepDurableIndex(const struct RaftStep* step) { return step->raft.last_stored; }

uint64_t RaftStepUncommittedConfiguration(const struct RaftStep* step) {
  return step->raft.configuration_uncommitted_index;
}

uint64_t RaftStepLeader(const struct RaftStep* step) {
  switch (step->raft.state) {
    case RAFT_LEADER:
      return step->raft.id;
    case RAFT_FOLLOWER:
      return step->raft.follower_state.current_leader.id;
    default:
      return 0;
  }
}

uint64_t RaftStepDeadline(const struct RaftStep* step) { return raft_timeout(&step->raft); }

uint64_t RaftStepMatchIndex(const struct RaftStep* step, uint64_t server) {
  raft_index index = 0;
  return raft_match_index(&step->raft, server, &index) == 0 ? index : 0;
}

bool RaftStepCatchingUp(const struct RaftStep* step) {
  return step->raft.state == RAFT_LEADER && step->raft.leader_state.promotee_id != 0;
}
