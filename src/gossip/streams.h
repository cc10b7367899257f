// Streams: the TCP exchanges under way, and what each is for.

#pragma once

#include <cstddef>
#include <cstdint>
#include <map>
#include <optional>

#include "base/bytes.h"
#include "base/time.h"
#include "gossip/counters.h"
#include "gossip/effects.h"
#include "gossip/message.h"
#include "model/endpoint.h"

namespace aegis::gossip {

class Streams {
 public:
  struct Purpose {
    Endpoint to;
    std::uint32_t probe_seq = 0;  // 0: a push/pull.
    TimePoint deadline;
  };

  // Beyond this many nothing is opened: whoever wanted it tries again later anyway.
  static constexpr std::size_t kOpenMax = 256;

  // REQUIRES: counters outlives this.
  explicit Streams(Counters& counters) : counters_(counters) {}

  // A push/pull if probe_seq is 0, which is refused (false) while one with `to` is under way.
  bool Open(Purpose purpose, const StreamQuestion& question, Effects& effects);

  // Ends a stream. Nothing if it is unknown or was given up.
  std::optional<Purpose> Close(std::uint64_t id);

  // Gives up those past their deadline.
  void Tick(TimePoint now);
  TimePoint wake_up_at() const;

 private:
  Counters& counters_;
  std::map<std::uint64_t, Purpose> open_;
  std::uint64_t next_id_ = 1;
};

}  // namespace aegis::gossip
