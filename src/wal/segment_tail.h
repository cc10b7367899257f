// SegmentTail: what lies behind the last whole entry of the newest segment, where a crash may have
// torn it.
//
// What was not synced when the power failed reaches the disk in any part and order: behind the torn
// entry there may be whole ones of the same batch. What was synced does not get lost; so an entry
// behind the damage that says that the log had been durable beyond it shows that it is no crash.

#pragma once

#include <cstdint>
#include <functional>
#include <optional>
#include <string>

#include "base/result.h"
#include "wal/entry.h"
#include "wal/identity.h"
#include "wal/log_files.h"
#include "wal/lsn.h"

namespace aegis::wal {

struct SegmentTail {
  std::uint64_t bytes = 0;    // Up to the last one that is not 0. 0: the log just ends here.
  std::uint64_t entries = 0;  // Whole ones among them.
  // Up to where one of those says that the log was durable; nothing: none does.
  std::optional<Lsn> durable;
  std::optional<Lsn> first_entry;
};

// What stands behind `offset` of the file, which is the place `end` of the log. `visit` is called
// for each whole entry.
Result<SegmentTail> ReadSegmentTail(LogFiles& files, const std::string& name, LogId log, Lsn end,
                                    std::uint64_t offset,
                                    const std::function<void(const Entry&)>& visit = {});

// Why it cannot be a crash that left this behind `end`; nothing: it can. `same_boot`: the system
// has run ever since it was written, so that no write was lost.
std::optional<std::string> WhyNoCrash(const SegmentTail& tail, Lsn end, bool same_boot);

}  // namespace aegis::wal
