// Complaints: events about what others do wrong, held back to one per kind and period, so that a
// stranger who keeps sending garbage cannot fill a log. Everything is counted elsewhere.

#pragma once

#include <chrono>
#include <map>
#include <string>
#include <utility>
#include <vector>

#include "base/time.h"
#include "gossip/effects.h"

namespace aegis::gossip {

class Complaints {
 public:
  static constexpr Duration kPeriod = std::chrono::seconds(10);

  void Add(Event::Kind kind, Member about, std::string detail, TimePoint now, Effects& effects) {
    const auto [last, first] = last_.try_emplace(kind, now);
    if (!first && now - last->second < kPeriod) return;
    last->second = now;
    effects.events.push_back({kind, std::move(about), std::move(detail)});
  }

 private:
  std::map<Event::Kind, TimePoint> last_;
};

}  // namespace aegis::gossip
