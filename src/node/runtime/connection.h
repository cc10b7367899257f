// Connection: one stream on one loop. Reads, hands whole messages to the subclass, sends what the
// subclass wrote, and keeps within limits while it does.
//
// A turn: receive -> Take() every complete message -> one send. A turn ends after
// limits::kCommandsPerTurn messages or limits::kBytesPerTurn bytes of them, so that one pipeliner
// does not starve the others. Taking stops while the connection holds more than limits::kHeldPause
// bytes (on account of what was taken) or the subclass is busy(); a peer that takes nothing for
// limits::kOutputStallMax is disconnected.
//
// What is held shrinks when bytes are sent or when the subclass calls Resume(); both end in a turn
// that looks again, so no pause outlasts its reason.
//
// Lives and dies on its loop's thread; every call comes from there.

#pragma once

#include <algorithm>
#include <cstddef>
#include <memory>
#include <string>
#include <string_view>

#include "base/bytes.h"
#include "base/time.h"
#include "model/outgoing.h"
#include "node/runtime/byte_stream.h"
#include "node/runtime/input_buffer.h"
#include "node/runtime/loop.h"
#include "wal/lsn.h"

namespace aegis::node {

class Connection : public ByteStream::Listener, public std::enable_shared_from_this<Connection> {
 public:
  Connection(Loop& loop, std::unique_ptr<ByteStream> stream);

  // Begins to read; from now on the loop keeps the connection alive. `received`: bytes that
  // somebody has read from the stream before.
  void Start(ByteView received = {});

  // At once; what was not sent is lost. `reason` is for the debug log.
  void Close(std::string_view reason);
  // Takes nothing more; closes when everything was answered and sent.
  void CloseWhenFlushed();
  // Closes as soon as nothing that has arrived waits for an answer, or the rest of a message is
  // not coming.
  void Drain();

  bool closed() const { return closed_; }
  // Bytes to be sent, those that lie in blocks too.
  std::size_t backlog() const { return output_.size(); }
  // Bytes of output in memory, besides blocks: the backlog and what was sent before it, at most
  // twice the backlog.
  std::size_t output_kept() const { return output_.bytes_kept(); }
  // Bytes kept on account of what was taken: the backlog, and what else the subclass knows of.
  // Whenever that shrinks otherwise than by sending, the subclass calls Resume().
  virtual std::size_t held() const { return backlog(); }
  // Bytes that the operating system has taken since the start.
  std::uint64_t sent_total() const { return sent_total_; }
  // When bytes last moved, either way.
  TimePoint last_progress() const { return last_progress_; }

  // From the loop.
  void OnReadable() final;
  void OnWritable() final;
  void OnDeferred();
  void OnTurn();
  // What was to wait for the log need not wait any longer.
  virtual void OnLogDurable();
  // Whatever is worth doing ahead of OnTurn().
  void Foresee();
  // About once a second.
  virtual void OnTick(TimePoint now);

 protected:
  struct Taken {
    std::size_t consumed = 0;
    std::size_t needed = 0;  // When nothing was consumed: bytes that Take() must see.
  };
  // Takes one message from the front of `input` (not empty), which is valid during the call.
  virtual Taken Take(ByteView input) = 0;
  // True: nothing more may be taken for now. The subclass calls Resume() when that has changed.
  virtual bool busy() const { return false; }
  // True: what is held answers input, so much of it means to take less. Where both sides speak of
  // their own accord, neither may stop listening because the other does.
  virtual bool answers() const { return true; }
  // True: nothing that was taken waits for an answer.
  virtual bool idle() const { return true; }
  // The next turn will begin with this input, or some of it.
  virtual void Foresee(ByteView) {}
  // Around the taking of messages.
  virtual void OnTurnBegin(TimePoint) {}
  virtual void OnTurnEnd() {}
  // Before every send: the last moment to append to output().
  virtual void Fill() {}
  // All output was sent; more may be written.
  virtual void OnFlushed() {}
  // Whose counters this connection's bytes go to.
  virtual Protocol protocol() const { return Protocol::kPeer; }
  // The last call; the object lives on for as long as somebody holds it.
  virtual void OnClosed(std::string_view reason) = 0;

  // Append what is to be sent. Sent at the end of the turn, or after Resume().
  Bytes& output() { return output_.bytes(); }
  Outgoing& outgoing() { return output_; }
  // What `part` of the input lies in, if most of that is the part: whoever is to keep it for long
  // may hold that rather than a copy. Null: nothing that is worth it.
  const Block* BlockOf(ByteView part) const { return input_.BlockOf(part); }
  // Takes and sends on, soon.
  void Resume();
  // What is in the output now tells of what this node's log has before `lsn`: it is sent, and more
  // is taken, when the log is durable up to there. If it never is, the connection closes.
  void HoldUntil(wal::Lsn lsn) { log_wanted_ = std::max(log_wanted_, lsn); }

  Loop& loop() { return loop_; }
  const ByteStream& stream() const { return *stream_; }
  bool closing() const { return closing_; }

 private:
  bool Receive();
  void Turn();
  void TakeAll();
  ByteView Unread() const { return from_scratch_.empty() ? input_.view() : from_scratch_; }
  void Consume(std::size_t bytes);
  void Flush();
  bool WaitsForLog();
  ByteStream::Transfer SendSome();
  void Continue();
  void Linger();

  Loop& loop_;
  std::unique_ptr<ByteStream> stream_;
  InputBuffer input_;
  ByteView from_scratch_;   // Received during this turn and still in the loop's scratch memory.
  std::size_t needed_ = 0;  // Take() cannot do anything with less.
  Outgoing output_;
  std::uint64_t sent_total_ = 0;
  TimePoint last_progress_{};
  TimePoint looked_at_{};  // The clock, when the event that is being handled came.
  wal::Lsn log_wanted_;    // 0: nothing waits for the log.
  bool awaiting_log_ = false;
  bool awaiting_read_ = false;
  bool awaiting_write_ = false;
  bool deferred_ = false;
  bool yielded_ = false;  // The turn ended before the input did.
  bool paused_ = false;   // Too much is held.
  bool ended_ = false;    // The peer will send no more.
  bool draining_ = false;
  bool closing_ = false;
  bool lingering_ = false;  // All was sent; waiting for the peer to see it.
  bool closed_ = false;
};

}  // namespace aegis::node
