// Session: what the calls of one session have seen, by slot: finer than by shard, and known without
// a topology. A slot's history is its shard's, so a later position there covers an earlier one.
//
// Thread-safe: calls ask when they start, the client's own thread tells what their replies showed.
// At most limits::kSlots entries.

#pragma once

#include <algorithm>
#include <map>
#include <mutex>

#include "client/core/request.h"
#include "model/ids.h"
#include "model/version.h"
#include "ring/slot.h"

namespace aegis::client {

class Session final : public SessionMemory {
 public:
  // (0,0): nothing yet.
  Version Of(ByteView key) const {
    const std::lock_guard lock(mutex_);
    const auto found = seen_.find(ring::SlotOf(key));
    return found == seen_.end() ? Version{} : found->second;
  }

  void Learn(ByteView key, Version position) override {
    const std::lock_guard lock(mutex_);
    Version& seen = seen_[ring::SlotOf(key)];
    seen = std::max(seen, position);
  }

  // Unless it has seen something of a later reign meanwhile.
  void Lose(ByteView key, Version left) override {
    const std::lock_guard lock(mutex_);
    Version& seen = seen_[ring::SlotOf(key)];
    if (seen.epoch == left.epoch) seen = left;
  }

 private:
  mutable std::mutex mutex_;
  std::map<Slot, Version> seen_;
};

}  // namespace aegis::client
