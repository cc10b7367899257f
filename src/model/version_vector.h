// VersionVector: exactly which writes of one shard a replica has.
//
// A shard's history is a line: the reign of one leader after the other, each an epoch with one
// writer, each begun by a record that names where the reign before it ended. A replica holds a
// prefix of such a line, so for every epoch one number says what it has: the highest seq.
//
// Leadership by gossip can, in a partition, give one epoch to two leaders. The writer's session
// tells their histories apart: reigns with the same epoch and another writer have nothing in
// common. (Once leases make an epoch's writer unique, the comparison can only ever agree.)

#pragma once

#include <cstdint>
#include <vector>

#include "model/ids.h"
#include "model/version.h"

namespace aegis {

struct Reign {
  Epoch epoch;
  Session writer;
  Seq seq;  // The highest that the replica has; contiguous from 1.
  // The highest that was written, as far as the next leader knew when it began without them: those
  // behind `seq` are lost, and were counted then. 0: it knew of none.
  Seq known{};

  friend bool operator==(const Reign&, const Reign&) = default;
};

class VersionVector {
 public:
  VersionVector() = default;
  // REQUIRES: epochs ascend strictly.
  explicit VersionVector(std::vector<Reign> reigns);

  bool empty() const { return reigns_.empty(); }
  const std::vector<Reign>& reigns() const { return reigns_; }

  // The newest write; (0, 0) when empty.
  Version last() const;
  // The session that wrote last(); 0 when empty.
  Session last_writer() const;

  // Adds the next write of the current reign. REQUIRES: version.epoch == last().epoch and
  // version.seq == last().seq + 1.
  void Advance(Version version);

  // Begins a reign with its first record, seq 1. REQUIRES: epoch > last().epoch. Forgets the
  // oldest reign beyond limits::kVersionVectorEpochsMax. `known`: of the reign before.
  void Begin(Epoch epoch, Session writer, Seq known = {});

  // True iff this history is the beginning of `other` (or all of it): everything here is there.
  // An empty history is the beginning of every other.
  bool IsPrefixOf(const VersionVector& other) const;

  // How many records of this history come after that one, beginnings of reigns included.
  std::uint64_t RecordsAfter(Version version) const;

  enum class Holding : std::uint8_t {
    kHeld,    // It is part of this history,
    kNotYet,  // may become so,
    kLost,    // or never will: others followed where it should be, or it is forgotten.
  };
  Holding HoldingOf(Version version) const;
  // The highest seq of that epoch here; 0: none.
  Seq SeqOf(Epoch epoch) const;

  // Up to where both are the same; (0, 0): they have nothing in common.
  Version CommonWith(const VersionVector& other) const;

  // How many writes this history has that `other` lacks; at most, if what both share is older than
  // one of them remembers.
  std::uint64_t WritesBeyond(const VersionVector& other) const;

  // Of those, how many were not counted as lost when a reign of `other` began.
  std::uint64_t UncountedBeyond(const VersionVector& other) const;

  friend bool operator==(const VersionVector&, const VersionVector&) = default;

 private:
  const Reign* Find(Epoch epoch) const;

  std::vector<Reign> reigns_;  // Invariant: epochs ascend strictly.
};

}  // namespace aegis
