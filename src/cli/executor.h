// Executor: carries out one command and shows what came of it.
//
// People get words and tables; with --json, every command answers with one JSON object on the
// output, errors too: {"error": "NotFound", "message": "..."}.

#pragma once

#include <functional>
#include <istream>
#include <ostream>
#include <string>
#include <vector>

#include "aegis/client.h"
#include "cli/command.h"
#include "cli/exit_code.h"
#include "cli/views.h"

namespace aegis::cli {

class Executor {
 public:
  struct Streams {
    std::istream& in;
    std::ostream& out;
    std::ostream& err;
    bool show_progress;    // `err` is a terminal.
    bool out_is_terminal;  // So control bytes of values are shown, not sent.
  };

  // All must outlive the executor.
  Executor(Client& client, const GlobalOptions& global, Streams streams)
      : client_(client), global_(global), streams_(streams) {}

  // REQUIRES: command.name is one of CommandNames().
  ExitCode Run(const Command& command);

 private:
  ExitCode Get(const Command& command);
  ExitCode MultiGet(const Command& command);
  ExitCode Ttl(const Command& command);
  ExitCode Set(const Command& command);
  ExitCode Delete(const Command& command);
  ExitCode Expire(const Command& command);
  ExitCode Increment(const Command& command);
  ExitCode Ping(const Command& command);
  ExitCode Members(const Command& command);
  ExitCode Cluster(const Command& command);
  ExitCode Order(const Command& command, const std::string& path, const std::string& confirmation,
                 const char* done);
  bool Confirms(const std::string& risks);
  ExitCode Drain(const Command& command);
  ExitCode ShowDone(const Expected<std::string>& said, const char* done);
  ExitCode Shards(const Command& command);
  ExitCode Stats(const Command& command);
  ExitCode Bench(const Command& command);
  ExitCode Wal(const Command& command);

  StatsOfNodes StatsOf(const ClusterInfo& cluster);
  ExitCode Fail(const ClientError& error);
  // One line of text, or the JSON object.
  void Show(const std::string& text, const Json& json);

  Client& client_;
  const GlobalOptions& global_;
  const Streams streams_;
};

// What the library is told by the global options.
ClientConfig ConfigOf(const GlobalOptions& global);

}  // namespace aegis::cli
