#include "bench/run_command.h"

#include <CLI/CLI.hpp>
#include <iostream>
#include <string>

#include "bench/core/report_plot.h"
#include "bench/output_file.h"
#include "bench/run.h"
#include "bench/run_flags.h"
#include "bench/run_options.h"

namespace aegis::bench {
namespace {

constexpr int kDone = 0;
constexpr int kCallsFailed = 1;
constexpr int kWrongCommand = 2;
constexpr int kNoServer = 3;

constexpr const char* kFooter =
    "Examples:\n"
    "  aegis-bench run --fill --pipeline 32 --server-pid $(pidof aegis)\n"
    "  aegis-bench run -s 127.0.0.1:6379 --distribution zipf:0.99 --json report.json\n"
    "  aegis-bench run --rate 50000 --connections 64 --svg latency.svg\n"
    "  aegis-bench run -s 127.0.0.1:11211 --protocol memcached --ratio 1:1 --verify\n"
    "\n"
    "What it writes stays, unless --ttl says otherwise. A key and its value can be told from the\n"
    "key's number: what one run filled in, another can --verify.\n"
    "\n"
    "Exit status:\n"
    "  0  all calls were answered as they should be\n"
    "  1  some failed, or were due and never sent; the report says which and why\n"
    "  2  the command is wrong, or a file cannot be written\n"
    "  3  a server could not be reached, or one of its processes ended";

bool WriteFiles(const RunReport& report, const RunOptions& options) {
  bool written = true;
  if (!options.json_file.empty()) {
    written = WriteOutput(options.json_file, ToJson(report, SetupOf(options)) + '\n');
  }
  if (!options.svg_file.empty()) {
    written = WriteOutput(options.svg_file, PlotOf({PlottedOf(report, options.label)})) && written;
  }
  return written;
}

}  // namespace

int RunCommand(int argc, char** argv) {
  CLI::App app(
      "Load on a server over raw sockets, with the least work on this side: a closed loop, or an "
      "open one at a fixed rate. Says how long calls took, and with --server-pid what they cost.",
      "aegis-bench run");
  app.footer(kFooter);
  RunOptions options;
  AddRunFlags(app, options);
  try {
    app.parse(argc, argv);
    CheckTogether(options);
  } catch (const CLI::ParseError& error) {
    return app.exit(error) == 0 ? kDone : kWrongCommand;
  }
  const Result<RunReport> report = RunOverSockets(options);
  if (!report.ok()) {
    std::cerr << "aegis-bench: " << report.error().message << '\n';
    return report.error().code == ErrorCode::kInvalid ? kWrongCommand : kNoServer;
  }
  if (options.json_file != "-" && options.svg_file != "-") std::cout << ToText(report.value());
  if (!WriteFiles(report.value(), options)) return kWrongCommand;
  return report.value().failed() + report.value().never_sent == 0 ? kDone : kCallsFailed;
}

}  // namespace aegis::bench
