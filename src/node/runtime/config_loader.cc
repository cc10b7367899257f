#include "node/runtime/config_loader.h"

#include <fmt/format.h>

#include <algorithm>
#include <string_view>

#include "node/runtime/config_file.h"
#include "node/runtime/nearest_name.h"
#include "node/runtime/settings.h"

namespace aegis::node {

namespace {

constexpr char kConfigVariable[] = "AEGIS_CONFIG";   // Names the file: read before all others.
constexpr char kClientVariable[] = "AEGIS_SERVERS";  // For aegis-cli and aegis-bench.

bool Contains(const std::vector<std::string>& names, std::string_view name) {
  return std::ranges::find(names, name) != names.end();
}

class Loader {
 public:
  Loader(const ConfigSources& sources, const std::string& host_name) : sources_(sources) {
    loaded_.config.node_id = host_name;
    loaded_.origins.assign(Settings().size(), "default");
    names_.reserve(Settings().size());
    for (const Setting& setting : Settings()) names_.push_back(setting.FlagName());
  }

  LoadedConfig Load() && {
    // The weakest first: later ones overwrite.
    if (!sources_.file_name.empty()) ApplyFile();
    ApplyEnvironment();
    ApplyFlags();
    if (loaded_.problems.empty()) CheckRelations();
    return std::move(loaded_);
  }

 private:
  // `name`: what the operator wrote, as messages call it; `origin`: as --print-config shows it.
  void Assign(std::size_t index, const std::string& value, const std::string& name,
              const std::string& origin) {
    const Setting& setting = Settings()[index];
    if (!setting.assign(value, loaded_.config)) {
      loaded_.problems.push_back(name + ": " + Refusal(value, setting.allowed));
      return;
    }
    loaded_.origins[index] = origin;
    names_[index] = name;
  }

  void ApplyFile() {
    const auto entries = ParseConfigFile(sources_.file_text, sources_.file_name);
    if (!entries.ok()) {
      loaded_.problems.push_back(entries.error().message);
      return;
    }
    std::vector<std::size_t> line_of(Settings().size(), 0);
    for (const FileEntry& entry : entries.value()) ApplyEntry(entry, line_of);
  }

  void ApplyEntry(const FileEntry& entry, std::vector<std::size_t>& line_of) {
    const std::string at = fmt::format("{}:{}", sources_.file_name, entry.line);
    const auto problem = [&](const std::string& what) {
      loaded_.problems.push_back(at + ": " + what);
    };
    const auto setting = std::ranges::find_if(Settings(), [&](const Setting& candidate) {
      return candidate.FileKey() == entry.key ||
             (!candidate.other_key.empty() && candidate.other_key == entry.key);
    });
    if (setting == Settings().end()) {
      std::string flag = entry.key;
      std::ranges::replace(flag, '_', '-');
      const bool absent = Contains(AbsentFileKeys(), entry.key) || Contains(AbsentFlags(), flag);
      return problem(absent ? entry.key + ": this version of aegis does not have it"
                            : "unknown setting " + Quoted(entry.key) +
                                  DidYouMean(entry.key, FileKeys()));
    }
    const auto index = static_cast<std::size_t>(setting - Settings().begin());
    if (line_of[index] != 0) {
      return problem(fmt::format("{} was set before, at line {}", entry.key, line_of[index]));
    }
    line_of[index] = entry.line;
    if (entry.is_list && !setting->is_list) return problem(entry.key + " is not a list");
    Assign(index, entry.value, at + ": " + entry.key, "file " + at);
  }

  void ApplyEnvironment() {
    for (const auto& [variable, value] : sources_.environment) {
      if (value.empty() || variable == kConfigVariable || variable == kClientVariable) continue;
      const auto setting = std::ranges::find(Settings(), variable, &Setting::Variable);
      if (setting != Settings().end()) {
        const auto index = static_cast<std::size_t>(setting - Settings().begin());
        Assign(index, value, variable, "environment " + variable);
      } else if (IsAbsent(variable)) {
        loaded_.problems.push_back(variable + ": this version of aegis does not have it");
      } else {
        // Only a warning: orchestrators invent variables with any prefix.
        loaded_.warnings.push_back("the environment variable " + variable + " is not a setting" +
                                   DidYouMean(variable, Variables()));
      }
    }
  }

  static std::vector<std::string> FileKeys() {
    std::vector<std::string> keys;
    for (const Setting& setting : Settings()) keys.push_back(setting.FileKey());
    return keys;
  }

  static std::vector<std::string> Variables() {
    std::vector<std::string> variables = {kConfigVariable};
    for (const Setting& setting : Settings()) variables.push_back(setting.Variable());
    return variables;
  }

  static bool IsAbsent(const std::string& variable) {
    return std::ranges::any_of(AbsentFlags(), [&](const std::string& flag) {
      Setting absent;
      absent.flag = flag;
      return absent.Variable() == variable;
    });
  }

