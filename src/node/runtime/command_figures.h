// CommandFigures: what all workers together have tallied of RESP commands.

#pragma once

#include <cstdint>
#include <memory>
#include <span>
#include <vector>

#include "node/core/node_statistics.h"
#include "node/runtime/latency_recorder.h"

namespace aegis::node {

class CommandTally;

class CommandFigures {
 public:
  // Any thread.
  static CommandFigures Of(std::span<const CommandTally* const> tallies);

  // What came since `earlier`, which may be empty.
  void Subtract(const CommandFigures& earlier);

  // Of every command that came, in the order of the command table.
  std::vector<CommandUsage> Usages() const;

 private:
  struct Figures {
    std::uint64_t failed = 0;
    std::uint64_t rejected = 0;
    std::unique_ptr<LatencyDistribution> times;  // Null: it never ran.
  };

  std::vector<Figures> commands_;  // By number; empty: nothing of any.
};

}  // namespace aegis::node
