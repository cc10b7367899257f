#include "cli/completion.h"

#include <algorithm>
#include <map>

#include "cli/command.h"

namespace aegis::cli {
namespace {

const std::vector<std::string>& WordsBehind(const std::string& command) {
  static const std::map<std::string, std::vector<std::string>> words = {
      {"bench",
       {"--clients", "--duration", "--keys", "--no-preload", "--operations", "--pipeline",
        "--reads", "--ttl", "--value-size"}},
      {"expire", {"never"}},
      {"get", {"--long", "--raw"}},
      {"help", CommandNames()},
      {"set", {"--cas", "--nx", "--ttl", "--xx"}},
      {"shards", {"--summary"}},
      {"wal", {"check", "dump", "repair"}},
  };
  static const std::vector<std::string> none;
  const auto found = words.find(command);
  return found == words.end() ? none : found->second;
}

}  // namespace

std::vector<std::string> Completions(std::string_view line) {
  const std::size_t word_at = line.find_last_of(' ') + 1;  // npos + 1 is 0.
  const std::string_view word = line.substr(word_at);
  std::vector<std::string> candidates;
  if (word_at == 0) {
    candidates = CommandNames();
    candidates.insert(candidates.end(), {"exit", "help", "history"});
    std::sort(candidates.begin(), candidates.end());
  } else {
    candidates = WordsBehind(std::string(line.substr(0, line.find(' '))));
  }
  std::erase_if(candidates, [word](const std::string& candidate) {
    return !candidate.starts_with(word) || (word.empty() && candidate.starts_with("--"));
  });
  return candidates;
}

std::string CommonPrefix(const std::vector<std::string>& words) {
  std::string prefix = words.front();
  for (const std::string& word : words) {
    const auto [end, other] = std::ranges::mismatch(prefix, word);
    prefix.erase(end, prefix.end());
  }
  return prefix;
}

}  // namespace aegis::cli
