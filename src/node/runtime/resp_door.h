// RespDoor: RESP2 and RESP3. Replies leave in the order of the commands.

#pragma once

#include <cstdint>

#include "node/core/resp_commands.h"
#include "node/runtime/client_connection.h"
#include "node/runtime/door.h"
#include "node/runtime/ordered_replies.h"

namespace aegis::node {

class RespDoor final : public Door {
 public:
  explicit RespDoor(ClientConnection& connection);

  Taken Take(ByteView input) override;
  Ahead Glance(ByteView input) override;
  void OnOutcome(Ticket ticket, const Outcome& outcome) override;
  const RespSession* session() const override { return &session_; }

 private:
  // How long a command took is its share of the turn, unless it was timed by itself, within the
  // turn or over a wait.
  struct Timing {
    enum class How : std::uint8_t { kShare, kOfTurn, kWaited };
    How how = How::kShare;
    Duration took{};
  };

  struct Pending {
    Plan plan;
    Gathering gathering;
    std::size_t missing = 0;  // Outcomes; one more while operations are still being submitted.
    TimePoint since;
    std::size_t counted = 0;  // Bytes that the connection knows of.
  };

  void LookAhead(ByteView input);
  void Run(ClientServices& services);
  void RunCommand(ClientServices& services);
  void RunTimed(ClientServices& services);
  bool Moved(const Plan& plan);
  bool RunPlan(Plan& plan);
  bool RunOne(Plan& plan);
  bool RunMany(Plan& plan);
  void Settle(std::uint64_t sequence);
  void Tally(const Plan& plan, ByteView reply, Timing timing);
  void TallyRun(const resp::CommandInfo& command, Timing timing);
  void TallyError(const Plan& plan, ByteView reply, Timing timing);
  void TallyQueued(const resp::ExecPlan& exec, ByteView reply, Timing timing);
  void Count(Pending& pending);
  void CountTransaction();

  ClientConnection& connection_;
  OrderedReplies<Pending> replies_;
  RespSession session_;
  Timing timing_;  // Of the command being taken.
};

}  // namespace aegis::node
