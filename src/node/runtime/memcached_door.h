// MemcachedDoor: memcached's text and meta protocols. Replies leave in the order of the commands.

#pragma once

#include <cstddef>
#include <cstdint>

#include "node/core/memcached_commands.h"
#include "node/runtime/client_connection.h"
#include "node/runtime/door.h"
#include "node/runtime/ordered_replies.h"

namespace aegis::node {

class MemcachedDoor final : public Door {
 public:
  explicit MemcachedDoor(ClientConnection& connection)
      : connection_(connection), replies_(connection) {}

  Taken Take(ByteView input) override;
  Ahead Glance(ByteView input) override;
  void OnOutcome(Ticket ticket, const Outcome& outcome) override;

 private:
  struct Pending {
    MemcachedPlan plan;
    Gathering gathering;
    std::size_t missing = 0;  // Outcomes; one more while operations are still being submitted.
    TimePoint since;
    std::size_t counted = 0;  // Bytes that the connection knows of.
  };
  class ValueStream;

  void RefuseBinary();
  void Run(const wire::MemcachedRequest& request);
  void RunPlan(MemcachedPlan& plan);
  void RunValues(MemcachedPlan& plan);
  // From operation `first` on, once `shown` bytes of values are written; `tried`: RunHere() has
  // just returned false for that one.
  void RunFrom(MemcachedPlan& plan, std::size_t first, std::size_t shown, bool tried);
  void Settle(std::uint64_t sequence);
  void Count(Pending& pending);

  ClientConnection& connection_;
  OrderedReplies<Pending> replies_;
  bool begun_ = false;    // The first byte was seen.
  std::size_t skip_ = 0;  // Bytes that come and that nobody wants.
};

}  // namespace aegis::node
