// What the dispatcher is told once, and the numbers it keeps to.

#pragma once

#include <chrono>
#include <cstddef>
#include <string>
#include <vector>

#include "base/time.h"

namespace aegis::client {

// As ClientConfig in aegis/client.h, which documents the fields; already checked.
struct Options {
  std::vector<std::string> seeds;
  std::size_t max_conns = 10;
  Duration conn_timeout = std::chrono::seconds(5);
  Duration read_timeout = std::chrono::seconds(5);
  Duration write_timeout = std::chrono::seconds(5);
  unsigned max_retries = 3;
};

// Calls that a connection has in flight before another one to the same node is opened.
inline constexpr std::size_t kPipelineDepth = 32;
// Requests between the oldest unanswered one of a connection and the newest. At the limit some
// old request was never answered: the connection takes no more.
inline constexpr std::size_t kPipelineSpanMax = 131'072;

// Redirects that one call follows; then it lets the servers forward it.
inline constexpr unsigned kRedirectsMax = 3;

// Servers dialled at once while no connection at all is up.
inline constexpr std::size_t kDialsAtOnce = 3;

// Servers of which an error tells why they could not be reached.
inline constexpr std::size_t kFailuresShown = 5;

// A retry waits between half and all of this, doubled with each try up to the maximum.
inline constexpr Duration kBackoffBase = std::chrono::milliseconds(50);
inline constexpr Duration kBackoffMax = std::chrono::seconds(1);

// A server that failed is avoided this long, doubled with each failure in a row.
inline constexpr Duration kAvoidBase = std::chrono::milliseconds(100);
inline constexpr Duration kAvoidMax = std::chrono::seconds(5);

// The topology is asked for this often while there are calls, and at once when a reply or a
// failure says that it has changed, but not more often than the pause allows.
inline constexpr Duration kTopologyPeriod = std::chrono::seconds(10);
inline constexpr Duration kTopologyPause = std::chrono::milliseconds(250);

}  // namespace aegis::client
