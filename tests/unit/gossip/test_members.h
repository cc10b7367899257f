// Members for tests: complete, valid, and short to write.

#pragma once

#include <cstdint>
#include <string>

#include "gossip/message.h"
#include "model/member.h"

namespace aegis::gossip {

// Member "m<id>" at 10.0.0.<id>, session 100 + id.
inline Member TestMember(std::uint8_t id, std::uint64_t incarnation = 1) {
  Member member;
  member.id = NodeId{id};
  member.session = Session{100U + id};
  member.name = "m" + std::to_string(id);
  member.gossip_address = {"10.0.0." + std::to_string(id), 7701};
  member.client_address = {"10.0.0." + std::to_string(id), 7700};
  member.zone = "z";
  member.software = "0.1.0";
  member.incarnation = incarnation;
  return member;
}

inline Rumour Alive(const Member& member) { return {member, kNoNode}; }

// What a rumour of anything but life carries.
inline Rumour Said(MemberState state, const Member& about, NodeId accuser) {
  Rumour rumour;
  rumour.member.id = about.id;
  rumour.member.session = about.session;
  rumour.member.incarnation = about.incarnation;
  rumour.member.state = state;
  rumour.accuser = accuser;
  return rumour;
}

}  // namespace aegis::gossip
