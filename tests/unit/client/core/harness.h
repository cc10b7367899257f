// Harness: a Dispatcher, a clock that the test moves, and the servers' side of its connections.

#pragma once

#include <gtest/gtest.h>

#include <algorithm>
#include <map>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "client/core/dispatcher.h"
#include "client/core/requests.h"
#include "ring/slot.h"
#include "wire/identity_codec.h"
#include "wire/native.h"
#include "wire/native_error.h"
#include "wire/operation_codec.h"
#include "wire/topology_codec.h"

namespace aegis::client {

using std::chrono::milliseconds;
using std::chrono::seconds;

// A request as a server read it.
struct Seen {
  ConnectionId connection = 0;
  wire::Command command{};
  bool redirect = false;
  std::uint64_t id = 0;
  std::string key;
  std::string value;
};

inline Options Seeds(std::vector<std::string> seeds) {
  Options options;
  options.seeds = std::move(seeds);
  return options;
}

inline Request Read(std::string_view key) { return GetRequest(key).value(); }
inline Request Write(std::string_view key) { return SetRequest(key, "v", {}).value(); }

inline constexpr ClusterId kCluster{99};

// Who is to be found at "a:7700", "b:1", ...: node 1, node 2, ...
inline wire::Identity NodeAt(const std::string& address) {
  const int number = address[0] - 'a' + 1;
  return {kCluster, NodeId{static_cast<std::uint64_t>(number)}, "node" + std::to_string(number)};
}

class Harness {
 public:
  explicit Harness(Options options) : dispatcher_(std::move(options), 7) {}

  Token Submit(Request request) {
    const Token token = ++last_token_;
    dispatcher_.Submit(token, std::move(request), now_, effects_);
    Perform();
    return token;
  }

  void Advance(Duration by) {
    now_ += by;
    dispatcher_.Tick(now_, effects_);
    Perform();
  }
  // Moves on to when the dispatcher wanted to be woken.
  void AdvanceToAlarm() { Advance(std::max(Duration::zero(), wake_up_at_ - now_)); }

  // Dials that were neither answered nor hung up.
  std::vector<std::string> dialled() const {
    std::vector<std::string> addresses;
    for (const auto& [id, address] : dials_) addresses.push_back(address);
    std::sort(addresses.begin(), addresses.end());
    return addresses;
  }
  // Answers the first dial to this address; whoever is expected there introduces himself.
  ConnectionId Connect(const std::string& address) { return Connect(address, NodeAt(address)); }
  ConnectionId Connect(const std::string& address, const wire::Identity& who) {
    const ConnectionId id = Accept(address);
    Introduce(id, who);
    return id;
  }
  // The same, and nobody says anything yet.
  ConnectionId Accept(const std::string& address) {
    const ConnectionId id = TakeDial(address);
    open_[id] = address;
    dispatcher_.OnConnected(id, now_, effects_);
    Perform();
    return id;
  }
  void Introduce(ConnectionId id, const wire::Identity& who) {
    Bytes value;
    wire::AppendIdentity(who, value);
    wire::ReplyFrame frame;
    frame.value = value;
    Reply(QuestionOn(id), frame);
  }
  // IDENTIFY, as it arrived first on this connection.
  Seen QuestionOn(ConnectionId id) const {
    const auto found = introductions_.find(id);
    EXPECT_NE(found, introductions_.end()) << "nobody was asked who he is";
    return found == introductions_.end() ? Seen{} : found->second;
  }
  void RefuseDial(const std::string& address) {
    dispatcher_.OnBroken(TakeDial(address), "Connection refused", now_, effects_);
    Perform();
  }
  void Break(ConnectionId id) {
    open_.erase(id);
    dispatcher_.OnBroken(id, "Connection reset by peer", now_, effects_);
    Perform();
  }

  // The requests that arrived since the last call, but for TOPOLOGY ones, which gather apart.
  std::vector<Seen> Arrived() { return std::exchange(arrived_, {}); }
  // The one request that arrived. Fails the test when there is not exactly one.
  Seen Only() {
    std::vector<Seen> arrived = Arrived();
    EXPECT_EQ(arrived.size(), 1U);
    return arrived.size() == 1 ? arrived[0] : Seen{};
  }
  void PutBack(std::vector<Seen> seen) { arrived_ = std::move(seen); }
  std::optional<Seen> TopologyAsked() { return std::exchange(topology_asked_, std::nullopt); }

  void Reply(const Seen& to, wire::ReplyFrame frame) {
    frame.id = to.id;
    Bytes bytes;
    wire::AppendReply(frame, bytes);
    Receive(to.connection, bytes);
  }
  void ReplyOk(const Seen& to, ByteView value = {}) {
    wire::ReplyFrame frame;
    frame.value = value;
    frame.version = 5;
    Reply(to, frame);
  }
  void ReplyError(const Seen& to, Status status) {
    const Bytes text = wire::ErrorText(status, "because");
    wire::ReplyFrame frame;
    frame.status = wire::ReplyStatus::kError;
    frame.error = text;
    Reply(to, frame);
  }
  void ReplyRedirect(const Seen& to, ByteView address) {
    wire::ReplyFrame frame;
    frame.status = wire::ReplyStatus::kRedirect;
    frame.address = address;
    Reply(to, frame);
  }
  void Receive(ConnectionId id, ByteView bytes) {
    dispatcher_.OnReceived(id, bytes, now_, effects_);
    Perform();
  }

