// Engine: one node, from its configuration to its end. It opens everything that can fail before
// any thread runs, then runs the workers and, on the caller's thread, the control loop.

#pragma once

#include <asio/signal_set.hpp>
#include <memory>
#include <optional>
#include <thread>
#include <vector>

#include "base/result.h"
#include "model/config.h"
#include "node/runtime/control_loop.h"
#include "node/runtime/data_dir.h"
#include "node/runtime/departure.h"
#include "node/runtime/health_pages.h"
#include "node/runtime/http_server.h"
#include "node/runtime/join_watch.h"
#include "node/runtime/memory_watch.h"
#include "node/runtime/node_state.h"
#include "node/runtime/pid_file.h"
#include "node/runtime/record_keeper.h"
#include "node/runtime/seed_watch.h"
#include "node/runtime/worker.h"

namespace aegis::node {

class Engine {
 public:
  // Takes the data directory, the ports and the pid file. Errors name the flag and the value.
  static Result<std::unique_ptr<Engine>> Open(const Config& config);
  ~Engine();

  // Serves until SIGTERM or SIGINT, then leaves the cluster. Returns the exit status. A second
  // signal ends the process at once.
  int Run();

 private:
  struct Opened;

  explicit Engine(Opened opened);
  void AwaitSignal();
  void StartWorkers();
  void LogToldAddresses() const;

  DataDir data_dir_;
  std::optional<PidFile> pid_file_;
  NodeState node_;
  MemoryWatch memory_watch_;
  RecordKeeper records_;
  Result<Ok> log_opened_;
  ControlLoop control_;
  std::vector<std::unique_ptr<Worker>> workers_;
  Departure departure_;
  SeedWatch seed_watch_;
  JoinWatch join_watch_;
  HealthPages health_pages_;
  HttpServer http_;
  asio::signal_set signals_;
  std::vector<std::thread> threads_;
};

}  // namespace aegis::node
