// Repair: makes a log that is refused one that is not, by giving up what is damaged and what cannot
// be used without it. Nothing is overwritten: what was there is set aside under another name.
//
//     a segment            is cut off where the log is damaged; newer ones are set aside
//     a snapshot           that is damaged, or needs what is cut off, is set aside, and its shard
//                          begins empty, as if it had never been here
//
// The node then proves less to its peers than it did, and gets the rest from them; what no peer has
// is lost. The manifest says that the log was repaired: whoever opens it next cannot claim to hold
// what it had acknowledged.

#pragma once

#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <vector>

#include "base/result.h"
#include "model/ids.h"
#include "wal/identity.h"
#include "wal/log_files.h"
#include "wal/log_names.h"
#include "wal/manifest.h"

namespace aegis::wal {

struct RepairPlan {
  // False: the log is not refused, and there is nothing to do.
  bool needed = false;
  std::string damage;               // Why it is refused.
  std::vector<std::string> losses;  // What is given up, one thing a line: for people.

  // What is done about it.
  Manifest manifest;                   // The new one.
  std::optional<SegmentFile> newest;   // The segment that is cut off, and how long it stays.
  std::vector<std::string> set_aside;  // Files as a whole, in this order.
};

// Changes nothing. Errors: kInvalid, it cannot be repaired, and what else can be done;
// kUnavailable.
Result<RepairPlan> PlanRepair(LogFiles& files, BootId boot);

struct SetAside {
  std::string name;
  std::string now;
};
// Durable on return; may be planned and carried out again after a failure, or a crash.
// REQUIRES: the plan is of these files, and nobody else writes them.
Result<std::vector<SetAside>> CarryOut(LogFiles& files, const RepairPlan& plan);

}  // namespace aegis::wal
