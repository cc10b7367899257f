// Post: writes datagrams, puts rumours into the space that is left, and counts them.

#pragma once

#include "base/time.h"
#include "gossip/counters.h"
#include "gossip/effects.h"
#include "gossip/membership.h"
#include "gossip/message.h"
#include "gossip/options.h"
#include "model/cluster.h"
#include "model/endpoint.h"

namespace aegis::gossip {

// How metrics name a datagram.
MessageKind KindOf(const DatagramBody& body);

class Post {
 public:
  // REQUIRES: everything referred to outlives this.
  Post(const ClusterSettings& settings, Membership& membership, const Options& options,
       Counters& counters)
      : settings_(settings), membership_(membership), options_(options), counters_(counters) {}

  void Send(const Endpoint& to, const DatagramBody& body, Effects& effects);

  // With what its target must hear, before any other rumour.
  void SendPing(const Member& target, const Ping& ping, Effects& effects);

  // As this node signs every message.
  Sender Signature() const;

 private:
  void Finish(const Endpoint& to, MessageKind kind, NodeId told_already, Bytes datagram,
              Effects& effects);

  const ClusterSettings& settings_;
  Membership& membership_;
  const Options& options_;
  Counters& counters_;
};

}  // namespace aegis::gossip
