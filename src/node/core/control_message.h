// ControlMessage: what two nodes say to each other about the control log and leases, over their
// control links.
//
// Frame: | length u32, big-endian | ControlMessage of proto/control.proto |.

#pragma once

#include <cstdint>
#include <optional>
#include <utility>
#include <variant>
#include <vector>

#include "base/bytes.h"
#include "base/result.h"
#include "consensus/log.h"
#include "control/command.h"
#include "control/recovery.h"
#include "control/state.h"
#include "lease/lease.h"
#include "model/ids.h"
#include "model/version.h"

namespace aegis::node {

struct RaftLetter {
  consensus::ServerId from;
  consensus::ServerId to;
  Bytes message;
};

// The control leader to every voter: when did you last grant to whom, who still succeeds, and what
// fences do you hold?
struct VoterQuestion {
  std::uint64_t number = 0;
};

// The control leader to everybody: what has been committed beyond what you have. Nothing new: the
// sender leads the log, in `term`.
struct Push {
  consensus::Term term = 0;
  std::optional<Bytes> snapshot;  // Start over from this state.
  std::vector<consensus::Entry> entries;
  std::vector<NodeId> voters;   // Of the sender's newest configuration.
  bool voters_settled = false;  // They are whom they should be.
};

// Every node to the control leader.
struct NodeReport {
  control::Applied applied;
  std::optional<control::Register> wants;
  // Of shards whose leader is fenced: the newest version of those held whole.
  std::vector<std::pair<ShardId, Version>> held;

  friend bool operator==(const NodeReport&, const NodeReport&) = default;
};

// Any node to the control leader: please append this. Its fate shows in the state.
struct Proposal {
  Bytes command;
};

// To whoever spoke as a member of another lineage of the control log: what made the sender's.
struct Descent {
  std::vector<control::Recovery> recoveries;  // Oldest first; none: the first lineage.
};

using ControlMessage = std::variant<RaftLetter, lease::Request, lease::Grant, VoterQuestion,
                                    lease::VoterReport, Push, NodeReport, Proposal, Descent>;

// What stands in a frame. What is said in one lineage counts for nothing in another.
struct ControlEnvelope {
  control::Lineage lineage;  // Of the sender's control log; 0: it knows none yet.
  ControlMessage message;
};

// Appends the whole frame, its length first.
void AppendControlFrame(const ControlEnvelope& envelope, Bytes& out);
// Decodes the payload of one frame. Errors: kMalformed.
Result<ControlEnvelope> DecodeControlEnvelope(ByteView payload);

}  // namespace aegis::node
