// Identity: who answers on a connection, the value of an IDENTIFY reply (proto/client.proto).
//
// Addresses lie: they are reused, forwarded, or mean something else on another machine. Whoever
// learnt an address from somebody else asks there first whom it has reached.
//
// Pure, stateless, any thread.

#pragma once

#include <string>

#include "base/bytes.h"
#include "base/result.h"
#include "model/ids.h"

namespace aegis::wire {

struct Identity {
  ClusterId cluster;
  NodeId node;
  std::string name;  // --node-id

  friend bool operator==(const Identity&, const Identity&) = default;
};

// REQUIRES: the name is UTF-8 (protobuf's rule for strings).
void AppendIdentity(const Identity& identity, Bytes& out);

// Neither id is 0, and the name is within limits::kNameSizeMax. Errors: kMalformed, kTooLarge.
Result<Identity> DecodeIdentity(ByteView input);

}  // namespace aegis::wire
