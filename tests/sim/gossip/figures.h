// Figures: what failure detection costs and achieves, measured in simulation.

#pragma once

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <vector>

#include "base/time.h"
#include "gossip/options.h"

namespace aegis::gossip::sim {

struct FiguresSpec {
  std::size_t nodes = 100;
  double loss = 0.1;
  Duration duration = std::chrono::minutes(10);  // Of virtual time, after everybody has joined.
  std::uint64_t seed = 1;
  Duration delay_max = std::chrono::milliseconds(5);
  Options options = {};
};

struct Figures {
  // One for each node killed, ascending. From the kill to the first survivor that declares it
  // dead, and to the last survivor that holds it for dead.
  std::vector<Duration> detected;
  std::vector<Duration> known_to_all;
  std::size_t undetected = 0;  // Kills that not everybody had noticed after kNoticeMax.

  double node_hours = 0;             // Of nodes that ran.
  std::size_t false_deaths = 0;      // Times that a running member was declared dead by somebody.
  std::size_t false_suspicions = 0;  // Times that a running member was suspected by somebody.
  double datagram_bytes_per_node_second = 0;  // Sent, UDP payload.
  double stream_bytes_per_node_second = 0;    // Sent, TCP payload.
};

inline constexpr Duration kNoticeMax = std::chrono::minutes(2);

// Kills one node after the other, at random, waits until all the others know, and restarts it.
Figures Measure(const FiguresSpec& spec);

// `sorted` ascending and not empty; `share` in [0, 1]. The nearest rank.
Duration Percentile(const std::vector<Duration>& sorted, double share);

}  // namespace aegis::gossip::sim
