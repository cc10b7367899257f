// RunOptions: everything that `aegis-bench run` can be told.

#pragma once

#include <sys/types.h>

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <string>
#include <vector>

#include "bench/core/protocol.h"

namespace aegis::bench {

struct RunOptions {
  std::vector<std::string> servers = {"127.0.0.1:7700"};  // Connections take turns over them.
  Protocol protocol = Protocol::kResp;
  unsigned threads = 1;
  unsigned connections = 16;  // In all; at least one for each thread.
  unsigned pipeline = 1;      // Calls that one connection waits for at most.
  bool to_leaders = false;    // A call goes to the server that leads its key.
  double rate = 0;            // Calls per second in all, in an open loop; 0: a closed loop.
  unsigned gets = 10;         // For so many GETs ...
  unsigned sets = 1;          // ... so many SETs.
  std::uint64_t keys = 1'000'000;
  std::size_t key_size = 16;
  std::string key_prefix = "bench:";
  std::string distribution = "uniform";                           // As KeyChoice reads it.
  std::string value_size = "100";                                 // As ValueSizes reads it.
  std::chrono::milliseconds ttl{0};                               // 0: none.
  std::chrono::milliseconds duration = std::chrono::seconds(10);  // 0: only fill.
  std::chrono::milliseconds warm_up = std::chrono::seconds(1);
  // A server that answers nothing for so long while calls wait has failed them. The same time is
  // left, after the end of an open loop, to send what was due.
  std::chrono::milliseconds patience = std::chrono::seconds(10);
  bool fill = false;
  bool verify = false;
  std::uint64_t seed = 1;
  std::vector<pid_t> server_pids;
  std::string label = "aegis-bench run";  // What its curves are called.
  std::string json_file;                  // Empty: none. "-": standard output. Both files.
  std::string svg_file;
};

}  // namespace aegis::bench
