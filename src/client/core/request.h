// Request and Reply: one call of the client, independent of where it is sent.

#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <string>

#include "aegis/result.h"
#include "base/bytes.h"
#include "model/version.h"
#include "wire/native.h"

namespace aegis::client {

// Chosen by whoever submits a request; comes back with its result.
using Token = std::uint64_t;

// What a session has seen, told by whoever takes its replies.
class SessionMemory {
 public:
  virtual ~SessionMemory() = default;
  // A reply about the key reflects its shard's history up to there.
  virtual void Learn(ByteView key, Version position) = 0;
  // What it has seen of the key's shard was lost; this much of it is left.
  virtual void Lose(ByteView key, Version left) = 0;
};

struct Request {
  wire::Command command = wire::Command::kGet;
  bool is_write = false;  // Doing it twice may differ from once: repeat only if it never happened.
  Bytes key;              // Empty: any node will do.
  Bytes value;
  std::int64_t ttl_ms = 0;
  std::uint64_t version = 0;
  std::string address;    // Not empty: only this node can answer.
  bool any_copy = false;  // Of the key: it need not be its leader.
  std::shared_ptr<SessionMemory> session = {};
};

struct Reply {
  Bytes value;
  std::uint64_t version = 0;
  std::int64_t ttl_ms = 0;                    // kGet: what is left; 0: no expiry.
  std::int64_t number = 0;                    // kExecute: Outcome::number.
  std::optional<std::int64_t> stale_ms = {};  // kExecute: Outcome::stale_ms.
};

}  // namespace aegis::client
