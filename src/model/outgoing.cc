#include "model/outgoing.h"

namespace aegis {

void Outgoing::Append(Outgoing other) {
  const std::size_t before = bytes_.size();
  bytes_.append(other.bytes_);
  for (Part& part : other.parts_) {
    part.at += before;
    parts_.push_back(std::move(part));
  }
  part_bytes_ += other.part_bytes_;
}

std::size_t Outgoing::Pieces(std::span<ByteView> pieces) const {
  std::size_t count = 0;
  std::size_t at = sent_;
  const auto take = [&](ByteView piece) {
    if (!piece.empty() && count < pieces.size()) pieces[count++] = piece;
  };
  for (std::size_t i = next_; i < parts_.size() && count < pieces.size(); ++i) {
    take(ByteView(bytes_).substr(at, parts_[i].at - at));
    at = parts_[i].at;
    take(parts_[i].rest);
  }
  take(ByteView(bytes_).substr(at));
  return count;
}

void Outgoing::SentOfPieces(std::size_t bytes) {
  while (bytes > 0) {
    const std::size_t written = std::min(bytes, front().size());
    sent_ += written;
    bytes -= written;
    if (plain()) return;
    Part& part = parts_[next_];
    const std::size_t taken = std::min(bytes, part.rest.size());
    part.rest.remove_prefix(taken);
    part_bytes_ -= taken;
    bytes -= taken;
    if (!part.rest.empty()) return;
    part.block = {};
    ++next_;
  }
}

void Outgoing::Compact() {
  if (plain()) {
    if (!parts_.empty()) std::vector<Part>().swap(parts_);
    next_ = 0;
  } else if (next_ > parts_.size() / 2) {
    parts_.erase(parts_.begin(), parts_.begin() + static_cast<std::ptrdiff_t>(next_));
    next_ = 0;
  }
  if (sent_ < bytes_.size() - sent_) return;
  bytes_.erase(0, sent_);
  for (Part& part : parts_) part.at -= std::min(part.at, sent_);
  sent_ = 0;
}

}  // namespace aegis
