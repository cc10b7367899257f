// Agreed: the part of the control state that the lease rule rests on, for a cluster of one shard:
// who is registered, who is fenced, who leads. With the guards that the real one has.

#pragma once

#include <cstddef>
#include <cstdint>
#include <map>
#include <vector>

#include "lease/lease.h"
#include "model/holder.h"
#include "model/ids.h"

namespace aegis::lease::sim {

enum class Kind : std::uint8_t { kBarrier, kConfiguration, kRegister, kFence, kAssign };

// An entry of the control log.
struct Entry {
  std::uint64_t term = 0;
  Kind kind = Kind::kBarrier;
  std::vector<NodeId> voters = {};  // kConfiguration: sorted.
  Holder holder = {};               // kRegister, kAssign: the new one. kFence: the one to fence.
  Holder previous = {};             // kRegister, kAssign: whose place it takes; kNobody: none.
  std::uint32_t epoch = 0;          // kAssign: the one that `previous` led in.

  friend bool operator==(const Entry&, const Entry&) = default;
};

class Agreed {
 public:
  // REQUIRES: index == applied() + 1. Returns holders that no fence stands for any more.
  std::vector<Holder> Apply(std::size_t index, const Entry& entry);

  std::size_t applied() const { return applied_; }
  const std::map<NodeId, Session>& registered() const { return registered_; }
  bool IsRegistered(const Holder& holder) const;
  const std::map<Holder, ConfigurationId>& fences() const { return fences_; }
  bool IsFenced(const Holder& holder) const { return fences_.contains(holder); }
  const std::vector<NodeId>& voters() const { return voters_; }
  const Holder& leader() const { return leader_; }
  std::uint32_t epoch() const { return epoch_; }

 private:
  std::size_t applied_ = 0;
  std::map<NodeId, Session> registered_;
  std::map<Holder, ConfigurationId> fences_;  // And where in the log each stands.
  std::vector<NodeId> voters_;
  Holder leader_;
  std::uint32_t epoch_ = 0;
};

}  // namespace aegis::lease::sim
