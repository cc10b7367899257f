#include "node/runtime/command_line.h"

#include <fmt/format.h>
#include <unistd.h>

#include <CLI/CLI.hpp>
#include <algorithm>
#include <array>
#include <string_view>
#include <utility>

#include "node/runtime/config_file.h"
#include "node/runtime/config_loader.h"
#include "node/runtime/files.h"
#include "node/runtime/host_name.h"
#include "node/runtime/nearest_name.h"
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
constexpr char kConfigAllowed[] = "the name of a file";

constexpr std::array<std::string_view, 4> kSwitches = {"--print-config", "--check-config",
                                                       "--version", "--help"};

bool IsSwitch(std::string_view flag) {
  return std::ranges::find(kSwitches, flag) != kSwitches.end();
}

// What the value of a flag must be. Nothing: the flag is a switch, or is none of ours.
std::optional<std::string> AllowedValue(std::string_view flag) {
  if (flag == "--config") return kConfigAllowed;
  const auto setting = std::ranges::find(Settings(), flag, &Setting::FlagName);
  if (setting == Settings().end()) return std::nullopt;
  return setting->allowed;
}

// The words of the command line with every flag and its value apart: "--zone=eu" becomes "--zone",
// "eu". CLI11 would read "--zone=" as a flag without a value, and take the next flag for it.
struct Words {
  std::vector<std::string> words;
  std::vector<std::string> problems;

  Words(int argc, const char* const* argv) {
    for (int i = 1; i < argc; ++i) {
      const std::string_view word = argv[i];
      const std::size_t equals = word.find('=');
      const std::string flag(word.substr(0, equals));
      const auto allowed = AllowedValue(flag);
      if (word == "--") {
        problems.emplace_back("'--': only flags are expected");
      } else if (IsSwitch(flag) && equals != std::string_view::npos) {
        problems.push_back(flag + ": takes no value, " + Quoted(word.substr(equals + 1)) +
                           " is too much");
      } else if (!allowed) {
        words.emplace_back(word);
      } else if (equals != std::string_view::npos) {
        Add(flag, word.substr(equals + 1));
      } else if (i + 1 < argc && !std::string_view(argv[i + 1]).starts_with("--")) {
        Add(flag, argv[++i]);
      } else {
        problems.push_back(flag + ": a value is missing: must be " + *allowed);
      }
    }
  }

 private:
  void Add(const std::string& flag, std::string_view value) {
    words.push_back(flag);
    words.emplace_back(value);
  }
};

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
    auto [words, problems] = Words(argc, argv);
    std::ranges::reverse(words);  // As CLI11 wants them.
    try {
      app_.parse(std::move(words));
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
    if (config_file_.size() == 1 && config_file_.front().empty()) {
      problems.push_back("--config: " + Refusal("", kConfigAllowed));
    }
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
        ->allow_extra_args(false)
        ->multi_option_policy(CLI::MultiOptionPolicy::TakeAll)
        ->group(group);
  }

  static std::vector<std::string> FlagNames() {
    std::vector<std::string> names(kSwitches.begin(), kSwitches.end());
    names.emplace_back("--config");
    for (const Setting& setting : Settings()) names.push_back(setting.FlagName());
    return names;
  }

  static void Judge(const std::string& extra, std::vector<std::string>& problems) {
    if (!extra.starts_with("--")) return;  // Perhaps the value of an unknown flag.
    const std::string flag = extra.substr(2, extra.find('=') - 2);
    const bool absent = std::ranges::find(AbsentFlags(), flag) != AbsentFlags().end();
    problems.push_back("--" + flag +
                       (absent ? ": this version of aegis does not have it"
                               : ": no such flag" + DidYouMean("--" + flag, FlagNames())));
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
  if (parser.print_config() || parser.check_config()) {
    // Still YAML when both are asked for.
    std::string output = parser.print_config() ? ConfigAsYaml(loaded) : "";
    if (parser.check_config()) output += parser.print_config() ? "\n# ok\n" : "ok\n";
    StartPlan plan = Print(std::move(output));
    for (const std::string& warning : loaded.warnings) {
      plan.errors += "aegis: warning: " + warning + '\n';
    }
    return plan;
  }
  return {std::move(loaded.config), std::move(loaded.warnings), std::nullopt, {}, {}};
}

}  // namespace aegis::node
