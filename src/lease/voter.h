// Voter: the half of the lease protocol that grants.
//
// It keeps no promise that a restart could break: what forbids a grant stands in its log, and what
// it does not remember of its grants it reports as "possibly at my start". Pure; owned by the
// control thread, which tells it what the log says.

#pragma once

#include <cstdint>
#include <map>
#include <vector>

#include "base/time.h"
#include "lease/lease.h"

namespace aegis::lease {

class Voter {
 public:
  // `started`: when this process began, on the same clock as every `now`.
  Voter(NodeId self, TimePoint started);

  // The state that the committed entries make: who is registered, one session per node.
  void SetRegistered(const std::map<NodeId, Session>& sessions);

  // The log, committed or not. A fence forbids grants from the moment it is appended, and what
  // stood at its index and after is gone ...
  void OnFence(std::uint64_t index, std::uint64_t term, Holder holder);
  // ... and is reported from the moment it is durable.
  void OnDurable(std::uint64_t index);
  // Entries from `index` on are gone, fences among them.
  void OnTruncated(std::uint64_t index);
  // A snapshot replaced the log up to `index`: these are the fences in it, committed and durable.
  // If what stood after `index` went as well, OnTruncated(index + 1) says so.
  void OnSnapshot(std::uint64_t index, const std::vector<StoredFence>& fences);
  // The committed state holds no fence for this holder (any more): its session can never register
  // again.
  void OnFenceDropped(Holder holder);
  // The newest in the log, committed or not.
  void SetConfiguration(ConfigurationId id, std::vector<NodeId> voters);

  // The log is another from now on: what the one before said counts for nothing, and what its other
  // voters may have granted until now counts as granted by this one.
  void StartOver(TimePoint now);

  Grant OnRequest(const Request& request, TimePoint now);
  VoterReport Report(std::uint64_t number, TimePoint now) const;

 private:
  struct Fence {
    std::uint64_t index = 0;
    std::uint64_t term = 0;
    Holder holder;
    bool durable = false;
  };

  struct Success {
    std::uint64_t number = 0;  // As in Request::succeeded.
    TimePoint at;              // When it was first named here.
  };

  Verdict Judge(const Holder& holder) const;
  bool IsFenced(const Holder& holder) const;
  bool IsRegistered(const Holder& holder) const;
  TimePoint LastGrant(const Holder& holder) const;
  TimePoint LastSuccess(const Holder& holder) const;
  void NoteSuccess(const Request& request, TimePoint now);
  void ForgetOthers();

  const NodeId self_;
  // Until this instant it may have granted to anybody whom `granted_` does not name.
  TimePoint remembers_from_;
  std::map<NodeId, Session> registered_;
  std::vector<Fence> fences_;            // In order of index.
  std::map<Holder, TimePoint> granted_;  // Of those registered and those fenced.
  std::map<Holder, Success> succeeded_;  // Of those registered. Has no part in the wait.
  ConfigurationId configuration_;
  std::vector<NodeId> voters_;
};

}  // namespace aegis::lease
