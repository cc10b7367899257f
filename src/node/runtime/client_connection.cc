#include "node/runtime/client_connection.h"

#include <algorithm>
#include <utility>

#include "node/runtime/clocks.h"
#include "node/runtime/memcached_door.h"
#include "node/runtime/native_door.h"
#include "node/runtime/resp_door.h"
#include "wire/native.h"

namespace aegis::node {

void ClientServices::Shrink() {
  constexpr std::size_t kArgumentsKept = 4096;
  constexpr std::size_t kBytesKept = 256 * 1024;
  if (argv.capacity() > kArgumentsKept) std::vector<ByteView>().swap(argv);
  ahead.Shrink(kArgumentsKept);
  if (plan.operations.capacity() > kArgumentsKept) {
    plan = {};
    gathering = {};
  }
  if (plan.scratch.capacity() > kBytesKept) plan = {};
  plan.exec.reset();  // What it borrows from may be large.
  if (memcached_plan.operations.capacity() > kArgumentsKept) memcached_plan = {};
  if (memcached_request.words.capacity() > kArgumentsKept) memcached_request = {};
  if (gathering.bytes() > kBytesKept) gathering = {};
  if (encoded.capacity() > kBytesKept) Bytes().swap(encoded);
  if (inline_scratch.capacity() > kBytesKept) Bytes().swap(inline_scratch);
}

ClientConnection::ClientConnection(Loop& loop, std::unique_ptr<ByteStream> stream,
                                   ClientServices& services, std::uint64_t id, ClientPort port)
    : Connection(loop, std::move(stream)), services_(services), id_(id) {
  if (port != ClientPort::kMemcached) return;
  protocol_ = Protocol::kMemcached;
  door_ = std::make_unique<MemcachedDoor>(*this);
}

Connection::Taken ClientConnection::Take(ByteView input) {
  if (!door_) [[unlikely]] {
    if (wire::IsNative(input.front())) {
      protocol_ = Protocol::kNative;
      door_ = std::make_unique<NativeDoor>(*this);
    } else {
      protocol_ = Protocol::kResp;
      door_ = std::make_unique<RespDoor>(*this);
    }
    services_.counters.of(protocol_).opened.Add();
  }
  const auto [consumed, needed] = door_->Take(input);
  return {consumed, needed};
}

void ClientConnection::Submit(Ticket ticket, const Operation& operation) {
  std::unique_ptr<Forward> forward = services_.router.Encode(operation);
  forward->ticket = ticket;
  const bool alone = idle() && backlog() <= limits::kHeldPause / 2;
  Launch(std::move(forward), alone ? kAnyRoom : expected_value_, expected_value_);
}

// `expected`: how large its value will be, at a guess.
void ClientConnection::Launch(std::unique_ptr<Forward> forward, std::size_t room,
                              std::size_t expected) {
  ++in_flight_;
  forward->room = room;
  Recount(forward->held, forward->bytes() + (forward->shows_value ? expected : 0));
  forward->owner = std::static_pointer_cast<ClientConnection>(shared_from_this());
  services_.router.Submit(std::move(forward), now_);
}

void ClientConnection::OnOutcome(const Forward& forward, const Outcome& outcome) {
  --in_flight_;
  held_ -= forward.held;
  if (closed()) return;
  if (forward.shows_value) {
    const std::size_t lately = expected_value_ - expected_value_ / 8;
    expected_value_ = std::max({outcome.value.size(), lately, limits::kValueRoomMin});
  }
  unix_now_ = UnixNow();
  HoldUntil(forward.journaled);
  door_->OnOutcome(forward.ticket, outcome);
  Resume();
}

void ClientConnection::OnNoRoom(std::unique_ptr<Forward> forward) {
  --in_flight_;
  held_ -= std::exchange(forward->held, 0);
  if (closed()) {
    dropped_ = true;
    return;
  }
  Recount(forward->held, forward->bytes());
  forward->owner.reset();  // It is this.
  expected_value_ = std::max(expected_value_, forward->needed);
  returned_.Push(std::move(forward));
  Resume();
}

void ClientConnection::OnUncongested() {
  --congestions_;
  Resume();
}

// Submits anew what came back, as much of it as there is room for, but always the first.
void ClientConnection::Fill() {
  if (in_flight_ > 0 || !waits() || backlog() > limits::kHeldPause / 2) return;
  returned_.Append(std::move(waiting_));
  waiting_ = std::move(returned_);
  now_ = SteadyNow();
  std::size_t left = limits::kHeldPause;
  std::size_t room = kAnyRoom;
  while (!waiting_.empty() && returned_.empty()) {
    const std::size_t expected = std::max(waiting_.front().needed, expected_value_);
    if (room != kAnyRoom && expected > left) return;
    left -= std::min(left, expected);
    Launch(waiting_.Pop(), std::max(room, expected), expected);
    room = 0;
  }
}

void ClientConnection::Foresee(ByteView input) {
  if (!door_) return;
  const ByteView key = door_->Glance(input).key;
  if (!key.empty()) services_.router.Expect(key);
}

void ClientConnection::LookAhead(ByteView input) {
  if (input.empty() || std::less<>()(input.data(), services_.looked_until)) return;
  for (std::size_t i = 0; i < RespLookAhead::kCommands && !input.empty(); ++i) {
    const auto [key, size] = door_->Glance(input);
    if (!key.empty()) services_.router.Expect(key);
    if (size == 0) break;
    input.remove_prefix(size);
  }
  services_.looked_until = input.data();
  services_.router.FetchExpected();
}

void ClientConnection::OnTurnBegin(TimePoint now) {
  services_.sessions.lock();
  services_.ahead.Clear();
  services_.looked_until = nullptr;
  now_ = now;
  turn_began_ = std::max(now, services_.turn_ended);
  unix_now_ = UnixNow();
  answered_.fill(0);
}

void ClientConnection::OnTurnEnd() {
  services_.Shrink();
  services_.sessions.unlock();
  services_.turn_ended = SteadyNow();
  const Duration took = services_.turn_ended - now_;
  const Duration turn = services_.turn_ended - turn_began_;
  services_.counters.resp.EndTurn(turn);
  if (services_.latency != nullptr) {
    services_.latency->Note(LatencyMonitor::Event::kCommand, unix_now_, turn);
  }
  for (std::size_t kind = 0; kind < kCommandClasses; ++kind) {
    if (answered_[kind] == 0) continue;
    services_.counters.commands.Add(answered_[kind]);
    services_.counters.durations[kind].Add(took, answered_[kind]);
  }
}

Duration ClientConnection::AnsweredLate(CommandClass kind, TimePoint since) {
  const Duration took = SteadyNow() - since;
  services_.counters.commands.Add();
  services_.counters.durations[static_cast<std::size_t>(kind)].Add(took);
  return took;
}

void ClientConnection::OnClosed(std::string_view) {
  dropped_ = waits();
  returned_.Clear();
  waiting_.Clear();
  services_.on_closed(std::static_pointer_cast<ClientConnection>(shared_from_this()));
}

}  // namespace aegis::node
