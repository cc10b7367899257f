// Words: how a line typed at the prompt falls into them.

#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"

namespace aegis::cli {

// Spaces and tabs divide; quotes hold together: "..." with \n, \r, \t, \xNN, \" and \\, '...' as
// it is. Errors: kInvalid, an open quote.
Result<std::vector<std::string>> SplitWords(std::string_view line);

}  // namespace aegis::cli
