// DiskWrite: one step of what the control log wants stored.

#pragma once

#include <cstdint>
#include <optional>
#include <vector>

#include "base/result.h"
#include "consensus/log.h"
#include "consensus/log_store.h"

namespace aegis::node {

// Steps are carried out one after the other, the parts of one in this order; when all of it is
// durable, ControlLog::OnDurable(number) is told.
struct DiskWrite {
  std::uint64_t number = 0;
  std::optional<consensus::HardState> hard_state;
  std::optional<consensus::Snapshot> snapshot;
  consensus::Index truncate_from = 0;  // 0: nothing.
  std::vector<consensus::Entry> append;
};

// Adds `next`, the step that follows, to `step`, so that both cost one sync. False: it is more than
// entries at the end, and stays a step of its own.
bool Merge(DiskWrite& step, DiskWrite& next);

// Durable on return. Errors: the store's; it takes nothing more.
Result<Ok> Store(const DiskWrite& write, consensus::LogStore& store);

}  // namespace aegis::node
