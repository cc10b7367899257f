// Effects: everything the dispatcher wants done, as plain data.
//
// The shell passes in one Effects, calls one entry point, performs what it finds and clears it.
// Within one Effects the order is free: the lists concern different connections and calls.

#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "aegis/result.h"
#include "base/time.h"
#include "client/core/request.h"

namespace aegis::client {

// One connection, from the dial on; never reused.
using ConnectionId = std::uint64_t;

struct Effects {
  struct Dial {
    ConnectionId connection;
    std::string address;
  };
  struct Finished {
    Token token;
    Expected<Reply> result;
  };

  std::vector<Dial> dials;  // Answer each with OnConnected() or OnBroken(), unless hung up first.
  // These have bytes to write: Dispatcher::TakeOutput(), at once or when the write under way ends.
  std::vector<ConnectionId> ready_to_send;
  std::vector<ConnectionId> hang_ups;  // Close; the dispatcher has forgotten them already.
  std::vector<Finished> finished;
  TimePoint wake_up_at = TimePoint::max();  // Call Tick() no later than this.

  void Clear() {
    dials.clear();
    ready_to_send.clear();
    hang_ups.clear();
    finished.clear();
    wake_up_at = TimePoint::max();
  }
};

}  // namespace aegis::client
