// ConfigLoader: one Config out of flags, environment, configuration file and defaults, in that
// order of precedence.
//
// A pure function of its sources: command_line.h collects them. Every value is judged, also one
// that a stronger source overrides: what stands in a file should be right.

#pragma once

#include <map>
#include <string>
#include <string_view>
#include <vector>

#include "model/config.h"

namespace aegis::node {

struct ConfigSources {
  std::map<std::string, std::string> flags;        // By name, without the dashes.
  std::map<std::string, std::string> environment;  // Variables that begin with AEGIS_.
  std::string file_name;                           // For messages. Empty: no file.
  std::string file_text;
};

struct LoadedConfig {
  Config config;
  // Where each value came from, indexed as Settings(): "default", "flag --shards",
  // "environment AEGIS_SHARDS", "file aegis.yaml:7".
  std::vector<std::string> origins;
  // Each names the flag, variable or line, the value and what is allowed. Not empty: `config` is
  // not to be used.
  std::vector<std::string> problems;
  std::vector<std::string> warnings;  // For the log.
};

// `host_name` is the default of --node-id. An empty variable counts as not set.
LoadedConfig LoadConfig(const ConfigSources& sources, const std::string& host_name);

// The effective configuration as YAML that LoadConfig() reads back, each value with its origin.
std::string ConfigAsYaml(const LoadedConfig& loaded);

// A value for a message: in quotes, shortened and made printable.
std::string Quoted(std::string_view text);

// "'value' is not allowed: must be ..."
std::string Refusal(const std::string& value, const std::string& allowed);

}  // namespace aegis::node
