#include "bench/plot_command.h"

#include <CLI/CLI.hpp>
#include <fstream>
#include <iostream>
#include <iterator>
#include <string>
#include <vector>

#include "bench/core/report_plot.h"
#include "bench/output_file.h"

namespace aegis::bench {

int PlotCommand(int argc, char** argv) {
  CLI::App app("Draws what `aegis-bench run --json` wrote, several runs over each other.",
               "aegis-bench plot");
  std::vector<std::string> files;
  std::string svg_file;
  app.add_option("report", files, "Reports; what they are called is their --label")
      ->type_name("FILE")
      ->required()
      ->check(CLI::ExistingFile);
  app.add_option("--svg", svg_file, "Where to draw; - is standard output")
      ->type_name("FILE")
      ->required();
  try {
    app.parse(argc, argv);
  } catch (const CLI::ParseError& error) {
    return app.exit(error) == 0 ? 0 : 2;
  }
  std::vector<PlottedRun> runs;
  for (const std::string& file : files) {
    std::ifstream in(file, std::ios::binary);
    auto run = ReadPlotted(std::string{std::istreambuf_iterator<char>(in), {}});
    if (!run.ok()) {
      std::cerr << "aegis-bench: " << file << " is no report: " << run.error().message << '\n';
      return 2;
    }
    runs.push_back(std::move(run).value());
  }
  return WriteOutput(svg_file, PlotOf(runs)) ? 0 : 2;
}

}  // namespace aegis::bench
