#include "node/core/unreplicated_tail.h"

#include <algorithm>
#include <chrono>

namespace aegis::node {

UnreplicatedTail::UnreplicatedTail(const Bounds& bounds, const replication::RecentRecords& recent,
                                   Version committed, Version last, UnixMs now)
    : bounds_(bounds),
      recent_(&recent),
      last_(last),
      replicated_(std::min(committed, last)),
      written_(recent.Covers(replicated_) ? recent.BytesAfter(replicated_) : recent.bytes()),
      target_(last),
      since_(now),
      now_(now) {}

void UnreplicatedTail::End() {
  const UnixMs now = now_;
  *this = {};
  now_ = now;
}

void UnreplicatedTail::OnTime(UnixMs now) {
  const bool set_back = now < since_;
  if (set_back || now_ == UnixMs{}) since_ = now;
  now_ = now;
}

void UnreplicatedTail::OnWritten(Version version, std::size_t bytes) {
  if (recent_ == nullptr) return;
  last_ = version;
  written_ += bytes;
  if (alone_) return MoveTo(last_);
  if (target_ > replicated_) return;
  target_ = version;
  since_ = now_;
}

void UnreplicatedTail::OnAcked(const control::Copy& copy, Version version) {
  const auto known = std::ranges::find(in_sync_, copy, &Holder::copy);
  if (known != in_sync_.end()) known->version = std::max(known->version, version);
  const bool counts = known != in_sync_.end() || in_sync_.empty();
  if (counts && version > replicated_) MoveTo(version);
}

void UnreplicatedTail::Measure(std::span<const control::Copy> in_sync, Version whole, bool alone) {
  if (recent_ == nullptr) return;
  std::vector<Holder> holders;
  Version best;
  for (const control::Copy& copy : in_sync) {
    const auto known = std::ranges::find(in_sync_, copy, &Holder::copy);
    holders.push_back({copy, known == in_sync_.end() ? Version{} : known->version});
    best = std::max(best, holders.back().version);
  }
  in_sync_ = std::move(holders);
  alone_ = alone;
  if (in_sync_.empty()) best = whole;
  if (alone) best = last_;
  measured_ = !in_sync_.empty() || whole > Version{};
  // Who is in sync and has not said yet how far it is has what was committed before.
  if (best != Version{} && best != replicated_) MoveTo(best);
}

void UnreplicatedTail::MoveTo(Version replicated) {
  replicated_ = std::min(replicated, last_);
  if (replicated_ == last_) {
    replicated_bytes_ = written_;
    return;
  }
  // What the ring does not reach back to is more than what it holds; how much more, nobody knows.
  const std::uint64_t beyond =
      recent_->Covers(replicated_) ? recent_->BytesAfter(replicated_) : recent_->bytes();
  written_ = std::max(written_, beyond);
  replicated_bytes_ = written_ - beyond;
  if (target_ > replicated_) return;
  target_ = last_;
  since_ = now_;
}

bool UnreplicatedTail::Holds(std::size_t more) const {
  if (!measured_ || bytes() == 0) return false;
  return (bounds_.bytes != 0 && bytes() + more > bounds_.bytes) ||
         (bounds_.time != Duration{} && time() > bounds_.time);
}

Duration UnreplicatedTail::time() const {
  if (bytes() == 0) return {};
  return std::chrono::milliseconds(now_.value - since_.value);
}

}  // namespace aegis::node
