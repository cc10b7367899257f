// MemberList: the members this node knows, itself included, and whose turn it is to be probed.

#pragma once

#include <cstddef>
#include <functional>
#include <map>
#include <vector>

#include "base/rng.h"
#include "base/time.h"
#include "model/ids.h"
#include "model/member.h"

namespace aegis::gossip {

// Alive or suspect: still part of the cluster as far as anybody can say.
inline bool IsLive(const Member& member) {
  return member.state == MemberState::kAlive || member.state == MemberState::kSuspect;
}

class MemberList {
 public:
  struct Entry {
    Member member;
    TimePoint since;  // When its state last changed.
  };

  // REQUIRES: rng outlives this.
  MemberList(Member self, Rng& rng, TimePoint now);

  const Member& self() const { return self_->second.member; }
  Member& mutable_self() { return self_->second.member; }

  // Null if unknown. Entries stay where they are until removed.
  Entry* Find(NodeId id);
  const Entry* Find(NodeId id) const;

  // A new member is probed at a random place of the round. REQUIRES: its id is unknown.
  Entry& Add(Member member, TimePoint now);
  // REQUIRES: id is known, and not self's.
  void Remove(NodeId id);

  // The next live member in the round, never self; null if there is none. Every round is a new
  // random order, so each member is probed once per round and by nobody predictably.
  const Member* NextToProbe();

  // Up to `count` distinct members that `wanted` accepts, at random; never self.
  std::vector<const Member*> Pick(std::size_t count,
                                  const std::function<bool(const Entry&)>& wanted);

  std::size_t size() const { return entries_.size(); }
  std::size_t CountLive() const;  // Self included.
  const std::map<NodeId, Entry>& entries() const { return entries_; }

 private:
  Rng& rng_;
  std::map<NodeId, Entry> entries_;
  std::map<NodeId, Entry>::iterator self_;
  std::vector<NodeId> round_;  // Every member but self, in the order of probing.
  std::size_t next_in_round_ = 0;
};

}  // namespace aegis::gossip
