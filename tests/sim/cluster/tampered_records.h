// Tampered records: what leaders send to followers, changed on the way where a rule is to be
// broken.
//
// Pure.

#pragma once

#include <functional>

#include "base/bytes.h"
#include "replication/record.h"

namespace aegis::sim {

// The frame, a peer message without its length, with every record changed if it carries some.
Bytes WithRecords(const Bytes& frame, const std::function<void(replication::Record&)>& change);

// The same of whole frames, one after the other.
Bytes WithRecordsOfAll(const Bytes& frames,
                       const std::function<void(replication::Record&)>& change);

}  // namespace aegis::sim
