// The messages of gossip as plain structs; codec.h has them as bytes, proto/gossip.proto as the
// format that stays.

#pragma once

#include <cstdint>
#include <string>
#include <variant>
#include <vector>

#include "model/cluster.h"
#include "model/ids.h"
#include "model/member.h"

namespace aegis::gossip {

// Who speaks. Stands in every message.
struct Sender {
  ClusterId cluster;  // 0: unborn.
  NodeId id;
  Session session;
  friend bool operator==(const Sender&, const Sender&) = default;
};

// Something about one member. Alive: all of `member` counts. Otherwise only id, session, state and
// incarnation do, and `accuser` is who says so.
struct Rumour {
  Member member;
  NodeId accuser;
  friend bool operator==(const Rumour&, const Rumour&) = default;
};

// --- Datagrams ----------------------------------------------------------------------------------

struct Ping {
  std::uint32_t seq;
  // Whoever is not this run of this node keeps silent, even at the right address.
  NodeId target;
  Session target_session;
  friend bool operator==(const Ping&, const Ping&) = default;
};

// Asks the receiver to ping `target` and to pass the ack on.
struct PingRequest {
  std::uint32_t seq;
  NodeId target;
  Session target_session;
  friend bool operator==(const PingRequest&, const PingRequest&) = default;
};

// The target of ping or ping request `seq` lives.
struct Ack {
  std::uint32_t seq;
  friend bool operator==(const Ack&, const Ack&) = default;
};

// The relay of ping request `seq` lives, but has not heard the target in time.
struct Nack {
  std::uint32_t seq;
  friend bool operator==(const Nack&, const Nack&) = default;
};

// std::monostate: nothing but rumours.
using DatagramBody = std::variant<std::monostate, Ping, PingRequest, Ack, Nack>;

struct DatagramMessage {
  Sender sender;
  DatagramBody body;
  std::vector<Rumour> rumours;
};

// --- Streams ------------------------------------------------------------------------------------

// All that a node knows. Contains the sender itself.
struct State {
  ClusterSettings settings;
  std::vector<Member> members;
};

// A ping by TCP.
struct StreamProbe {
  NodeId target;
  Session target_session;
  friend bool operator==(const StreamProbe&, const StreamProbe&) = default;
};

struct StreamQuestion {
  Sender sender;
  std::variant<State, StreamProbe> body;
};

enum class RefusalReason : std::uint8_t {
  kForeignCluster,
  kIdConflict,
  kFull,
  kMalformed,
  kNotMe,  // The probe was meant for another node or an earlier run.
};

struct Refusal {
  RefusalReason reason;
  std::string message;  // For an operator.
};

struct StreamAck {};

struct StreamAnswer {
  Sender sender;
  std::variant<Refusal, State, StreamAck> body;
};

}  // namespace aegis::gossip
