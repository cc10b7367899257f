// What values of flags look like, the same for aegis-bench and aegis-cli.

#pragma once

#include <CLI/App.hpp>
#include <chrono>
#include <string>
#include <vector>

namespace aegis::bench {

// Adds -s,--servers, also taken from AEGIS_SERVERS. `servers` holds the default and must outlive
// the app.
void AddServersFlag(CLI::App& app, std::vector<std::string>& servers);

// Refuses what is no "host:port" or "[v6]:port" of a node.
CLI::Validator Address();

// A bare number is seconds. Throws CLI::ValidationError, naming `what`, the text and what is
// allowed.
std::chrono::milliseconds ToDuration(const std::string& text, const std::string& what);

// A refusal in the words of all of them. REQUIRES: to be thrown.
CLI::ValidationError NotAllowed(const std::string& what, const std::string& text,
                                const std::string& allowed);

}  // namespace aegis::bench
