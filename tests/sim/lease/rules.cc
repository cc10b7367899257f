#include "rules.h"

#include <chrono>
#include <cmath>
#include <initializer_list>
#include <vector>

namespace aegis::lease::sim {
namespace {

using namespace std::chrono_literals;

template <class T>
T OneOf(std::initializer_list<T> choices, Rng& rng) {
  return std::vector<T>(choices)[rng.Below(choices.size())];
}

}  // namespace

Swarm::Swarm(Theme theme, Rng& rng)
    : nodes(OneOf<std::size_t>({3, 3, 4, 5, 7}, rng)),
      first_voters(OneOf<std::size_t>({1, 3, 3}, rng)),
      delay_mean(OneOf<Duration>({300us, 3ms, 20ms}, rng)),
      loss(OneOf<double>({0, 0.02, 0.2}, rng)),
      refusal_loss(OneOf<double>({0, 0.9}, rng)),
      duplicate(OneOf<double>({0, 0.05}, rng)),
      straggle(OneOf<double>({0, 0.01, 0.05}, rng)),
      flush_mean(OneOf<Duration>({500us, 10ms, 200ms}, rng)),
      renewal_chance(OneOf<double>({1, 0.005}, rng)),
      pause(OneOf<Duration>({0s, 300ms, 3s}, rng)),
      pause_length(OneOf<Duration>({50ms, 500ms}, rng)),
      crash(OneOf<Duration>({0s, 100ms, 1s}, rng)),
      crash_length(OneOf<Duration>({5ms, 20ms, 300ms}, rng)),
      cut(OneOf<Duration>({0s, 100ms, 1s}, rng)),
      cut_length(OneOf<Duration>({200ms, 1s, 4s}, rng)),
      campaign(OneOf<Duration>({0s, 1s, 5s}, rng)),
      suspicion(OneOf<Duration>({0s, 200ms, 2s}, rng)),
      fence_trouble(OneOf<double>({0, 0.3}, rng)),
      voters_wanted(OneOf<Duration>({0s, 50ms, 500ms, 3s}, rng)),
      rate_change(OneOf<Duration>({200ms, 2s}, rng)) {
  if (theme == Theme::kEverything) return;
  nodes = 4 + rng.Below(2);
  delay_mean = OneOf<Duration>({300us, 3ms}, rng);
  straggle = 0;
  renewal_chance = 0.005;
  refusal_loss = 1;
  loss = OneOf<double>({0.02, 0.1, 0.4}, rng);
  pause = campaign = 0s;
  cut = 100ms;
  cut_length = OneOf<Duration>({300ms, 1s}, rng);
  suspicion = 300ms;
  if (theme == Theme::kCrashes) {
    first_voters = 3;
    voters_wanted = 0s;
    crash = OneOf<Duration>({300ms, 2s}, rng);
    crash_length = 5ms;
    fence_trouble = 0.5;
    cut = OneOf<Duration>({300ms, 1s}, rng);
    flush_mean = OneOf<Duration>({30ms, 100ms, 300ms}, rng);
  } else {
    crash = 0s;
    voters_wanted = 50ms;
    flush_mean = 500us;
  }
}

Duration Around(Duration mean, Rng& rng) {
  const double factor = -std::log(1 - rng.Unit());
  return Duration(static_cast<Duration::rep>(static_cast<double>(mean.count()) * factor)) + 1us;
}

RateBounds BoundsOfRates(Mutant mutant, const Options& options) {
  const double drift = mutant == Mutant::kDriftBeyondTheBound ? 0.5 : options.drift_max;
  // A little less than allowed: clocks are rounded to nanoseconds.
  const double greatest = std::sqrt(1 + drift) * (1 - 1e-6);
  return {.least = 1 / greatest, .greatest = greatest};
}

}  // namespace aegis::lease::sim
