// NativeDoor: native frames. Every reply names its request, so each leaves when it is ready.

#pragma once

#include <cstdint>
#include <span>
#include <unordered_map>
#include <vector>

#include "node/runtime/client_connection.h"
#include "node/runtime/door.h"
#include "wire/native.h"

namespace aegis::node {

class NativeDoor final : public Door {
 public:
  explicit NativeDoor(ClientConnection& connection) : connection_(connection) {}

  Taken Take(ByteView input) override;
  Ahead Glance(ByteView input) override;
  void OnOutcome(Ticket ticket, const Outcome& outcome) override;

 private:
  struct Pending {
    wire::Command command{};
    std::uint64_t id = 0;
    CommandClass kind{};
    Gathering gathering;      // MULTI only.
    std::size_t missing = 0;  // Outcomes; one more while operations are still being submitted.
    TimePoint since;
    std::size_t counted = 0;  // Bytes that the connection knows of.
  };

  void Dispatch(const wire::RequestFrame& frame);
  void Single(const wire::RequestFrame& frame, wire::Command command, const Operation& operation);
  void Multi(const wire::RequestFrame& frame);
  void Topology(const wire::RequestFrame& frame);
  void Identify(const wire::RequestFrame& frame);
  // True: another node leads one of the operations' keys, and the client was told which.
  bool Redirected(const wire::RequestFrame& frame, std::span<const Operation> operations);
  void ReplyOutcome(wire::Command command, std::uint64_t id, const Outcome& outcome);
  void ReplyMulti(std::uint64_t id, std::span<const Outcome> outcomes);
  void Reply(const wire::ReplyFrame& reply);
  void ReplyEncoded(std::uint64_t id);  // With services().encoded.
  void ReplyUnborn(std::uint64_t id, const RoutingTable& table);
  void ReplyError(std::uint64_t id, Status status, ByteView text);

  ClientConnection& connection_;
  std::unordered_map<std::uint64_t, Pending> pending_;  // By ticket sequence.
  std::uint64_t next_sequence_ = 0;
};

}  // namespace aegis::node
