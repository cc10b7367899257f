// Freshness: since when a copy of a shard may lack writes, by this node's own clock.
//
// The copy asks its leader, and notes when. The leader answers only while its lease holds, and only
// when it has sent all that it had when the question came: so whatever anybody was told before the
// question, the copy holds by then. No two clocks are compared. It asks only while reads want to
// know.
//
// Pure and not thread-safe: part of a Shard, under its lock.

#pragma once

#include <algorithm>
#include <cstdint>
#include <optional>
#include <utility>

#include "base/time.h"
#include "model/limits.h"

namespace aegis::node {

class Freshness {
 public:
  // A read wants a copy that is no older than `bound`. True: the leader has to be asked, see
  // TakeQuestion().
  bool Want(TimePoint now, Duration bound) {
    const Duration patience = std::min(limits::kFreshnessPeriod, bound / 2);
    if (asked_at_ && now - *asked_at_ < patience) return false;
    asked_at_ = now;
    due_ = true;
    return true;
  }

  // What to send to the leader; 0: nothing.
  std::uint64_t TakeQuestion() {
    if (!std::exchange(due_, false)) return 0;
    return static_cast<std::uint64_t>(asked_at_->time_since_epoch().count());
  }

  // The copy holds all that there was when this question was asked. Ignored if it was never asked.
  void OnAnswer(std::uint64_t question) {
    const TimePoint asked{Duration(static_cast<Duration::rep>(question))};
    if (!asked_at_ || asked > *asked_at_ || asked < TimePoint{}) return;
    if (!fresh_at_ || asked > *fresh_at_) fresh_at_ = asked;
  }

  // Nothing: the leader never said.
  std::optional<Duration> Age(TimePoint now) const {
    if (!fresh_at_) return std::nullopt;
    return now - *fresh_at_;
  }

 private:
  std::optional<TimePoint> asked_at_;  // Last.
  bool due_ = false;                   // The question has not been sent.
  std::optional<TimePoint> fresh_at_;
};

}  // namespace aegis::node
