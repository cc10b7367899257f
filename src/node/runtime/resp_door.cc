#include "node/runtime/resp_door.h"

#include <utility>

#include "wire/resp.h"

namespace aegis::node {

RespDoor::RespDoor(ClientConnection& connection) : connection_(connection) {
  session_.id = connection.id();
  session_.address = connection.stream().PeerAddress();
  session_.local_address = connection.stream().LocalAddress();
  session_.connected_at = connection.now();
  session_.last_command_at = connection.now();
}

Door::Taken RespDoor::Take(ByteView input) {
  ClientServices& services = connection_.services();
  const auto parsed = wire::ParseRespCommand(input, services.argv, services.inline_scratch);
  if (!parsed.ok()) {
    connection_.CountProtocolError();
    wire::RespWriter(Tail(), session_.version).Error("ERR " + parsed.error().message);
    connection_.CloseWhenFlushed();
    return {input.size(), 0};
  }
  const auto [consumed, needed] = parsed.value();
  if (consumed == 0) return {0, needed};
  if (services.argv.empty()) return {consumed, 0};
  Run(services);
  if (!slots_.empty()) Count(slots_.back());
  return {consumed, 0};
}

void RespDoor::Run(ClientServices& services) {
  Plan& plan = services.plan;
  switch (Translate(services.argv, session_, services.view, connection_.now(),
                    connection_.unix_now(), plan, Tail())) {
    case Translation::kReplied:
      connection_.Answered(CommandClass::kOther);
      break;
    case Translation::kPlanned:
      RunPlan(plan);
      break;
    case Translation::kRepliedClose:
      connection_.Answered(CommandClass::kOther);
      connection_.CloseWhenFlushed();
      break;
  }
}

void RespDoor::RunPlan(Plan& plan) {
  if (plan.operations.size() == 1) {
    const bool ran = connection_.RunHere(plan.operations.front(), [&](const Outcome& outcome) {
      WriteReply(plan, {&outcome, 1}, session_, connection_.unix_now(), Tail());
    });
    if (ran) {
      connection_.Answered(ClassOf(plan.operations.front()));
      return;
    }
  }
  RunMany(plan);
}

void RespDoor::RunMany(Plan& plan) {
  Gathering* gathering = &connection_.services().gathering;
  gathering->Begin(plan.operations.size());
  const std::uint64_t sequence = next_sequence();
  Pending* pending = nullptr;
  for (std::size_t i = 0; i < plan.operations.size(); ++i) {
    const bool ran = connection_.RunHere(
        plan.operations[i], [&](const Outcome& outcome) { gathering->Put(i, outcome); });
    if (ran) continue;
    if (pending == nullptr) {
      slots_.push_back({Bytes(), std::make_unique<Pending>()});
      pending = slots_.back().pending.get();
      pending->since = connection_.now();
      pending->missing = 1;  // For this loop.
      pending->gathering = std::move(*gathering);
      gathering = &pending->gathering;
    }
    ++pending->missing;
    connection_.Submit({sequence, static_cast<std::uint32_t>(i)}, plan.operations[i]);
  }
  if (pending == nullptr) {
    WriteReply(plan, gathering->outcomes(), session_, connection_.unix_now(), Tail());
    connection_.Answered(ClassOf(plan.operations.front()));
    return;
  }
  // What the operations' views borrow from is gone when the reply is written; it needs only what
  // kind of operations they were.
  for (Operation& operation : plan.operations) {
    operation.key = operation.value = operation.key2 = operation.match = {};
    operation.more.clear();
  }
  pending->plan = std::move(plan);
  Count(*pending);
  if (--pending->missing == 0) Settle(sequence);
}

void RespDoor::OnOutcome(Ticket ticket, const Outcome& outcome) {
  Pending& pending = *At(ticket.sequence).pending;
  pending.gathering.Put(ticket.index, outcome);
  Count(pending);
  if (--pending.missing == 0) Settle(ticket.sequence);
}

// All outcomes of this command are there: writes its reply, and lets go what waited behind it.
void RespDoor::Settle(std::uint64_t sequence) {
  Slot& slot = At(sequence);
  const std::unique_ptr<Pending> pending = std::move(slot.pending);
  WriteReply(pending->plan, pending->gathering.outcomes(), session_, connection_.unix_now(),
             slot.reply);
  connection_.Recount(pending->counted, 0);
  Count(slot);
  connection_.AnsweredLate(ClassOf(pending->plan.operations.front()), pending->since);
  while (head_ < slots_.size() && slots_[head_].pending == nullptr) {
    connection_.out().append(slots_[head_].reply);
    connection_.Recount(slots_[head_].counted, 0);
    slots_[head_] = {};
    ++head_;
    ++first_sequence_;
  }
  if (head_ == slots_.size()) {
    slots_.clear();
    head_ = 0;
  } else if (head_ > slots_.size() / 2) {
    slots_.erase(slots_.begin(), slots_.begin() + static_cast<std::ptrdiff_t>(head_));
    head_ = 0;
  }
}

void RespDoor::Count(Pending& pending) {
  connection_.Recount(pending.counted, sizeof(Pending) + pending.gathering.bytes() +
                                           pending.plan.operations.size() * sizeof(Operation));
}

void RespDoor::Count(Slot& slot) { connection_.Recount(slot.counted, slot.reply.size()); }

Bytes& RespDoor::Tail() {
  if (slots_.empty()) return connection_.out();
  if (slots_.back().pending != nullptr) slots_.emplace_back();
  return slots_.back().reply;
}

}  // namespace aegis::node
