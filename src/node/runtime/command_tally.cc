#include "node/runtime/command_tally.h"

#include <algorithm>

namespace aegis::node {

void CommandTally::Make(Entry& entry) {
  entry.recorder = std::make_unique<LatencyRecorder>();
  entry.shown.store(entry.recorder.get(), std::memory_order_release);
}

void CommandTally::Share(Duration took) {
  std::uint64_t ran = 0;
  for (std::size_t i = 0; i < touched_count_; ++i) ran += in_turn_[touched_[i]];
  const Duration rest = std::max(took - alone_, Duration::zero());
  const Duration each = rest / static_cast<Duration::rep>(ran);
  for (std::size_t i = 0; i < touched_count_; ++i) {
    std::uint32_t& count = in_turn_[touched_[i]];
    RecorderOf(touched_[i]).Add(each, count);
    count = 0;
  }
  touched_count_ = 0;
}

void CommandTally::AddTo(LatencyDistribution& distribution, std::uint16_t command) const {
  const LatencyRecorder* const shown = entries_[command].shown.load(std::memory_order_acquire);
  if (shown != nullptr) shown->AddTo(distribution);
}

}  // namespace aegis::node
