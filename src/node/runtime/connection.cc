#include "node/runtime/connection.h"

#include <array>
#include <chrono>
#include <span>
#include <utility>

#include "base/log.h"
#include "model/limits.h"
#include "node/runtime/clocks.h"
#include "node/runtime/node_log.h"

namespace aegis::node {

namespace {

// How long a closing connection waits for the peer to have read our last words.
constexpr Duration kLingerMax = std::chrono::seconds(2);
// How long a draining connection waits for the rest of a message.
constexpr Duration kRestMax = std::chrono::seconds(1);
// An output buffer larger than this is not worth keeping once it is empty.
constexpr std::size_t kSpareOutputMax = 256 * 1024;

}  // namespace

Connection::Connection(Loop& loop, std::unique_ptr<ByteStream> stream)
    : loop_(loop),
      stream_(std::move(stream)),
      last_progress_(SteadyNow()),
      looked_at_(last_progress_) {}

void Connection::Start(ByteView received) {
  loop_.Adopt(shared_from_this());
  if (protocol() != Protocol::kUnknown) loop_.counters().of(protocol()).opened.Add();
  if (!received.empty()) input_.Append(received);
  Turn();
}

void Connection::Close(std::string_view reason) {
  if (closed_) return;
  closed_ = true;
  AEGIS_LOG(kDebug, "net", "{}: closed: {}", stream_->PeerAddress(), reason);
  stream_->Close();
  ProtocolCounters& counters = loop_.counters().of(protocol());
  if (protocol() == Protocol::kUnknown) counters.opened.Add();
  counters.closed.Add();
  OnClosed(reason);
  loop_.Forget(*this);
}

void Connection::CloseWhenFlushed() {
  closing_ = true;
  Resume();
}

void Connection::Drain() {
  draining_ = true;
  Resume();
}

void Connection::Resume() {
  if (deferred_ || closed_) return;
  deferred_ = true;
  loop_.Defer(shared_from_this());
}

void Connection::OnReadable() {
  awaiting_read_ = false;
  looked_at_ = loop_.Now();
  if (!closed_ && Receive()) loop_.TurnSoon(shared_from_this());
}

// Not where the turn will take nothing: input that lacks its end would be looked at each time that
// a byte of it comes.
void Connection::Foresee() {
  if (closed_ || closing_ || paused_ || busy()) return;
  const ByteView input = Unread();
  if (!input.empty() && input.size() >= needed_) Foresee(input);
}

void Connection::OnTurn() {
  if (!closed_) Turn();
}

void Connection::OnWritable() {
  awaiting_write_ = false;
  looked_at_ = SteadyNow();
  if (closed_) return;
  Flush();
  if (!closed_) Turn();
}

void Connection::OnLogDurable() {
  awaiting_log_ = false;
  looked_at_ = SteadyNow();
  if (closed_) return;
  Flush();
  if (!closed_) Turn();
}

void Connection::OnDeferred() {
  deferred_ = false;
  looked_at_ = SteadyNow();
  if (!closed_) Turn();
}

void Connection::OnTick(TimePoint now) {
  if (lingering_ && now - last_progress_ > kLingerMax) {
    Close("closed by this side");
  } else if (draining_ && idle() && backlog() == 0 && now - last_progress_ > kRestMax) {
    Close("closed by this side: half a message");
  } else if (backlog() > 0 && !awaiting_log_ && now - last_progress_ > limits::kOutputStallMax) {
    Close("it does not take its replies");
  }
}

// One receive. False: nothing to do any more.
bool Connection::Receive() {
  const bool into_scratch = input_.empty();
  const std::span<char> room = into_scratch ? loop_.ReadRoom() : input_.Room(needed_);
  const auto [state, bytes] = stream_->Receive(room);
  switch (state) {
    case ByteStream::State::kBroken:
      Close("the connection broke");
      return false;
    case ByteStream::State::kEnded:
      ended_ = true;
      if (!lingering_) break;
      Close("closed by both sides");
      return false;
    case ByteStream::State::kWouldBlock:
      break;
    case ByteStream::State::kMoved:
      loop_.counters().of(protocol()).received_bytes.Add(bytes);
      if (lingering_) break;  // Nobody will ever look at it.
      last_progress_ = looked_at_;
      if (into_scratch) {
        from_scratch_ = {room.data(), bytes};
        loop_.KeepRoom(bytes);
      } else {
        input_.Commit(bytes);
      }
  }
  return true;
}

void Connection::Turn() {
  if (output().capacity() < loop_.spare_output().capacity() && output_.empty()) {
    output().swap(loop_.spare_output());
  }
  TakeAll();
  if (closed_) return;
  if (!from_scratch_.empty()) {
    const ByteView rest = from_scratch_;
    from_scratch_ = {};
    input_.Append(rest);
  }
  Fill();
  Flush();
  if (!closed_) Continue();
}

void Connection::TakeAll() {
  yielded_ = false;
  if (Unread().empty() || closing_ || paused_) return;
  OnTurnBegin(looked_at_);
  std::size_t messages = 0;
  std::size_t bytes = 0;
  while (!closed_ && !closing_ && !busy() && !awaiting_log_) {
    const ByteView input = Unread();
    if (input.empty() || input.size() < needed_) break;
    if (answers() && held() > limits::kHeldPause) {
      paused_ = true;
      break;
    }
    if (++messages > limits::kCommandsPerTurn || bytes >= limits::kBytesPerTurn) {
      yielded_ = true;
      break;
    }
    const auto [consumed, needed] = Take(input);
    if (consumed == 0) {
      needed_ = needed;
      break;
    }
    needed_ = 0;
    bytes += consumed;
    Consume(consumed);
  }
  if (closed_) from_scratch_ = {};
  OnTurnEnd();
}

void Connection::Consume(std::size_t bytes) {
  if (from_scratch_.empty()) {
    input_.Consume(bytes);
  } else {
    from_scratch_.remove_prefix(bytes);
  }
}

// True: what is to be sent has to wait for the log, or was dropped with the connection.
bool Connection::WaitsForLog() {
  NodeLog& log = *loop_.log();
  if (log.Reach(log_wanted_)) {
    log_wanted_ = {};
    return false;
  }
  if (log.failed()) {
    Close("the write-ahead log failed: whether what it wrote last survives is not known");
    return true;
  }
  last_progress_ = looked_at_;  // It is not the peer that is slow.
  if (!awaiting_log_) loop_.AwaitLog(shared_from_this(), log_wanted_);
  awaiting_log_ = true;
  return true;
}

void Connection::Flush() {
  if (log_wanted_ != wal::Lsn{} && WaitsForLog()) [[unlikely]]
    return;
  while (backlog() > 0 && !awaiting_write_) {
    const auto [state, bytes] = SendSome();
    if (state == ByteStream::State::kBroken) {
      Close("the connection broke");
      return;
    }
    if (state != ByteStream::State::kMoved) {
      awaiting_write_ = true;
      stream_->AwaitWritable(shared_from_this());
      break;
    }
    last_progress_ = looked_at_;
    output_.Sent(bytes);
    sent_total_ += bytes;
    loop_.counters().of(protocol()).sent_bytes.Add(bytes);
  }
  output_.Compact();
  if (backlog() > 0) return;
  Bytes& spare = loop_.spare_output();
  if (output().capacity() > spare.capacity() && output().capacity() <= kSpareOutputMax) {
    spare.swap(output());
  }
  Bytes().swap(output());
  OnFlushed();
}

ByteStream::Transfer Connection::SendSome() {
  if (output_.plain()) [[likely]]
    return stream_->Send(output_.front());
  std::array<ByteView, ByteStream::kPiecesMax> pieces;
  const std::size_t count = output_.Pieces(pieces);
  return stream_->SendAll(std::span(pieces).first(count));
}

// What to wait for next.
void Connection::Continue() {
  if (paused_ && held() <= limits::kHeldPause / 2) {
    paused_ = false;
    yielded_ = true;
  }
  const bool all_said = backlog() == 0 && idle() && !awaiting_log_;
  if (draining_ && all_said && Unread().empty()) closing_ = true;
  if (closing_ || (ended_ && !paused_ && !yielded_ && !busy())) {
    if (!all_said) return;
    if (ended_) {
      Close("closed by the peer");
    } else {
      Linger();
    }
    return;
  }
  if (yielded_) {
    Resume();
    return;
  }
  if (paused_ || busy() || ended_ || awaiting_read_ || awaiting_log_) return;
  awaiting_read_ = true;
  stream_->AwaitReadable(shared_from_this());
}

// Closing a socket that holds unread bytes resets it, and the peer may never see what it was told
// last. So: end sending, and drop what still comes until the peer closes as well.
void Connection::Linger() {
  if (!lingering_) {
    lingering_ = true;
    last_progress_ = SteadyNow();
    stream_->EndSending();
    input_.Consume(input_.view().size());
    needed_ = 0;
  }
  if (awaiting_read_) return;
  awaiting_read_ = true;
  stream_->AwaitReadable(shared_from_this());
}

}  // namespace aegis::node
