#include "node/runtime/peer_link.h"

#include <algorithm>
#include <utility>

#include "base/log.h"
#include "model/limits.h"
#include "node/runtime/clocks.h"
#include "node/runtime/node_log.h"
#include "node/runtime/stream_preamble.h"
#include "replication/peer_message.h"

namespace aegis::node {

PeerLink::PeerLink(Loop& loop, std::unique_ptr<ByteStream> stream,
                   const PeerSession::Identity& self, NodeId peer, std::uint64_t number,
                   bool dialed, ShardSpace& shards, PeerLinkOwner& owner)
    : Connection(loop, std::move(stream)),
      session_(self, peer, shards),
      peer_(peer),
      number_(number),
      dialed_(dialed),
      owner_(owner),
      since_(SteadyNow()) {
  if (dialed) AppendPeerPreamble(self.node, output());
  session_.AppendHello(output());
}

Connection::Taken PeerLink::Take(ByteView input) {
  const auto size = replication::PeerFrameSize(input);
  if (!size.ok()) {
    Refuse(size.error());
    return {input.size(), 0};
  }
  constexpr std::size_t kLengthSize = 4;
  if (size.value() == 0) return {0, kLengthSize};
  if (input.size() < size.value()) return {0, size.value()};

  PeerSession::Effects effects;
  const auto taken =
      session_.OnFrame(input.substr(kLengthSize, size.value() - kLengthSize), effects);
  if (!taken.ok()) {
    Refuse(taken.error());
    return {input.size(), 0};
  }
  if (effects.established) {
    outlet_ = &owner_.OnEstablished(*this);
    session_.OnEstablished();
  }
  return {size.value(), 0};
}

void PeerLink::Refuse(const Error& error) {
  AEGIS_LOG(kWarn, "peer", "link {} {}: {}", dialed_ ? "to" : "from", stream().PeerAddress(),
            error.message);
  if (established()) {
    Close(error.message);
    return;
  }
  session_.AppendRefusal(error.message, output());
  CloseWhenFlushed();
}

void PeerLink::Fill() {
  if (!established() || closing()) return;
  more_due_ = false;
  if (backlog() >= limits::kPeerBacklogBytes) {
    more_due_ = true;
    return;
  }
  outlet_->dirty().Sleep();  // Whoever marks from now on wakes this link again.
  NodeLog* const log = loop().log();
  // What is only to be handed over is so at once.
  if (log != nullptr && log->durability() == wal::Durability::kWrite) log->Reach(log->end());
  more_due_ = session_.Pump(outlet_->dirty(), limits::kPeerBacklogBytes, UnixNow(), outgoing());
  const auto awaited = session_.TakeAwaited();
  if (awaited.empty() || log->failed())
    return;  // Of a log that failed nothing is durable any more.
  awaited_.insert(awaited_.end(), awaited.begin(), awaited.end());
  if (!awaiting_log_) AwaitLog();
}

void PeerLink::AwaitLog() {
  awaiting_log_ = true;
  const auto first = std::ranges::min_element(awaited_, {}, &PeerSession::Awaited::lsn);
  loop().AwaitLog(shared_from_this(), first->lsn);
}

// Looks at all of them again: what has not come far enough is awaited anew.
void PeerLink::OnLogDurable() {
  awaiting_log_ = false;
  if (loop().log()->failed()) awaited_.clear();
  if (closed() || awaited_.empty()) return;
  for (const PeerSession::Awaited& awaited : std::exchange(awaited_, {})) {
    outlet_->Mark(awaited.shard);
  }
  Resume();
}

void PeerLink::OnTick(TimePoint now) {
  if (!established() && now - since_ > limits::kHalfOpenTimeout) {
    Close("no hello in time");
    return;
  }
  Connection::OnTick(now);
}

}  // namespace aegis::node
