#include "node/runtime/maintenance.h"

#include <chrono>

#include "node/runtime/clocks.h"

namespace aegis::node {

namespace {

// Of a tick of 10 ms; more while memory is short, because then writers wait for room.
constexpr Duration kSlice = std::chrono::milliseconds(1);
constexpr Duration kSliceUnderPressure = std::chrono::milliseconds(4);
constexpr std::size_t kHomesPerVisit = 32;
constexpr std::uint32_t kVisitsPerClockRead = 8;

}  // namespace

void Maintenance::Run(TimePoint now) {
  const std::uint32_t count = shards_.num_shards();
  if (index_ >= count) return;
  if (index_ == 0) shards_.copies().OnTime(now);
  const store::MemoryMeter& meter = shards_.meter();
  const bool pressed = !meter.Fits(meter.limit() / 64);
  const TimePoint end = now + (pressed ? kSliceUnderPressure : kSlice);
  const UnixMs wall_clock = UnixNow();
  for (std::uint32_t visited = 0; visited * workers_ < count; ++visited) {
    if (next_ >= count) next_ = index_;
    {
      ShardGuard shard(shards_, ShardId{next_}, effects_);
      shard->Maintain(wall_clock, kHomesPerVisit, effects_);
    }
    next_ += workers_;
    if (visited % kVisitsPerClockRead == 0 && SteadyNow() >= end) return;
  }
}

}  // namespace aegis::node
