#include "node/runtime/command_line.h"

#include <fmt/format.h>
#include <unistd.h>

#include <CLI/CLI.hpp>
#include <algorithm>
#include <string_view>

#include "node/runtime/config_file.h"
#include "node/runtime/config_loader.h"
#include "node/runtime/files.h"
#include "node/runtime/host_name.h"
#include "node/runtime/settings.h"
#include "node/runtime/version.h"

namespace aegis::node {

namespace {

constexpr char kAboutGroup[] = "Configuration and information";
constexpr char kConfigHelp[] = "Configuration file, YAML or JSON";
constexpr char kPrintConfigHelp[] = "Print the effective configuration as YAML and exit";
constexpr char kCheckConfigHelp[] = "Say whether the configuration is valid and exit";
constexpr char kVersionHelp[] = "Print the version and exit";
constexpr char kHelpHelp[] = "Print this help and exit";

// The flags as they were given; nothing is judged here but their form.
class FlagParser {
 public:
  FlagParser() {
    app_.name("aegis");
    app_.allow_extras();  // To answer them ourselves: CLI11 would print their values, secrets too.
    app_.get_formatter()->column_width(36);
    app_.footer(
        "Defaults are in parentheses. Every setting is also an environment variable\n"
        "(--node-id: AEGIS_NODE_ID) and a key of the configuration file (node_id).\n"
        "Precedence: flag, environment, file, default.");
    values_.resize(Settings().size());
    for (std::size_t i = 0; i < Settings().size(); ++i) {
      const Setting& setting = Settings()[i];
      AddValue(setting.FlagName(), values_[i],
               fmt::format("{} ({})", setting.help, setting.DefaultText()), setting.value,
               setting.group);
    }
    AddValue("--config", config_file_, kConfigHelp, "FILE", kAboutGroup);
    app_.add_flag("--print-config", print_config_, kPrintConfigHelp)->group(kAboutGroup);
    app_.add_flag("--check-config", check_config_, kCheckConfigHelp)->group(kAboutGroup);
    app_.add_flag("--version", version_, kVersionHelp)->group(kAboutGroup);
    app_.set_help_flag("-h,--help", kHelpHelp)->group(kAboutGroup);
  }

  // Returns what is wrong with the form of the command line.
  std::vector<std::string> Parse(int argc, const char* const* argv) {
    std::vector<std::string> problems;
    try {
      app_.parse(argc, argv);
    } catch (const CLI::CallForHelp&) {
      help_ = true;
      return problems;
    } catch (const CLI::ParseError& error) {
      problems.emplace_back(error.what());
      return problems;
    }
    for (const std::string& extra : app_.remaining()) Judge(extra, problems);
    if (problems.empty() && !app_.remaining().empty()) {
      problems.push_back("'" + app_.remaining().front() + "': only flags are expected");
    }
    for (std::size_t i = 0; i < Settings().size(); ++i) {
      if (values_[i].size() > 1 && !Settings()[i].is_list) {
        problems.push_back(Settings()[i].FlagName() + ": given more than once");
      }
    }
    if (config_file_.size() > 1) problems.emplace_back("--config: given more than once");
    return problems;
  }

  bool help() const { return help_; }
  bool version() const { return version_; }
  bool print_config() const { return print_config_; }
  bool check_config() const { return check_config_; }
  std::string HelpText() const { return app_.help(); }
  std::string config_file() const { return config_file_.empty() ? "" : config_file_.front(); }

  std::map<std::string, std::string> Values() const {
    std::map<std::string, std::string> flags;
    for (std::size_t i = 0; i < Settings().size(); ++i) {
      if (values_[i].empty()) continue;
      flags[Settings()[i].flag] = fmt::format("{}", fmt::join(values_[i], ","));
    }
    return flags;
  }

 private:
  CLI::Option* AddValue(const std::string& name, std::vector<std::string>& into,
                        const std::string& help, const std::string& value,
                        const std::string& group) {
    return app_.add_option(name, into, help)
        ->type_name(value)
        ->type_size(1)
        ->expected(1)
        ->multi_option_policy(CLI::MultiOptionPolicy::TakeAll)
        ->group(group);
  }

  static void Judge(const std::string& extra, std::vector<std::string>& problems) {
    if (!extra.starts_with("--")) return;  // Perhaps the value of an unknown flag.
    const std::string flag = extra.substr(2, extra.find('=') - 2);
    const bool absent = std::ranges::find(AbsentFlags(), flag) != AbsentFlags().end();
    problems.push_back("--" + flag +
                       (absent ? ": this version of aegis does not have it" : ": no such flag"));
  }

  CLI::App app_{"A node of an AegisKV cluster: point any client at any node."};
  std::vector<std::vector<std::string>> values_;  // Indexed as Settings().
  std::vector<std::string> config_file_;
  bool print_config_ = false;
  bool check_config_ = false;
  bool version_ = false;
  bool help_ = false;
};

StartPlan Refuse(const std::vector<std::string>& problems, std::string_view hint) {
  StartPlan plan;
  plan.exit_status = kExitBadUsage;
  for (const std::string& problem : problems) plan.errors += "aegis: " + problem + '\n';
  plan.errors += hint;
  return plan;
}

StartPlan Print(std::string text) {
  StartPlan plan;
  plan.exit_status = 0;
  plan.output = std::move(text);
  return plan;
}

}  // namespace

std::map<std::string, std::string> ProcessEnvironment() {
  std::map<std::string, std::string> variables;
  for (char** entry = environ; *entry != nullptr; ++entry) {
    const std::string_view text = *entry;
    const auto equals = text.find('=');
    if (!text.starts_with("AEGIS_") || equals == std::string_view::npos) continue;
    variables.emplace(text.substr(0, equals), text.substr(equals + 1));
  }
  return variables;
}

StartPlan ReadCommandLine(int argc, const char* const* argv,
                          const std::map<std::string, std::string>& environment) {
  FlagParser parser;
  const std::vector<std::string> malformed = parser.Parse(argc, argv);
  if (!malformed.empty()) return Refuse(malformed, "Run 'aegis --help' for the flags.\n");
  if (parser.help()) return Print(parser.HelpText());
  if (parser.version()) return Print(fmt::format("aegis {}\n", SoftwareVersion()));

  ConfigSources sources{parser.Values(), environment, parser.config_file(), {}};
  std::string named_by = "--config";
  const auto variable = environment.find("AEGIS_CONFIG");
  if (sources.file_name.empty() && variable != environment.end()) {
    sources.file_name = variable->second;
    named_by = "AEGIS_CONFIG";
  }
  if (!sources.file_name.empty()) {
    auto text = ReadFile(sources.file_name, kConfigFileSizeMax);
    if (!text.ok()) return Refuse({named_by + ": " + text.error().message}, "");
    sources.file_text = std::move(text).value();
  }

  LoadedConfig loaded = LoadConfig(sources, HostName());
  if (!loaded.problems.empty()) return Refuse(loaded.problems, "");
  if (parser.check_config()) return Print("ok\n");
  if (parser.print_config()) return Print(ConfigAsYaml(loaded));
  return {std::move(loaded.config), std::move(loaded.warnings), std::nullopt, {}, {}};
}

}  // namespace aegis::node
