// What the Tab key offers at the prompt.

#pragma once

#include <string>
#include <string_view>
#include <vector>

namespace aegis::cli {

// The words that the last word of `line` may become, sorted: a command's name at the beginning,
// flags and fixed words behind a command, nothing where a key or a value is due.
std::vector<std::string> Completions(std::string_view line);

// What all of `words` begin with. REQUIRES: at least one.
std::string CommonPrefix(const std::vector<std::string>& words);

}  // namespace aegis::cli
