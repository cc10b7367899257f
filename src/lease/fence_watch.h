// FenceWatch: what the control leader makes of the voters' reports: who has gone silent, and from
// when on a fenced holder's lease is certainly over.
//
// Pure; begun anew with every term of the control leader.

#pragma once

#include <cstdint>
#include <map>
#include <optional>
#include <vector>

#include "base/time.h"
#include "lease/lease.h"

namespace aegis::lease {

class FenceWatch {
 public:
  FenceWatch(Options options, TimePoint now);

  // The newest configuration in the control leader's own log; its voters are asked. Reports of
  // other configurations and other voters do not count.
  void SetConfiguration(ConfigurationId id, std::vector<NodeId> voters);

  // The number of the next question to all voters, if one is due (every silence / 6). Time in
  // which this was not called does not count as anybody's silence: after a gap everything that was
  // heard before is forgotten.
  std::optional<std::uint64_t> Tick(TimePoint now);

  void OnReport(NodeId voter, const VoterReport& report, TimePoint now);

  // A majority of the voters, asked lately, say that they have not heard of a newer success of
  // `holder` for longer than Options::silence and longer than half of its lease: three renewals.
  // That it is granted to does not count: the grants may never reach it. Time before a voter first
  // listed the holder here does not count: a holder that has just registered had no chance to ask,
  // and to a control leader that has just begun, or was not called for a while, everybody is new.
  // `lease`: how long the holder's lasts on its own clock.
  bool Silent(const Holder& holder, Duration lease, TimePoint now) const;

  // The lease of the holder that the fence at (index, term) names is over from this instant of
  // this node's clock on: T (1 + drift) after the youngest grant that a majority of those that
  // hold the fence have reported, each counted from when its report came. Nothing: no majority has
  // reported that fence yet.
  // `lease`: how long the holder's lasts on its own clock.
  std::optional<TimePoint> SafeAt(std::uint64_t index, std::uint64_t term, Duration lease) const;

  TimePoint wake_up_at() const;

 private:
  struct Listed {
    TimePoint listed;  // By this voter in every report since.
    Duration age;      // Of its newest success; at most a day, which no lease lasts.
  };
  struct Heard {
    TimePoint at;
    std::uint64_t number = 0;
    ConfigurationId configuration;
    std::map<Holder, Listed> holders;
  };

  bool IsVoter(NodeId node) const;
  Duration Interval() const;
  // What is known of the last grant to a fenced holder.
  struct LastGrant {
    TimePoint before;    // It was given no later than this, on this node's clock.
    TimePoint heard_at;  // When that was first heard.
  };
  TimePoint EndOfLease(const LastGrant& grant, Duration lease) const;
  std::size_t Majority() const { return voters_.size() / 2 + 1; }

  const Options options_;
  ConfigurationId configuration_;
  std::vector<NodeId> voters_;
  std::uint64_t number_ = 0;
  std::uint64_t forgotten_ = 0;  // Answers to questions up to this one say nothing about silence.
  TimePoint last_tick_;
  TimePoint next_question_;
  std::map<NodeId, Heard> heard_;  // The newest report of each voter.
  // Voter -> a fence's (index, term) -> when that voter last granted to the holder.
  std::map<NodeId, std::map<ConfigurationId, LastGrant>> last_grants_;
};

}  // namespace aegis::lease
