// VoterRoll: which voters of the control log this node hears, and what it remembers of those that
// it does not: gossip forgets the dead, but whoever has to bring them back needs their names.
//
// Pure; owned by the control thread.

#pragma once

#include <cstddef>
#include <map>
#include <optional>
#include <span>
#include <string>
#include <vector>

#include "base/time.h"
#include "control/state.h"
#include "model/endpoint.h"
#include "model/ids.h"
#include "model/member.h"

namespace aegis::node {

class VoterRoll {
 public:
  // A voter that has said nothing for this long is absent. As a rule every node asks every voter
  // for a grant several times a second, and every voter answers.
  static constexpr Duration kSilenceMax = std::chrono::seconds(3);
  // A node that did not look for this long has heard nobody for its own reasons.
  static constexpr Duration kStillMax = std::chrono::seconds(1);

  struct Absent {
    NodeId node;
    std::string name;
    std::optional<Endpoint> address;  // Of gossip; unknown to a process that never saw it.
    Duration silent{};                // At least: since this node started, if never heard.

    friend bool operator==(const Absent&, const Absent&) = default;
  };
  struct Count {
    std::size_t voters = 0;
    std::vector<Absent> absent;
    bool led = false;  // Who leads the log is heard, and leads only while a majority follows.

    // Or nobody knows who votes.
    bool majority() const { return voters == 0 || led || 2 * (voters - absent.size()) > voters; }
    // Who is missing, for people ...
    std::string Missing() const;
    // ... and what to do about it.
    std::string Describe() const;
  };

  VoterRoll(NodeId self, TimePoint started) : self_(self), started_(started), looked_(started) {}

  // Remembers who they are: of those who vote even when they are members no more.
  void Meet(std::span<const Member> members, std::span<const NodeId> voters);
  // The node has said something as a member of this node's control log.
  void Hear(NodeId node, TimePoint now);
  // The leader of the log has said something as such.
  void HearLeader(TimePoint now) { led_until_ = now + kSilenceMax; }
  // Many times a second. Whoever was not heard while this node stood still starts anew.
  void Look(TimePoint now);
  // This node has not looked lately: what it has not heard means nothing.
  bool StoodStill(TimePoint now) const { return now - looked_ > kStillMax; }
  // What it heard of another log counts no more.
  void StartOver(TimePoint now);

  Count Call(std::span<const NodeId> voters, const control::State& state, TimePoint now) const;

 private:
  struct Known {
    std::string name;
    Endpoint address;
  };

  const NodeId self_;
  TimePoint started_;
  TimePoint looked_;
  TimePoint led_until_ = TimePoint::min();
  std::map<NodeId, Known> known_;
  std::map<NodeId, TimePoint> heard_;  // Of those known.
};

}  // namespace aegis::node
