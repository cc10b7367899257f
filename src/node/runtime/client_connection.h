// ClientConnection: one client, whichever protocol it speaks. Its first byte tells which.
//
// It runs what it can at once and submits the rest; at most limits::kInFlightPerConnection
// operations are under way before it stops reading.

#pragma once

#include <array>
#include <functional>
#include <memory>
#include <mutex>
#include <string>
#include <vector>

#include "base/time.h"
#include "node/core/resp_commands.h"
#include "node/runtime/connection.h"
#include "node/runtime/counters.h"
#include "node/runtime/door.h"
#include "node/runtime/forward.h"
#include "node/runtime/gathering.h"
#include "node/runtime/router.h"

namespace aegis::node {

class ClientConnection;

// What a worker lends to the client connections that live on it.
struct ClientServices {
  Router& router;
  NodeView& view;
  WorkerCounters& counters;
  // Held during turns of client connections, so that other threads may look at their sessions
  // between turns.
  std::mutex& sessions;
  // Tells the worker that a connection is gone.
  std::function<void(std::shared_ptr<ClientConnection>)> on_closed;
  std::function<Bytes()> statistics;  // The JSON of STATS.

  // Memory for the command being taken.
  std::vector<ByteView> argv;
  Bytes inline_scratch;
  Plan plan;
  Gathering gathering;
  Bytes encoded;

  // Gives back what an extraordinary command has made large.
  void Shrink();
};

class ClientConnection final : public Connection, public ForwardOwner {
 public:
  ClientConnection(Loop& loop, std::unique_ptr<ByteStream> stream, ClientServices& services,
                   std::uint64_t id);

  std::uint64_t id() const { return id_; }
  // REQUIRES: services.sessions is held, or the caller is the worker.
  const RespSession* session() const { return door_ ? door_->session() : nullptr; }

  // --- For its door ----------------------------------------------------------------------------

  ClientServices& services() { return services_; }
  Bytes& out() { return output(); }
  using Connection::CloseWhenFlushed;
  using Connection::stream;
  TimePoint now() const { return now_; }         // When this turn began,
  UnixMs unix_now() const { return unix_now_; }  // on both clocks.
  void Submit(Ticket ticket, const Operation& operation);
  // A command was answered: within this turn, or after waiting for others since `since`.
  void Answered(CommandClass kind) { ++answered_[static_cast<std::size_t>(kind)]; }
  void AnsweredLate(CommandClass kind, TimePoint since);
  void CountProtocolError() { services_.counters.of(protocol_).errors.Add(); }

  // From the forwarder.
  void OnOutcome(Ticket ticket, const Outcome& outcome) override;

 private:
  Taken Take(ByteView input) override;
  bool busy() const override { return in_flight_ >= limits::kInFlightPerConnection; }
  bool idle() const override { return in_flight_ == 0; }
  void OnTurnBegin(TimePoint now) override;
  void OnTurnEnd() override;
  Protocol protocol() const override { return protocol_; }
  void OnClosed(std::string_view reason) override;

  ClientServices& services_;
  const std::uint64_t id_;
  std::unique_ptr<Door> door_;
  std::size_t in_flight_ = 0;
  TimePoint now_{};
  UnixMs unix_now_;
  Protocol protocol_ = Protocol::kUnknown;
  std::array<std::uint64_t, kCommandClasses> answered_{};  // In this turn.
};

}  // namespace aegis::node
