// Dispatcher: where to send a call and what to do when it fails.
//
// A call goes to the node that leads its key, marked so that a node which no longer does says
// where to go instead; without a connection to the leader it goes to any node, unmarked, which
// forwards it. What happens when a try ends without an answer:
//
//                                  a read            a write
//   no connection, never sent      again             again
//   REDIRECT                       there             there
//   UNAVAILABLE, NOTLEADER         again, later      again, later
//   BUSY                           -                 ends: busy
//   connection lost after sending  again             ends: unknown outcome
//   UNKNOWNOUTCOME                 again, later      ends: unknown outcome
//   reply makes no sense           again             ends: unknown outcome
//   half of the time left is gone  again             -
//   timeout                        ends: timeout     ends: unknown outcome if sent, else timeout
//
// A connection takes no call before it is known who answers (introduction.h). Whoever is not of
// this cluster, or not the node that the topology names, or no node at all counts as a server that
// cannot be connected to; only a call for this very address (Request::address) may still go there.
//
// "Again" costs one of max_retries, except for a server that cannot be connected to while another
// one is left to try. Within the same rules the dispatcher asks for the topology.
//
// Pure, one owner. Time never goes backwards.

#pragma once

#include <cstddef>
#include <map>
#include <optional>
#include <set>
#include <string>
#include <utility>
#include <vector>

#include "base/rng.h"
#include "base/time.h"
#include "client/core/cluster_view.h"
#include "client/core/connection_pool.h"
#include "client/core/dial_failures.h"
#include "client/core/effects.h"
#include "client/core/introduction.h"
#include "client/core/options.h"
#include "client/core/request.h"
#include "client/core/verdict.h"

namespace aegis::client {

class Dispatcher {
 public:
  // REQUIRES: options as aegis/client.h allows them.
  Dispatcher(Options options, std::uint64_t random_seed)
      : options_(std::move(options)), rng_(random_seed), pool_(options_) {}
  Dispatcher(const Dispatcher&) = delete;
  Dispatcher& operator=(const Dispatcher&) = delete;

  // Its result comes as Effects::finished with this token, once, now or later.
  // REQUIRES: the key and value are within their limits.
  void Submit(Token token, Request request, TimePoint now, Effects& effects);

  void AddServer(const std::string& address) { pool_.AddServer(address); }
  void RemoveServer(const std::string& address, TimePoint now, Effects& effects);
  std::vector<std::string> Servers() const { return pool_.Servers(); }

  // What the shell reports about a connection. The first thing to be written on a new one is ours;
  // see Effects::ready_to_send. Ids of connections that were hung up are ignored.
  void OnConnected(ConnectionId id, TimePoint now, Effects& effects);
  void OnReceived(ConnectionId id, ByteView bytes, TimePoint now, Effects& effects);
  // The dial failed, or the connection broke; the shell has closed it.
  void OnBroken(ConnectionId id, ByteView why, TimePoint now, Effects& effects);

  void Tick(TimePoint now, Effects& effects);

  // The bytes to be written next; from now on they count as sent. `out` is empty on entry.
  void TakeOutput(ConnectionId id, Bytes& out);

  // Ends every call. Nothing may be called afterwards.
  void Close(Effects& effects);

  std::size_t calls_in_flight() const { return calls_.size(); }

 private:
  struct Call {
    enum class State : std::uint8_t {
      kParked,   // Waits for a connection.
      kSent,     // Waits for a reply.
      kPausing,  // Waits for its next try.
    };
    CallId id = kNoCall;
    Token token = 0;  // kOwnToken: our own question for the topology.
    Request request;
    TimePoint deadline;
    TimePoint alarm;  // Its entry in alarms_.
    State state = State::kParked;
    ConnectionId connection = 0;   // kSent
    std::uint64_t request_id = 0;  // kSent
    TimePoint sent_at;             // kSent
    bool redirect_asked = false;   // kSent
    unsigned retries = 0;
    unsigned redirects = 0;
    Errc verdict = Errc::kUnavailable;  // What to say if no try is left.
  };
  enum class Pace : std::uint8_t { kAtOnce, kLater };

  static constexpr Token kOwnToken = ~Token{0};

  // Sends the call, or parks it until a connection comes up. `fresh`: this is a new try, which
  // may dial servers that are being avoided.
  void Route(Call& call, bool fresh, TimePoint now, Effects& effects);
  void Send(Call& call, Connection& connection, bool ask_redirect, TimePoint now, Effects& effects);
  void RouteParked(TimePoint now, Effects& effects);
  // A connection to one of those who hold a copy of the key, anyone; nullptr: there is none.
  Connection* PickCopy(ByteView key, TimePoint now, Effects& effects);

  // A try ended and left nothing behind (or the call is a read): the next one, or the end.
  void TryAgain(Call& call, Errc verdict, ByteView why, Pace pace, TimePoint now, Effects& effects);
  // A try ended, and a write may have been done.
  void TryLost(Call& call, Errc verdict, ByteView why, Pace pace, TimePoint now, Effects& effects);

  // The first thing that came on a connection tells who answers.
  void OnIntroduction(Connection& connection, const Introduction& introduction, TimePoint now,
                      Effects& effects);
  // Sends the parked calls that want this address, whoever it is.
  void SendAddressed(Connection& connection, TimePoint now, Effects& effects);
  void OnReply(Call& call, const wire::ReplyFrame& frame, bool& garbage, TimePoint now,
               Effects& effects);
  static void Remember(const Request& request, const Verdict& verdict);
  void OnRedirect(Call& call, const std::string& address, TimePoint now, Effects& effects);
  void OnAlarm(Call& call, TimePoint now, Effects& effects);
  void OnLost(Connection& connection, Errc verdict, ByteView why, TimePoint now, Effects& effects);

  void Finish(Call& call, Expected<Reply> result, Effects& effects);
  void FinishTopology(const Expected<Reply>& result);
  void RefreshTopology(TimePoint now, Effects& effects);
  void SetAlarm(Call& call, TimePoint at);
  void Enter(Call& call, Call::State state);
  // Ends every entry point.
  void Conclude(TimePoint now, Effects& effects);

  const Options options_;
  Rng rng_;
  ConnectionPool pool_;
  ClusterView view_;

  std::map<CallId, Call> calls_;
  std::set<CallId> parked_;                        // Oldest first.
  std::set<std::pair<TimePoint, CallId>> alarms_;  // One per call.
  CallId last_call_ = kNoCall;
  DialFailures dial_failures_;  // Of listed servers without a connection since.

  bool topology_asked_ = false;   // A question is under way.
  bool topology_doubted_ = true;  // Something said that it has changed.
  std::optional<TimePoint> topology_asked_at_;
};

}  // namespace aegis::client
