#include "client/core/dispatcher.h"

#include <algorithm>

#include "base/check.h"
#include "client/core/backoff.h"
#include "model/endpoint.h"
#include "wire/native_error.h"
#include "wire/topology_codec.h"

namespace aegis::client {

void Dispatcher::Submit(Token token, Request request, TimePoint now, Effects& effects) {
  const CallId id = ++last_call_;
  Call& call = calls_[id];
  call.id = id;
  call.token = token;
  call.deadline = now + (request.is_write ? options_.write_timeout : options_.read_timeout);
  call.request = std::move(request);
  call.alarm = call.deadline;
  alarms_.emplace(call.alarm, id);
  Route(call, true, now, effects);
  Conclude(now, effects);
}

void Dispatcher::SetAlarm(Call& call, TimePoint at) {
  if (at == call.alarm) return;
  alarms_.erase({call.alarm, call.id});
  call.alarm = at;
  alarms_.emplace(at, call.id);
}

void Dispatcher::Enter(Call& call, Call::State state) {
  if (call.state == Call::State::kParked) parked_.erase(call.id);
  call.state = state;
  if (state == Call::State::kParked) parked_.insert(call.id);
}

void Dispatcher::Route(Call& call, bool fresh, TimePoint now, Effects& effects) {
  const std::string& only = call.request.address;
  bool dialling = false;
  if (!only.empty()) {
    if (Connection* connection = pool_.PickAt(only, now, effects)) {
      return Send(call, *connection, false, now, effects);
    }
    if (fresh) pool_.DialAt(only, now, effects);
    dialling = pool_.IsDialling(only);
  } else {
    if (call.request.any_copy) {
      Connection* const connection = PickCopy(call.request.key, now, effects);
      if (connection != nullptr) return Send(call, *connection, false, now, effects);
    }
    const std::string& leader = view_.LeaderOf(call.request.key);
    if (!leader.empty() && pool_.Lists(leader)) {
      if (Connection* connection = pool_.PickAt(leader, now, effects)) {
        // Whoever is asked for a redirect must not name the address that led to it.
        const bool leads = view_.Expects(leader, connection->node);
        return Send(call, *connection, leads && call.redirects < kRedirectsMax, now, effects);
      }
      topology_doubted_ = true;  // Whoever cannot be reached may not lead for long.
    }
    if (Connection* connection = pool_.PickAny(now, rng_, effects)) {
      return Send(call, *connection, false, now, effects);
    }
    dialling = pool_.DialAny(fresh, now, rng_, effects);
  }
  if (!dialling) {
    // That the only node who can answer is out of reach is an answer by itself.
    if (!only.empty()) {
      const std::string why = "out of reach" + dial_failures_.Of({only});
      return Finish(call, ClientError{Errc::kUnavailable, why}, effects);
    }
    const std::string why = "no server can be reached" + dial_failures_.Of(pool_.Servers());
    return TryAgain(call, call.verdict, why, Pace::kLater, now, effects);
  }
  Enter(call, Call::State::kParked);
  SetAlarm(call, call.deadline);
}

Connection* Dispatcher::PickCopy(ByteView key, TimePoint now, Effects& effects) {
  const std::vector<std::string>& copies = view_.CopiesOf(key);
  if (copies.empty()) return nullptr;
  const std::size_t first = rng_.Below(copies.size());
  for (std::size_t i = 0; i < copies.size(); ++i) {
    const std::string& address = copies[(first + i) % copies.size()];
    if (!pool_.Lists(address)) continue;
    if (Connection* const connection = pool_.PickAt(address, now, effects)) return connection;
  }
  return nullptr;
}

void Dispatcher::Send(Call& call, Connection& connection, bool ask_redirect, TimePoint now,
                      Effects& effects) {
  Enter(call, Call::State::kSent);
  if (!connection.pipeline.has_output()) effects.ready_to_send.push_back(connection.id);
  call.connection = connection.id;
  call.request_id = connection.pipeline.Push(call.id, call.request, ask_redirect);
  call.sent_at = now;
  call.redirect_asked = ask_redirect;
  const bool elsewhere =
      !call.request.is_write && call.request.address.empty() && call.retries < options_.max_retries;
  SetAlarm(call, elsewhere ? now + (call.deadline - now) / 2 : call.deadline);
}

void Dispatcher::RouteParked(TimePoint now, Effects& effects) {
  const std::vector<CallId> waiting(parked_.begin(), parked_.end());
  for (const CallId id : waiting) {
    const auto call = calls_.find(id);
    if (call != calls_.end()) Route(call->second, false, now, effects);
  }
}

void Dispatcher::TryAgain(Call& call, Errc verdict, ByteView why, Pace pace, TimePoint now,
                          Effects& effects) {
  call.verdict = verdict;
  const Duration wait = pace == Pace::kAtOnce
                            ? Duration::zero()
                            : WithJitter(Doubled(kBackoffBase, call.retries, kBackoffMax), rng_);
  if (call.retries >= options_.max_retries || now + wait >= call.deadline) {
    const std::string tries =
        call.retries == 0 ? "" : " (after " + std::to_string(call.retries + 1) + " tries)";
    return Finish(call, ClientError{verdict, std::string(why) + tries}, effects);
  }
  ++call.retries;
  if (pace == Pace::kAtOnce) return Route(call, true, now, effects);
  Enter(call, Call::State::kPausing);
  SetAlarm(call, now + wait);
}

void Dispatcher::TryLost(Call& call, Errc verdict, ByteView why, Pace pace, TimePoint now,
                         Effects& effects) {
  if (!call.request.is_write) return TryAgain(call, verdict, why, pace, now, effects);
  Finish(call, ClientError{Errc::kUnknownOutcome, std::string(why)}, effects);
}

void Dispatcher::RemoveServer(const std::string& address, TimePoint now, Effects& effects) {
  pool_.RemoveServer(address, effects);
  RouteParked(now, effects);  // Some may have waited for it.
  Conclude(now, effects);
}

void Dispatcher::OnConnected(ConnectionId id, TimePoint now, Effects& effects) {
  Connection* connection = pool_.Find(id);
  if (connection == nullptr) return;
  connection->connected = true;
  AppendIntroductionRequest(connection->introduction);
  effects.ready_to_send.push_back(id);
  Conclude(now, effects);
}

void Dispatcher::OnIntroduction(Connection& connection, const Introduction& introduction,
                                TimePoint now, Effects& effects) {
  const std::string& address = connection.address;
  if (introduction.kind == Introduction::Kind::kNoNode) {
    effects.hang_ups.push_back(connection.id);
    return OnLost(connection, Errc::kUnavailable, address + ": " + introduction.why, now, effects);
  }
  if (pool_.Lists(address)) {
    const std::optional<std::string> objection =
        introduction.kind == Introduction::Kind::kNameless
            ? introduction.why
            : view_.Objection(address, introduction.who, pool_.IsGiven(address));
    if (!objection) {
      dial_failures_.Forget(address);
      pool_.Admit(connection, introduction.who.node, now);
      return RouteParked(now, effects);
    }
    topology_doubted_ = true;
    dial_failures_.Note(address, address + ": " + *objection);
  }
  pool_.Refuse(connection, now);
  SendAddressed(connection, now, effects);
  pool_.Settle(connection, effects);
  RouteParked(now, effects);
}

void Dispatcher::SendAddressed(Connection& connection, TimePoint now, Effects& effects) {
  for (const CallId id : std::vector(parked_.begin(), parked_.end())) {
    Call& call = calls_.at(id);
    if (call.request.address == connection.address) Send(call, connection, false, now, effects);
  }
}

void Dispatcher::TakeOutput(ConnectionId id, Bytes& out) {
  Connection* connection = pool_.Find(id);
  if (connection == nullptr) return;
  if (!connection->introduction.empty()) {
    out.swap(connection->introduction);
  } else {
    connection->pipeline.TakeOutput(out);
  }
}

void Dispatcher::OnReceived(ConnectionId id, ByteView bytes, TimePoint now, Effects& effects) {
  Connection* connection = pool_.Find(id);
  if (connection == nullptr) return;
  connection->last_received = now;
  connection->reader.Feed(bytes);
  while (true) {
    const auto frame = connection->reader.Next();
    if (frame.ok() && !frame.value().has_value()) break;
    if (connection->state == Connection::State::kDialling) {
      OnIntroduction(*connection, ReadIntroduction(frame, bytes), now, effects);
      connection = pool_.Find(id);
      if (connection == nullptr) return Conclude(now, effects);
      continue;
    }
    Errc verdict = Errc::kProtocol;
    std::string why = frame.ok() ? std::string() : frame.error().message;
    if (frame.ok() && frame.value()->id == 0) {
      // Not an answer but a farewell: what is wrong with the connection as a whole.
      if (!wire::IsProtocolError(*frame.value())) verdict = Errc::kMaxRetries;
      why = frame.value()->error;
    } else if (frame.ok()) {
      const Result<CallId> asked = connection->pipeline.Take(frame.value()->id);
      bool garbage = !asked.ok();
      if (garbage) {
        why = asked.error().message;
      } else if (asked.value() != kNoCall) {
        why = "a reply that does not answer its request";
        OnReply(calls_.at(asked.value()), *frame.value(), garbage, now, effects);
      }
      if (!garbage) continue;
    }
    effects.hang_ups.push_back(id);
    OnLost(*connection, verdict, connection->address + ": " + why, now, effects);
    return Conclude(now, effects);
  }
  pool_.Settle(*connection, effects);
  Conclude(now, effects);
}

void Dispatcher::OnReply(Call& call, const wire::ReplyFrame& frame, bool& garbage, TimePoint now,
                         Effects& effects) {
  Verdict verdict = Judge(call.request, frame);
  switch (verdict.kind) {
    case Verdict::Kind::kDone:
      if (call.request.session) Remember(call.request, verdict);
      return Finish(call, std::move(verdict.result), effects);
    case Verdict::Kind::kRedirect:
      return OnRedirect(call, verdict.text, now, effects);
    case Verdict::Kind::kRefused:
      topology_doubted_ = true;
      return TryAgain(call, Errc::kMaxRetries, verdict.text, Pace::kLater, now, effects);
    case Verdict::Kind::kLost:
      return TryLost(call, Errc::kMaxRetries, verdict.text, Pace::kLater, now, effects);
    case Verdict::Kind::kGarbage:
      garbage = true;
      return TryLost(call, Errc::kProtocol, verdict.text, Pace::kLater, now, effects);
  }
}

void Dispatcher::Remember(const Request& request, const Verdict& verdict) {
  if (verdict.result.Is(Errc::kSessionLost)) {
    request.session->Lose(request.key, verdict.position);
  } else if (verdict.position != Version{}) {
    request.session->Learn(request.key, verdict.position);
  }
}

void Dispatcher::OnRedirect(Call& call, const std::string& address, TimePoint now,
                            Effects& effects) {
  topology_doubted_ = true;
  if (!call.redirect_asked || !ParseEndpoint(address).ok()) {
    return TryAgain(call, Errc::kMaxRetries, "a redirect that leads nowhere", Pace::kLater, now,
                    effects);
  }
  ++call.redirects;
  view_.LearnLeader(call.request.key, address);
  pool_.LearnMember(address);
  Route(call, true, now, effects);
}

void Dispatcher::OnBroken(ConnectionId id, ByteView why, TimePoint now, Effects& effects) {
  Connection* connection = pool_.Find(id);
  if (connection == nullptr) return;
  OnLost(*connection, Errc::kMaxRetries, connection->address + ": " + std::string(why), now,
         effects);
  Conclude(now, effects);
}

void Dispatcher::OnLost(Connection& connection, Errc verdict, ByteView why, TimePoint now,
                        Effects& effects) {
  const std::string address = connection.address;
  topology_doubted_ = true;
  if (connection.state == Connection::State::kDialling) dial_failures_.Note(address, why);
  for (const Pipeline::Waiting& waiting : pool_.Drop(connection, now)) {
    Call& call = calls_.at(waiting.call);
    if (waiting.sent) {
      TryLost(call, verdict, why, Pace::kAtOnce, now, effects);
    } else {
      TryAgain(call, verdict, why, Pace::kAtOnce, now, effects);
    }
  }
  RouteParked(now, effects);
  if (!pool_.Lists(address)) dial_failures_.Forget(address);
}

void Dispatcher::Tick(TimePoint now, Effects& effects) {
  for (const ConnectionId id : pool_.DialsEndingBy(now)) {
    Connection* connection = pool_.Find(id);
    if (connection == nullptr) continue;
    effects.hang_ups.push_back(id);
    const char* const why =
        connection->connected ? ": no AegisKV node answered in time" : ": no connection in time";
    OnLost(*connection, Errc::kUnavailable, connection->address + why, now, effects);
  }
  while (!alarms_.empty() && alarms_.begin()->first <= now) {
    OnAlarm(calls_.at(alarms_.begin()->second), now, effects);
  }
  Conclude(now, effects);
}

void Dispatcher::OnAlarm(Call& call, TimePoint now, Effects& effects) {
  if (call.state == Call::State::kPausing) return Route(call, true, now, effects);
  if (call.state == Call::State::kParked) {
    return Finish(call, ClientError{Errc::kTimeout, "no connection in time"}, effects);
  }
  Connection* connection = pool_.Find(call.connection);
  AEGIS_CHECK(connection != nullptr, "a call is taken off its connection before that goes");
  const std::string address = connection->address;
  connection->pipeline.Abandon(call.request_id);
  pool_.Settle(*connection, effects);
  pool_.OnSilence(address, call.sent_at, now, effects);
  const std::string why = address + ": no answer in time";
  if (now < call.deadline) {
    return TryAgain(call, Errc::kMaxRetries, why, Pace::kAtOnce, now, effects);
  }
  const Errc verdict = call.request.is_write ? Errc::kUnknownOutcome : Errc::kTimeout;
  Finish(call, ClientError{verdict, why}, effects);
}

void Dispatcher::Finish(Call& call, Expected<Reply> result, Effects& effects) {
  if (call.token == kOwnToken) {
    FinishTopology(result);
  } else {
    effects.finished.push_back({call.token, std::move(result)});
  }
  alarms_.erase({call.alarm, call.id});
  parked_.erase(call.id);
  calls_.erase(call.id);
}

void Dispatcher::FinishTopology(const Expected<Reply>& result) {
  topology_asked_ = false;
  const Result<RoutingTable> table =
      result.ok() ? wire::DecodeTopology(result->value)
                  : Result<RoutingTable>(Error{ErrorCode::kUnavailable, "no answer"});
  if (!table.ok() || !view_.Adopt(table.value())) {
    topology_doubted_ = true;
    return;
  }
  pool_.SetMembers(view_.members());
  dial_failures_.Keep(pool_.Servers());
}

void Dispatcher::RefreshTopology(TimePoint now, Effects& effects) {
  if (topology_asked_ || !pool_.AnyReady() || calls_.empty()) return;
  const Duration age = topology_asked_at_ ? now - *topology_asked_at_ : Duration::max();
  const Duration due = topology_doubted_ ? kTopologyPause : kTopologyPeriod;
  if (age < due) {
    effects.wake_up_at = std::min(effects.wake_up_at, *topology_asked_at_ + due);
    return;
  }
  topology_asked_ = true;
  topology_doubted_ = false;
  topology_asked_at_ = now;
  Request question;
  question.command = wire::Command::kTopology;
  Submit(kOwnToken, std::move(question), now, effects);
}

void Dispatcher::Conclude(TimePoint now, Effects& effects) {
  RefreshTopology(now, effects);
  if (!alarms_.empty()) effects.wake_up_at = std::min(effects.wake_up_at, alarms_.begin()->first);
  effects.wake_up_at = std::min(effects.wake_up_at, pool_.NextDialEnd());
}

void Dispatcher::Close(Effects& effects) {
  std::set<CallId> maybe_done;
  for (const ConnectionId id : pool_.All()) {
    for (const Pipeline::Waiting& waiting : pool_.Find(id)->pipeline.Drain()) {
      const bool is_write = calls_.at(waiting.call).request.is_write;
      if (waiting.sent && is_write) maybe_done.insert(waiting.call);
    }
    effects.hang_ups.push_back(id);
  }
  while (!calls_.empty()) {
    Call& call = calls_.begin()->second;
    const bool unknown = maybe_done.contains(call.id);
    Finish(call,
           ClientError{unknown ? Errc::kUnknownOutcome : Errc::kClosed, "the client was closed"},
           effects);
  }
}

}  // namespace aegis::client
