// Settings: the one table of everything that an operator can set about a node.
//
// Flags, environment variables, keys of the configuration file, --help, --print-config, error
// messages and the table in README.md are all made from it; model/config.h holds the values. To
// add a setting, add a field there and a line in settings.cc.

#pragma once

#include <string>
#include <vector>

#include "node/runtime/setting.h"

namespace aegis::node {

// In the order of their groups.
const std::vector<Setting>& Settings();

// What AegisKV had and this version does not have. To accept "auth_token" and then let everybody
// in would be worse than to refuse it, so each is an error, as flag, variable and key.
const std::vector<std::string>& AbsentFlags();     // "auth-token"
const std::vector<std::string>& AbsentFileKeys();  // "auth_token", besides those of AbsentFlags().

}  // namespace aegis::node
