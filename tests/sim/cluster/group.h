// Group: one register that is several keys of one slot. Whoever works on it does the same to every
// member in one batch, so the members are equal whenever anybody looks, wherever: at the leader, in
// a follower's copy, after a failover. A look at a single member is a look at the register.
//
// With one member it is an ordinary key and its operations are no batches.
//
// Pure but for TornCopy(), which looks into a cluster.

#pragma once

#include <cstddef>
#include <cstdint>
#include <functional>
#include <string>
#include <vector>

#include "base/bytes.h"
#include "model/operation.h"
#include "sim_cluster.h"

namespace aegis::sim {

std::vector<Bytes> MembersOf(const std::string& key, std::size_t members);

// The operation on every member as one. Lives as long as what it gives away is used.
class Batch {
 public:
  // `one`: the operation, on whatever key. `watched`: the version that every member must have, or
  // none.
  Batch(const Operation& one, const std::vector<Bytes>& members,
        const std::vector<Version>& watched);
  Batch(const Batch&) = delete;
  Batch& operator=(const Batch&) = delete;

  const Operation& operation() const { return operation_; }

 private:
  Bytes requests_;
  std::vector<Bytes> versions_;
  Operation operation_;
};

// What became of an operation on all members.
struct GroupOutcome {
  Outcome outcome;                  // Of each of them; the value is borrowed.
  std::vector<Version> versions{};  // One per member; empty if they are not there, or not told.
  std::string torn{};               // Not empty: how they differ, and then the rest says nothing.
};

// REQUIRES: `batch` is the outcome of a Batch over so many members, and outlives the result.
GroupOutcome OutcomeOfAll(const Outcome& batch, std::size_t members);

// Looks at all groups with members of so many in every copy of the shard. Empty, or the first one
// whose members differ, how, and where: "<group> ...". `excused`: these may.
std::string TornCopy(const SimCluster& cluster, std::uint32_t shard, std::size_t members,
                     const std::function<bool(const std::string& group)>& excused);

}  // namespace aegis::sim
