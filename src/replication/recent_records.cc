#include "replication/recent_records.h"

#include <algorithm>

#include "base/check.h"

namespace aegis::replication {

void RecentRecords::Append(Version version, ByteView encoded) {
  AEGIS_CHECK(index_.empty() ? version > base_ : version > index_.back().version,
              "records come in order");
  buffer_.append(encoded);
  index_.push_back({version, dropped_ + bytes()});
}

void RecentRecords::Trim(std::size_t bytes_max, Version keep_after) {
  while (!index_.empty() && bytes() > bytes_max && index_.front().version <= keep_after) {
    front_ += static_cast<std::size_t>(index_.front().end - dropped_);
    dropped_ = index_.front().end;
    base_ = index_.front().version;
    index_.pop_front();
  }
  // Moving the rest down costs at most as much as was dropped since the last time.
  if (front_ > buffer_.size() / 2) {
    buffer_.erase(0, front_);
    front_ = 0;
    if (buffer_.capacity() > 4 * bytes_max && buffer_.size() <= bytes_max) {
      buffer_.shrink_to_fit();
    }
  }
}

void RecentRecords::Clear(Version position) {
  *this = RecentRecords();
  base_ = position;
}

bool RecentRecords::Covers(Version position) const { return position >= base_; }

ByteView RecentRecords::After(Version position, std::size_t bytes_max, Version& last) const {
  AEGIS_CHECK(Covers(position), "the ring no longer reaches back to this position");
  const std::size_t first = FirstAfter(position);
  if (first == index_.size()) return {};
  const std::uint64_t start = StartOf(first);
  const auto beyond = [&](std::uint64_t limit, const Index& entry) { return limit < entry.end; };
  const auto begin = index_.begin() + static_cast<std::ptrdiff_t>(first);
  auto end = std::upper_bound(begin, index_.end(), start + bytes_max, beyond);
  if (end == begin) ++end;
  last = std::prev(end)->version;
  const std::uint64_t stop = std::prev(end)->end;
  return ByteView(buffer_).substr(front_ + static_cast<std::size_t>(start - dropped_),
                                  static_cast<std::size_t>(stop - start));
}

std::size_t RecentRecords::BytesAfter(Version position) const {
  const std::size_t first = FirstAfter(position);
  if (first == index_.size()) return 0;
  return static_cast<std::size_t>(index_.back().end - StartOf(first));
}

std::size_t RecentRecords::FirstAfter(Version position) const {
  const auto newer = [](Version wanted, const Index& entry) { return wanted < entry.version; };
  const auto found = std::upper_bound(index_.begin(), index_.end(), position, newer);
  return static_cast<std::size_t>(found - index_.begin());
}

std::uint64_t RecentRecords::StartOf(std::size_t place) const {
  return place == 0 ? dropped_ : index_[place - 1].end;
}

}  // namespace aegis::replication
