// The flags of a load, the same for `aegis-bench` and `aegis-cli bench`.

#pragma once

#include <CLI/App.hpp>

#include "bench/load.h"

namespace aegis::bench {

// Adds the flags; parsing fills `options`, which must outlive the app.
void AddLoadFlags(CLI::App& app, LoadOptions& options);

}  // namespace aegis::bench
