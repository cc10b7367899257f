// aegis-cli: commands for an AegisKV cluster, one by one or at a prompt.

#include <unistd.h>

#include <iostream>
#include <string>
#include <utility>
#include <vector>

#include "aegis/client.h"
#include "cli/command.h"
#include "cli/executor.h"
#include "cli/prompt.h"

namespace aegis::cli {
namespace {

ExitCode ShowEnd(const ParseEnd& end) {
  (end.mistake ? std::cerr : std::cout) << end.text;
  return end.mistake ? ExitCode::kUsage : ExitCode::kOk;
}

// One run of the program: what all of its commands share.
struct Session {
  Client& client;
  const GlobalOptions& global;
  const Executor::Streams streams;
};

// Carries out one line of a prompt or a script.
ExitCode RunLine(const Session& session, const std::string& text) {
  const CommandLine line = ParsePromptLine(text, session.global);
  if (line.end) return ShowEnd(*line.end);
  if (line.command.name.empty()) return ExitCode::kOk;
  return Executor(session.client, line.global, session.streams).Run(line.command);
}

ExitCode RunPrompt(const Session& session) {
  Prompt prompt("aegis " + session.global.servers.front() + "> ", HistoryFile());
  while (const auto line = prompt.ReadLine()) {
    if (*line == "exit" || *line == "quit") return ExitCode::kOk;
    if (*line == "history") {
      for (const std::string& earlier : prompt.Lines()) std::cout << earlier << '\n';
      std::cout.flush();
      continue;
    }
    RunLine(session, *line);
    std::cout.flush();
  }
  std::cout << '\n';
  return ExitCode::kOk;
}

// Commands from the standard input, one per line; the worst status counts.
ExitCode RunScript(const Session& session) {
  ExitCode worst = ExitCode::kOk;
  for (std::string line; std::getline(std::cin, line);) {
    if (line.starts_with('#')) continue;
    worst = Worse(worst, RunLine(session, line));
  }
  return worst;
}

ExitCode Main(const std::vector<std::string>& words) {
  const CommandLine line = ParseCommandLine(words);
  if (line.end) return ShowEnd(*line.end);
  Expected<Client> client = Client::Open(ConfigOf(line.global));
  if (!client.ok()) {
    std::cerr << "aegis-cli: " << client.error().message << '\n';
    return ExitCode::kUsage;
  }
  const Session session = {.client = *client,
                           .global = line.global,
                           .streams = {.in = std::cin,
                                       .out = std::cout,
                                       .err = std::cerr,
                                       .show_progress = isatty(STDERR_FILENO) != 0,
                                       .out_is_terminal = isatty(STDOUT_FILENO) != 0}};
  if (!line.command.name.empty()) {
    return Executor(*client, line.global, session.streams).Run(line.command);
  }
  return isatty(STDIN_FILENO) != 0 ? RunPrompt(session) : RunScript(session);
}

}  // namespace
}  // namespace aegis::cli

int main(int argc, char** argv) {
  std::ios::sync_with_stdio(false);
  return static_cast<int>(aegis::cli::Main(std::vector<std::string>(argv + 1, argv + argc)));
}
