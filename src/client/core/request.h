// Request and Reply: one call of the client, independent of where it is sent.

#pragma once

#include <cstdint>
#include <string>

#include "aegis/result.h"
#include "base/bytes.h"
#include "wire/native.h"

namespace aegis::client {

// Chosen by whoever submits a request; comes back with its result.
using Token = std::uint64_t;

struct Request {
  wire::Command command = wire::Command::kGet;
  bool is_write = false;  // Doing it twice may differ from once: repeat only if it never happened.
  Bytes key;              // Empty: any node will do.
  Bytes value;
  std::int64_t ttl_ms = 0;
  std::uint64_t version = 0;
  std::string address;  // Not empty: only this node can answer.
};

struct Reply {
  Bytes value;
  std::uint64_t version = 0;
  std::int64_t ttl_ms = 0;  // kGet: what is left; 0: no expiry.
  std::int64_t number = 0;  // kExecute: Outcome::number.
};

}  // namespace aegis::client
