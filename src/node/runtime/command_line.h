// The command line of `aegis`: what main() should do and with which configuration.
//
//     const StartPlan plan = ReadCommandLine(argc, argv, ProcessEnvironment());
//     std::fputs(plan.output.c_str(), stdout);
//     std::fputs(plan.errors.c_str(), stderr);
//     if (plan.exit_status) return *plan.exit_status;

#pragma once

#include <map>
#include <optional>
#include <string>
#include <vector>

#include "model/config.h"

namespace aegis::node {

inline constexpr int kExitBadUsage = 2;  // A setting is wrong; nothing was started.

struct StartPlan {
  Config config;                      // Valid iff there is no exit status.
  std::vector<std::string> warnings;  // To be logged once there is a log.
  std::optional<int> exit_status;     // Set: exit now with it.
  std::string output;                 // For standard output.
  std::string errors;                 // For standard error.
};

// Variables of this process that begin with AEGIS_.
std::map<std::string, std::string> ProcessEnvironment();

// Reads --config if there is one.
StartPlan ReadCommandLine(int argc, const char* const* argv,
                          const std::map<std::string, std::string>& environment);

}  // namespace aegis::node
