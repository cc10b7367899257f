// RumourQueue: what this node still has to pass on, and how often it already did.
//
// SWIM's infection style: a rumour rides on datagrams that go out anyway, each at most
// TransmitLimit() times, those sent least often first. A newer rumour about a member replaces an
// older one, so there is never more than one per member.

#pragma once

#include <cstddef>
#include <cstdint>
#include <map>

#include "base/bytes.h"
#include "model/ids.h"

namespace aegis::gossip {

class RumourQueue {
 public:
  // retransmit_mult * ceil(log10(members + 1)).
  static int TransmitLimit(int retransmit_mult, std::size_t members);

  // `encoded` as by EncodeRumour().
  void Add(NodeId subject, Bytes encoded);
  void Remove(NodeId subject);

  // Appends to `out` as many rumours as fit into `space` bytes, but none about `except`, and
  // counts each as sent. Those that reach `limit` are forgotten.
  void Take(std::size_t space, int limit, NodeId except, Bytes& out);

  bool empty() const { return by_subject_.empty(); }
  std::size_t size() const { return by_subject_.size(); }
  bool Contains(NodeId subject) const { return by_subject_.contains(subject); }

 private:
  // The order of sending: fewest transmissions first, among those the newest first.
  struct Rank {
    int sent;
    std::uint64_t age;  // Falls with every Add().
    friend auto operator<=>(const Rank&, const Rank&) = default;
  };
  struct Entry {
    NodeId subject;
    Bytes encoded;
  };

  std::map<Rank, Entry> entries_;
  std::map<NodeId, Rank> by_subject_;  // Invariant: the same rumours as in entries_.
  std::uint64_t next_age_ = UINT64_MAX;
};

}  // namespace aegis::gossip
