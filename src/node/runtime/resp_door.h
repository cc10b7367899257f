// RespDoor: RESP2 and RESP3. Replies leave in the order of the commands, although what other
// nodes answer comes when it comes: while a command waits, it holds a slot, and what is answered
// behind it waits in slots of its own.

#pragma once

#include <cstdint>
#include <memory>
#include <vector>

#include "node/core/resp_commands.h"
#include "node/runtime/client_connection.h"
#include "node/runtime/door.h"

namespace aegis::node {

class RespDoor final : public Door {
 public:
  explicit RespDoor(ClientConnection& connection);

  Taken Take(ByteView input) override;
  void OnOutcome(Ticket ticket, const Outcome& outcome) override;
  const RespSession* session() const override { return &session_; }

 private:
  struct Pending {
    Plan plan;
    Gathering gathering;
    std::size_t missing = 0;  // Outcomes; one more while operations are still being submitted.
    TimePoint since;
    std::size_t counted = 0;  // Bytes that the connection knows of,
  };
  struct Slot {
    Bytes reply;
    std::unique_ptr<Pending> pending;  // Null: `reply` is complete.
    std::size_t counted = 0;           // of `reply` as well.
  };

  void Run(ClientServices& services);
  void RunPlan(Plan& plan);
  void RunMany(Plan& plan);
  void Settle(std::uint64_t sequence);
  void Count(Pending& pending);
  void Count(Slot& slot);
  Slot& At(std::uint64_t sequence) { return slots_[head_ + (sequence - first_sequence_)]; }
  std::uint64_t next_sequence() const { return first_sequence_ + (slots_.size() - head_); }
  // Where the reply of the command being taken goes.
  Bytes& Tail();

  ClientConnection& connection_;
  RespSession session_;
  std::vector<Slot> slots_;  // From head_ on; those before are done with.
  std::size_t head_ = 0;
  std::uint64_t first_sequence_ = 0;  // Of slots_[head_].
};

}  // namespace aegis::node
