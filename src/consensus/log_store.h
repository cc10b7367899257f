// LogStore: a member's part of the log on disk: term and vote, entries, the newest snapshot.
//
// Every file is checksummed (XXH3). Damage at the end of the newest segment of entries is a torn
// write: what follows the last whole entry is cut off, and reported. Damage anywhere else is
// refused with the file, the offset and what can be done about it; a store never opens on less
// than what it had promised.
//
// Not thread-safe: one thread at a time, any thread. After a failed call the store refuses all
// others: what the disk holds is not known any more (a failed fsync is never retried).

#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <vector>

#include "base/directory.h"
#include "base/result.h"
#include "consensus/log.h"
#include "model/ids.h"

namespace aegis::consensus {

// Whose log this is. A directory of another cluster or node is refused.
struct LogIdentity {
  ClusterId cluster;
  NodeId node;
  ServerId server;

  friend bool operator==(const LogIdentity&, const LogIdentity&) = default;
};

class LogStore {
 public:
  static constexpr std::size_t kEntrySizeMax = 16 << 20;      // Of data. More: kTooLarge.
  static constexpr std::size_t kSnapshotSizeMax = 512 << 20;  // Of state. More: kTooLarge.
  static constexpr std::size_t kSegmentSize = 1 << 20;  // A file this long gets no more records.

  struct Opened {
    std::unique_ptr<LogStore> store;
    LogIdentity identity;
    Persisted persisted;
    std::uint64_t torn_bytes = 0;  // Cut off the end.
  };

  // True: there is a log in it, whole or not. Errors: of the directory.
  static Result<bool> Exists(Directory& directory);
  // An empty log of `identity` beginning with `persisted`, durable on return.
  // REQUIRES: !Exists(); directory outlives the store. A creation that was cut short is done again.
  static Result<Opened> Create(Directory& directory, const LogIdentity& identity,
                               const Persisted& persisted, std::size_t segment_size = kSegmentSize);
  // The log is gone, durably, as a whole or not at all; Create() clears away what is left of it.
  // REQUIRES: no store is open on it.
  static Result<Ok> Discard(Directory& directory);
  // Errors: kInvalid if it is damaged or belongs to another node: file, offset, remedy.
  // What it refuses it leaves as it was.
  static Result<Opened> Open(Directory& directory, NodeId node,
                             std::size_t segment_size = kSegmentSize);

  // Each is durable on return.
  // REQUIRES: a later term; or the same one, with a vote if none had been cast.
  Result<Ok> SaveHardState(const HardState& state);
  // Then drops what it covers: the entries up to its end, or all of them if the log does not hold
  // its last position. REQUIRES: none newer is saved; its term is not after the hard state's.
  Result<Ok> SaveSnapshot(const Snapshot& snapshot);
  // No such entry is fine. REQUIRES: it is not covered by the snapshot.
  Result<Ok> TruncateFrom(Index index);
  // REQUIRES: they follow the log without a gap, their terms not after the hard state's.
  Result<Ok> Append(const std::vector<Entry>& entries);

  // Bytes on disk.
  std::uint64_t size() const;

 private:
  class Impl;
  explicit LogStore(std::unique_ptr<Impl> impl);
  std::unique_ptr<Impl> impl_;

 public:
  ~LogStore();
};

}  // namespace aegis::consensus
