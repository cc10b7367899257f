#include "cli/mistake.h"

#include <fmt/format.h>

#include <CLI/CLI.hpp>
#include <algorithm>
#include <array>
#include <cctype>
#include <string_view>
#include <vector>

#include "cli/table.h"

namespace aegis::cli {
namespace {

constexpr char kNumberMark = '\x01';
constexpr std::size_t kShownMax = 1000;
constexpr std::array<std::string_view, 8> kCommandLineOnly = {"-s",
                                                              "--server",
                                                              "--servers",
                                                              "--timeout",
                                                              "--write-quorum",
                                                              "--read-quorum",
                                                              "--max-staleness",
                                                              "--version"};

std::string Finished(const std::string& what, Place place) {
  return place == Place::kPrompt
             ? fmt::format("{}\nhelp [COMMAND] says more\n", what)
             : fmt::format("aegis-cli: {}\naegis-cli help [COMMAND] says more\n", what);
}

std::string Names(const CLI::App& app) {
  std::vector<std::string> names;
  for (const CLI::App* sub : app.get_subcommands({})) names.push_back(sub->get_name());
  std::ranges::sort(names);
  return fmt::format("{}", fmt::join(names, ", "));
}

// What is wrong with the first word that nothing took.
std::string ExplainExtra(const std::string& word, Place place) {
  const std::string shown = Printable(Unmarked(word));
  const std::string name = word.substr(0, word.find('='));
  if (place == Place::kPrompt && std::ranges::count(kCommandLineOnly, name) > 0) {
    return fmt::format("'{}' belongs on the command line that starts the prompt: aegis-cli {} ...",
                       shown, name);
  }
  const char* const kind = word.starts_with('-') ? "unknown option" : "a word too many,";
  return fmt::format("{} '{}'", kind, shown);
}

}  // namespace

std::string Explain(const CLI::App& app, const CLI::ParseError& error, Place place) {
  const std::vector<CLI::App*> commands = app.get_subcommands();
  const std::string prefix = commands.empty() ? "" : commands.front()->get_name() + ": ";
  const std::vector<std::string> extras = app.remaining(true);
  if (dynamic_cast<const CLI::ExtrasError*>(&error) == nullptr || extras.empty()) {
    std::string what = error.what();
    std::erase(what, kNumberMark);
    const bool global = std::ranges::count(kCommandLineOnly, what.substr(0, what.find(':'))) > 0;
    return Finished((global ? "" : prefix) + Printable(what, kShownMax), place);
  }
  const auto word = std::ranges::find_if(
      extras, [](const std::string& extra) { return !extra.starts_with('-'); });
  if (commands.empty() && word != extras.end()) return UnknownCommand(app, *word, place);
  return Finished(prefix + ExplainExtra(extras.front(), place), place);
}

std::string UnknownCommand(const CLI::App& app, const std::string& word, Place place) {
  return Finished(fmt::format("unknown command '{}'; there are {} and help",
                              Printable(Unmarked(word)), Names(app)),
                  place);
}

std::string Marked(const std::string& word) {
  const bool number =
      word.size() > 1 && word[0] == '-' && std::isdigit(static_cast<unsigned char>(word[1])) != 0;
  return number ? kNumberMark + word : word;
}

std::string Unmarked(std::string word) {
  if (!word.empty() && word[0] == kNumberMark) word.erase(0, 1);
  return word;
}

}  // namespace aegis::cli
