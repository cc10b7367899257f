#include "client/core/pipeline.h"

#include <utility>

#include "base/check.h"

namespace aegis::client {

std::uint64_t Pipeline::Push(CallId call, const Request& request, bool redirect) {
  const std::uint64_t id = first_id_ + slots_.size();
  wire::AppendRequest({.command = static_cast<std::uint8_t>(request.command),
                       .redirect = redirect,
                       .id = id,
                       .ttl_ms = request.ttl_ms,
                       .version = request.version,
                       .key = request.key,
                       .value = request.value},
                      output_);
  slots_.push_back({.call = call, .state = State::kWaiting});
  ++live_;
  return id;
}

Pipeline::Slot* Pipeline::Find(std::uint64_t id) {
  if (id < first_id_ || id - first_id_ >= slots_.size()) return nullptr;
  return &slots_[id - first_id_];
}

Result<CallId> Pipeline::Take(std::uint64_t id) {
  Slot* slot = Find(id);
  if (slot == nullptr || slot->state == State::kAnswered) {
    return Error{ErrorCode::kMalformed,
                 "a reply to request " + std::to_string(id) + ", which nobody waits for"};
  }
  const CallId call = slot->state == State::kWaiting ? slot->call : kNoCall;
  if (call != kNoCall) --live_;
  slot->state = State::kAnswered;
  while (!slots_.empty() && slots_.front().state == State::kAnswered) {
    slots_.pop_front();
    ++first_id_;
  }
  return call;
}

void Pipeline::Abandon(std::uint64_t id) {
  Slot* slot = Find(id);
  AEGIS_CHECK(slot != nullptr && slot->state == State::kWaiting, "only who waits can give up");
  slot->state = State::kAbandoned;
  --live_;
}

void Pipeline::TakeOutput(Bytes& out) {
  AEGIS_CHECK(out.empty(), "bytes that were not written yet would be lost");
  out.swap(output_);
  first_unsent_ = first_id_ + slots_.size();
}

std::vector<Pipeline::Waiting> Pipeline::Drain() {
  std::vector<Waiting> waiting;
  waiting.reserve(live_);
  for (const Slot& slot : slots_) {
    if (slot.state == State::kWaiting) waiting.push_back({slot.call, first_id_ < first_unsent_});
    ++first_id_;
  }
  slots_.clear();
  live_ = 0;
  return waiting;
}

}  // namespace aegis::client
