// ControlLeader: what the leader of the control log decides about leases: whom to fence, when to
// assign, which registrations to let in, and one voter change after the other.

#pragma once

#include <cstdint>
#include <map>
#include <optional>
#include <vector>

#include "agreed.h"
#include "base/rng.h"
#include "base/time.h"
#include "lease/fence_watch.h"
#include "log_server.h"
#include "rules.h"

namespace aegis::lease::sim {

// A node that is not registered asks to be.
struct Want {
  Holder holder;
  Holder previous;  // The session of the node that is registered now; kNobody: none.
};

class ControlLeader {
 public:
  ControlLeader(Mutant mutant, const Options& options, NodeId self, TimePoint now);

  // The number of the next question to all voters, if one is due.
  std::optional<std::uint64_t> Question(const LogServer& log, TimePoint now);
  void OnReport(NodeId voter, const VoterReport& report, TimePoint now);
  void OnWant(const Want& want) { wants_[want.holder.node] = want; }
  void OnSuspicion() { suspicious_ = true; }

  // What to propose now. `wanted`: who should be the voters.
  std::optional<Entry> Next(const LogServer& log, const Agreed& agreed,
                            const std::vector<NodeId>& wanted, Rng& rng, TimePoint now);

  // The fences that it has asked for because their holders were silent.
  std::uint64_t silent() const { return silent_; }

 private:
  std::optional<Entry> NextFence(const Agreed& agreed, TimePoint now);
  std::optional<Entry> NextAssign(const LogServer& log, const Agreed& agreed, Rng& rng,
                                  TimePoint now);
  std::optional<Entry> NextOfRegistration(const Agreed& agreed);
  std::optional<Entry> NextConfiguration(const LogServer& log, const std::vector<NodeId>& wanted,
                                         TimePoint now);
  bool LeaseIsOver(const LogServer& log, const Agreed& agreed, TimePoint now) const;

  const Mutant mutant_;
  const Options options_;
  const NodeId self_;
  FenceWatch watch_;
  std::map<NodeId, Want> wants_;
  bool suspicious_ = false;
  std::uint64_t silent_ = 0;
  ConfigurationId configuration_;
  std::optional<TimePoint> configuration_committed_;  // When that was seen.
};

}  // namespace aegis::lease::sim
