// LogIdentity: whose log it is. Every file of a log begins with it, so that files of two logs are
// never mixed.

#pragma once

#include <cstdint>

#include "base/strong.h"
#include "model/ids.h"

namespace aegis::wal {

// Random, drawn when the log is created, never 0. It is part of every checksum and told to nobody:
// no client can make a value of which a piece looks like an entry of the log.
using LogId = Strong<struct LogIdTag, std::uint64_t>;

struct LogIdentity {
  ClusterId cluster;
  NodeId node;
  LogId log;
  std::uint32_t num_shards = 1;  // Of the cluster.

  friend bool operator==(const LogIdentity&, const LogIdentity&) = default;
};

// One run of a machine's system: its random boot id. All zeros: not known.
struct BootId {
  std::uint64_t high = 0;
  std::uint64_t low = 0;

  bool known() const { return high != 0 || low != 0; }

  friend bool operator==(const BootId&, const BootId&) = default;
};

}  // namespace aegis::wal
