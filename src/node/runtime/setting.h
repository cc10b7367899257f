// Setting: one thing that an operator can set about a node, by flag, by environment variable or in
// the configuration file.

#pragma once

#include <functional>
#include <string>
#include <string_view>

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

}  // namespace aegis::node
