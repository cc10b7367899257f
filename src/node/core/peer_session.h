// PeerSession: the conversation over one TCP link between two nodes.
//
// Both sides first say hello; each checks that the other is of the same cluster, speaks the same
// protocol and is who it was dialled as. Then messages about shards flow both ways: whoever leads
// a shard sends its records, whoever follows asks and acknowledges. The session only knows how to
// take messages apart and hand them to the shard they are about, and how to collect what shards
// have to say; the shell owns the socket, the control plane everything about who leads.
//
// Pure. Called by the link's own thread only; shards are locked one at a time through ShardSpace.

#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "base/bytes.h"
#include "base/result.h"
#include "base/time.h"
#include "model/ids.h"
#include "node/core/dirty_shards.h"
#include "node/core/shard_space.h"
#include "replication/peer_message.h"

namespace aegis::node {

class PeerSession {
 public:
  struct Identity {
    ClusterId cluster;
    NodeId node;
    Session session;
    std::string name;
    Session memory{};  // See control::Copy; none: the session's.
  };

  // What OnFrame() wants the shell to do.
  struct Effects {
    bool established = false;  // The peer's hello was accepted: peer() is known, tell the control
                               // plane, then call OnEstablished().
  };

  // `expected`: whom this side dialled; nothing on the accepting side.
  PeerSession(Identity self, std::optional<NodeId> expected, ShardSpace& shards);

  // Appends the hello that both sides send first.
  void AppendHello(Bytes& out) const;

  // Takes one frame's payload. Errors: kMalformed or kInvalid with the reason: send
  // AppendRefusal(reason) if the session is not established yet, then close.
  Result<Ok> OnFrame(ByteView payload, Effects& effects);
  void AppendRefusal(const std::string& reason, Bytes& out) const;

  // Tells every shard that the link stands. Call once, after `established`, and pump then: marks
  // made before may have woken a link that could not send yet.
  void OnEstablished();

  // Tells every shard that the link is gone and that no newer one stands.
  void OnLost();

  // Appends frames of the marked shards until `out` holds about `bytes_max` bytes. True: more is
  // due now (call again when the socket is writable).
  bool Pump(DirtyShards& dirty, std::size_t bytes_max, UnixMs now, OutgoingTail out);

  // Shards that have something for the peer which is not durable yet: to be marked again once the
  // journal is durable up to `lsn`. Of the calls of Pump() since this was last called.
  struct Awaited {
    ShardId shard;
    wal::Lsn lsn;
  };
  std::vector<Awaited> TakeAwaited() { return std::exchange(awaited_, {}); }

  bool established() const { return established_; }
  // REQUIRES: established().
  NodeId peer() const { return peer_; }
  Session peer_session() const { return peer_session_; }

 private:
  Result<Ok> OnHello(const replication::PeerMessage& message, Effects& effects);

  const Identity self_;
  const std::optional<NodeId> expected_;
  ShardSpace& shards_;
  ShardEffects shard_effects_;
  replication::PeerMessage message_;  // The one being taken.
  std::vector<Awaited> awaited_;
  bool established_ = false;
  NodeId peer_;
  Session peer_session_;
  Session peer_memory_;
};

}  // namespace aegis::node