  void ApplyFlags() {
    for (std::size_t i = 0; i < Settings().size(); ++i) {
      const Setting& setting = Settings()[i];
      const auto flag = sources_.flags.find(setting.flag);
      if (flag == sources_.flags.end()) continue;
      Assign(i, flag->second, setting.FlagName(), "flag " + setting.FlagName());
    }
  }

  // The listeners all take TCP connections, so no two may share an address. A node is called silent
  // when it has missed renewals, and its shards are free when its lease is over: in this order.
  void CheckRelations() {
    const Config& config = loaded_.config;
    if (config.lease_silence >= config.lease_duration) {
      loaded_.problems.push_back(fmt::format("{} ({}) must be below {} ({})",
                                             NameOf("lease-silence"), Shown("lease-silence"),
                                             NameOf("lease-duration"), Shown("lease-duration")));
    }
    // Nobody is called silent within half of its lease, see lease::FenceWatch.
    if (2 * config.lease_silence < config.lease_duration) {
      loaded_.problems.push_back(fmt::format("{} ({}) must be at least half of {} ({})",
                                             NameOf("lease-silence"), Shown("lease-silence"),
                                             NameOf("lease-duration"), Shown("lease-duration")));
    }
    RequireApart("bind", config.bind, "gossip", config.gossip);
    RequireApartFromOthers("memcached-addr", config.memcached_addr);
    RequireApartFromOthers("health-addr", config.health_addr);
    if (config.memcached_addr && config.health_addr) {
      RequireApart("memcached-addr", *config.memcached_addr, "health-addr", *config.health_addr);
    }
    if (config.node_id.empty()) {
      loaded_.problems.emplace_back("--node-id: this machine has no host name; give one");
    }
  }

  void RequireApartFromOthers(std::string_view flag, const std::optional<Endpoint>& address) {
    if (!address) return;
    RequireApart("bind", loaded_.config.bind, flag, *address);
    RequireApart("gossip", loaded_.config.gossip, flag, *address);
  }

  void RequireApart(std::string_view a, const Endpoint& a_address, std::string_view b,
                    const Endpoint& b_address) {
    const auto everywhere = [](const Endpoint& address) {
      return address.host == "0.0.0.0" || address.host == "::";
    };
    const bool overlap =
        a_address.host == b_address.host || everywhere(a_address) || everywhere(b_address);
    if (!overlap || a_address.port != b_address.port || a_address.port == 0) return;
    loaded_.problems.push_back(fmt::format("{} ({}) and {} ({}): must be different addresses",
                                           NameOf(a), a_address.ToString(), NameOf(b),
                                           b_address.ToString()));
  }

  std::string Shown(std::string_view flag) const {
    return std::ranges::find(Settings(), flag, &Setting::flag)->render(loaded_.config);
  }

  const std::string& NameOf(std::string_view flag) const {
    const auto setting = std::ranges::find(Settings(), flag, &Setting::flag);
    return names_[static_cast<std::size_t>(setting - Settings().begin())];
  }

  const ConfigSources& sources_;
  std::vector<std::string> names_;  // Who set each, for messages about two settings.
  LoadedConfig loaded_;
};

// Settings hold no control characters, and only paths hold bytes beyond ASCII.
std::string YamlQuoted(const std::string& text) {
  std::string quoted = "\"";
  for (const char c : text) {
    if (c == '"' || c == '\\') quoted += '\\';
    quoted += c;
  }
  return quoted + '"';
}

}  // namespace

std::string Quoted(std::string_view text) {
  constexpr std::size_t kShownMax = 80;
  std::string shown = "'";
  for (const char c : text.substr(0, kShownMax)) {
    if (static_cast<unsigned char>(c) < ' ' || c == '\x7f') {
      shown += fmt::format("\\x{:02x}", static_cast<unsigned char>(c));
    } else {
      shown += c;
    }
  }
  return shown + (text.size() > kShownMax ? "...'" : "'");
}

std::string Refusal(const std::string& value, const std::string& allowed) {
  return Quoted(value) + " is not allowed: must be " + allowed;
}

LoadedConfig LoadConfig(const ConfigSources& sources, const std::string& host_name) {
  return Loader(sources, host_name).Load();
}

std::string ConfigAsYaml(const LoadedConfig& loaded) {
  std::string yaml;
  std::string_view group;
  for (std::size_t i = 0; i < Settings().size(); ++i) {
    const Setting& setting = Settings()[i];
    if (setting.group != group) {
      yaml += fmt::format("{}# {}\n", group.empty() ? "" : "\n", setting.group);
      group = setting.group;
    }
    const std::string value = setting.render(loaded.config);
    const std::string line =
        setting.FileKey() + ": " + (setting.is_text ? YamlQuoted(value) : value);
    yaml += fmt::format("{:<40} # {}\n", line, loaded.origins[i]);
  }
  return yaml;
}

}  // namespace aegis::node
