#include "node/runtime/client_connection.h"

#include <utility>

#include "node/runtime/clocks.h"
#include "node/runtime/native_door.h"
#include "node/runtime/resp_door.h"
#include "wire/native.h"

namespace aegis::node {

void ClientServices::Shrink() {
  constexpr std::size_t kArgumentsKept = 4096;
  constexpr std::size_t kBytesKept = 256 * 1024;
  if (argv.capacity() > kArgumentsKept) std::vector<ByteView>().swap(argv);
  if (plan.operations.capacity() > kArgumentsKept) {
    plan = {};
    gathering = {};
  }
  if (encoded.capacity() > kBytesKept) Bytes().swap(encoded);
  if (inline_scratch.capacity() > kBytesKept) Bytes().swap(inline_scratch);
}

ClientConnection::ClientConnection(Loop& loop, std::unique_ptr<ByteStream> stream,
                                   ClientServices& services, std::uint64_t id)
    : Connection(loop, std::move(stream)), services_(services), id_(id) {}

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
  ++in_flight_;
  services_.router.Submit(std::static_pointer_cast<ClientConnection>(shared_from_this()), ticket,
                          operation, now_);
}

void ClientConnection::OnOutcome(Ticket ticket, const Outcome& outcome) {
  --in_flight_;
  if (closed()) return;
  unix_now_ = UnixNow();
  door_->OnOutcome(ticket, outcome);
  Resume();
}

void ClientConnection::OnTurnBegin(TimePoint now) {
  services_.sessions.lock();
  now_ = now;
  unix_now_ = UnixNow();
  answered_.fill(0);
}

void ClientConnection::OnTurnEnd() {
  services_.Shrink();
  services_.sessions.unlock();
  const Duration took = SteadyNow() - now_;
  for (std::size_t kind = 0; kind < kCommandClasses; ++kind) {
    if (answered_[kind] == 0) continue;
    services_.counters.commands.Add(answered_[kind]);
    services_.counters.durations[kind].Add(took, answered_[kind]);
  }
}

void ClientConnection::AnsweredLate(CommandClass kind, TimePoint since) {
  services_.counters.commands.Add();
  services_.counters.durations[static_cast<std::size_t>(kind)].Add(SteadyNow() - since);
}

void ClientConnection::OnClosed(std::string_view) {
  services_.on_closed(std::static_pointer_cast<ClientConnection>(shared_from_this()));
}

}  // namespace aegis::node
