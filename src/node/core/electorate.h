// Electorate: who votes in the control log, as the node that leads the log sees to it: one of one
// or two nodes, three of three or four, five of more, from different zones where there are such.
//
// Voters change one at a time. Newcomers are first brought up to date, all of them, so that the
// number is even only for as long as it has to be. One that is gone is replaced if there is a node
// to replace it; without one it stays, for an odd number that may come back.
//
// Part of ControlLeader, begun anew with every term. Pure; owned by the control thread.

#pragma once

#include <cstdint>
#include <map>
#include <optional>
#include <set>
#include <vector>

#include "base/time.h"
#include "consensus/log.h"
#include "lease/lease.h"
#include "model/ids.h"
#include "node/core/control_log.h"

namespace aegis::node {

class Electorate {
 public:
  struct Options {
    lease::Options lease;
    // Of a cluster that is being born: it is not settled before so many nodes have registered, or
    // so long has passed.
    std::uint32_t first_nodes = 1;
    Duration first_patience{};
  };

  // REQUIRES: log outlives this; log.in_charge().
  Electorate(Options options, NodeId self, ControlLog& log, TimePoint now);

  // Takes the next step if one is due. `usable`: members that could vote. `live`: nodes that are
  // there, those that are leaving included.
  void Tick(const std::set<NodeId>& usable, const std::set<NodeId>& live, TimePoint now,
            AgreementEffects& effects);

  // The voters were whom they should be at the last Tick().
  bool settled() const { return settled_; }

 private:
  using ServerId = consensus::ServerId;
  using Servers = std::vector<consensus::Server>;

  std::vector<ServerId> Wanted(const std::set<NodeId>& usable, TimePoint now);
  bool AreSettled(std::vector<ServerId> wanted, TimePoint now) const;
  void NoticeChange(TimePoint now);
  // The configuration that comes next; nothing: the one that is, for now.
  std::optional<Servers> Next(const std::vector<ServerId>& wanted, const std::set<NodeId>& usable,
                              const std::set<NodeId>& live, TimePoint now,
                              AgreementEffects& effects);
  // False: a spare that is wanted is not up to date yet.
  bool CatchUpAll(const std::vector<ServerId>& wanted, TimePoint now, AgreementEffects& effects);
  Servers::iterator Surplus(Servers& servers, const std::vector<ServerId>& wanted,
                            const std::set<NodeId>& usable, const std::set<NodeId>& live) const;
  Duration Spacing() const;

  const Options options_;
  const NodeId self_;
  ControlLog& log_;
  const TimePoint began_;
  std::vector<ServerId> voters_;  // As last noticed.
  TimePoint may_change_;
  std::map<NodeId, TimePoint> gone_since_;
  std::optional<TimePoint> last_one_since_;  // One vote would do, and there are three.
  bool settled_ = false;
};

}  // namespace aegis::node
