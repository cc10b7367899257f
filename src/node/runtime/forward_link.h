// ForwardLink: one worker's way to one other node for operations on shards that it leads.
//
// Dialled when first needed, pipelined; answers come in the order of the questions, but for those
// whose outcomes were held for other nodes: they come later. Layout on the peer's TCP gossip port:
//
//     preamble | "AGK" 'F' | cluster id u64 | our node id u64 |          all big-endian
//     answer   | accepted u8: 1 or 0 | its node id u64 | reason length u16 | reason |
//     then     native EXECUTE frames one way, their replies the other
//
// Of a request, `version` is the epoch under which the sender believes the receiver to lead the
// shard, and `ttl` the room for the value that the outcome shows, in bytes; 0: any. Of a reply,
// `ttl` other than 0 says that the operation was not run: the value has that many bytes, which is
// more than its room; or -1, it came behind such a one.
//
// Nothing is sent before the receiver has accepted: what a refused or broken beginning gives back
// was never sent.
//
// The receiver executes as the leader of exactly that epoch and never forwards again. What it does
// not run it says so of: it does not lead (yet, or any more, or for want of a lease), or the value
// has no room. Then it runs nothing more on that shard (under that epoch) for this link before it
// sees a request with bit 0x80 of its command set, the first that was sent after all of those had
// come back. So what is sent again keeps its order.
//
// Belongs to one Forwarder and its thread.

#pragma once

#include <deque>
#include <memory>
#include <string_view>

#include "base/time.h"
#include "model/endpoint.h"
#include "model/ids.h"
#include "node/runtime/forward.h"
#include "node/runtime/loop.h"

namespace aegis::node {

class ForwardLink;

// What a link tells its forwarder.
class ForwardLinkListener {
 public:
  virtual ~ForwardLinkListener() = default;
  virtual void OnAnswer(std::unique_ptr<Forward> forward, const Outcome& outcome) = 0;
  // It was not run. Its value has `needed` bytes; 0: it came behind one that had no room.
  virtual void OnNoRoom(std::unique_ptr<Forward> forward, std::size_t needed) = 0;
  // `unsent` never left; of `sent` nobody knows. Each in the order they were given.
  virtual void OnBroken(ForwardLink& link, ForwardQueue unsent, ForwardQueue sent) = 0;
};

class ForwardLink {
 public:
  struct Identity {
    ClusterId cluster;
    NodeId self;
    NodeId peer;
  };

  ForwardLink(Loop& loop, Identity identity, ForwardLinkListener& listener);
  ~ForwardLink();
  ForwardLink(const ForwardLink&) = delete;
  ForwardLink& operator=(const ForwardLink&) = delete;

  // False: it broke a moment ago and is left alone for now.
  bool available(TimePoint now) const { return state_ != State::kDown || now >= retry_at_; }

  // Takes the operation under way to `address` (used when it has to be dialled first).
  // REQUIRES: available().
  void Send(std::unique_ptr<Forward> forward, Epoch epoch, const Endpoint& address);

  // Gives back everything that is under way.
  void Break(std::string_view reason);

  // About once a second: a link whose peer says nothing for limits::kForwardTimeout is broken.
  void OnTick(TimePoint now);

 private:
  class Stream;
  enum class State : std::uint8_t { kDown, kDialing, kAsking, kUp };

  void Dial(const Endpoint& address);
  void Write(Forward& forward);
  void Ask();
  void OnAccepted();
  // The operation that a reply answers; null: none, and the link is broken.
  std::unique_ptr<Forward> Answered(std::uint64_t id);

  Loop& loop_;
  const Identity identity_;
  ForwardLinkListener& listener_;
  State state_ = State::kDown;
  TimePoint retry_at_{};
  Duration backoff_{};
  TimePoint waiting_since_{};  // When the peer last made progress, or had nothing to do.
  // What was given ids from next_id_ - under_way_.size() on; null once it was answered, but never
  // the first.
  std::deque<std::unique_ptr<Forward>> under_way_;
  std::uint64_t next_id_ = 1;
  std::uint64_t answered_ = 0;  // The highest id that was.
  std::shared_ptr<Stream> stream_;
  std::shared_ptr<bool> alive_;  // Dial callbacks outlive the link.
};

}  // namespace aegis::node
