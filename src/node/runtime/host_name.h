// The name of this machine: the default of --node-id.

#pragma once

#include <string>

namespace aegis::node {

// Empty if the system has none.
std::string HostName();

}  // namespace aegis::node
