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

// Carries out one line of a prompt or a script.
ExitCode RunLine(Executor& executor, const std::string& text) {
  const CommandLine line = ParsePromptLine(text);
  if (line.end) return ShowEnd(*line.end);
  return line.command.name.empty() ? ExitCode::kOk : executor.Run(line.command);
}

ExitCode RunPrompt(Executor& executor, const GlobalOptions& global) {
  Prompt prompt("aegis " + global.servers.front() + "> ", HistoryFile());
  while (const auto line = prompt.ReadLine()) {
    if (*line == "exit" || *line == "quit") return ExitCode::kOk;
    if (*line == "history") {
      for (const std::string& earlier : prompt.Lines()) std::cout << earlier << '\n';
      std::cout.flush();
      continue;
    }
    RunLine(executor, *line);
    std::cout.flush();
  }
  std::cout << '\n';
  return ExitCode::kOk;
}

// Commands from the standard input, one per line; the worst status counts.
ExitCode RunScript(Executor& executor) {
  ExitCode worst = ExitCode::kOk;
  for (std::string line; std::getline(std::cin, line);) {
    if (line.starts_with('#')) continue;
    worst = Worse(worst, RunLine(executor, line));
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
  Executor executor(*client, line.global,
                    {.in = std::cin,
                     .out = std::cout,
                     .err = std::cerr,
                     .show_progress = isatty(STDERR_FILENO) != 0});
  if (!line.command.name.empty()) return executor.Run(line.command);
  if (isatty(STDIN_FILENO) == 0) return RunScript(executor);
  return RunPrompt(executor, line.global);
}

}  // namespace
}  // namespace aegis::cli

int main(int argc, char** argv) {
  std::ios::sync_with_stdio(false);
  return static_cast<int>(aegis::cli::Main(std::vector<std::string>(argv + 1, argv + argc)));
}
