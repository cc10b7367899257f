#include "node/runtime/forward_link.h"

#include <algorithm>
#include <optional>
#include <string>
#include <utility>

#include "base/log.h"
#include "model/limits.h"
#include "node/core/forwarded_outcome.h"
#include "node/runtime/clocks.h"
#include "node/runtime/connection.h"
#include "node/runtime/dialer.h"
#include "node/runtime/stream_preamble.h"
#include "wire/native.h"
#include "wire/native_error.h"
#include "wire/operation_codec.h"

namespace aegis::node {

// The socket of a link while it stands.
class ForwardLink::Stream final : public Connection {
 public:
  Stream(ForwardLink& link, Loop& loop, std::unique_ptr<ByteStream> stream)
      : Connection(loop, std::move(stream)), link_(&link) {}

  using Connection::output;
  using Connection::Resume;

  // The link is done with this stream.
  void Detach(std::string_view reason) {
    link_ = nullptr;
    Close(reason);
  }
  std::uint64_t offset() const { return sent_total() + backlog(); }

 private:
  bool answers() const override { return false; }

  Taken Take(ByteView input) override {
    if (link_ == nullptr) return {input.size(), 0};
    return accepted_ ? TakeReply(input) : TakeAnswer(input);
  }

  Taken TakeAnswer(ByteView input) {
    std::size_t consumed = 0;
    std::size_t needed = 0;
    const auto answer = DecodeForwardAnswer(input, consumed, needed);
    if (consumed == 0) return {0, needed};
    if (!answer.accepted || answer.node != link_->identity_.peer) {
      const std::string reason = answer.accepted ? "another node answers there" : answer.reason;
      AEGIS_LOG(kWarn, "forward", "{} refuses our operations: {}", stream().PeerAddress(), reason);
      Close(reason);
      return {consumed, 0};
    }
    accepted_ = true;
    link_->OnAccepted();
    return {consumed, 0};
  }

  Taken TakeReply(ByteView input) {
    std::size_t consumed = 0;
    std::size_t needed = 0;
    const auto frame = wire::DecodeReply(input, consumed, &needed);
    if (!frame.ok()) {
      Close(frame.error().message);
      return {input.size(), 0};
    }
    if (!frame.value()) return {0, needed};
    if (const std::int64_t lacking = frame.value()->ttl_ms; lacking != 0) {
      if (auto forward = link_->Answered(frame.value()->id)) {
        const std::size_t bytes = lacking > 0 ? static_cast<std::size_t>(lacking) : 0;
        link_->listener_.OnNoRoom(std::move(forward), bytes);
      }
      return {consumed, 0};
    }
    const bool told = HasOutcome(*frame.value());
    const auto outcome = wire::DecodeOutcome(told ? frame.value()->value : ByteView());
    if (!outcome.ok() || wire::IsProtocolError(*frame.value())) {
      Close("its answer cannot be read");
      return {input.size(), 0};
    }
    if (auto forward = link_->Answered(frame.value()->id)) {
      const Outcome answer = told ? outcome.value() : NoOutcome(forward->write);
      link_->listener_.OnAnswer(std::move(forward), answer);
    }
    return {consumed, 0};
  }

  void OnTick(TimePoint) override {}  // The link has a clock of its own.

  void OnClosed(std::string_view reason) override {
    if (ForwardLink* const link = std::exchange(link_, nullptr)) link->Break(reason);
  }

