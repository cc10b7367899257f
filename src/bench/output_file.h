// Where a command of aegis-bench writes what --json and --svg name.

#pragma once

#include <string>

namespace aegis::bench {

// "-" is standard output. False: it could not be written, which has been said on standard error.
bool WriteOutput(const std::string& file, const std::string& text);

}  // namespace aegis::bench
