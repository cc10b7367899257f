// Pipeline: the requests of one connection that wait for their replies.
//
// Request ids count up from 1 on every connection, so a slot's place in the queue follows from
// its id. Replies come in any order. A frame that still waits in the output when the connection
// ends cannot have been executed; one whose bytes were taken may have, however few of them the
// socket got rid of. That is what tells a write that certainly did not happen from one that may.
//
// Pure; owned by one connection.

#pragma once

#include <cstddef>
#include <cstdint>
#include <deque>
#include <vector>

#include "base/bytes.h"
#include "base/result.h"
#include "client/core/options.h"
#include "client/core/request.h"

namespace aegis::client {

// The dispatcher's own name for a call; never reused.
using CallId = std::uint64_t;
inline constexpr CallId kNoCall = 0;

class Pipeline {
 public:
  struct Waiting {
    CallId call;
    bool sent;  // TakeOutput() took its frame: the server may have acted on it.
  };

  // Writes the frame and remembers who asked. Returns its request id. REQUIRES: !full().
  std::uint64_t Push(CallId call, const Request& request, bool redirect);

  // The request whose reply this is; kNoCall if it was abandoned. Errors: kMalformed, when nobody
  // asked with that id or it was answered before.
  Result<CallId> Take(std::uint64_t id);

  // The caller gave up: a reply to this request will be dropped. REQUIRES: `id` is waiting.
  void Abandon(std::uint64_t id);

  // Moves the bytes to be written to `out` (empty on entry).
  void TakeOutput(Bytes& out);
  bool has_output() const { return !output_.empty(); }

  // Everyone who still waits, oldest first; the pipeline is empty afterwards.
  std::vector<Waiting> Drain();

  std::size_t live() const { return live_; }  // Waiting and not abandoned.
  bool full() const { return slots_.size() >= kPipelineSpanMax; }

 private:
  enum class State : std::uint8_t { kWaiting, kAbandoned, kAnswered };
  struct Slot {
    CallId call;
    State state;
  };

  Slot* Find(std::uint64_t id);

  std::deque<Slot> slots_;      // Invariant: the front one is not kAnswered.
  std::uint64_t first_id_ = 1;  // Of slots_.front().
  std::size_t live_ = 0;
  Bytes output_;
  std::uint64_t first_unsent_ = 1;  // The id of the first request in output_, or the next one.
};

}  // namespace aegis::client
