// RaftNode: one member of a Raft group (Ongaro, Ousterhout: "In Search of an Understandable
// Consensus Algorithm", 2014), over libraft's pure step interface.
//
// Pure and single-threaded: events go in, Effects come out. Every server runs one, voter or not: a
// server that no configuration names waits to be named.
//
// Messages between two servers must arrive in the order they were sent, without gaps, or not at
// all: one connection per direction; what was on its way when a connection broke is lost, and
// frames of an older connection are dropped.

#pragma once

#include <cstddef>
#include <memory>
#include <optional>
#include <vector>

#include "base/bytes.h"
#include "base/result.h"
#include "base/rng.h"
#include "base/time.h"
#include "consensus/configuration.h"
#include "consensus/log.h"

namespace aegis::consensus {

// In this order: make `hard_state` durable; then replace, truncate and append; then send. Sending
// need not wait for entries to be durable, only for `hard_state`. Storage is done in the order of
// the calls; when it is durable, OnPersisted() is told.
struct Effects {
  std::optional<HardState> hard_state;
  std::optional<Snapshot> snapshot;  // Replaces the stored one and every entry up to its end, or
                                     // all of them if the log does not hold its last position.
  Index truncate_from = 0;           // Not 0: entries from here on are gone.
  std::vector<Entry> append;

  struct Mail {
    ServerId to;
    Bytes message;
  };
  std::vector<Mail> mail;

  // For the state machine, in this order; nothing here need be durable on this server.
  std::optional<Bytes> restore;  // Start over from this snapshot's state ...
  std::vector<Entry> committed;  // ... then apply these, once each, without gaps.

  TimePoint wake_up_at = TimePoint::max();  // Call Tick() no later than this.

  void Clear();
};

class RaftNode {
 public:
  struct Options {
    Duration election_timeout = std::chrono::milliseconds(300);  // Up to twice this at random.
    Duration heartbeat = std::chrono::milliseconds(60);
    std::size_t kept_tail = 1024;  // Entries that Compact() keeps; fewer if they are large.
  };

  // `persisted`: what LogStore::Open() returned. Its snapshot's state has to be restored by the
  // caller; its entries come out of Effects::committed as they are known to be committed.
  RaftNode(ServerId self, Options options, Persisted persisted, Rng rng, TimePoint now);
  ~RaftNode();
  RaftNode(const RaftNode&) = delete;
  RaftNode& operator=(const RaftNode&) = delete;

  // What a new group's founder starts with: itself the only voter.
  static Persisted Birth(ServerId founder);

  void Start(TimePoint now, Effects& effects);
  void Tick(TimePoint now, Effects& effects);
  // Errors: kMalformed.
  Result<Ok> OnMessage(ServerId from, ByteView message, TimePoint now, Effects& effects);
  // What an Effects wanted stored is durable: its snapshot up to `snapshot`, its entries up to
  // `entries`, 0 where it had none. In the order of the Effects; one call may stand for several,
  // with the last of each. REQUIRES: never for an Effects that is still to be stored.
  void OnPersisted(Index snapshot, Index entries, TimePoint now, Effects& effects);

  // Appends an entry. Its fate shows in Effects::committed: it may be lost without a word if this
  // server loses its leadership. Errors: kUnavailable unless this server leads, and if too many
  // entries wait to be committed; kTooLarge.
  Result<LogPosition> Propose(Bytes command, TimePoint now, Effects& effects);

  // Appends a configuration. At most one voter may be added (also from a spare) or removed at a
  // time. Errors: kUnavailable unless this server leads, an entry of its term and the
  // last configuration are committed, and no server is being caught up; kInvalid if CheckChange()
  // refuses it, or if this server would not be a voter any more: hand the leadership over first.
  Result<LogPosition> Reconfigure(std::vector<Server> servers, TimePoint now, Effects& effects);

  // Leader: brings a spare up to date, one at a time. True from CaughtUp() while it is, or nearly;
  // asked again after a while without success.
  void CatchUp(ServerId spare, TimePoint now, Effects& effects);
  bool CaughtUp(ServerId spare) const;

  // Leader: hands the leadership to `successor`, a voter, or to any if it is 0.
  void TransferLeadership(ServerId successor, TimePoint now, Effects& effects);

  // `state` is what the entries up to the last one in Effects::committed amount to. Entries it
  // covers go, but for a tail for servers that are a little behind. Fills Effects::snapshot.
  // Nothing happens if there is nothing new, or (with an error in the log) if `state` is larger
  // than kSnapshotSizeMax.
  void Compact(Bytes state, TimePoint now, Effects& effects);

  ServerId self() const;
  bool leads() const;
  ServerId leader() const;  // 0: not known.
  Term term() const;
  Index last_index() const;
  Index commit_index() const;
  Index first_index() const;  // Of the oldest entry that is kept; last_index() + 1: none.
  // The newest in the log, committed or not.
  const Configuration& configuration() const;
  bool configuration_committed() const;
  // Null unless it is kept.
  const Entry* At(Index index) const;
  const Snapshot& snapshot() const;  // last.index 0: none.

 private:
  class Impl;
  std::unique_ptr<Impl> impl_;
};

}  // namespace aegis::consensus
