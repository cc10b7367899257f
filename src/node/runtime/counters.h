// What one worker counts. One thread writes, any thread reads.

#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <string_view>

#include "model/operation.h"
#include "node/runtime/command_tally.h"
#include "node/runtime/counter.h"
#include "node/runtime/latency_recorder.h"

namespace aegis::node {

// What a connection speaks; kUnknown: a client that has not said a byte yet.
enum class Protocol : std::uint8_t { kUnknown, kResp, kNative, kMemcached, kPeer };
inline constexpr std::size_t kProtocols = 5;
inline constexpr std::array<std::string_view, kProtocols> kProtocolNames = {
    "unknown", "resp", "native", "memcached", "peer"};

struct ProtocolCounters {
  Counter opened;
  Counter closed;
  Counter errors;  // Closed because nobody could read what they sent.
  Counter received_bytes;
  Counter sent_bytes;
};

// How an operation ended, as metrics tell it.
inline constexpr std::size_t kResults = 6;
inline constexpr std::array<std::string_view, kResults> kResultNames = {
    "ok", "not_found", "conflict", "error", "unavailable", "unknown_outcome"};
constexpr std::size_t ResultOf(Status status) {
  switch (status) {
    case Status::kOk:
      return 0;
    case Status::kNotFound:
      return 1;
    case Status::kConflict:
      return 2;
    case Status::kInvalid:
    case Status::kTooLarge:
    case Status::kOutOfMemory:
    case Status::kSessionLost:
      return 3;
    case Status::kNotLeader:
    case Status::kUnavailable:
    case Status::kTooFewCopies:
    case Status::kBusy:
      return 4;
    case Status::kUnknownOutcome:
      return 5;
  }
  return 3;
}

inline constexpr std::size_t kOperations = 25;
// Indexed by OpCode; 0 is none.
inline constexpr std::array<std::string_view, kOperations> kOperationNames = {
    "",          "get",
    "peek",      "set",
    "delete",    "get_delete",
    "expire",    "get_expire",
    "increment", "increment_float",
    "append",    "set_range",
    "get_range", "rename",
    "copy",      "multi_set_nx",
    "await",     "clear",
    "scan",      "count",
    "pick",      "batch",
    "prepend",   "count_up",
    "count_down"};
static_assert(static_cast<std::size_t>(OpCode::kCountDown) + 1 == kOperations);

enum class CommandClass : std::uint8_t { kRead, kWrite, kOther };
inline constexpr std::size_t kCommandClasses = 3;
inline constexpr std::array<std::string_view, kCommandClasses> kCommandClassNames = {
    "read", "write", "other"};
inline CommandClass ClassOf(const Operation& operation) {
  return operation.IsWrite() ? CommandClass::kWrite : CommandClass::kRead;
}

struct WorkerCounters {
  std::array<ProtocolCounters, kProtocols> protocols;
  // Of clients' operations: by OpCode, by result.
  std::array<std::array<Counter, kResults>, kOperations> operations;
  // Of clients' commands, from their bytes being read to their reply being ready to send.
  std::array<LatencyRecorder, kCommandClasses> durations;
  CommandTally resp;  // The same of each RESP command.
  Counter commands;
  Counter forwards_sent;    // Operations sent to the nodes that lead their shards.
  Counter forwards_served;  // Operations run for other nodes.

  ProtocolCounters& of(Protocol protocol) { return protocols[static_cast<std::size_t>(protocol)]; }
  void Count(OpCode code, Status status) {
    operations[static_cast<std::size_t>(code)][ResultOf(status)].Add();
  }
  // Whatever became of them.
  std::uint64_t Counted(OpCode code) const {
    std::uint64_t sum = 0;
    for (const Counter& count : operations[static_cast<std::size_t>(code)]) sum += count.Get();
    return sum;
  }
};

}  // namespace aegis::node
