// Member: what every node knows about every other.

#pragma once

#include <cstdint>
#include <string>
#include <string_view>

#include "model/endpoint.h"
#include "model/ids.h"

namespace aegis {

enum class MemberState : std::uint8_t {
  kAlive,
  kSuspect,  // Did not answer; has until the end of its suspicion to refute.
  kDead,     // Did not refute. May come back with a higher incarnation, or as a new session.
  kLeft,     // Said goodbye. Placement forgets it at once.
};

// As people and JSON have it: alive, suspect, dead, left.
std::string_view NameOf(MemberState state);

struct Member {
  NodeId id;
  Session session;
  std::string name;          // --node-id
  Endpoint gossip_address;   // Numeric. UDP gossip; TCP push/pull and peer links.
  Endpoint client_address;   // As clients should dial it; may be a host name.
  std::string zone;          // Empty: no zones.
  std::uint32_t weight = 1;  // Share of the shards relative to the others, >= 1.
  std::string software;      // Version of the aegis binary.
  MemberState state = MemberState::kAlive;
  std::uint64_t incarnation = 0;  // SWIM: raised only by the member itself, to refute.

  friend bool operator==(const Member&, const Member&) = default;
};

}  // namespace aegis
