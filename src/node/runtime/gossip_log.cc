#include "node/runtime/gossip_log.h"

#include <string>

#include "base/log.h"

namespace aegis::node {

void LogGossip(const gossip::Event& event) {
  using Kind = gossip::Event::Kind;
  const Member& member = event.member;
  const std::string who = member.name.empty()
                              ? member.gossip_address.ToString()
                              : member.name + " at " + member.gossip_address.ToString();
  switch (event.kind) {
    case Kind::kJoined:
      AEGIS_LOG(kInfo, "gossip", "{} is here", who);
      return;
    case Kind::kUpdated:
      AEGIS_LOG(kInfo, "gossip", "{} has changed what it says of itself", who);
      return;
    case Kind::kRestarted:
      AEGIS_LOG(kInfo, "gossip", "{} has restarted", who);
      return;
    case Kind::kSuspected:
      AEGIS_LOG(kInfo, "gossip", "{} is suspected to be dead", who);
      return;
    case Kind::kRefuted:
      AEGIS_LOG(kInfo, "gossip", "{} is alive after all", who);
      return;
    case Kind::kDied:
      AEGIS_LOG(kWarn, "gossip", "{} is dead", who);
      return;
    case Kind::kLeft:
      AEGIS_LOG(kInfo, "gossip", "{} has left", who);
      return;
    case Kind::kReaped:
      AEGIS_LOG(kInfo, "gossip", "{} is forgotten", who);
      return;
    case Kind::kAdopted:
      AEGIS_LOG(kInfo, "gossip", "joined through {}", who);
      if (!event.detail.empty()) {
        AEGIS_LOG(kWarn, "gossip",
                  "this node's settings give way to those its cluster was born with: {}",
                  event.detail);
      }
      return;
    case Kind::kRefusedForeign:
    case Kind::kIdConflict:
    case Kind::kRefusedFull:
      AEGIS_LOG(kError, "gossip", "{}: {}", who, event.detail);
      return;
    case Kind::kMalformed:
      AEGIS_LOG(kWarn, "gossip", "{}: {}", who, event.detail);
      return;
  }
}

}  // namespace aegis::node
