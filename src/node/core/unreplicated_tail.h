// UnreplicatedTail: what the leader of a shard has written and no other copy is known to hold. A
// failover can lose so much of the asynchronous writes, and no more; so it is bounded.
//
// It is measured against the best copy in sync. With none in sync it is measured against the best
// other copy that holds the whole shard. With no such copy either there is nothing to measure
// against: the tail grows, and holds nobody up; how many copies have to be in sync for writes to go
// on is another rule (--min-in-sync).
//
// Its time is that for which the best copy has not acknowledged what was there then: the oldest
// write of the tail is at least so old, and at most twice. It is taken from wall clocks: when one
// is set forward, writes may wait until the next acknowledgement; backward, the time begins anew.
//
// Part of a Shard, under its lock.

#pragma once

#include <cstddef>
#include <cstdint>
#include <span>
#include <vector>

#include "base/time.h"
#include "control/command.h"
#include "model/version.h"
#include "replication/recent_records.h"

namespace aegis::node {

class UnreplicatedTail {
 public:
  // Beyond either, writes wait. 0: no bound.
  struct Bounds {
    std::uint64_t bytes = 0;
    Duration time{};
  };

  UnreplicatedTail() = default;
  // A reign begins on records that end at `last`, of which those up to `committed` are elsewhere.
  // `recent` is the leader's and outlives this.
  UnreplicatedTail(const Bounds& bounds, const replication::RecentRecords& recent,
                   Version committed, Version last, UnixMs now);

  // The reign is over: there is no tail.
  void End();

  void OnTime(UnixMs now);
  UnixMs now() const { return now_; }
  // The record behind all others was applied; it takes so many bytes.
  void OnWritten(Version version, std::size_t bytes);
  // A copy says that it holds everything up to there.
  void OnAcked(const control::Copy& copy, Version version);
  // Who counts from now on: these are in sync; and, if that is nobody, the best of `whole`: up to
  // where it holds the shard. (0,0): there is none. `alone`: there is to be no other copy,
  // and so nothing that it could lack.
  void Measure(std::span<const control::Copy> in_sync, Version whole, bool alone);

  // A write that brings so many bytes has to wait. One that is larger than the bound does only
  // while there is a tail.
  bool Holds(std::size_t bytes) const;

  std::uint64_t bytes() const { return written_ - replicated_bytes_; }
  Duration time() const;
  // Up to here another copy holds the shard.
  Version replicated() const { return replicated_; }

 private:
  struct Holder {
    control::Copy copy;
    Version version;
  };

  void MoveTo(Version replicated);

  Bounds bounds_;
  const replication::RecentRecords* recent_ = nullptr;  // Null: this node does not lead.
  bool measured_ = true;
  bool alone_ = false;
  std::vector<Holder> in_sync_;
  Version last_;
  Version replicated_;
  std::uint64_t written_ = 0;           // Bytes, since some position up to `replicated_`,
  std::uint64_t replicated_bytes_ = 0;  // and those of them up to `replicated_`.
  Version target_;                      // Not replicated, and there ...
  UnixMs since_;                        // ... since then.
  UnixMs now_;
};

}  // namespace aegis::node
