// WalCommand: `aegis-cli wal check|dump|repair`: a node's write-ahead log on disk, without a node.

#pragma once

#include <functional>
#include <string>

#include "base/result.h"
#include "cli/command.h"
#include "cli/executor.h"
#include "cli/exit_code.h"
#include "wal/runtime/posix_log_files.h"

namespace aegis::cli {

class WalCommand {
 public:
  // Shows what is about to be lost, and asks.
  using Confirm = std::function<bool(const std::string& risks)>;

  WalCommand(Executor::Streams streams, bool json, Confirm confirm)
      : streams_(streams), json_(json), confirm_(std::move(confirm)) {}

  // REQUIRES: command.name == "wal". Status kNo: the log is damaged, or was not repaired.
  ExitCode Run(const Command& command);

 private:
  ExitCode Check(wal::LogFiles& files);
  ExitCode Dump(wal::LogFiles& files, const Command& command);
  ExitCode Repair(wal::LogFiles& files, const Command& command);
  ExitCode Fail(const Error& error);

  const Executor::Streams streams_;
  const bool json_;
  const Confirm confirm_;
};

}  // namespace aegis::cli