  ForwardLink* link_;
  bool accepted_ = false;
};

ForwardLink::ForwardLink(Loop& loop, Identity identity, ForwardLinkListener& listener)
    : loop_(loop), identity_(identity), listener_(listener), alive_(std::make_shared<bool>(true)) {}

ForwardLink::~ForwardLink() {
  *alive_ = false;
  if (stream_) stream_->Detach("not needed any more");
}

void ForwardLink::Send(std::unique_ptr<Forward> forward, Epoch epoch, const Endpoint& address) {
  forward->epoch = epoch;
  forward->id = next_id_++;
  if (under_way_.empty()) waiting_since_ = SteadyNow();
  Forward& placed = *forward;
  under_way_.push_back(std::move(forward));
  if (state_ == State::kUp) {
    Write(placed);
  } else if (state_ == State::kDown) {
    Dial(address);
  }
}

void ForwardLink::Write(Forward& forward) {
  forward.offset = stream_->offset();
  wire::RequestFrame frame;
  frame.command = static_cast<std::uint8_t>(wire::Command::kExecute);
  frame.id = forward.id;
  frame.version = forward.epoch.value();
  frame.ttl_ms = forward.room == kAnyRoom ? 0 : static_cast<std::int64_t>(forward.room);
  frame.redirect = forward.first;
  frame.value = forward.operation;
  wire::AppendRequest(frame, stream_->output());
  stream_->Resume();  // One send for all that come during this round.
}

void ForwardLink::Dial(const Endpoint& address) {
  state_ = State::kDialing;
  node::Dial(loop_.io(), address, limits::kDialTimeout,
             [this, alive = alive_](Result<asio::ip::tcp::socket> socket) {
               if (!*alive || state_ != State::kDialing) return;
               if (!socket.ok()) {
                 Break(socket.error().message);
                 return;
               }
               stream_ = std::make_shared<Stream>(
                   *this, loop_,
                   std::make_unique<TcpStream>(loop_.poller(), std::move(socket).value()));
               Ask();
             });
}

void ForwardLink::Ask() {
  state_ = State::kAsking;
  waiting_since_ = SteadyNow();
  AppendForwardPreamble(identity_.cluster, identity_.self, stream_->output());
  stream_->Start();
}

void ForwardLink::OnAccepted() {
  state_ = State::kUp;
  backoff_ = {};
  waiting_since_ = SteadyNow();
  for (const auto& forward : under_way_) Write(*forward);
}

std::unique_ptr<Forward> ForwardLink::Answered(std::uint64_t id) {
  waiting_since_ = SteadyNow();
  const std::uint64_t first = next_id_ - under_way_.size();
  if (id < first || id >= next_id_ || under_way_[id - first] == nullptr) {
    Break("it answers what was not asked");
    return nullptr;
  }
  answered_ = std::max(answered_, id);
  std::unique_ptr<Forward> forward = std::move(under_way_[id - first]);
  while (!under_way_.empty() && under_way_.front() == nullptr) under_way_.pop_front();
  return forward;
}

void ForwardLink::Break(std::string_view reason) {
  if (state_ == State::kDown) return;
  const bool accepted = state_ == State::kUp;
  AEGIS_LOG(kDebug, "forward", "link to node {:016x} broke: {}", identity_.peer.value(), reason);
  state_ = State::kDown;
  backoff_ = std::clamp(2 * backoff_, limits::kRedialMin, limits::kRedialMax);
  retry_at_ = SteadyNow() + backoff_;
  const std::uint64_t gone = stream_ ? stream_->sent_total() : 0;
  if (stream_) std::exchange(stream_, nullptr)->Detach(reason);
  ForwardQueue unsent;
  ForwardQueue sent;
  for (std::unique_ptr<Forward>& forward : std::exchange(under_way_, {})) {
    if (forward == nullptr) continue;
    forward->overtaken = forward->id < answered_;
    const bool left = accepted && forward->offset < gone;
    (left ? sent : unsent).Push(std::move(forward));
  }
  listener_.OnBroken(*this, std::move(unsent), std::move(sent));
}

void ForwardLink::OnTick(TimePoint now) {
  const bool connected = state_ == State::kAsking || state_ == State::kUp;
  if (!connected || under_way_.empty()) return;
  const TimePoint progress = std::max(waiting_since_, stream_->last_progress());
  if (now - progress > limits::kForwardTimeout) Break("it does not answer");
}

}  // namespace aegis::node
