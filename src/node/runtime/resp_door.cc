#include "node/runtime/resp_door.h"

#include <fmt/format.h>

#include <chrono>
#include <utility>

#include "node/core/resp_transaction.h"
#include "node/runtime/clocks.h"
#include "ring/slot.h"
#include "wire/resp.h"

namespace aegis::node {

namespace {

// Commands are timed one by one only where that short a time counts as slow.
constexpr Duration kTimeEach = std::chrono::milliseconds(1);

bool Watches(const Plan& plan) {
  return plan.form == ReplyForm::kWatch || plan.form == ReplyForm::kWatchSilently;
}

// What the work of a command grows with, besides the size of a value.
bool MayTakeLong(const Plan& plan) {
  if (plan.operations.size() > 1) return true;
  const Operation& only = plan.operations.front();
  return only.IsOfShard() || only.code == OpCode::kBatch || only.code == OpCode::kMultiSetNx;
}

}  // namespace

RespDoor::RespDoor(ClientConnection& connection) : connection_(connection), replies_(connection) {
  session_.id = connection.id();
  session_.address = connection.stream().PeerAddress();
  session_.local_address = connection.stream().LocalAddress();
  session_.connected_at = connection.now();
  session_.last_command_at = connection.now();
}

Door::Taken RespDoor::Take(ByteView input) {
  ClientServices& services = connection_.services();
  if (const std::size_t ahead = services.ahead.Take(input, services.argv); ahead > 0) {
    if (!services.argv.empty()) Run(services);
    replies_.CountTail();
    CountTransaction();
    return {ahead, 0};
  }
  const auto parsed = wire::ParseRespCommand(input, services.argv, services.inline_scratch);
  if (!parsed.ok()) {
    connection_.CountProtocolError();
    services.counters.resp.CountError(ErrorCodeOf("ERR"));
    wire::RespWriter(replies_.Tail(), session_.version).Error("ERR " + parsed.error().message);
    connection_.CloseWhenFlushed();
    return {input.size(), 0};
  }
  const auto [consumed, needed] = parsed.value();
  if (consumed == 0) return {0, needed};
  if (consumed < input.size()) LookAhead(input.substr(consumed));
  if (services.argv.empty()) return {consumed, 0};
  Run(services);
  replies_.CountTail();
  CountTransaction();
  return {consumed, 0};
}

Door::Ahead RespDoor::Glance(ByteView input) {
  ClientServices& services = connection_.services();
  if (input.front() != '*') return {};
  const auto parsed = wire::ParseRespCommand(input, services.argv, services.inline_scratch);
  if (!parsed.ok() || parsed.value().consumed == 0) return {};
  return {services.argv.size() > 1 ? services.argv[1] : ByteView(), parsed.value().consumed};
}

void RespDoor::LookAhead(ByteView input) {
  ClientServices& services = connection_.services();
  services.ahead.Fill(input);
  services.ahead.ForEachKey([&](ByteView key) { services.router.Expect(key); });
  services.router.FetchExpected();
}

void RespDoor::Run(ClientServices& services) {
  const bool timed = services.slow_log != nullptr && services.slow_log->threshold() < kTimeEach;
  if (timed) [[unlikely]] {
    RunTimed(services);
  } else {
    RunCommand(services);
  }
}

void RespDoor::RunTimed(ClientServices& services) {
  const TimePoint begin = SteadyNow();
  RunCommand(services);
  const Duration took = SteadyNow() - begin;
  if (took < services.slow_log->threshold()) return;
  services.slow_log->Add(services.argv, session_, connection_.unix_now(), took);
}

void RespDoor::RunCommand(ClientServices& services) {
  Plan& plan = services.plan;
  Bytes& tail = replies_.Tail().bytes();
  const std::size_t reply_at = tail.size();
  timing_ = {};
  switch (Translate(services.argv, session_, services.view, connection_.now(),
                    connection_.unix_now(), plan, tail)) {
    case Translation::kReplied:
      connection_.Answered(CommandClass::kOther);
      break;
    case Translation::kPlanned:
      if (services.redirect == Redirect::kMoved && Moved(plan)) break;
      if (!RunPlan(plan)) return;  // It waits.
      break;
    case Translation::kRepliedClose:
      connection_.Answered(CommandClass::kOther);
      connection_.CloseWhenFlushed();
      break;
  }
  Tally(plan, ByteView(tail).substr(reply_at), timing_);
}

// True: the client is told who leads the slot of the command's keys. Keys of several slots, and
// what is about whole shards, only this node can bring together.
bool RespDoor::Moved(const Plan& plan) {
  const Operation& first = plan.operations.front();
  if (first.IsOfShard()) return false;
  const aegis::Slot slot = ring::SlotOf(first.key);
  for (const Operation& operation : plan.operations) {
    if (operation.IsOfShard() || ring::SlotOf(operation.key) != slot) return false;
  }
  const Member* const leader = connection_.services().router.LeaderElsewhere(first);
  if (leader == nullptr) return false;
  if (Watches(plan)) resp::ForgetLastWatched(plan.operations.size(), session_);
  const Endpoint& address = leader->client_address;
  if (plan.form != ReplyForm::kNothing && plan.form != ReplyForm::kWatchSilently) {
    wire::RespWriter(replies_.Tail(), plan.version)
        .Error(fmt::format("MOVED {} {}:{}", slot.value(), address.host, address.port));
  }
  connection_.Answered(CommandClass::kOther);
  return true;
}

// False: it waits for others.
bool RespDoor::RunPlan(Plan& plan) {
  if (!MayTakeLong(plan)) return RunOne(plan) || RunMany(plan);
  const TimePoint begin = SteadyNow();
  const bool answered = RunOne(plan) || RunMany(plan);
  const Duration took = SteadyNow() - begin;
  timing_ = {Timing::How::kOfTurn, took};
  SlowLog* const slow_log = connection_.services().slow_log;
  const bool slow =
      slow_log != nullptr && slow_log->threshold() >= kTimeEach && took >= slow_log->threshold();
  if (slow) slow_log->Add(connection_.services().argv, session_, connection_.unix_now(), took);
  return answered;
}

// False: it has several operations, or its only one cannot be run here and now.
bool RespDoor::RunOne(Plan& plan) {
  if (plan.operations.size() != 1) return false;
  const bool ran = connection_.RunHere(plan.operations.front(), [&](const Outcome& outcome) {
    WriteReply(plan, {&outcome, 1}, session_, connection_.unix_now(), replies_.Tail());
  });
  if (ran) connection_.Answered(ClassOf(plan.operations.front()));
  return ran;
}

// False: some of it waits for others.
bool RespDoor::RunMany(Plan& plan) {
  Gathering* gathering = &connection_.services().gathering;
  gathering->Begin(plan.operations.size());
  const std::uint64_t sequence = replies_.next_sequence();
  Pending* pending = nullptr;
  for (std::size_t i = 0; i < plan.operations.size(); ++i) {
    const bool ran = connection_.RunHere(
        plan.operations[i], [&](const Outcome& outcome) { gathering->Put(i, outcome); });
    if (ran) continue;
    if (pending == nullptr) {
      pending = &replies_.Wait();
      pending->since = connection_.now();
      pending->missing = 1;  // For this loop.
      pending->gathering = std::move(*gathering);
      gathering = &pending->gathering;
    }
    ++pending->missing;
    connection_.Submit({sequence, static_cast<std::uint32_t>(i)}, plan.operations[i]);
  }
  if (pending == nullptr) {
    WriteReply(plan, gathering->outcomes(), session_, connection_.unix_now(), replies_.Tail());
    gathering->LetGo();
    connection_.Answered(ClassOf(plan.operations.front()));
    return true;
  }
  // What the operations' views borrow from is gone when the reply is written; it needs only what
  // kind of operations they were.
  for (Operation& operation : plan.operations) {
    operation.key = operation.value = operation.key2 = operation.match = {};
    operation.more.clear();
  }
  if (Watches(plan)) connection_.Halt(true);
  pending->plan = std::move(plan);
  Count(*pending);
  if (--pending->missing == 0) Settle(sequence);
  return false;
}

void RespDoor::OnOutcome(Ticket ticket, const Outcome& outcome) {
  Pending& pending = replies_.At(ticket.sequence);
  pending.gathering.Put(ticket.index, outcome);
  Count(pending);
  if (--pending.missing == 0) Settle(ticket.sequence);
}

// All outcomes of this command are there.
void RespDoor::Settle(std::uint64_t sequence) {
  replies_.Finish(sequence, [&](Pending& pending, Outgoing& reply) {
    WriteReply(pending.plan, pending.gathering.outcomes(), session_, connection_.unix_now(), reply);
    if (Watches(pending.plan)) connection_.Halt(false);
    CountTransaction();
    connection_.Recount(pending.counted, 0);
    const Duration took =
        connection_.AnsweredLate(ClassOf(pending.plan.operations.front()), pending.since);
    Tally(pending.plan, reply.bytes(), {Timing::How::kWaited, took});
  });
}

// A command was answered with `reply`.
void RespDoor::Tally(const Plan& plan, ByteView reply, Timing timing) {
  if (reply.starts_with('-')) [[unlikely]]
    return TallyError(plan, reply, timing);
  if (plan.course != Course::kRuns) return;
  TallyRun(*plan.command, timing);
  if (plan.exec) TallyQueued(*plan.exec, reply, timing);
}

void RespDoor::TallyRun(const resp::CommandInfo& command, Timing timing) {
  CommandTally& tally = connection_.services().counters.resp;
  switch (timing.how) {
    case Timing::How::kShare:
      return tally.Ran(command.number);
    case Timing::How::kOfTurn:
      return tally.TookOfTurn(command.number, timing.took);
    case Timing::How::kWaited:
      return tally.Took(command.number, timing.took);
  }
}

void RespDoor::TallyError(const Plan& plan, ByteView reply, Timing timing) {
  CommandTally& tally = connection_.services().counters.resp;
  const std::size_t code = ErrorCodeOf(reply);
  tally.CountError(code);
  if (plan.command == nullptr) return;
  // Of several operations some may have been done.
  const bool refused = TellsRefusal(code) && plan.operations.size() <= 1;
  if (plan.course != Course::kRuns || refused) return tally.Rejected(plan.command->number);
  tally.Failed(plan.command->number);
  TallyRun(*plan.command, timing);
}

// What was queued ran within EXEC, whose time is theirs too.
void RespDoor::TallyQueued(const resp::ExecPlan& exec, ByteView reply, Timing timing) {
  if (exec.elements.empty()) return;
  CommandTally& tally = connection_.services().counters.resp;
  if (timing.how == Timing::How::kOfTurn) timing.how = Timing::How::kWaited;
  timing.took /= static_cast<Duration::rep>(exec.elements.size());
  for (std::size_t i = 0; i < exec.elements.size(); ++i) {
    const std::size_t at = exec.elements[i].at;
    if (at == 0 || at >= reply.size()) continue;  // A watched key had changed, or all was silent.
    const resp::CommandInfo& command = *exec.transaction->queued[i].command;
    if (reply[at] == '-') {
      tally.CountError(ErrorCodeOf(reply.substr(at)));
      tally.Failed(command.number);
    }
    TallyRun(command, timing);
  }
}

void RespDoor::Count(Pending& pending) {
  const Plan& plan = pending.plan;
  const std::size_t transaction = plan.exec ? plan.exec->transaction->held() : 0;
  connection_.Recount(pending.counted, sizeof(Pending) + pending.gathering.bytes() +
                                           plan.operations.size() * sizeof(Operation) +
                                           plan.scratch.size() + transaction);
}

void RespDoor::CountTransaction() {
  connection_.Keep(session_.transaction ? session_.transaction->held() : 0);
}

}  // namespace aegis::node
