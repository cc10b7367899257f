// ClientConnection: one client, whichever protocol it speaks. Its first byte tells which.
//
// It runs what it can at once and submits the rest. It stops reading
//   while limits::kInFlightPerConnection operations are under way,
//   while it holds more than limits::kHeldPause bytes, see held(),
//   while too much waits for a node that it has just submitted an operation for, and
//   while operations wait to be submitted anew.
//
// Nobody knows how large a value is that another node will send. So room is set aside for each, as
// much as the connection's values needed lately, and counts as held. An operation whose value is
// larger comes back (ForwardOwner::OnNoRoom) and waits until everything before it was answered and
// most of that was sent; the first of those that wait may then be of any size, and so may one that
// is submitted alone. So the most that is held is the limit and what one command needs.

#pragma once

#include <array>
#include <functional>
#include <memory>
#include <mutex>
#include <string>
#include <utility>
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
  // Runs the operation now, if it can be; see Router::RunHere().
  template <class Show>
  bool RunHere(const Operation& operation, Show&& show) {
    return services_.router.RunHere(operation, !takes_back(), unix_now_, std::forward<Show>(show));
  }
  // REQUIRES: RunHere() returned false for this operation just now.
  void Submit(Ticket ticket, const Operation& operation);
  // What the door keeps for a command or a reply is now `bytes`; `counted` remembers it.
  void Recount(std::size_t& counted, std::size_t bytes) {
    held_ += bytes - counted;
    counted = bytes;
  }
  // A command was answered: within this turn, or after waiting for others since `since`.
  void Answered(CommandClass kind) { ++answered_[static_cast<std::size_t>(kind)]; }
  void AnsweredLate(CommandClass kind, TimePoint since);
  void CountProtocolError() { services_.counters.of(protocol_).errors.Add(); }

  std::size_t held() const override { return backlog() + held_; }

  // From the forwarder.
  void OnOutcome(const Forward& forward, const Outcome& outcome) override;
  void OnNoRoom(std::unique_ptr<Forward> forward) override;
  bool takes_back() const override { return !returned_.empty() || dropped_; }
  void OnCongested() override { ++congestions_; }
  void OnUncongested() override;

 private:
  Taken Take(ByteView input) override;
  bool waits() const { return !returned_.empty() || !waiting_.empty(); }
  bool busy() const override {
    return in_flight_ >= limits::kInFlightPerConnection || congestions_ > 0 || waits();
  }
  bool idle() const override { return in_flight_ == 0 && !waits(); }
  void Fill() override;
  void OnFlushed() override {
    if (in_flight_ == 0 && waits()) Resume();
  }
  void Launch(std::unique_ptr<Forward> forward, std::size_t room, std::size_t expected);
  void OnTurnBegin(TimePoint now) override;
  void OnTurnEnd() override;
  Protocol protocol() const override { return protocol_; }
  void OnClosed(std::string_view reason) override;

  ClientServices& services_;
  const std::uint64_t id_;
  std::unique_ptr<Door> door_;
  std::size_t in_flight_ = 0;
  std::size_t held_ = 0;         // Bytes, besides the backlog.
  std::size_t congestions_ = 0;  // OnCongested() without its OnUncongested().
  std::size_t expected_value_ = limits::kValueRoomMin;  // What room to set aside.
  ForwardQueue returned_;  // Came back since the last were submitted anew; ahead of those that
  ForwardQueue waiting_;   // wait to be.
  bool dropped_ = false;   // Closed before some of those ran; nothing behind them may run, either.
  TimePoint now_{};
  UnixMs unix_now_;
  Protocol protocol_ = Protocol::kUnknown;
  std::array<std::uint64_t, kCommandClasses> answered_{};  // In this turn.
};

}  // namespace aegis::node
