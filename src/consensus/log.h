// What a replicated log is made of: entries, the servers that agree on them, snapshots.

#pragma once

#include <compare>
#include <cstdint>
#include <vector>

#include "base/bytes.h"
#include "base/strong.h"

namespace aegis::consensus {

// A member of the log: random, drawn with an empty log directory, never 0. A node whose directory
// was emptied is another member: it has forgotten its votes.
using ServerId = Strong<struct ServerIdTag, std::uint64_t>;

using Term = std::uint64_t;
using Index = std::uint64_t;  // From 1; 0: none.

// Names one entry: two logs that hold the same position hold the same entries up to it.
struct LogPosition {
  Index index = 0;
  Term term = 0;

  friend bool operator==(const LogPosition&, const LogPosition&) = default;
  friend auto operator<=>(const LogPosition&, const LogPosition&) = default;
};

enum class EntryType : std::uint8_t {
  kCommand = 1,        // `data` is the user's.
  kBarrier = 2,        // Empty: a new leader's first entry.
  kConfiguration = 3,  // `data` is an encoded Configuration, see EncodeServers().
};

struct Entry {
  LogPosition at;
  EntryType type = EntryType::kCommand;
  Bytes data;

  friend bool operator==(const Entry&, const Entry&) = default;
};

enum class ServerRole : std::uint8_t {
  kVoter,
  kSpare,  // Gets no entries; caught up before it becomes a voter.
};

struct Server {
  ServerId id;
  ServerRole role = ServerRole::kVoter;

  friend bool operator==(const Server&, const Server&) = default;
};

// The servers as of the entry `at`. A configuration counts from the moment its entry is in a log,
// committed or not.
struct Configuration {
  LogPosition at;
  std::vector<Server> servers;  // Sorted by id.

  friend bool operator==(const Configuration&, const Configuration&) = default;
};

// Must be durable before any message of its term is sent.
struct HardState {
  Term term = 0;
  ServerId voted_for;  // 0: nobody.

  friend bool operator==(const HardState&, const HardState&) = default;
};

// What the entries up to and including `last` amount to.
struct Snapshot {
  LogPosition last;
  Configuration configuration;
  Bytes state;  // The user's.

  friend bool operator==(const Snapshot&, const Snapshot&) = default;
};

// Everything that survives a restart.
struct Persisted {
  HardState hard_state;
  Snapshot snapshot;           // last.index 0: none.
  std::vector<Entry> entries;  // Those after the snapshot, without a gap.
};

}  // namespace aegis::consensus
