#include "node/runtime/maintenance.h"

#include <chrono>

#include "node/runtime/clocks.h"

namespace aegis::node {

namespace {

// Of a tick of 10 ms; and while there is much to do, because writers wait for room or many keys
// expire at once, of every kSoon.
constexpr Duration kSlice = std::chrono::milliseconds(1);
constexpr Duration kSliceUnderPressure = std::chrono::milliseconds(2);
constexpr std::size_t kItemsPerVisit = 128;
constexpr std::uint32_t kVisitsPerClockRead = 4;

}  // namespace

bool Maintenance::Run(TimePoint now) {
  const std::uint32_t count = shards_.num_shards();
  if (index_ >= count) return false;
  if (index_ == 0) shards_.copies().OnTime(now);
  const store::MemoryMeter& meter = shards_.meter();
  const bool pressed = !meter.Fits(meter.limit() / 64);
  const TimePoint end = now + (pressed || hurried_ ? kSliceUnderPressure : kSlice);
  const UnixMs wall_clock = UnixNow();
  bool many = false;
  for (std::uint32_t visited = 0; visited * workers_ < count; ++visited) {
    if (next_ >= count) next_ = index_;
    {
      ShardGuard shard(shards_, ShardId{next_}, effects_);
      many = shard->Maintain(wall_clock, kItemsPerVisit, effects_) || many;
    }
    next_ += workers_;
    if (visited % kVisitsPerClockRead == 0 && SteadyNow() >= end) break;
  }
  hurried_ = many;
  return many;
}

}  // namespace aegis::node
