#include "node/runtime/memcached_door.h"

#include <algorithm>
#include <atomic>
#include <utility>

#include "base/log.h"
#include "model/limits.h"

namespace aegis::node {

namespace {

// Longer lines have more keys than a glance is worth, or a key that is too long.
constexpr std::size_t kGlanceMax = 512;

}  // namespace

Door::Taken MemcachedDoor::Take(ByteView input) {
  if (!begun_) {
    begun_ = true;
    if (input.front() == wire::kMemcachedBinary) {
      RefuseBinary();
      return {input.size(), 0};
    }
  }
  if (skip_ > 0) {
    const std::size_t skipped = std::min(skip_, input.size());
    skip_ -= skipped;
    return {skipped, 0};
  }
  wire::MemcachedRequest& request = connection_.services().memcached_request;
  const auto parsed = wire::ParseMemcachedRequest(input, request);
  if (!parsed.ok()) {
    connection_.CountProtocolError();
    replies_.Tail().bytes().append("CLIENT_ERROR ").append(parsed.error().message).append("\r\n");
    connection_.CloseWhenFlushed();
    return {input.size(), 0};
  }
  const auto [consumed, needed, skip] = parsed.value();
  if (consumed == 0) return {0, needed};
  connection_.LookAhead(input.substr(consumed));
  skip_ = skip;
  Run(request);
  replies_.CountTail();
  return {consumed, 0};
}

// The key is the second word. Only what gets is known to end with its line.
Door::Ahead MemcachedDoor::Glance(ByteView input) {
  const ByteView line = input.substr(0, std::min(input.find('\n'), kGlanceMax));
  const std::size_t begin = line.find(' ');
  if (begin == ByteView::npos) return {};
  const std::size_t end = line.find_first_of(" \r", begin + 1);
  const bool whole = line.size() < std::min(input.size(), kGlanceMax);
  if (end == ByteView::npos && !whole) return {};
  const ByteView key = line.substr(begin + 1, end == ByteView::npos ? end : end - begin - 1);
  const bool gets = line.front() == 'g' || line.starts_with("mg ");
  return {key, whole && gets ? line.size() + 1 : 0};
}

// It could read no word of ours.
void MemcachedDoor::RefuseBinary() {
  static std::atomic<bool> said{false};
  connection_.CountProtocolError();
  if (!said.exchange(true)) {
    AEGIS_LOG(kWarn, "net",
              "{} speaks memcached's binary protocol, which is not supported: set it to ascii or "
              "meta (this is not said again; aegiskv_protocol_errors_total counts them)",
              connection_.stream().PeerAddress());
  }
  connection_.CloseWhenFlushed();
}

void MemcachedDoor::Run(const wire::MemcachedRequest& request) {
  ClientServices& services = connection_.services();
  MemcachedPlan& plan = services.memcached_plan;
  switch (TranslateMemcached(request, services.view, connection_.now(), connection_.unix_now(),
                             plan, replies_.Tail().bytes())) {
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

void MemcachedDoor::RunPlan(MemcachedPlan& plan) {
  if (plan.form == MemcachedForm::kValues) return RunValues(plan);
  if (plan.operations.size() > 1) return RunFrom(plan, 0, 0, /*tried=*/false);
  const Operation& operation = plan.operations.front();
  const bool ran = connection_.RunHere(operation, [&](const Outcome& outcome) {
    WriteMemcachedReply(plan, {&outcome, 1}, connection_.unix_now(), replies_.Tail());
  });
  if (!ran) return RunFrom(plan, 0, 0, /*tried=*/true);
  connection_.Answered(ClassOf(operation));
}

// Values that are here are written as they come, without being gathered, up to the first key that
// another node has to be asked for.
void MemcachedDoor::RunValues(MemcachedPlan& plan) {
  const CommandClass kind = ClassOf(plan.operations.front());
  std::size_t bytes = 0;
  Outcome failed;
  for (std::size_t i = 0; i < plan.operations.size() && failed.status == Status::kOk; ++i) {
    const bool ran = connection_.RunHere(plan.operations[i], [&](const Outcome& outcome) {
      bytes += outcome.value.size();
      if (bytes > limits::kReplySizeMax) {
        failed.status = Status::kTooLarge;
      } else if (!AppendMemcachedValue(plan, plan.operations[i], outcome, replies_.Tail())) {
        failed = outcome;
        failed.value = {};
        failed.block = {};
      }
    });
    if (!ran) return RunFrom(plan, i, bytes, /*tried=*/true);
  }
  if (failed.status == Status::kOk) {
    AppendMemcachedEnd(replies_.Tail().bytes());
  } else {
    AppendMemcachedError(failed, replies_.Tail().bytes());
  }
  connection_.Answered(kind);
}

void MemcachedDoor::RunFrom(MemcachedPlan& plan, std::size_t first, std::size_t shown, bool tried) {
  const std::uint64_t sequence = replies_.next_sequence();
  Pending& pending = replies_.Wait();
  pending.since = connection_.now();
  pending.missing = 1;  // For this loop.
  pending.gathering.Begin(plan.operations.size() - first, shown);
  for (std::size_t i = first; i < plan.operations.size(); ++i) {
    const std::size_t at = i - first;
    const bool ran = !tried && connection_.RunHere(plan.operations[i], [&](const Outcome& outcome) {
      pending.gathering.Put(at, outcome);
    });
    tried = false;
    if (ran) continue;
    ++pending.missing;
    connection_.Submit({sequence, static_cast<std::uint32_t>(at)}, plan.operations[i]);
  }
  plan.Keep(first);
  pending.plan = std::move(plan);
  Count(pending);
  if (--pending.missing == 0) Settle(sequence);
}

void MemcachedDoor::OnOutcome(Ticket ticket, const Outcome& outcome) {
  Pending& pending = replies_.At(ticket.sequence);
  pending.gathering.Put(ticket.index, outcome);
  Count(pending);
  if (--pending.missing == 0) Settle(ticket.sequence);
}

void MemcachedDoor::Settle(std::uint64_t sequence) {
  replies_.Finish(sequence, [&](Pending& pending, Outgoing& reply) {
    WriteMemcachedReply(pending.plan, pending.gathering.outcomes(), connection_.unix_now(), reply);
    connection_.Recount(pending.counted, 0);
    connection_.AnsweredLate(ClassOf(pending.plan.operations.front()), pending.since);
  });
}

void MemcachedDoor::Count(Pending& pending) {
  connection_.Recount(pending.counted, sizeof(Pending) + pending.gathering.bytes() +
                                           pending.plan.kept.size() +
                                           pending.plan.operations.size() * sizeof(Operation));
}

}  // namespace aegis::node
