#include "bench/flag_values.h"

#include <CLI/CLI.hpp>

#include "base/result.h"
#include "model/duration_text.h"
#include "model/endpoint.h"

namespace aegis::bench {
namespace {

std::string Refusal(const std::string& text, const std::string& allowed) {
  return "'" + text + "' is not allowed: must be " + allowed;
}

bool IsAddress(const std::string& text) {
  const Result<Endpoint> endpoint = ParseEndpoint(text);
  return endpoint.ok() && !endpoint.value().host.empty() && endpoint.value().port != 0;
}

// The empty description leaves the help alone.
CLI::Validator AddressOr(const std::string& allowed) {
  return CLI::Validator(
      [allowed](const std::string& text) { return IsAddress(text) ? "" : Refusal(text, allowed); },
      "");
}

}  // namespace

void AddServersFlag(CLI::App& app, std::vector<std::string>& servers) {
  app.add_option("-s,--servers,--server", servers, "Nodes to ask; one is enough")
      ->type_name("HOST:PORT,...")
      ->delimiter(',')
      ->allow_extra_args(false)  // The next word is a command, not one more node.
      ->check(AddressOr("HOST:PORT or [IPV6]:PORT, as in -s node1:7700,node2:7700; AEGIS_SERVERS "
                        "takes the same"))
      ->envname("AEGIS_SERVERS")
      ->default_str(servers.front());
}

CLI::Validator Address() { return AddressOr("HOST:PORT or [IPV6]:PORT, like node1:7700"); }

std::chrono::milliseconds ToDuration(const std::string& text, const std::string& what) {
  const auto duration = ParseDuration(text, BareNumber::kSeconds);
  if (!duration) {
    throw NotAllowed(what, text,
                     "a duration like 500ms, 60s, 1m30s or 1d2h, or a number of seconds");
  }
  return *duration;
}

CLI::ValidationError NotAllowed(const std::string& what, const std::string& text,
                                const std::string& allowed) {
  return CLI::ValidationError(what, Refusal(text, allowed));
}

}  // namespace aegis::bench
