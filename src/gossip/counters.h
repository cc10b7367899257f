// Counters: what gossip did since the start of the process, for metrics. They only ever rise.

#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <string_view>

namespace aegis::gossip {

// A kind of message, as metrics name it. kRumours: a datagram with nothing but rumours.
enum class MessageKind : std::uint8_t {
  kPing,
  kPingRequest,
  kAck,
  kNack,
  kRumours,
  kPushPull,     // Requests and replies alike.
  kStreamProbe,  // Likewise.
  kRefusal,
};
inline constexpr std::size_t kMessageKinds = 8;
inline constexpr std::array<std::string_view, kMessageKinds> kMessageKindNames = {
    "ping", "ping_request", "ack", "nack", "rumours", "push_pull", "stream_probe", "refusal"};

struct Traffic {
  std::array<std::uint64_t, kMessageKinds> messages{};  // Indexed by MessageKind.
  std::uint64_t datagram_bytes = 0;                     // Payload, without IP and UDP headers.
  std::uint64_t stream_bytes = 0;                       // Likewise.

  void Count(MessageKind kind) { ++messages[static_cast<std::size_t>(kind)]; }
  std::uint64_t operator[](MessageKind kind) const {
    return messages[static_cast<std::size_t>(kind)];
  }
};

struct Counters {
  Traffic sent;
  Traffic received;

  std::uint64_t probes = 0;
  std::uint64_t probes_failed = 0;           // Nobody answered: the member was suspected.
  std::uint64_t probes_saved_by_relay = 0;   // The direct ping failed, one through others did not.
  std::uint64_t probes_saved_by_stream = 0;  // Only TCP reached the member: look at the firewall.
  std::uint64_t streams_failed = 0;

  std::uint64_t suspicions = 0;    // Of any member, begun on this node.
  std::uint64_t refutations = 0;   // By this node, of rumours about itself.
  std::uint64_t deaths = 0;        // Members declared dead or heard to be.
  std::uint64_t false_deaths = 0;  // Of those, the ones that came back as the same session.
  std::uint64_t stalls = 0;        // This node was not run for longer than a probe timeout.

  std::uint64_t refused_foreign = 0;
  std::uint64_t refused_id_conflict = 0;
  std::uint64_t refused_full = 0;
  std::uint64_t malformed = 0;  // Datagrams and stream messages that do not decode.
  std::uint64_t oversized = 0;  // Beyond the limits of size; not even decoded.
};

}  // namespace aegis::gossip
