// Mistake: what is said about words that are no command.

#pragma once

#include <CLI/App.hpp>
#include <cstdint>
#include <string>

namespace aegis::cli {

// Where the words came from.
enum class Place : std::uint8_t {
  kCommandLine,
  kPrompt,  // Or a script on the standard input.
};

// What was wrong and where to learn more; ends with a newline. `app` is the one whose parsing
// threw `error`.
std::string Explain(const CLI::App& app, const CLI::ParseError& error, Place place);

std::string UnknownCommand(const CLI::App& app, const std::string& word, Place place);

// CLI11 takes "-5" for a flag. A marked one is a word like any other.
std::string Marked(const std::string& word);
std::string Unmarked(std::string word);

}  // namespace aegis::cli
