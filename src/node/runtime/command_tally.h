// CommandTally: how often one worker ran each RESP command, how long that took, and which errors it
// answered.
//
// The clock is read twice a turn and not twice a command: the commands of a turn share its time
// evenly, so that the sum of all is the time that was spent. One that is timed by itself, because
// it works on many keys or waited for other nodes, has its own time, and the others share the rest.
//
// One thread writes, any thread reads. A command's recorder is made when it is first run.

#pragma once

#include <array>
#include <atomic>
#include <cstddef>
#include <cstdint>
#include <memory>

#include "base/bytes.h"
#include "base/time.h"
#include "node/core/resp_command_info.h"
#include "node/core/resp_error_code.h"
#include "node/runtime/counter.h"
#include "node/runtime/latency_recorder.h"

namespace aegis::node {

class CommandTally {
 public:
  // --- Its thread -------------------------------------------------------------------------------

  // Within a turn: the command ran and has a share of the turn's time.
  void Ran(std::uint16_t command) {
    if (in_turn_[command]++ == 0) touched_[touched_count_++] = command;
  }
  // It took so long; after a wait, and not in a turn.
  void Took(std::uint16_t command, Duration time) { RecorderOf(command).Add(time); }
  // It took so long of the present turn.
  void TookOfTurn(std::uint16_t command, Duration time) {
    Took(command, time);
    alone_ += time;
  }
  // It answered with an error, or was refused. Called besides Ran(), and instead of it.
  void Failed(std::uint16_t command) { entries_[command].failed.Add(); }
  void Rejected(std::uint16_t command) { entries_[command].rejected.Add(); }
  void CountError(std::size_t code) { errors_[code].Add(); }

  // Every turn ends so.
  void EndTurn(Duration took) {
    if (touched_count_ > 0) Share(took);
    alone_ = {};
  }

  // --- Any thread -------------------------------------------------------------------------------

  std::uint64_t failed(std::uint16_t command) const { return entries_[command].failed.Get(); }
  std::uint64_t rejected(std::uint16_t command) const { return entries_[command].rejected.Get(); }
  std::uint64_t errors(std::size_t code) const { return errors_[code].Get(); }
  void AddTo(LatencyDistribution& distribution, std::uint16_t command) const;

 private:
  struct Entry {
    Counter failed;
    Counter rejected;
    std::unique_ptr<LatencyRecorder> recorder;
    std::atomic<LatencyRecorder*> shown{nullptr};  // The same, complete, for other threads.
  };

  LatencyRecorder& RecorderOf(std::uint16_t command) {
    Entry& entry = entries_[command];
    if (!entry.recorder) [[unlikely]]
      Make(entry);
    return *entry.recorder;
  }
  static void Make(Entry& entry);
  void Share(Duration took);

  std::array<Entry, resp::kCommandNumbers> entries_;
  std::array<Counter, kErrorCodes.size()> errors_;
  // Of the present turn: how often each ran, and which did.
  std::array<std::uint32_t, resp::kCommandNumbers> in_turn_{};
  std::array<std::uint16_t, resp::kCommandNumbers> touched_{};
  std::size_t touched_count_ = 0;
  Duration alone_{};
};

}  // namespace aegis::node
