// aegis: one node of a cluster.

#include <sys/resource.h>

#include <csignal>
#include <cstdio>
#include <cstdlib>

#include "base/log.h"
#include "node/runtime/command_line.h"
#include "node/runtime/engine.h"
#include "node/runtime/log_sink.h"

// For jemalloc, where this is linked with it. Memory that is free for a second goes back to the
// system, by a thread of jemalloc's own: what it would keep longer counts against --max-memory.
extern "C" {
extern const char* const malloc_conf;
const char* const malloc_conf = "background_thread:true,dirty_decay_ms:1000,muzzy_decay_ms:0";
}

namespace aegis::node {
namespace {

// Every client is a file descriptor; the usual soft limit of 1024 is for programs that use
// select().
void RaiseFileLimit() {
  rlimit limit{};
  if (::getrlimit(RLIMIT_NOFILE, &limit) != 0 || limit.rlim_cur == limit.rlim_max) return;
  const rlim_t before = limit.rlim_cur;
  limit.rlim_cur = limit.rlim_max;
  if (::setrlimit(RLIMIT_NOFILE, &limit) == 0) {
    AEGIS_LOG(kInfo, "node", "open files: limit raised from {} to {}", before, limit.rlim_cur);
  }
}

int Main(int argc, const char* const* argv) {
  const StartPlan plan = ReadCommandLine(argc, argv, ProcessEnvironment());
  std::fputs(plan.output.c_str(), stdout);
  std::fputs(plan.errors.c_str(), stderr);
  if (plan.exit_status) return *plan.exit_status;

  InstallLogSink(plan.config.log_level, plan.config.log_format);
  for (const std::string& warning : plan.warnings) AEGIS_LOG(kWarn, "config", "{}", warning);
  std::signal(SIGPIPE, SIG_IGN);
  RaiseFileLimit();
  const auto engine = Engine::Open(plan.config);
  if (!engine.ok()) {
    AEGIS_LOG(kError, "node", "cannot start: {}", engine.error().message);
    return EXIT_FAILURE;
  }
  return engine.value()->Run();
}

}  // namespace
}  // namespace aegis::node

int main(int argc, char** argv) { return aegis::node::Main(argc, argv); }
