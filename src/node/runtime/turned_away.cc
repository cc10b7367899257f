#include "node/runtime/turned_away.h"

#include <utility>

#include "model/limits.h"
#include "node/runtime/clocks.h"
#include "wire/native.h"
#include "wire/native_error.h"

namespace aegis::node {

namespace {

constexpr ByteView kReason = "max number of clients reached";

}  // namespace

TurnedAway::TurnedAway(Loop& loop, std::unique_ptr<ByteStream> stream, std::size_t& present,
                       ClientPort port)
    : Connection(loop, std::move(stream)), present_(present), port_(port), since_(SteadyNow()) {
  ++present_;
}

Connection::Taken TurnedAway::Take(ByteView input) {
  const bool memcached = port_ == ClientPort::kMemcached;
  if (!memcached && wire::IsNative(input.front())) return TakeNative(input);
  output().append(memcached ? "SERVER_ERROR " : "-ERR ").append(kReason).append("\r\n");
  CloseWhenFlushed();
  return {input.size(), 0};
}

// The answer has to name the request.
Connection::Taken TurnedAway::TakeNative(ByteView input) {
  std::size_t consumed = 0;
  std::size_t needed = 0;
  const auto request = wire::DecodeRequest(input, consumed, &needed);
  if (!request.ok() || needed > limits::kReadChunk) {
    Close("over the limit of clients");
    return {input.size(), 0};
  }
  if (!request.value()) return {0, needed};
  const Bytes error = wire::ErrorText(Status::kUnavailable, kReason);
  wire::ReplyFrame reply;
  reply.status = wire::ReplyStatusOf(Status::kUnavailable);
  reply.id = request.value()->id;
  reply.error = error;
  wire::AppendReply(reply, output());
  CloseWhenFlushed();
  return {input.size(), 0};
}

void TurnedAway::OnTick(TimePoint now) {
  if (now - since_ >= limits::kTurnedAwayTimeout) {
    Close("over the limit of clients");
  } else {
    Connection::OnTick(now);
  }
}

}  // namespace aegis::node
