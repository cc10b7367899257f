// Recorder: makes a History while clients run, in a simulation or over sockets.
//
// Events that carry the same time are ordered as they were reported: a simulator executes one after
// the other at one instant of its virtual time. To that end a time that is not after the last one
// is moved a nanosecond past it. One owner, one thread.

#pragma once

#include <algorithm>
#include <cstddef>
#include <string>
#include <utility>

#include "base/check.h"
#include "linearizability/operation.h"

namespace aegis::linearizability {

class Recorder {
 public:
  using CallId = std::size_t;

  // `call` says what is asked: client, key, kind, argument, expected. Until Return() its outcome is
  // unknown.
  CallId Invoke(Operation call, TimePoint now) {
    call.outcome = Outcome::kUnknown;
    call.invoked_at = Next(now);
    call.returned_at.reset();
    history_.push_back(std::move(call));
    return history_.size() - 1;
  }

  // REQUIRES: the call was not answered before.
  void Return(CallId id, TimePoint now, Outcome outcome, std::string result = {},
              std::string version = {}) {
    Operation& call = history_.at(id);
    AEGIS_CHECK(!call.returned_at, "a call is answered once");
    call.outcome = outcome;
    call.result = std::move(result);
    call.version = std::move(version);
    call.returned_at = Next(now);
  }

  const History& history() const { return history_; }

 private:
  TimePoint Next(TimePoint now) {
    last_ = std::max(now, last_ + Duration(1));
    return last_;
  }

  History history_{};
  TimePoint last_ = TimePoint::min();
};

}  // namespace aegis::linearizability
