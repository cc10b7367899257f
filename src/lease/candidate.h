// Candidate: the half of the lease protocol that asks. It decides until when this node may lead.
//
// Every T/6 it asks every voter; a majority of the voters of one configuration, all naming that
// configuration, makes the lease hold until T after the attempt began, on this node's own clock.
// Each attempt tells the voters which one was the last to succeed: they cannot see it otherwise.
// Pure; owned by the control thread.

#pragma once

#include <cstdint>
#include <map>
#include <optional>
#include <set>
#include <span>
#include <vector>

#include "base/time.h"
#include "lease/lease.h"

namespace aegis::lease {

class Candidate {
 public:
  Candidate(Options options, Holder self);

  // What to send now, and to whom.
  struct Attempt {
    Request request;
    std::vector<NodeId> voters;  // May include this node: ask its own voter half.
  };

  // Begins an attempt if one is due. `voters`: those that this node knows of; what grants have
  // named besides is asked as well. `healthy`: this node's data path ticks; without it nothing is
  // asked and the lease runs out; an attempt that is under way may still succeed.
  std::optional<Attempt> Tick(std::span<const NodeId> voters, bool healthy, TimePoint now);

  // Errors are verdicts. Grants count only from voters that the configuration they name lists.
  // Grants of an attempt that is over still count for that attempt as long as it is among the last
  // few: they can only move valid_until() to what that attempt was worth.
  void OnGrant(NodeId voter, const Grant& grant, TimePoint now);

  // A fenced node that lives draws a new session; what it held is over at once.
  void Renew(Session session);

  // Likewise; and what other voters of another log said of whom to ask is forgotten.
  void StartOver(Session session);

  // This node may act as `holder()` strictly before this instant; TimePoint::min(): never.
  TimePoint valid_until() const { return valid_until_; }
  const Holder& holder() const { return self_; }
  // A voter said that this holder is fenced: it will not get the lease back.
  bool fenced() const { return fenced_; }
  TimePoint wake_up_at() const;

 private:
  struct Open {
    std::uint64_t number = 0;
    TimePoint began;
    std::set<NodeId> asked;
    std::map<ConfigurationId, std::set<NodeId>> granted;
    bool unknown = false;  // A voter does not know the session yet.
    bool succeeded = false;
  };

  // The least time between two attempts.
  Duration soon() const { return options_.renewal() / 4; }
  void Reschedule(const Open& newest, TimePoint now);

  const Options options_;
  Holder self_;
  std::uint64_t number_ = 0;
  std::uint64_t succeeded_ = 0;  // As in Request.
  std::vector<Open> open_;       // Newest last; a lease duration's worth of them.
  std::set<NodeId> named_;       // Voters of the newest configuration that a grant has named.
  ConfigurationId newest_;
  TimePoint next_attempt_ = TimePoint::min();
  TimePoint valid_until_ = TimePoint::min();
  bool fenced_ = false;
};

}  // namespace aegis::lease
