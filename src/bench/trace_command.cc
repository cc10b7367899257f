#include "bench/trace_command.h"

#include <fmt/format.h>

#include <CLI/CLI.hpp>
#include <algorithm>
#include <cstdint>
#include <map>
#include <optional>

#include "base/result.h"
#include "bench/markdown_block.h"
#include "bench/trace/policies.h"
#include "bench/trace/presets.h"
#include "bench/trace/replay.h"
#include "bench/trace/report.h"
#include "bench/trace/trace_file.h"

namespace aegis::bench {
namespace {

struct TraceOptions {
  std::vector<std::string> presets;  // None, and no files: all.
  std::vector<std::string> files;
  TraceFormat format = TraceFormat::kByName;
  CsvOptions csv;
  std::size_t accesses = 0;  // 0: a preset's default, and all of a file.
  bool ignore_sizes = false;
  std::vector<double> percents = {0.1, 1, 10};
  std::vector<std::string> policies;  // None: all.
  std::uint64_t seed = 1;
  bool json = false;
  std::string write;
};

template <class Named>
std::vector<std::string> NamesOf(const std::vector<Named>& all) {
  std::vector<std::string> names;
  for (const Named& one : all) names.push_back(one.name);
  return names;
}

std::string Footer() {
  std::string footer = "Generated traces (--preset):\n";
  for (const Preset& preset : Presets()) {
    footer += fmt::format("  {:<10}{}\n", preset.name, preset.description);
  }
  footer += "\nPolicies (--policies):\n  " + fmt::format("{}", fmt::join(NamesOf(Policies()), " "));
  return footer +
         "\n\n"
         "Examples:\n"
         "  aegis-bench trace\n"
         "  aegis-bench trace --preset scan,loop --capacities 5,20 --json\n"
         "  aegis-bench trace --file web.oracleGeneral --accesses 20000000\n"
         "  aegis-bench trace --file log.csv --key-column 2 --size-column bytes\n"
         "\n"
         "Exit status:\n"
         "  0  done\n"
         "  1  a trace could not be read or replayed, or the tables not be written\n"
         "  2  the command is wrong";
}

void AddTraceFlags(CLI::App& app, TraceOptions& options) {
  static const std::map<std::string, TraceFormat> formats = {
      {"name", TraceFormat::kByName},
      {"oracleGeneral", TraceFormat::kOracleGeneral},
      {"csv", TraceFormat::kCsv}};
  const auto quiet = [](CLI::Validator validator) { return validator.description(""); };
  app.add_option("--preset", options.presets, "Generated traces; none of these and no files: all")
      ->type_name("NAME,...")
      ->delimiter(',')
      ->check(quiet(CLI::IsMember(NamesOf(Presets()))));
  app.add_option("--file", options.files, "Trace files, instead")
      ->type_name("FILE,...")
      ->delimiter(',');
  app.add_option("--format", options.format,
                 "Of the files: csv, oracleGeneral, or by their name: .csv .tsv .txt are csv")
      ->type_name("FORMAT")
      ->default_str("name")
      ->transform(quiet(CLI::CheckedTransformer(formats, CLI::ignore_case)));
  app.add_option(
         "--key-column", options.csv.key_column,
         "Of csv: a number from 1, or a name in the header (default: by the header, else 2)")
      ->type_name("COLUMN");
  app.add_option("--size-column", options.csv.size_column,
                 "Likewise, or none (default: by the header, else 3)")
      ->type_name("COLUMN");
  app.add_option("--separator", options.csv.separator, "Of csv")
      ->type_name("CHARACTER")
      ->capture_default_str();
  app.add_option(
         "--accesses", options.accesses,
         fmt::format("Of each trace (default: {} of a preset, all of a file)", kPresetAccesses))
      ->type_name("N")
      ->check(quiet(CLI::Range(std::size_t{1}, TraceLimits::kAccessesMax)));
  app.add_flag("--ignore-sizes", options.ignore_sizes, "Each object counts 1");
  app.add_option("--capacities", options.percents, "Of the caches, in % of the working set")
      ->type_name("PERCENT,...")
      ->delimiter(',')
      ->default_str("0.1,1,10")
      ->check(quiet(CLI::Range(0.000'001, 100.0)));
  app.add_option("--policies", options.policies, "Only these, see below")
      ->type_name("NAME,...")
      ->delimiter(',')
      ->check(quiet(CLI::IsMember(NamesOf(Policies()))));
  app.add_option("--seed", options.seed, "Of all that is drawn")
      ->type_name("N")
      ->capture_default_str();
  app.add_flag("--json", options.json, "One JSON object instead of tables");
  app.add_option("--write", options.write,
                 "Markdown file whose block 'eviction' the tables shall replace")
      ->type_name("FILE");
}

std::vector<Policy> Chosen(const std::vector<std::string>& names) {
  std::vector<Policy> chosen;
  for (const Policy& policy : Policies()) {
    if (names.empty() || std::ranges::find(names, policy.name) != names.end()) {
      chosen.push_back(policy);
    }
  }
  return chosen;
}

Trace WithoutSizes(Trace trace) {
  trace.sizes.clear();
  trace.resized = 0;
  return trace;
}

// Makes or reads one trace after the other, so that memory holds one at a time.
std::optional<Error> ReplayAll(const TraceOptions& options, TraceReport& report) {
  const std::vector<Policy> policies = Chosen(options.policies);
  report.seed = options.seed;
  report.policies = NamesOf(policies);
  std::vector<double> fractions = options.percents;
  for (double& fraction : fractions) fraction /= 100;

  const auto replay = [&](const Trace& trace) -> std::optional<Error> {
    Result<TraceFigures> figures = Replay(trace, policies, fractions, options.seed);
    if (!figures.ok()) return figures.error();
    report.traces.push_back(std::move(figures).value());
    return std::nullopt;
  };
  for (const Preset& preset : Presets()) {
    const bool all = options.presets.empty() && options.files.empty();
    if (!all && std::ranges::find(options.presets, preset.name) == options.presets.end()) continue;
    const std::size_t accesses = options.accesses == 0 ? kPresetAccesses : options.accesses;
    Trace trace = Generate(preset, accesses, options.seed);
    if (options.ignore_sizes) trace = WithoutSizes(std::move(trace));
    if (auto error = replay(trace)) return error;
  }
  TraceLimits limits{.ignore_sizes = options.ignore_sizes};
  if (options.accesses != 0) limits.accesses = options.accesses;
  for (const std::string& file : options.files) {
    const Result<Trace> trace = ReadTraceFile(file, options.format, options.csv, limits);
    if (!trace.ok()) return trace.error();
    if (auto error = replay(trace.value())) return error;
  }
  return std::nullopt;
}

}  // namespace

int RunTraceCommand(const std::vector<std::string>& arguments, std::ostream& out,
                    std::ostream& err) {
  CLI::App app(
      "Replays cache traces against the node's own table and against textbook policies, and "
      "prints their hit ratios beside those of an optimal cache.",
      "aegis-bench trace");
  app.footer(Footer());
  TraceOptions options;
  AddTraceFlags(app, options);
  try {
    app.parse(std::vector<std::string>(arguments.rbegin(), arguments.rend()));
  } catch (const CLI::ParseError& error) {
    return app.exit(error, out, err) == 0 ? 0 : 2;
  }

  TraceReport report;
  if (const auto error = ReplayAll(options, report)) {
    err << "aegis-bench trace: " << error->message << '\n';
    return 1;
  }
  out << (options.json ? ToJson(report) + "\n" : ToMarkdown(report));
  if (options.write.empty() || WriteMarkdownBlock(options.write, "eviction", ToMarkdown(report))) {
    return 0;
  }
  err << "aegis-bench trace: cannot write " << options.write << '\n';
  return 1;
}

}  // namespace aegis::bench
