// ForwardLane: one shard's operations that could not run here and now, in their order.
//
//     returned | waiting   ->   under way: on one link, to one leader, under one epoch
//         ^                        |
//         +--------- back <--------+     refused, or never sent
//
// What comes back while others are under way is older than all that waits, and joins it, in front,
// once nothing is under way any more. Nothing overtakes it, but for reads that pass a write which
// its leader refuses with kBusy.
//
// An operation is counted from Enter() to Leave(), wherever it is. Belongs to one Forwarder.

#pragma once

#include <chrono>
#include <cstdint>
#include <memory>
#include <string>
#include <utility>

#include "base/time.h"
#include "model/ids.h"
#include "model/operation.h"
#include "node/runtime/forward.h"

namespace aegis::node {

// The leader has not run it, and may when it is asked again.
inline bool IsRefusal(Status status) {
  return status == Status::kNotLeader || status == Status::kBusy;
}

class ForwardLane {
 public:
  // A node that says it does not lead, against the routing table, is asked again after this long:
  // one of the two is about to change its mind. Every time it says so again it is given twice as
  // long.
  static constexpr Duration kAskAgainMin = std::chrono::milliseconds(1);
  static constexpr Duration kAskAgainMax = std::chrono::milliseconds(10);

  // Notes who refused it, and when asking the same again makes sense.
  static void NoteRefusal(Forward& forward, NodeId by, Epoch epoch, TimePoint now);
  // It would be asking the same again, and too soon.
  static bool TooSoon(const Forward& forward, NodeId leader, Epoch epoch, TimePoint now) {
    return forward.refused_by == leader && forward.refused_epoch == epoch &&
           now < forward.ask_again_at;
  }

  void Enter() { ++load_; }
  void Leave() { --load_; }
  bool empty() const { return load_ == 0; }
  // Nothing waits, though some may be under way.
  bool idle() const { return load_ == under_way_; }

  // --- What waits -------------------------------------------------------------------------------

  void Wait(std::unique_ptr<Forward> forward) { waiting_.Push(std::move(forward)); }
  bool has_next() const { return !returned_.empty() || !waiting_.empty(); }
  // The queue with what is to be tried next, in front. REQUIRES: has_next().
  ForwardQueue& next() { return returned_.empty() ? waiting_ : returned_; }
  // These were tried in vain, and are the oldest that wait.
  void PutFirst(ForwardQueue forwards);
  void PutFirst(std::unique_ptr<Forward> forward);
  // Those whose time is over, in order.
  ForwardQueue TakeExpired(TimePoint now);

  // --- What is under way ------------------------------------------------------------------------

  bool under_way() const { return under_way_ > 0; }
  NodeId to() const { return to_; }
  Epoch epoch() const { return epoch_; }
  // What is next may be sent to it behind what is under way.
  bool MayFollow(NodeId leader, Epoch epoch) const {
    return back_.empty() && returned_.empty() && !halted_ && to_ == leader && epoch_ == epoch;
  }
  // Takes the next of `queue`, this lane's, for that leader.
  std::unique_ptr<Forward> Depart(ForwardQueue& queue, NodeId leader, Epoch epoch) {
    to_ = leader;
    epoch_ = epoch;
    ++under_way_;
    std::unique_ptr<Forward> forward = queue.Pop();
    forward->first = std::exchange(halted_, false);
    return forward;
  }
  // One of them is not under way any more.
  void Arrive() { --under_way_; }
  // It was not run, after all.
  void ComeBack(std::unique_ptr<Forward> forward) { back_.Push(std::move(forward)); }
  // An operation was not run: the leader runs nothing more on the shard before it sees one that was
  // sent since.
  void Halt() { halted_ = true; }
  // What came back joins those that wait, if nothing is under way.
  void Rejoin() {
    if (under_way_ == 0 && !back_.empty()) PutFirst(std::move(back_));
  }

  // --- A leader that is busy --------------------------------------------------------------------

  // The oldest write is refused with kBusy, because of this.
  void SetBusy(std::string why);
  void ClearBusy() { busy_ = false; }
  bool busy() const { return busy_; }
  const std::string& why() const { return why_; }
  // The leader has answered: with kBusy, for this reason, or otherwise.
  void NoteAnswer(const Forward& forward, Status status, const std::string& error) {
    if (status == Status::kBusy) {
      SetBusy(error);
    } else if (IsRefusal(status) ? forward.first : forward.write) {
      ClearBusy();  // It did not only come behind one that was refused so.
    }
  }
  // True, but not often: it is time to look for reads that may pass.
  bool LooksForReads(TimePoint now);
  // Those, in order: each that is not behind anything else of its own owner's.
  ForwardQueue TakeReads();

 private:
  ForwardQueue back_;      // Came back: older than those in returned_.
  ForwardQueue returned_;  // Refused or never sent; older than all that wait.
  ForwardQueue waiting_;   // In the order of their deadlines.
  std::uint32_t load_ = 0;
  std::uint32_t under_way_ = 0;
  NodeId to_;  // Where those are, or were last.
  Epoch epoch_;
  bool halted_ = false;
  bool busy_ = false;
  std::string why_;
  TimePoint look_again_at_{};
};

}  // namespace aegis::node
