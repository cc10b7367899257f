// aegis-bench: load on a cluster through the client library, and on any server over raw sockets.

#include <unistd.h>

#include <CLI/CLI.hpp>
#include <iostream>
#include <string>
#include <string_view>
#include <vector>

#include "bench/exit_status.h"
#include "bench/flag_values.h"
#include "bench/load.h"
#include "bench/load_flags.h"
#include "bench/load_view.h"
#include "bench/plot_command.h"
#include "bench/run_command.h"
#include "bench/trace_command.h"

namespace aegis::bench {
namespace {

int Main(int argc, char** argv) {
  if (argc > 1 && std::string_view(argv[1]) == "run") return RunCommand(argc - 1, argv + 1);
  if (argc > 1 && std::string_view(argv[1]) == "plot") return PlotCommand(argc - 1, argv + 1);
  CLI::App app(
      "Load on an AegisKV cluster through the C++ client: a closed loop of reads and "
      "writes, and the latencies that its callers saw.");
  app.footer(
      "Examples:\n"
      "  aegis-bench -s host1:7700,host2:7700 --duration 30 --reads 95\n"
      "  aegis-bench --clients 4 --pipeline 256 --value-size 1024 --json\n"
      "  aegis-bench run --help    over raw sockets instead, also to Redis and memcached\n"
      "  aegis-bench plot --help   compares reports of such runs in one picture\n"
      "\n"
      "What it writes expires by itself, see --ttl.\n"
      "`aegis-bench trace --help`: hit ratios of eviction policies, without a cluster.\n"
      "\n"
      "Exit status:\n"
      "  0  all calls were answered\n"
      "  1  some failed; the report names how many and why\n"
      "  2  the command is wrong\n"
      "  3  no node answered in time, or the cluster did not take the preload\n"
      "  4  the answer to a write of the preload was lost");
  std::vector<std::string> servers = {"127.0.0.1:7700"};
  LoadOptions options;
  bool json = false;
  AddServersFlag(app, servers);
  AddLoadFlags(app, options);
  app.add_flag("--json", json, "One JSON object instead of a table");
  try {
    app.parse(argc, argv);
  } catch (const CLI::ParseError& error) {
    return app.exit(error) == 0 ? 0 : 2;
  }

  ClientConfig config;
  config.seeds = servers;
  const bool show = isatty(STDERR_FILENO) != 0;
  ProgressBar bar(std::cerr);
  const Expected<LoadReport> report =
      RunLoad(config, options, [&](const std::string& phase, double fraction, auto answered) {
        if (show) bar.Show(phase, fraction, answered);
      });
  bar.Clear();
  if (report.ok()) {
    std::cout << (json ? ToJson(*report) + "\n" : ToText(*report));
  } else {
    std::cerr << "aegis-bench: " << report.error().message << '\n';
  }
  return ExitStatusOf(report);
}

}  // namespace
}  // namespace aegis::bench

int main(int argc, char** argv) {
  if (argc > 1 && argv[1] == std::string_view("trace")) {
    return aegis::bench::RunTraceCommand({argv + 2, argv + argc}, std::cout, std::cerr);
  }
  return aegis::bench::Main(argc, argv);
}
