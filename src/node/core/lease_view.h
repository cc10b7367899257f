// LeaseView: does this node hold its lease, now? Asked by shards on whichever thread executes; the
// implementation reads the node's clock and compares it with what the control thread published.
// Copies that do not lead tell by the same clock how long ago they heard that they are fresh.
//
// A reign belongs to the lease session under which it began: a node that lost one lease and got
// another leads nothing of before, whatever its shards have not been told yet.

#pragma once

#include "base/time.h"
#include "model/ids.h"

namespace aegis::node {

class LeaseView {
 public:
  virtual ~LeaseView() = default;
  // Reads the clock: an answer given after this said yes was given under the lease of `session`.
  virtual bool Holds(Session session) const = 0;
  virtual TimePoint Now() const = 0;
};

}  // namespace aegis::node
