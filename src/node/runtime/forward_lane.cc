#include "node/runtime/forward_lane.h"

#include <algorithm>
#include <set>

namespace aegis::node {

void ForwardLane::NoteRefusal(Forward& forward, NodeId by, Epoch epoch, TimePoint now) {
  const bool again = forward.refused_by == by && forward.refused_epoch == epoch;
  forward.ask_again_after =
      again ? std::min(2 * forward.ask_again_after, kAskAgainMax) : kAskAgainMin;
  forward.ask_again_at = now + forward.ask_again_after;
  forward.refused_by = by;
  forward.refused_epoch = epoch;
}

void ForwardLane::PutFirst(ForwardQueue forwards) {
  forwards.Append(std::move(returned_));
  returned_ = std::move(forwards);
}

void ForwardLane::PutFirst(std::unique_ptr<Forward> forward) {
  ForwardQueue first;
  first.Push(std::move(forward));
  PutFirst(std::move(first));
}

ForwardQueue ForwardLane::TakeExpired(TimePoint now) {
  ForwardQueue expired;
  // What came back need not be in the order of its deadlines: some of it was given more time.
  ForwardQueue left;
  while (!returned_.empty()) {
    std::unique_ptr<Forward> forward = returned_.Pop();
    (forward->deadline <= now ? expired : left).Push(std::move(forward));
  }
  returned_ = std::move(left);
  while (!waiting_.empty() && waiting_.front().deadline <= now) expired.Push(waiting_.Pop());
  return expired;
}

void ForwardLane::SetBusy(std::string why) {
  busy_ = true;
  why_ = std::move(why);
}

bool ForwardLane::LooksForReads(TimePoint now) {
  if (!busy_ || under_way_ > 0 || now < look_again_at_) return false;
  look_again_at_ = now + kAskAgainMin;
  return true;
}

ForwardQueue ForwardLane::TakeReads() {
  std::set<const ForwardOwner*> stuck;  // They have something that is not taken.
  ForwardQueue reads;
  for (ForwardQueue* const queue : {&returned_, &waiting_}) {
    ForwardQueue left;
    while (!queue->empty()) {
      std::unique_ptr<Forward> forward = queue->Pop();
      const bool passes = !forward->write && !stuck.contains(forward->owner.get());
      if (!passes) stuck.insert(forward->owner.get());
      (passes ? reads : left).Push(std::move(forward));
    }
    *queue = std::move(left);
  }
  return reads;
}

}  // namespace aegis::node
