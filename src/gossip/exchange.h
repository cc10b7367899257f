// Exchange: push/pull, the swapping of full states over TCP. With whom and when: seeds until one
// answers, a random live member every now and then, dead members and missing seeds in case that
// they are back, strangers that send datagrams, and everybody within reach right after birth.
//
// Admission happens here: a sender is refused before anything it says is merged.

#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <vector>

#include "base/rng.h"
#include "base/time.h"
#include "gossip/complaints.h"
#include "gossip/counters.h"
#include "gossip/effects.h"
#include "gossip/membership.h"
#include "gossip/message.h"
#include "gossip/options.h"
#include "gossip/post.h"
#include "gossip/prober.h"
#include "gossip/streams.h"
#include "model/cluster.h"
#include "model/endpoint.h"

namespace aegis::gossip {

class Exchange {
 public:
  // The exchange is what changes `settings`, by adoption.
  // REQUIRES: everything referred to outlives this.
  Exchange(const Options& options, ClusterSettings& settings, Membership& membership,
           Prober& prober, const Post& post, Streams& streams, Complaints& complaints, Rng& rng,
           Counters& counters, TimePoint now);

  void Join(std::span<const Endpoint> seeds, TimePoint now, Effects& effects);

  // A datagram came from someone who is no live member here, or, while this node is unborn, from
  // someone who is born: asks who it is. At most one per kIntroductionInterval.
  void Introduce(const Endpoint& to, TimePoint now, Effects& effects);
  static constexpr Duration kIntroductionInterval = std::chrono::milliseconds(50);

  StreamAnswer OnState(const Endpoint& from, const StreamQuestion& question, const State& state,
                       TimePoint now, Effects& effects);
  void OnAnswer(const Streams::Purpose& purpose, const StreamAnswer& answer, TimePoint now,
                Effects& effects);

  // Why a sender cannot be listened to, if it cannot: its cluster is another.
  std::optional<Refusal> RefuseForeign(const Sender& sender, const Endpoint& from, TimePoint now,
                                       Effects& effects);

  // This node is born: exchanges with some members at the next Tick().
  void SpreadBirth(TimePoint now);

  void Tick(TimePoint now, Effects& effects);
  TimePoint wake_up_at() const;

  bool joined() const { return joined_; }
  const std::string& refusal() const { return refusal_; }

 private:
  struct Seed {
    Endpoint address;
    NodeId answered;  // Who was found there; kNoNode: nobody yet.
  };

  // How many missing seeds are tried at a time, and how many members right after birth.
  static constexpr std::size_t kSeedsAtOnce = 8;
  static constexpr std::size_t kBirthFanout = 3;

  void PushPull(const Endpoint& to, TimePoint now, Effects& effects);
  void PushPullRandom(std::size_t count, MemberState state, TimePoint now, Effects& effects);
  void TrySeeds(TimePoint now, Effects& effects);
  bool IsMissing(const Seed& seed) const;
  std::optional<Refusal> Receive(const Endpoint& from, const Sender& sender, const State& state,
                                 TimePoint now, Effects& effects);
  void Adopt(const ClusterSettings& settings, NodeId from, TimePoint now, Effects& effects);
  void OnRefusal(const Endpoint& from, const Sender& sender, const Refusal& refusal, TimePoint now,
                 Effects& effects);
  Duration PushPullInterval() const;
  State OwnState() const;

  const Options& options_;
  ClusterSettings& settings_;
  Membership& membership_;
  Prober& prober_;
  const Post& post_;
  Streams& streams_;
  Complaints& complaints_;
  Rng& rng_;
  Counters& counters_;

  std::vector<Seed> seeds_;
  Duration seed_backoff_;
  bool joined_ = false;
  std::string refusal_;
  TimePoint spread_birth_at_ = TimePoint::max();
  TimePoint next_seeds_ = TimePoint::max();
  TimePoint next_push_pull_;
  TimePoint next_dead_contact_;
  TimePoint next_introduction_;
};

}  // namespace aegis::gossip
