// Command: one thing that aegis-cli was told to do, on its command line or at its prompt.

#pragma once

#include <chrono>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "aegis/client.h"
#include "bench/load.h"

namespace aegis::cli {

// What holds for all commands of one run.
struct GlobalOptions {
  std::vector<std::string> servers = {"127.0.0.1:7700"};
  std::chrono::milliseconds timeout = std::chrono::seconds(5);
  Quorums quorums = {};
  std::optional<std::chrono::milliseconds> max_staleness = {};
  bool json = false;
};

struct Command {
  std::string name;                              // "get", "set", ...; empty: none was given.
  std::vector<std::string> keys;                 // get, set, ttl, expire, incr: one.
  std::string value;                             // set; "-": from the standard input
  std::optional<std::chrono::milliseconds> ttl;  // set, expire
  bool if_absent = false;                        // set
  bool if_present = false;                       // set
  std::optional<std::uint64_t> expected;         // set: the version that the key must have
  std::int64_t delta = 1;                        // incr
  bool raw = false;                              // get: the bytes and nothing else
  bool details = false;                          // get: version and TTL too
  bool summary = false;                          // shards
  std::vector<std::string> addresses;            // ping, stats, drain, cluster recover and forget
  bool recover = false;                          // cluster: recover
  std::string forgotten;                         // cluster forget: the node
  bool confirmed = false;                        // cluster recover and forget, wal repair
  std::string action;                            // wal: check, dump or repair
  std::string directory;                         // wal
  std::optional<std::uint32_t> shard;            // wal dump: of this one alone
  bench::LoadOptions load;                       // bench
};

// What parsing came to when it is no command: --help, --version or a mistake.
struct ParseEnd {
  bool mistake = false;
  std::string text;  // To be shown; a mistake on the standard error.
};

struct CommandLine {
  GlobalOptions global;
  Command command;
  std::optional<ParseEnd> end;
};

// The words behind the program's name. Reads AEGIS_SERVERS.
CommandLine ParseCommandLine(const std::vector<std::string>& words);

// A line of a prompt or of a script on the standard input: the same commands (a value cannot come
// from the standard input), cut by SplitWords(). Of the global options --json alone is allowed;
// the others are those of `global`.
CommandLine ParsePromptLine(std::string_view line, const GlobalOptions& global);

// The names of all commands, sorted.
std::vector<std::string> CommandNames();

}  // namespace aegis::cli
