#include "bench/trace/bound.h"

#include <algorithm>
#include <queue>
#include <utility>

namespace aegis::bench {

static_assert(TraceLimits::kAccessesMax < kNever, "times are u32");

std::vector<std::uint32_t> NextAccesses(const Trace& trace) {
  std::vector<std::uint32_t> next(trace.accesses.size());
  std::vector<std::uint32_t> seen(trace.objects, kNever);
  for (std::size_t i = trace.accesses.size(); i-- > 0;) {
    next[i] = std::exchange(seen[trace.accesses[i]], static_cast<std::uint32_t>(i));
  }
  return next;
}

OptimalBound::OptimalBound(const Trace& trace) : trace_(trace), next_(NextAccesses(trace)) {
  if (exact()) return;
  for (std::size_t i = 0; i < next_.size(); ++i) {
    if (next_[i] == kNever) continue;
    by_room_.push_back({.length = next_[i] - static_cast<std::uint32_t>(i),
                        .size = trace.SizeOf(trace.accesses[i])});
  }
  by_length_ = by_room_;
  std::ranges::sort(by_room_, {}, &Interval::room);
  std::ranges::sort(by_length_, {}, &Interval::length);
}

Hits OptimalBound::At(std::uint64_t capacity) const {
  return exact() ? Min(capacity) : Pfoo(capacity);
}

Hits OptimalBound::Min(std::uint64_t capacity) const {
  Hits hits;
  // What is held, by its next access. A hit leaves the old entry and adds one for the next access:
  // old entries lie in the past, so that those at the top are of what is held.
  std::priority_queue<std::pair<std::uint32_t, ObjectId>> held;
  std::vector<std::uint8_t> is_held(trace_.objects);
  std::uint64_t count = 0;
  for (std::size_t i = 0; i < next_.size(); ++i) {
    const ObjectId object = trace_.accesses[i];
    const std::uint32_t next = next_[i];
    if (is_held[object] != 0) {
      ++hits.objects;
      if (next == kNever) {
        is_held[object] = 0;
        --count;
      } else {
        held.emplace(next, object);
      }
      continue;
    }
    if (next == kNever) continue;  // It would not be hit.
    if (count == capacity) {
      if (held.top().first < next) continue;
      is_held[held.top().second] = 0;
      held.pop();
      --count;
    }
    held.emplace(next, object);
    is_held[object] = 1;
    ++count;
  }
  hits.bytes = hits.objects;
  return hits;
}

Hits OptimalBound::Pfoo(std::uint64_t capacity) const {
  const std::uint64_t time = next_.size();
  const std::uint64_t room = capacity > UINT64_MAX / time ? UINT64_MAX : capacity * time;
  Hits hits;
  std::uint64_t left = room;
  for (const Interval& interval : by_room_) {
    if (interval.size > capacity) continue;
    if (interval.room() > left) break;
    left -= interval.room();
    ++hits.objects;
  }
  left = room;
  for (const Interval& interval : by_length_) {
    if (interval.size > capacity) continue;
    if (interval.room() > left) {
      hits.bytes += left / interval.length;  // The part of it that fits.
      break;
    }
    left -= interval.room();
    hits.bytes += interval.size;
  }
  return hits;
}

Hits HitsWithoutLimit(const Trace& trace) {
  return {.objects = trace.accesses.size() - trace.objects,
          .bytes = trace.Traffic() - trace.WorkingSet()};
}

}  // namespace aegis::bench
