#include "gossip/suspicion.h"

#include <algorithm>
#include <cmath>

#include "base/check.h"

namespace aegis::gossip {

Suspicion::Bounds Suspicion::BoundsFor(const Options& options, std::size_t members) {
  const double scale =
      std::max(1.0, std::log10(static_cast<double>(std::max<std::size_t>(members, 1))));
  const auto timeout_min =
      std::chrono::duration_cast<Duration>(options.probe_interval * options.suspicion_mult * scale);

  // Witnesses that do not exist would make every suspicion last timeout_max.
  const int wanted = options.suspicion_mult - 2;
  const bool enough = wanted >= 0 && members >= static_cast<std::size_t>(wanted) + 2;
  return {.confirmations_max = enough ? wanted : 0,
          .timeout_min = timeout_min,
          .timeout_max = timeout_min * options.suspicion_max_mult};
}

Suspicion::Suspicion(NodeId accuser, Bounds bounds, TimePoint now)
    : accuser_(accuser), bounds_(bounds), started_(now) {
  AEGIS_CHECK(bounds_.confirmations_max >= 0, "a suspicion cannot want fewer than no witnesses");
  AEGIS_CHECK(bounds_.timeout_min > Duration::zero() && bounds_.timeout_min <= bounds_.timeout_max,
              "a suspicion's bounds must be in order");
}

bool Suspicion::Confirm(NodeId witness) {
  if (witness == accuser_) return false;
  if (std::ssize(witnesses_) == bounds_.confirmations_max) return false;
  return witnesses_.insert(witness).second;
}

TimePoint Suspicion::deadline() const {
  if (bounds_.confirmations_max == 0) return started_ + bounds_.timeout_min;

  const double progress = std::log(static_cast<double>(witnesses_.size()) + 1.0) /
                          std::log(static_cast<double>(bounds_.confirmations_max) + 1.0);
  const Duration range = bounds_.timeout_max - bounds_.timeout_min;
  const auto shrink = std::chrono::duration_cast<Duration>(range * progress);
  return started_ + std::max(bounds_.timeout_min, bounds_.timeout_max - shrink);
}

}  // namespace aegis::gossip
