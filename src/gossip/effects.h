// Effects: what the gossip core wants done, as plain data. The caller carries it out.

#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "base/bytes.h"
#include "base/time.h"
#include "model/endpoint.h"
#include "model/member.h"

namespace aegis::gossip {

// One UDP datagram, at most limits::kDatagramSizeMax bytes. May be lost.
struct Datagram {
  Endpoint to;
  Bytes body;
};

// Connect by TCP, send `body` as one frame, await one frame, close. Answer with
// Swim::OnStreamReply(id, ...) exactly once: the reply, or an Error when none came within
// Options::stream_timeout. At most limits::kPushPullSizeMax bytes each way.
struct StreamRequest {
  std::uint64_t id;
  Endpoint to;
  Bytes body;
};

// Something an operator or the layer above may act on.
struct Event {
  enum class Kind : std::uint8_t {
    kJoined,     // Unknown, dead or left before; alive now.
    kUpdated,    // Alive before and now, with other metadata.
    kRestarted,  // Live before and now, with a new session, that is: with empty memory.
    kSuspected,
    kRefuted,  // A suspect proved to be alive.
    kDied,
    kLeft,     // Said goodbye, or turned out to belong to another cluster.
    kReaped,   // Dead or left for so long that it is forgotten.
    kAdopted,  // This node took over the cluster's settings; `detail` names those that differ
               // from what it was started with. `member` is who told us.
    // Refusals, by us or of us. `member` is the other side as far as known, `detail` says which
    // and why in words for an operator. Each kind comes at most once per 10 s.
    kRefusedForeign,  // Belongs to another cluster.
    kIdConflict,      // A live member with this node id is at another address.
    kRefusedFull,     // The cluster has limits::kMembersMax members.
    kMalformed,       // Bytes that are no message of ours; dropped.
  };
  Kind kind;
  Member member;
  std::string detail;
};

// Everything may be carried out in any order, and at any time after the call that appended it.
struct Effects {
  std::vector<Datagram> datagrams;
  std::vector<StreamRequest> streams;
  std::vector<Event> events;  // In the order in which it happened.
  // Call Swim::Tick() no later than this. Every call overwrites it: the last one holds.
  TimePoint wake_up_at = TimePoint::max();

  void Clear() {
    datagrams.clear();
    streams.clear();
    events.clear();
    wake_up_at = TimePoint::max();
  }
};

}  // namespace aegis::gossip
