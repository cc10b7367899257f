// Settings: the one table of everything that an operator can set about a node.
//
// Flags, environment variables, keys of the configuration file, --help, --print-config, error
// messages and the table in README.md are all made from it; model/config.h holds the values. To
// add a setting, add a field there and a line in settings.cc.

#pragma once

#include <functional>
#include <string>
#include <string_view>
#include <vector>

#include "model/config.h"

namespace aegis::node {

struct Setting {
  std::string flag;          // "node-id" is --node-id, AEGIS_NODE_ID and, in the file, node_id.
  std::string group;         // In --help.
  std::string value;         // What the value looks like: "HOST:PORT".
  std::string help;          // One line.
  std::string allowed;       // Completes "must be ...".
  std::string default_text;  // For people, where the default is found out at start.
  std::string other_key;     // AegisKV's name in the file, where it differs. May be empty.
  bool is_list = false;      // Comma-separated; in the file also a YAML sequence.
  bool is_text = false;      // Quoted in YAML.

  // Returns false and leaves `config` alone if `text` is not allowed.
  std::function<bool(std::string_view text, Config& config)> assign;
  std::function<std::string(const Config& config)> render;

  std::string FlagName() const { return "--" + flag; }
  std::string Variable() const;  // "AEGIS_NODE_ID"
  std::string FileKey() const;   // "node_id"
  std::string DefaultText() const;
};

// In the order of their groups.
const std::vector<Setting>& Settings();

// What AegisKV had and this version does not have. To accept "auth_token" and then let everybody
// in would be worse than to refuse it, so each is an error, as flag, variable and key.
const std::vector<std::string>& AbsentFlags();     // "auth-token"
const std::vector<std::string>& AbsentFileKeys();  // "auth_token", besides those of AbsentFlags().

}  // namespace aegis::node
