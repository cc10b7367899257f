// The flags of `aegis-bench run`.

#pragma once

#include <CLI/App.hpp>
#include <map>
#include <string>

#include "bench/run_options.h"

namespace aegis::bench {

// Adds the flags; parsing fills `options`, which must outlive the app.
void AddRunFlags(CLI::App& app, RunOptions& options);

// Throws CLI::ValidationError when the options do not fit each other.
void CheckTogether(const RunOptions& options);

// The options as flags and values, for reports.
std::map<std::string, std::string> SetupOf(const RunOptions& options);

}  // namespace aegis::bench
