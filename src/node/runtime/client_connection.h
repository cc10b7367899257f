// ClientConnection: one client, whichever protocol it speaks. Where it came in, or its first byte,
// tells which.
//
// It runs what it can at once and submits the rest. It stops reading
//   while limits::kInFlightPerConnection operations are under way,
//   while it holds more than limits::kHeldPause bytes, see held(),
//   while the versions that a WATCH has to remember are not known,
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
#include "model/config.h"
#include "node/core/memcached_commands.h"
#include "node/core/resp_commands.h"
#include "node/runtime/connection.h"
#include "node/runtime/counters.h"
#include "node/runtime/door.h"
#include "node/runtime/forward.h"
#include "node/runtime/gathering.h"
#include "node/runtime/latency_monitor.h"
#include "node/runtime/resp_look_ahead.h"
#include "node/runtime/router.h"
#include "node/runtime/slow_log.h"
#include "wire/memcached.h"

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

  SlowLog* slow_log = nullptr;        // Null: nobody wants to know.
  LatencyMonitor* latency = nullptr;  // Likewise.
  Redirect redirect = Redirect::kForward;

  // Memory for the command being taken, and for those behind it.
  std::vector<ByteView> argv = {};
  RespLookAhead ahead = {};
  TimePoint turn_ended{};              // The last one, of any connection.
  const char* looked_until = nullptr;  // By LookAhead(), in the input of this turn.
  Bytes inline_scratch = {};
  Plan plan = {};
  Gathering gathering = {};
  Bytes encoded = {};
  wire::MemcachedRequest memcached_request = {};
  MemcachedPlan memcached_plan = {};

  // Gives back what an extraordinary command has made large.
  void Shrink();
};

// The ports that clients connect to.
enum class ClientPort : std::uint8_t { kMain, kMemcached };

class ClientConnection final : public Connection, public ForwardOwner {
 public:
  ClientConnection(Loop& loop, std::unique_ptr<ByteStream> stream, ClientServices& services,
                   std::uint64_t id, ClientPort port = ClientPort::kMain);

  std::uint64_t id() const { return id_; }
  // REQUIRES: services.sessions is held, or the caller is the worker.
  const RespSession* session() const { return door_ ? door_->session() : nullptr; }

  // --- For its door ----------------------------------------------------------------------------

  ClientServices& services() { return services_; }
  Bytes& out() { return output(); }
  using Connection::CloseWhenFlushed;
  using Connection::outgoing;
  using Connection::stream;
  TimePoint now() const { return now_; }         // When this turn began,
  UnixMs unix_now() const { return unix_now_; }  // on both clocks.
  // Runs the operation now, if it can be; see Router::RunHere().
  template <class Show>
  bool RunHere(const Operation& operation, Show&& show) {
    if (WantsBlock(operation)) [[unlikely]] {
      if (const Block* const block = BlockOf(operation.value)) {
        Operation in_block = operation;
        in_block.block = block;
        return RunHere(in_block, std::forward<Show>(show));
      }
    }
    const bool ran =
        services_.router.RunHere(operation, !takes_back(), unix_now_, std::forward<Show>(show));
    HoldUntil(services_.router.TakeJournaled());
    return ran;
  }
  // REQUIRES: RunHere() returned false for this operation just now.
  void Submit(Ticket ticket, const Operation& operation);
  // What the door keeps for a command or a reply is now `bytes`; `counted` remembers it.
  void Recount(std::size_t& counted, std::size_t bytes) {
    held_ += bytes - counted;
    counted = bytes;
  }
  // What the door keeps until a command to come takes it is now `bytes`. It pauses nothing: that
  // command would never be read.
  void Keep(std::size_t bytes) { kept_ = bytes; }
  // A command was answered: within this turn, or after waiting for others since `since`.
  void Answered(CommandClass kind) { ++answered_[static_cast<std::size_t>(kind)]; }
  // Returns how long that was.
  Duration AnsweredLate(CommandClass kind, TimePoint since);
  void CountProtocolError() { services_.counters.of(protocol_).errors.Add(); }

  // For a door that parses nothing ahead: `input` is what follows the command that it takes.
  // Fetches what the next ones are about, those that were not looked at before.
  void LookAhead(ByteView input);

  // Until this is taken back no further command is taken. Taken back from OnOutcome().
  void Halt(bool halted) { halted_ = halted; }

  std::size_t held() const override { return backlog() + held_; }
  // What this connection costs: that, and what waits for commands to come.
  std::size_t cost() const { return held() + kept_; }

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
    return in_flight_ >= limits::kInFlightPerConnection || congestions_ > 0 || waits() || halted_;
  }
  bool idle() const override { return in_flight_ == 0 && !waits(); }
  void Fill() override;
  void OnFlushed() override {
    if (in_flight_ == 0 && waits()) Resume();
  }
  void Launch(std::unique_ptr<Forward> forward, std::size_t room, std::size_t expected);
  void Foresee(ByteView input) override;
  void OnTurnBegin(TimePoint now) override;
  void OnTurnEnd() override;
  Protocol protocol() const override { return protocol_; }
  void OnClosed(std::string_view reason) override;

  ClientServices& services_;
  const std::uint64_t id_;
  std::unique_ptr<Door> door_;
  std::size_t in_flight_ = 0;
  std::size_t held_ = 0;         // Bytes, besides the backlog.
  std::size_t kept_ = 0;         // Bytes, see Keep().
  std::size_t congestions_ = 0;  // OnCongested() without its OnUncongested().
  std::size_t expected_value_ = limits::kValueRoomMin;  // What room to set aside.
  ForwardQueue returned_;  // Came back since the last were submitted anew; ahead of those that
  ForwardQueue waiting_;   // wait to be.
  bool halted_ = false;    // What the next commands mean is not known yet.
  bool dropped_ = false;   // Closed before some of those ran; nothing behind them may run, either.
  TimePoint now_{};
  TimePoint turn_began_{};  // Later than now_, if others had their turns in between.
  UnixMs unix_now_;
  Protocol protocol_ = Protocol::kUnknown;
  std::array<std::uint64_t, kCommandClasses> answered_{};  // In this turn.
};

}  // namespace aegis::node
