// Swim: membership and failure detection of one node. SWIM (Das, Gupta, Motivala: "SWIM", 2002)
// with Lifeguard (Dadgar, Phillips, Currey: arXiv:1707.00788).
//
// Pure and single-threaded: one owner calls it, with a `now` that never goes back, and carries out
// the Effects that each call appends to. Nothing that arrives, however broken, stops it.
//
// It answers "who is there and who seems alive", eventually the same on every node. It never
// decides who leads anything.
//
// Born and unborn. A node whose settings() have no cluster id is unborn: it gossips with anybody
// and adopts the settings of the first born node it exchanges state with; until then it takes no
// rumours from born ones. Two born nodes of different clusters refuse each other, and nothing is
// merged.
//
// One id, one node. Who comes with a known id and a new session replaces the known run at once if
// that is dead, has left or had the same gossip address (a restart); otherwise the newcomer is
// refused until the known one is dead. Of two runs, the one with the higher incarnation is the
// newer: start Member::incarnation with the Unix time in milliseconds.
//
// How fast, with the default Options, from the moment a process dies: median and 99th percentile,
// as bench/gossip_figures.cc measures it without loss. Suspected after up to 1.5 s, the dead one
// then has 2 s to refute (4 s among 100), six times that while no second member confirms.
//
//     members | first node declares it dead | with ProbeSoon() at once
//     3       | 2.8 s   3.6 s               | 2.4 s
//     10      | 2.8 s   4.3 s               | 2.4 s
//     100     | 4.8 s   6.6 s               | 4.4 s

#pragma once

#include <cstddef>
#include <cstdint>
#include <span>
#include <string>
#include <vector>

#include "base/bytes.h"
#include "base/result.h"
#include "base/rng.h"
#include "base/time.h"
#include "gossip/awareness.h"
#include "gossip/counters.h"
#include "gossip/effects.h"
#include "gossip/exchange.h"
#include "gossip/membership.h"
#include "gossip/message.h"
#include "gossip/options.h"
#include "gossip/post.h"
#include "gossip/prober.h"
#include "gossip/streams.h"
#include "model/cluster.h"
#include "model/endpoint.h"
#include "model/member.h"

namespace aegis::gossip {

class Swim {
 public:
  using Options = gossip::Options;

  // `settings`: with an id, the cluster this node belongs to; without one, what this node would
  // form a cluster with. REQUIRES: self has an id, a session, a name within limits::kNameSizeMax
  // and a gossip address that others can reach; self.state == kAlive.
  Swim(Member self, ClusterSettings settings, Options options, Rng rng, TimePoint now);

  Swim(const Swim&) = delete;
  Swim& operator=(const Swim&) = delete;

  // Exchanges state with each seed, again and again until one has answered; from then on with
  // those that are no live members, for ever. Seeds are numeric addresses; a later call (names may
  // have been resolved anew) replaces them.
  void Join(std::span<const Endpoint> seeds, TimePoint now, Effects& effects);

  // Does what is due. Call no later than Effects::wake_up_at.
  void Tick(TimePoint now, Effects& effects);

  // A UDP datagram came in.
  void OnDatagram(const Endpoint& from, ByteView body, TimePoint now, Effects& effects);

  // Another node opened a stream: a push/pull or a probe by TCP. Returns the reply, always; one
  // that names the reason if the request was refused.
  Bytes OnStreamRequest(const Endpoint& from, ByteView request, TimePoint now, Effects& effects);

  // What became of StreamRequest `id`. Late or unknown ids are ignored.
  void OnStreamReply(std::uint64_t id, const Result<Bytes>& reply, TimePoint now, Effects& effects);

  // A link to this member broke, so it may be dead: probes it now instead of in its turn, directly,
  // through others and by TCP all at once.
  void ProbeSoon(NodeId id, TimePoint now, Effects& effects);

  // Says goodbye. The node goes on answering, but probes nobody any more and refutes nothing.
  void Leave(TimePoint now, Effects& effects);
  // The goodbye has been sent as often as a rumour is; the process may end.
  bool farewell_said() const;

  // This node's cluster is born: it formed one, or remembers one. The next Tick(), which is due at
  // once, spreads it. REQUIRES: !this->settings().born() and settings.born().
  void SetSettings(const ClusterSettings& settings, TimePoint now);

  // Replaces this node's metadata (addresses, zone, weight, software) and tells the others.
  // REQUIRES: the same id, session and name. State and incarnation are not taken over.
  void UpdateSelf(const Member& changed, TimePoint now, Effects& effects);

  // Sorted by id; this node, suspects, dead and left ones included.
  std::vector<Member> members() const { return membership_.members(); }
  // Null if unknown. Valid until the next call that is not const.
  const Member* Find(NodeId id) const { return membership_.Find(id); }
  const Member& self() const { return membership_.self(); }
  const ClusterSettings& settings() const { return settings_; }

  // State has been exchanged with at least one other node since the start.
  bool joined() const { return exchange_.joined(); }
  // Why the last exchange that this node asked for was refused; empty after one that was not.
  const std::string& refusal() const { return exchange_.refusal(); }
  // 0: well. Up to Options::awareness_max - 1: how many times slower than usual this node judges
  // others, because it seems to be the slow one itself.
  int health_score() const { return awareness_.score(); }
  const Counters& counters() const { return counters_; }
  // As the last Effects::wake_up_at, and right after SetSettings() too.
  TimePoint wake_up_at() const { return wake_up_at_; }

 private:
  // Every call begins and ends with these.
  void Begin(TimePoint now);
  void End(TimePoint now, Effects& effects);

  // To be asked who it is: unknown as this run, or thought dead although it speaks.
  bool IsStranger(const Sender& sender) const;
  void OnRumours(const DatagramMessage& message, TimePoint now, Effects& effects);
  void OnBody(const Endpoint& from, const DatagramMessage& message, TimePoint now,
              Effects& effects);
  void SpreadRumours(TimePoint now, Effects& effects);
  void Spread(std::size_t fanout, TimePoint now, Effects& effects);
  TimePoint NextDeadline() const;

  const Options options_;
  Rng rng_;
  Counters counters_;
  ClusterSettings settings_;
  Complaints complaints_;
  Awareness awareness_;
  Membership membership_;
  Post post_;
  Streams streams_;
  Prober prober_;
  Exchange exchange_;
  TimePoint next_spread_;
  TimePoint wake_up_at_;
};

}  // namespace aegis::gossip
