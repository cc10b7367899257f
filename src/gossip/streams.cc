#include "gossip/streams.h"

#include <algorithm>
#include <utility>

#include "gossip/codec.h"

namespace aegis::gossip {

bool Streams::Open(Purpose purpose, const StreamQuestion& question, Effects& effects) {
  if (open_.size() >= kOpenMax) return false;
  const bool is_push_pull = purpose.probe_seq == 0;
  const auto is_same = [&](const auto& open) {
    return open.second.probe_seq == 0 && open.second.to == purpose.to;
  };
  if (is_push_pull && std::ranges::any_of(open_, is_same)) return false;

  const std::uint64_t id = next_id_++;
  StreamRequest request{.id = id, .to = purpose.to, .body = EncodeQuestion(question)};
  counters_.sent.Count(is_push_pull ? MessageKind::kPushPull : MessageKind::kStreamProbe);
  counters_.sent.stream_bytes += request.body.size();
  effects.streams.push_back(std::move(request));
  open_.emplace(id, std::move(purpose));
  return true;
}

std::optional<Streams::Purpose> Streams::Close(std::uint64_t id) {
  auto closed = open_.extract(id);
  if (closed.empty()) return std::nullopt;
  return std::move(closed.mapped());
}

void Streams::Tick(TimePoint now) {
  counters_.streams_failed +=
      std::erase_if(open_, [&](const auto& open) { return open.second.deadline <= now; });
}

TimePoint Streams::wake_up_at() const {
  TimePoint at = TimePoint::max();
  for (const auto& [id, purpose] : open_) at = std::min(at, purpose.deadline);
  return at;
}

}  // namespace aegis::gossip
