#include "node/runtime/client_connection.h"

#include <utility>

#include "node/runtime/clocks.h"
#include "node/runtime/native_door.h"
#include "node/runtime/resp_door.h"
#include "wire/native.h"

namespace aegis::node {

ClientConnection::ClientConnection(Loop& loop, std::unique_ptr<ByteStream> stream,
                                   ClientServices& services, std::uint64_t id)
    : Connection(loop, std::move(stream)), services_(services), id_(id) {}

Connection::Taken ClientConnection::Take(ByteView input) {
  if (!door_) [[unlikely]] {
    if (wire::IsNative(input.front())) {
      door_ = std::make_unique<NativeDoor>(*this);
    } else {
      door_ = std::make_unique<RespDoor>(*this);
    }
  }
  const auto [consumed, needed] = door_->Take(input);
  if (consumed > 0) ++taken_now_;
  return {consumed, needed};
}

void ClientConnection::Submit(Ticket ticket, const Operation& operation) {
  ++in_flight_;
  services_.router.Submit(std::static_pointer_cast<ClientConnection>(shared_from_this()), ticket,
                          operation, now_);
}

void ClientConnection::OnOutcome(Ticket ticket, const Outcome& outcome) {
  --in_flight_;
  if (outcome.status == Status::kUnavailable) services_.counters.unavailable.Add();
  if (outcome.status == Status::kUnknownOutcome) services_.counters.unknown_outcome.Add();
  if (closed()) return;
  unix_now_ = UnixNow();
  door_->OnOutcome(ticket, outcome);
  Resume();
}

void ClientConnection::OnTurnBegin(TimePoint now) {
  services_.sessions.lock();
  now_ = now;
  unix_now_ = UnixNow();
  taken_now_ = 0;
}

void ClientConnection::OnTurnEnd() {
  services_.sessions.unlock();
  if (taken_now_ > 0) services_.counters.latency.Add(SteadyNow() - now_, taken_now_);
}

void ClientConnection::OnBytes(std::size_t received, std::size_t sent) {
  if (received > 0) services_.counters.bytes_received.Add(received);
  if (sent > 0) services_.counters.bytes_sent.Add(sent);
}

void ClientConnection::OnClosed(std::string_view) {
  services_.on_closed(std::static_pointer_cast<ClientConnection>(shared_from_this()));
}

}  // namespace aegis::node
