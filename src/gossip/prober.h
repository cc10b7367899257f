// Prober: finds out who does not answer.
//
// One probe, over time (scaled by Awareness while this node is slow itself):
//
//     0 ................ probe_timeout .................................. probe_interval
//     ping the target    ask k others to ping it, and try TCP             nobody: suspect it
//
// A relay that has not heard the target by its own probe_timeout says so (nack): a relay that says
// neither is the sign that the trouble may be here.

#pragma once

#include <cstdint>
#include <map>

#include "base/rng.h"
#include "base/time.h"
#include "gossip/awareness.h"
#include "gossip/counters.h"
#include "gossip/effects.h"
#include "gossip/membership.h"
#include "gossip/message.h"
#include "gossip/options.h"
#include "gossip/post.h"
#include "gossip/streams.h"
#include "model/endpoint.h"
#include "model/ids.h"

namespace aegis::gossip {

class Prober {
 public:
  // REQUIRES: everything referred to outlives this.
  Prober(const Options& options, Membership& membership, Awareness& awareness, Post& post,
         Streams& streams, Rng& rng, Counters& counters, TimePoint now);

  // Ends or escalates the probes under way, and begins the next when its turn has come.
  void Tick(TimePoint now, Effects& effects);

  // Out of turn, on all ways at once. Does nothing if such a probe is under way.
  void ProbeNow(NodeId id, TimePoint now, Effects& effects);

  void OnPingRequest(const Endpoint& from, const PingRequest& request, TimePoint now,
                     Effects& effects);
  void OnAck(NodeId from, const Ack& ack, Effects& effects);
  void OnNack(const Nack& nack);
  // The TCP part of probe `seq` was answered by its target.
  void OnStreamAck(std::uint32_t seq);

  void Postpone(Duration by);
  TimePoint wake_up_at() const;

 private:
  struct Probe {
    NodeId target;
    Session session;
    TimePoint escalate_at;  // max(): has been.
    TimePoint fail_at;
    int relays = 0;         // How many were asked,
    int relays_silent = 0;  // and how many of them have not said that they heard nothing.
    bool urgent = false;
  };
  struct Relay {
    Endpoint origin;
    std::uint32_t origin_seq;
    TimePoint nack_at;  // max(): has been sent.
    TimePoint forget_at;
  };

  // Pings under way for others; more are not taken on, which their askers see as a lost nack.
  static constexpr std::size_t kRelaysMax = 1024;

  void Begin(const Member& target, bool urgent, TimePoint now, Effects& effects);
  void Escalate(std::uint32_t seq, Probe& probe, Effects& effects);
  void Fail(const Probe& probe, TimePoint now, Effects& effects);
  bool Succeed(std::uint32_t seq);
  void TickRelays(TimePoint now, Effects& effects);
  std::uint32_t NextSeq();

  const Options& options_;
  Membership& membership_;
  Awareness& awareness_;
  Post& post_;
  Streams& streams_;
  Counters& counters_;
  std::map<std::uint32_t, Probe> probes_;
  std::map<std::uint32_t, Relay> relays_;
  std::uint32_t next_seq_;
  TimePoint next_probe_;
};

}  // namespace aegis::gossip