  bool Ended(Token token) const { return results_.contains(token); }
  const Expected<client::Reply>& ResultOf(Token token) const {
    static const Expected<client::Reply> none = ClientError{Errc::kInvalid, "it has not ended"};
    const auto found = results_.find(token);
    EXPECT_NE(found, results_.end()) << "the call has not ended";
    return found == results_.end() ? none : found->second;
  }
  // The error it ended with; nothing: it succeeded or has not ended.
  std::optional<Errc> FailureOf(Token token) const {
    const auto found = results_.find(token);
    if (found == results_.end() || found->second.ok()) return std::nullopt;
    return found->second.error().code;
  }

  // While held, bytes stay in the dispatcher, as when a socket takes no more.
  void HoldOutput(bool hold) {
    hold_output_ = hold;
    if (!hold) Perform();
  }
  // The one connection that has bytes held back.
  ConnectionId held_connection() const {
    EXPECT_EQ(ready_.size(), 1U);
    return ready_.empty() ? 0 : ready_.front();
  }
  bool IsOpen(ConnectionId id) const { return open_.contains(id); }
  void Close() {
    dispatcher_.Close(effects_);
    Perform();
  }
  void RemoveServer(const std::string& address) {
    dispatcher_.RemoveServer(address, now_, effects_);
    Perform();
  }
  Dispatcher& dispatcher() { return dispatcher_; }
  TimePoint now() const { return now_; }

 private:
  ConnectionId TakeDial(const std::string& address) {
    for (auto dial = dials_.begin(); dial != dials_.end(); ++dial) {
      if (dial->second != address) continue;
      const ConnectionId id = dial->first;
      dials_.erase(dial);
      return id;
    }
    ADD_FAILURE() << address << " was not dialled";
    return 0;
  }

  void Perform() {
    Effects effects = std::exchange(effects_, Effects());
    wake_up_at_ = effects.wake_up_at;
    for (const Effects::Dial& dial : effects.dials) dials_[dial.connection] = dial.address;
    for (const ConnectionId id : effects.ready_to_send) ready_.push_back(id);
    if (!hold_output_) {
      for (const ConnectionId id : std::exchange(ready_, {})) Arrive(id);
    }
    for (const ConnectionId id : effects.hang_ups) {
      dials_.erase(id);
      open_.erase(id);
    }
    for (Effects::Finished& finished : effects.finished) {
      EXPECT_TRUE(results_.emplace(finished.token, std::move(finished.result)).second)
          << "a call ended twice";
    }
  }

  void Arrive(ConnectionId id) {
    Bytes bytes;
    dispatcher_.TakeOutput(id, bytes);
    const bool introduced = introductions_.contains(id);
    for (ByteView rest = bytes; !rest.empty();) {
      std::size_t size = 0;
      const auto frame = wire::DecodeRequest(rest, size);
      ASSERT_TRUE(frame.ok() && frame.value().has_value());
      rest.remove_prefix(size);
      EXPECT_EQ(introduced, frame.value()->command != kIdentify) << "only this, and this first";
      Seen seen;
      seen.connection = id;
      seen.command = static_cast<wire::Command>(frame.value()->command);
      seen.redirect = frame.value()->redirect;
      seen.id = frame.value()->id;
      seen.key = frame.value()->key;
      seen.value = frame.value()->value;
      if (seen.command == wire::Command::kIdentify) {
        EXPECT_TRUE(introductions_.emplace(id, seen).second) << "asked twice";
      } else if (seen.command == wire::Command::kTopology) {
        topology_asked_ = seen;
      } else {
        arrived_.push_back(seen);
      }
    }
  }

  static constexpr auto kIdentify = static_cast<std::uint8_t>(wire::Command::kIdentify);

  TimePoint now_{};
  Dispatcher dispatcher_;
  Effects effects_;
  TimePoint wake_up_at_ = TimePoint::max();
  Token last_token_ = 0;
  bool hold_output_ = false;
  std::map<ConnectionId, std::string> dials_;
  std::map<ConnectionId, std::string> open_;
  std::vector<ConnectionId> ready_;
  std::map<ConnectionId, Seen> introductions_;
  std::vector<Seen> arrived_;
  std::optional<Seen> topology_asked_;
  std::map<Token, Expected<client::Reply>> results_;
};

// A cluster of the nodes NodeAt() these addresses, all shards led by the node `leader`.
inline RoutingTable TableOf(const std::vector<std::string>& addresses, std::uint64_t leader,
                            std::uint32_t epoch = 1) {
  RoutingTable table;
  table.self = NodeId{1};
  table.settings.id = kCluster;
  table.settings.num_shards = 16;
  for (const std::string& address : addresses) {
    const wire::Identity node = NodeAt(address);
    Member member;
    member.id = node.node;
    member.name = node.name;
    member.client_address = ParseEndpoint(address).value();
    member.gossip_address = {"127.0.0.1", 1};
    table.members.push_back(member);
  }
  table.shards.assign(16, ShardRoute{Epoch{epoch}, NodeId{leader}, {NodeId{leader}}});
  return table;
}

inline Bytes Encoded(const RoutingTable& table) {
  Bytes bytes;
  wire::AppendTopology(table, bytes);
  return bytes;
}

}  // namespace aegis::client
